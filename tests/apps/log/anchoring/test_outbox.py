"""The outbox of anchors with time stamps: once per checkpoint, tried again, never inside a transaction."""

from __future__ import annotations

from datetime import timedelta

import pytest
from asn1crypto import tsp
from django.db import connection, transaction
from tests.apps.log.anchoring.conftest import queue, work
from tests.apps.log.saying import put
from tests.core.log.tsa import POLICY, SERIAL, Authority

from lodeline.access import Denied, Role
from lodeline.log.anchors.states import State
from lodeline_server.kit import scheduler
from lodeline_server.log import notebook
from lodeline_server.log.anchoring import actions, checking, queries, targets, tasks
from lodeline_server.log.anchoring.actions import Worked
from lodeline_server.log.anchoring.models import Anchor
from lodeline_server.log.backend import LogInconsistent
from lodeline_server.log.books import AUDIT, MAIN
from lodeline_server.log.models import Checkpoint

pytestmark = pytest.mark.django_db(transaction=True)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def test_a_checkpoint_gets_a_time_stamp_that_is_kept(stamped, now):
    put(1, 2, 3)
    (row,) = queue(now)
    assert (row.state, row.book, row.size, row.note) == (State.WAITING, "main", 3, notebook.newest().note)
    assert work(now) == Worked(looked_at=1, final=1, failing=0)
    row.refresh_from_db()
    assert (row.state, row.attested_at, row.next_at, row.error) == (
        State.FINAL,
        now + timedelta(seconds=5),
        None,
        "",
    )
    assert (row.detail["policy"], row.detail["serial"]) == (POLICY, f"{SERIAL:x}")
    assert bytes(row.request) == stamped.queries[0]
    assert tsp.TimeStampResp.load(bytes(row.receipt))["status"]["status"].native == "granted"
    assert [fault for _, fault in checking.check_all()] == [""]
    assert work(now + HOUR) == Worked()
    assert len(stamped.queries) == 1


def test_what_is_stamped_is_the_text_without_signatures(stamped, now):
    import hashlib

    put(1)
    queue(now)
    work(now)
    asked = tsp.TimeStampReq.load(stamped.queries[0]).native
    text = notebook.newest().note.split("\n\n")[0] + "\n"
    assert asked["message_imprint"]["hashed_message"] == hashlib.sha256(text.encode()).digest()
    assert len(text.split("\n")) == 4


def test_a_checkpoint_is_queued_once_and_a_new_one_when_the_period_is_over(stamped, now):
    put(1)
    assert [row.size for row in queue(now)] == [1]
    assert queue(now, at_once=True) == []
    put(2)
    assert queue(now + HOUR - MINUTE) == []
    assert [row.size for row in queue(now + HOUR)] == [2]
    assert queue(now + 5 * HOUR) == []
    assert Anchor.objects.count() == 2


def test_both_books_at_every_place(named, now, tmp_path):
    named("file", "here", folder=str(tmp_path / "here"))
    named("file", "there", folder=str(tmp_path / "there"), books=["audit"])
    assert queue(now) == []
    put(1, 2)
    put(1, book=AUDIT)
    assert {(row.target, row.book, row.size) for row in queue(now)} == {
        ("here", "main", 2),
        ("here", "audit", 1),
        ("there", "audit", 1),
    }
    assert [row.book for row in queue(now, only="there", at_once=True)] == []
    assert work(now, only="there") == Worked(looked_at=1, final=1)
    assert work(now) == Worked(looked_at=2, final=2)


def test_nothing_is_done_inside_a_transaction(stamped, now):
    put(1)
    queue(now)
    with transaction.atomic(), pytest.raises(transaction.TransactionManagementError, match="network"):
        work(now)
    assert stamped.queries == []


def test_only_operators(stamped, actor, now):
    for step in (actions.queue, actions.work):
        with pytest.raises(Denied):
            step(actor=actor(Role.BUYER), now=now)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"status": 503}, "the authority answered with HTTP status 503"),
        (
            {"status": 302, "headers": {"Location": "/elsewhere"}},
            "the authority answered with HTTP status 302",
        ),
        ({"media_type": "text/html"}, "the authority's answer is not application/timestamp-reply"),
        ({"body": b"x" * 65_537}, "the authority cannot be reached: the answer has more than 65536 bytes"),
        ({"body": b"junk"}, "not a time stamp that can be read"),
        ({"lie": {"nonce": 4}}, "the time stamp does not verify: Nonce mismatch"),
        ({"lie": {"status": "rejection"}}, "the authority answered: rejected; not today"),
        ({"authority": Authority()}, "the time stamp does not verify"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_a_wrong_answer_is_said_and_tried_again(stamped, now, wrong, said):
    put(1)
    queue(now)
    right = {name: getattr(stamped, name) for name in wrong}
    for name, value in wrong.items():
        setattr(stamped, name, value)
    assert work(now) == Worked(looked_at=1, failing=1)
    row = Anchor.objects.get()
    assert (row.state, row.failures, row.next_at, bytes(row.receipt)) == (
        State.SUBMITTED,
        1,
        now + MINUTE,
        b"",
    )
    assert row.error.startswith(said)
    for name, value in right.items():
        setattr(stamped, name, value)
    assert work(now + MINUTE) == Worked(looked_at=1, final=1)
    row.refresh_from_db()
    assert (row.state, row.failures, row.error) == (State.FINAL, 0, "")
    assert stamped.queries[0] == stamped.queries[-1]  # the same question, so the same nonce


@pytest.mark.parametrize("off", [-timedelta(minutes=6), timedelta(minutes=6)])
def test_a_stamp_with_a_wrong_clock_is_refused(stamped, now, off):
    """One from before we asked would claim too much."""
    put(1)
    queue(now)
    stamped.time = lambda: now + off
    assert work(now) == Worked(looked_at=1, failing=1)
    assert Anchor.objects.get().error.startswith("the authority's clock is wrong: it says 2026-11-01T")


def test_pauses_grow_while_nobody_answers(named, now, tmp_path, authority):
    roots = tmp_path / "roots.pem"
    roots.write_bytes(authority.authority.pem)
    named("rfc3161", url="http://127.0.0.1:9/tsa", roots=str(roots), books=["main"])
    put(1)
    queue(now)
    at, pauses = now, []
    for _ in range(5):
        assert work(at - timedelta(seconds=1)) == Worked()
        assert work(at) == Worked(looked_at=1, failing=1)
        row = Anchor.objects.get()
        pauses.append((row.next_at - at) // MINUTE)
        at = row.next_at
    assert pauses == [1, 2, 4, 8, 16]
    assert row.error.startswith("the authority cannot be reached: no answer:")
    assert [one.pk for one in queries.failing()] == [row.pk]


def test_roots_that_cannot_be_read(named, now, authority, tmp_path):
    named("rfc3161", url=authority.url, roots=str(tmp_path / "none.pem"), books=["main"])
    put(1)
    queue(now)
    assert work(now) == Worked(looked_at=1, failing=1)
    assert Anchor.objects.get().error.startswith("the roots cannot be read")
    assert authority.queries == []  # nothing is asked for that could not be checked


def test_a_place_that_is_no_longer_named_fails_and_goes_on_when_named_again(stamped, now):
    put(1)
    queue(now)
    text = targets.file().read_text()
    targets.file().unlink()
    assert work(now) == Worked(looked_at=1, failing=1)
    assert Anchor.objects.get().error == "anchors.toml names no anchor 'one' of kind rfc3161"
    targets.file().write_text(text)
    assert work(now + MINUTE) == Worked(looked_at=1, final=1)


def test_one_worker_at_a_time(stamped, now):
    put(1)
    (row,) = queue(now)
    Anchor.objects.filter(pk=row.pk).update(busy_until=now + MINUTE)  # another one has it
    assert work(now) == Worked()
    assert work(now + 2 * MINUTE) == Worked(looked_at=1, final=1)  # it died
    assert Anchor.objects.get().busy_until is None


def test_a_checkpoint_that_we_did_not_sign_is_not_queued(stamped, now):
    put(1)
    Checkpoint.objects.update(note=notebook.newest().note.replace("\n1\n", "\n2\n"))
    with pytest.raises(LogInconsistent, match="does not verify"):
        queue(now)
    assert Anchor.objects.count() == 0


@pytest.mark.parametrize("edit", [{"size": 9}, {"root": b"\7" * 32}])
def test_an_edited_row_is_not_sent(stamped, now, edit):
    put(1)
    queue(now)
    Anchor.objects.update(**edit)
    assert work(now) == Worked(looked_at=1, failing=1)
    assert Anchor.objects.get().error == "the stored checkpoint was signed for another tree"
    assert stamped.queries == []


def test_an_edited_anchor_does_not_verify(stamped, now):
    put(1)
    queue(now)
    work(now)
    Anchor.objects.update(attested_at=now - timedelta(days=300))
    assert [fault for _, fault in checking.check_all()] == ["the evidence names another time than is stored"]
    row = Anchor.objects.get()
    Anchor.objects.update(attested_at=row.attested_at, receipt=bytes(row.receipt)[:-3])
    assert "not a time stamp" in next(fault for _, fault in checking.check_all())


def test_a_place_that_is_gone_gives_no_trust(stamped, now):
    put(1)
    queue(now)
    work(now)
    targets.file().unlink()
    ((_, fault),) = checking.check_all()
    assert fault == "anchors.toml no longer names this place, so nothing says what to trust"


# --- before ------------------------------------------------------------------------------------------


def test_the_first_anchor_after_a_statement_counts(stamped, now):
    for number in (1, 2, 3):
        at = now + number * HOUR
        stamped.time = lambda at=at: at
        put(number)
        queue(at)
        work(at)
    found = [[(one.size, one.attested_at) for one in queries.before(MAIN, at)] for at in range(4)]
    assert found == [[(1, now + HOUR)], [(2, now + 2 * HOUR)], [(3, now + 3 * HOUR)], []]
    assert queries.before(AUDIT, 0) == []


def test_only_final_evidence_of_time_counts(stamped, named, now, tmp_path):
    named("file", "folder", folder=str(tmp_path / "out"))
    put(1)
    queue(now)
    stamped.status = 500
    assert work(now) == Worked(looked_at=2, final=1, failing=1)
    assert queries.before(MAIN, 0) == []  # a file says nothing about time
    stamped.status = 200
    work(now + MINUTE)
    assert [one.kind for one in queries.before(MAIN, 0)] == ["rfc3161"]


def test_the_earliest_time_stands_first(stamped, named, now, tmp_path):
    roots = tmp_path / "roots.pem"
    named("rfc3161", "second", url=stamped.url, roots=str(roots), books=["main"])
    put(1)
    queue(now)
    work(now, only="second")
    stamped.time = lambda: now - timedelta(seconds=30)
    work(now, only="one")
    assert [(one.target, one.attested_at - now) for one in queries.before(MAIN, 0)] == [
        ("one", -timedelta(seconds=30)),
        ("second", timedelta(seconds=5)),
    ]


# --- standing and findings ---------------------------------------------------------------------------


def test_where_each_place_stands(stamped, now):
    put(1)
    queue(now)
    stamped.status = 500
    work(now)
    (one,), wrong = queries.standings()
    assert (one.target, one.book, one.size, one.at, one.open, one.error, wrong) == (
        "one",
        "main",
        0,
        None,
        1,
        "the authority answered with HTTP status 500",
        "",
    )
    assert [(found.rule, found.pointer) for found in queries.findings(now)] == [("D-ANCHOR", "one")]
    stamped.status = 200
    work(now + MINUTE)
    (one,), wrong = queries.standings()
    assert (one.size, one.open, one.error, wrong) == (1, 0, "", "")
    assert list(queries.findings(now + MINUTE)) == []


def test_a_clock_that_stands_still_is_found(stamped, now):
    put(1)
    queue(now)
    assert list(queries.findings(now + 3 * HOUR)) == []
    (found,) = queries.findings(now + 3 * HOUR + MINUTE)
    assert (found.rule, found.pointer) == ("D-ANCHOR-LATE", "one")


def test_a_file_that_cannot_be_used_is_found(now):
    targets.file().write_text("[[anchor]]\nname = 1\n")
    (found,) = queries.findings(now)
    assert found.rule == "D-ANCHORS"
    assert queries.standings()[1].startswith("an anchor's name has")


@pytest.mark.skipif(connection.vendor != "sqlite", reason="reads SQLite's own plan")
def test_what_covers_a_position_is_found_in_an_index(db):
    rows = Anchor.objects.filter(book="main", target="one", size__gt=5).exclude(attested_at=None)
    assert "USING INDEX anchor_covering (book=? AND target=? AND size>?)" in rows.order_by("size").explain()
    due = Anchor.objects.exclude(next_at=None).filter(next_at__lte="2026-11-01T00:00Z")
    assert "USING INDEX anchor_due" in due.explain()


# --- the clock ---------------------------------------------------------------------------------------


def test_the_clock_queues_and_works(stamped, now):
    clock = next(one for one in scheduler.clocks() if one.task is tasks.anchor)
    assert clock.every == 5 * MINUTE
    put(1)
    assert tasks.anchor.func(now.isoformat()) == "1 queued, 1 looked at, 1 final, 0 failing"
    assert tasks.anchor.func(now.isoformat()) == "0 queued, 0 looked at, 0 final, 0 failing"
    stamped.status = 500
    put(2)
    later = (now + HOUR).isoformat()
    assert tasks.anchor.func(later) == "1 queued, 1 looked at, 0 final, 1 failing"
