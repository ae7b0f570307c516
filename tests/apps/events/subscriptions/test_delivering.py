"""What a subscriber is told: all of it, in order, signed, once the rights are there; over real HTTP on loopback."""

from __future__ import annotations

import hashlib
import hmac
from datetime import timedelta

import pytest
from tests.apps.events.subscriptions.conftest import TOKEN, acting_as, listed, new_key
from tests.apps.log.trail import said, waiting

from lodeline.access import Permission, Role, platform
from lodeline_server.events.subscriptions import actions, delivering, queries
from lodeline_server.events.subscriptions.models import Subscription
from lodeline_server.log.queries import size

pytestmark = pytest.mark.django_db
DAY = {"hour": "1", "minute": "5"}


def deliver(row, at):
    return delivering.deliver(row.pk, lambda: at)


def again(row):
    row.refresh_from_db()
    return row


def due(row, at):
    return row.pk in queries.due(at, size(), 10)


def test_a_stream_brings_what_comes_after_it_was_made(subscribed, capture, events, receiver, now):
    old = events.make("A")
    capture(old)
    row = subscribed({"EQ_action": ["ADD"]}, token=TOKEN, name="additions")
    assert not due(row, now)
    news = [events.make("B"), events.receive("B"), events.make("C")]
    capture(*news)
    assert due(row, now)
    outcome = deliver(row, now)
    assert (outcome.calls, outcome.events, outcome.error) == (1, 2, "")
    (call,) = receiver.calls
    assert call.path == "/told?who=me"
    assert call.headers["Content-Type"] == "application/json"
    assert call.headers["GS1-Signature"] == hmac.new(TOKEN.encode(), call.body, hashlib.sha256).hexdigest()
    assert call.said["type"] == "EPCISQueryDocument"
    result = call.said["epcisBody"]["queryResults"]
    assert (result["queryName"], result["subscriptionID"]) == ("additions", str(row.uuid))
    assert receiver.events == [news[0]["eventID"], news[2]["eventID"]]
    assert {"recordTime"} <= listed(call)[0].keys()
    assert not due(row, now + timedelta(days=9))
    row = again(row)
    assert (row.delivered, row.notified_at, row.failures, row.claimed_until) == (2, now, 0, None)
    assert deliver(row, now).calls == 0
    assert len(receiver.calls) == 1


def test_the_document_is_one_that_can_be_captured(subscribed, capture, events, receiver, second, now):
    """What we send passes our own checks: another repository takes it in."""
    row = subscribed()
    capture(events.make("A"), events.turn(["A"], ["B"]))
    deliver(row, now)
    from lodeline.events.check import check

    checked = check(receiver.calls[0].body, now=now)
    assert [one for one in checked.findings if one.severity == "error"] == []


def test_what_fails_is_tried_again_and_nothing_is_lost(subscribed, capture, events, receiver, now):
    row = subscribed()
    news = [events.make("A"), events.make("B"), events.make("C")]
    capture(news[0])
    receiver.answers = [500, 302, 404]
    pauses = []
    for _ in range(3):
        assert due(row, now)
        assert deliver(row, now).error.startswith("it answers ")
        assert not due(row, now)
        pauses.append(again(row).next_at - now)
        now = row.next_at
    assert pauses == [timedelta(seconds=30), timedelta(minutes=1), timedelta(minutes=2)]
    assert (row.failures, row.last_error) == (3, "it answers 404")
    capture(news[1], news[2])
    assert deliver(row, now).events == 3
    ids = [one["eventID"] for one in news]
    assert receiver.events == [ids[0]] * 3 + ids
    assert (again(row).failures, row.failing_since, row.last_error, row.next_at) == (0, None, "", None)


def test_an_address_where_nobody_answers(subscribed, capture, events, receiver, now, settings):
    settings.WEBHOOK_HOSTS = {*settings.WEBHOOK_HOSTS, "127.0.0.1"}
    row = subscribed(dest="http://127.0.0.1:1/")
    capture(events.make("A"))
    assert deliver(row, now).error.startswith("no answer: ")
    assert again(row).position < size()


def test_it_is_given_up_after_a_week_and_says_why(subscribed, capture, events, receiver, now):
    row = subscribed()
    capture(events.make("A"))
    start = now
    receiver.answers = [503] * 100
    while again(row).state == "active":
        deliver(row, now)
        now = again(row).next_at or now
    assert timedelta(days=7) <= now - start < timedelta(days=7, hours=6)
    assert len(receiver.calls) < 50
    assert row.reason == "Given up after 7 days: it answers 503"
    assert ("audit.revoke", "subscription.ended", "ok") in said()
    assert not due(row, now + timedelta(days=1))
    assert deliver(row, now) is None


def test_gone_is_gone(subscribed, capture, events, receiver, now):
    row = subscribed()
    capture(events.make("A"))
    receiver.answers = [410]
    assert deliver(row, now).ended
    assert again(row).state == "ended"


def test_many_events_come_in_batches_in_order(subscribed, capture, events, receiver, now, monkeypatch):
    row = subscribed()
    news = [events.make(f"N{number}") for number in range(7)]
    capture(*news)
    monkeypatch.setattr(delivering, "BATCH", 3)
    monkeypatch.setattr(delivering, "CALLS", 2)
    assert deliver(row, now).calls == 2
    assert due(row, now)
    assert deliver(row, now).events == 1
    assert [len(listed(call)) for call in receiver.calls] == [3, 3, 1]
    assert receiver.events == [one["eventID"] for one in news]
    assert again(row).delivered == 7


def test_a_body_stays_under_its_limit(subscribed, capture, events, receiver, now, monkeypatch):
    row = subscribed()
    news = [events.make(f"N{number}", **{"lode:note": "x" * 400}) for number in range(5)]
    capture(*news)
    monkeypatch.setattr(delivering, "BODY", 2000)
    deliver(row, now)
    assert len(receiver.calls) > 2
    assert all(len(call.body) < 2600 for call in receiver.calls)
    assert receiver.events == [one["eventID"] for one in news]
    monkeypatch.setattr(delivering, "BODY", 10)
    more = [events.make("X"), events.make("Y")]
    capture(*more)
    deliver(row, now)
    assert receiver.events[-2:] == [one["eventID"] for one in more]


def test_a_crash_between_the_call_and_the_note_of_it_delivers_twice_and_loses_nothing(
    subscribed, capture, events, receiver, now, monkeypatch
):
    row = subscribed()
    capture(events.make("A"))

    def die(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(delivering._Turn, "_told", die)
    with pytest.raises(KeyboardInterrupt):
        deliver(row, now)
    monkeypatch.undo()
    assert not due(row, now)  # the claim of the process that died
    assert deliver(row, now) is None
    later = now + delivering.CLAIM + timedelta(seconds=1)
    assert due(row, later)
    assert deliver(row, later).events == 1
    assert len(receiver.events) == 2
    assert len(set(receiver.events)) == 1


def test_whoever_comes_second_leaves_it_alone(subscribed, capture, events, receiver, now):
    row = subscribed()
    capture(events.make("A"))
    turn = delivering._Turn.start(row.pk, lambda: now)
    assert deliver(row, now) is None
    assert turn.run().events == 1
    assert len(receiver.calls) == 1


def test_unsubscribing_while_a_call_is_under_way(
    subscribed, capture, events, receiver, key, now, monkeypatch
):
    row = subscribed(name="q")
    capture(*[events.make(f"N{number}") for number in range(4)])
    monkeypatch.setattr(delivering, "BATCH", 1)
    true_call = delivering.webhook.call

    def call(*args):
        told = true_call(*args)
        actions.unsubscribe(actor=acting_as(key), name="q", uuid=row.uuid, now=now)
        return told

    monkeypatch.setattr(delivering.webhook, "call", call)
    assert deliver(row, now) is None
    assert len(receiver.calls) == 1
    assert Subscription.objects.count() == 0


# --- whose rights ------------------------------------------------------------------------------------------


def test_a_revoked_key_is_told_nothing_more(subscribed, capture, events, receiver, key, now):
    from lodeline_server.parties.actions import revoke_api_key

    row = subscribed()
    revoke_api_key(actor=platform(key.organisation.workspace_id), key=key, now=now)
    capture(events.make("A"))
    assert deliver(row, now).ended == "The right of its subscriber has ended."
    assert receiver.calls == []
    assert again(row).state == "ended"


def test_a_right_that_ends_between_two_calls(subscribed, capture, events, receiver, key, now, monkeypatch):
    from lodeline_server.parties.models import ApiKey

    row = subscribed()
    capture(*[events.make(f"N{number}") for number in range(4)])
    monkeypatch.setattr(delivering, "BATCH", 1)
    true_call = delivering.webhook.call

    def call(*args):
        ApiKey.objects.filter(pk=key.pk).update(revoked_at=now)
        return true_call(*args)

    monkeypatch.setattr(delivering.webhook, "call", call)
    assert deliver(row, now).ended
    assert len(receiver.calls) == 1


@pytest.mark.parametrize("change", ["expired", "scopes", "role", "elsewhere", "deleted"])
def test_a_key_that_may_no_more(change, subscribed, capture, events, receiver, key, second, now):
    from lodeline_server.parties.models import ApiKey

    row = subscribed()
    capture(events.make("A"))
    same = ApiKey.objects.filter(pk=key.pk)
    if change == "expired":
        same.update(expires_at=now)
    elif change == "scopes":
        same.update(scopes=[Permission.CAPTURE_VIEW])
    elif change == "role":
        same.update(role=Role.FINANCIER)
    elif change == "elsewhere":
        same.update(organisation=second)
    else:
        same.delete()
    assert deliver(row, now).ended
    assert receiver.calls == []


def test_a_person_who_left_and_one_who_plays_another_part(
    subscribed, capture, events, receiver, actor, second, now
):
    """The part of today decides what is seen: a supplier sees its own organisation's events only."""
    from lodeline_server.parties.models import Membership

    maker = actor("maker")
    actions.define(actor=maker, name="mine", definition={}, now=now)
    wanted = actions.Wanted(dest=receiver.url, stream=True)
    row = actions.subscribe(actor=maker, name="mine", wanted=wanted, now=now)
    own, other = events.make("A"), events.make("B")
    capture(other, by=second)
    deliver(row, now)
    assert receiver.events == [other["eventID"]]
    member = Membership.objects.get(user_id=maker.id.removeprefix("user:"))
    Membership.objects.filter(pk=member.pk).update(role=Role.SUPPLIER)
    capture(own)
    capture(events.make("C"), by=second)
    deliver(row, now)
    assert receiver.events == [other["eventID"], own["eventID"]]
    member.user.is_active = False
    member.user.save()
    capture(events.make("D"))
    assert deliver(row, now).ended
    assert len(receiver.calls) == 2


def test_nothing_of_others_is_told(subscribed, capture, events, receiver, second, other_organisation, now):
    """A supplier's subscription: its own events. Nobody's: those of another workspace."""
    supplier = new_key(second, now, "supplier")
    row, wide = subscribed(by=supplier), subscribed(initial_record_time=now - timedelta(days=1))
    capture(events.make("A"))
    mine = events.make("B")
    capture(mine, by=second)
    capture(events.make("Z"), by=other_organisation)
    deliver(row, now)
    assert receiver.events == [mine["eventID"]]
    receiver.calls.clear()
    assert deliver(wide, now).events == 2


def test_an_erased_event_is_not_told(subscribed, capture, events, receiver, now):
    from lodeline_server.log.models import Entry

    row = subscribed()
    gone, kept = events.make("A"), events.make("B")
    capture(gone, kept)
    entry = Entry.objects.filter(type="epcis.event").order_by("position").first()
    Entry.objects.filter(pk=entry.pk).update(sealed=b"")
    deliver(row, now)
    assert receiver.events == [kept["eventID"]]


# --- schedules, first times, errors ------------------------------------------------------------------------


def test_a_schedule_brings_what_came_since(subscribed, capture, events, receiver, now):
    row = subscribed(schedule=DAY)
    capture(events.make("A"))
    assert not due(row, now)
    assert deliver(row, now) is None
    first = row.next_at
    assert first.isoformat() == "2026-11-02T01:05:00+00:00"
    assert due(row, first)
    assert deliver(row, first).events == 1
    assert again(row).next_at == first + timedelta(days=1)
    assert deliver(row, row.next_at).calls == 0  # nothing new, and nothing said
    capture(events.make("B"), events.make("C"))
    late = again(row).next_at + timedelta(days=4, hours=3)  # nobody delivered for days: one delivery
    assert deliver(row, late).events == 2
    assert again(row).next_at.isoformat() == "2026-11-09T01:05:00+00:00"


def test_nothing_is_a_report_where_it_is_wanted(subscribed, receiver, now):
    row = subscribed(schedule=DAY, report_if_empty=True)
    at = row.next_at
    receiver.answers = [500]
    assert deliver(row, at).error
    assert deliver(row, again(row).next_at).calls == 1
    assert [listed(call) for call in receiver.calls] == [[], []]
    assert again(row).next_at == at + timedelta(days=1)


def test_the_first_time_goes_back_to_the_time_named(subscribed, capture, events, receiver, now):
    from lodeline_server.log.models import Entry

    old, new = events.make("A"), events.make("B")
    capture(old)
    Entry.objects.update(time=now - timedelta(days=3))
    capture(new)
    row = subscribed(initial_record_time=now - timedelta(days=1))
    deliver(row, now)
    assert receiver.events == [new["eventID"]]
    narrower = {"GE_recordTime": (now - timedelta(days=2)).isoformat()}
    receiver.calls.clear()
    deliver(subscribed(narrower, initial_record_time=now - timedelta(days=9)), now)
    assert receiver.events == [new["eventID"]]


def test_a_token_that_cannot_be_opened_is_no_reason_to_send_unsigned(
    subscribed, capture, events, receiver, now
):
    row = subscribed(token=TOKEN)
    capture(events.make("A"))
    Subscription.objects.filter(pk=row.pk).update(sealed=b"x" * 40)
    assert "cannot be opened" in deliver(row, now).error
    assert receiver.calls == []


def test_the_token_is_sealed_and_in_no_line(subscribed, receiver):
    row = again(subscribed(token=TOKEN))
    assert TOKEN.encode() not in bytes(row.sealed)
    assert TOKEN not in str(waiting())
    other = again(subscribed(token=TOKEN))
    Subscription.objects.filter(pk=other.pk).update(sealed=row.sealed)
    with pytest.raises(delivering.Unreadable):  # another row's does not fit
        delivering._Turn(again(other), None)._token()


def test_an_address_that_is_no_longer_allowed(subscribed, capture, events, receiver, now, settings):
    row = subscribed()
    capture(events.make("A"))
    settings.WEBHOOK_HOSTS = set()
    assert "only https is called" in deliver(row, now).error
    assert receiver.calls == []


def test_the_worker_delivers_by_itself(subscribed, capture, events, receiver, now, monkeypatch):
    """What the clock of the worker does, here without its threads: the database is the test's own."""
    from lodeline_server.events.subscriptions import running

    class Now:
        def __init__(self, target, args, **_):
            self.start = lambda: target(*args)

    row = subscribed()
    monkeypatch.setattr(running, "Thread", Now)
    monkeypatch.setattr(running.connection, "close", lambda: None)
    monkeypatch.setattr(running.clock, "now", lambda: now)
    monkeypatch.setattr(running, "_running", False)
    capture(events.make("A"))
    running.wake()
    assert receiver.calls == []  # no worker: somebody else delivers
    running.in_background()
    running.tick(now)
    assert len(receiver.events) == 1
    capture(events.make("B"))
    running.wake()
    assert len(receiver.events) == 2
    assert running.look(now) == 0
    assert again(row).delivered == 2
    assert (running._busy, running._slots._value) == (set(), running.AT_ONCE)


def test_the_check_in_the_documentation_holds(subscribed, capture, events, receiver):
    from tests.conftest import NOW, ROOT

    page = (ROOT / "docs/how-to/subscribe-to-events.md").read_text()
    known = {}
    exec(page.split("```python\n")[1].split("```")[0], known)
    row = subscribed(token="schlüssel ☃")
    capture(events.make("A"))
    deliver(row, NOW)
    (call,) = receiver.calls
    header = call.headers["GS1-Signature"]
    assert known["ours"](call.body, header, "schlüssel ☃")
    assert not known["ours"](call.body + b" ", header, "schlüssel ☃")
    assert not known["ours"](call.body, header, "schlüssel")


def test_a_place_that_comes_with_its_event_counts_at_once(subscribed, capture, events, receiver, now):
    """What lies where is read from the log itself as long as the projections have not followed."""
    row = subscribed({"WD_bizLocation": ["urn:x:works"]})
    entry = {"id": "urn:x:works", "children": ["https://id.gs1.org/414/9521141000014"]}
    lists = [{"type": "urn:epcglobal:epcis:vtype:BusinessLocation", "vocabularyElementList": [entry]}]
    inside, outside = events.make("A"), events.make("B") | {"bizLocation": {"id": "urn:x:elsewhere"}}
    data = events.document(inside, outside, epcisHeader={"epcisMasterData": {"vocabularyList": lists}})
    capture(data)
    assert deliver(row, now).events == 1
    capture(later := events.receive("A"), follow=True)
    assert deliver(again(row), now).events == 1
    assert receiver.events == [inside["eventID"], later["eventID"]]
