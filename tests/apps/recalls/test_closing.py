"""Whom to tell, what became of it, and the closing that accounts for everything."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from hashlib import sha256

import pytest
from tests.apps.lots.chain import CARS, NOW, OWN, item, lot, world
from tests.apps.recalls.test_recall import run

from lodeline.access import Denied, Role
from lodeline.recalls.closure import Mark, Outcome
from lodeline_server.kit.problems import Problem
from lodeline_server.log.projections import dump_all, rebuild
from lodeline_server.log.queries import get, size
from lodeline_server.recalls.closing import queries, report
from lodeline_server.recalls.closing.actions import Marking, Settling, close, mark, settle

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(days=2)


@pytest.fixture
def recall(workspace, actor):
    world(workspace.pk)
    return run(actor("quality"), reason="sodium above specification")


def marked(actor, recall, word, parties, on=LATER, note=""):
    marking = Marking(mark=Mark(word), parties=parties, on=on, note=note)
    return mark(actor=actor, recall=recall, marking=marking, now=LATER)


def settled(actor, recall, word, on=LATER, **more):
    return settle(
        actor=actor, recall=recall, settling=Settling(outcome=Outcome(word), on=on, **more), now=LATER
    )


def closed(actor, recall, reasons=(), by="Head of quality"):
    return close(actor=actor, recall=recall, reasons=dict(reasons), signed_off_by=by, now=LATER)


def test_the_list_names_every_holder_and_everything_they_have(recall):
    """The lot itself (20 of 50 kg left), the cathode lot of which 68 kg are left, and both packs."""
    found = queries.addressees(recall)
    assert [
        (one.party, one.name, {case.label for case in one.cases}, one.items, one.lots) for one in found
    ] == [
        (OWN, "North Works", {"MINED", "CAM", "P2"}, 1, 2),
        (CARS, "Fjord Cars", {"P1"}, 1, 0),
    ]
    assert {case.thing.key for one in found for case in one.cases} == {
        lot("MINED"), lot("CAM"), item("P1"), item("P2"),
    }  # fmt: skip
    assert [one.open for one in found] == [len(one.cases) for one in found]


def test_marks_are_statements_and_come_in_order(recall, actor):
    quality = actor("quality")
    with pytest.raises(Problem, match="No notice was sent"):
        marked(quality, recall, "answered", [CARS])
    assert marked(quality, recall, "sent", [CARS, OWN], on=NOW + timedelta(hours=1), note="by e-mail") == 2
    marked(quality, recall, "sent", [CARS], on=NOW + timedelta(hours=5), note="by telephone")
    marked(quality, recall, "acknowledged", [CARS])
    people = {one.party: one for one in queries.addressees(recall)}
    assert people[CARS].marks.keys() == {"sent", "acknowledged"}
    sent = people[CARS].marks["sent"]
    assert (sent.times, sent.note, sent.on) == (2, "by telephone", NOW + timedelta(hours=5))
    stated = get(people[OWN].marks["sent"].position)
    assert (stated.type, stated.payload["body"]["party"], stated.payload["body"]["recall"]) == (
        "recall.notice", OWN, recall.position,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"parties": ["https://id.gs1.org/417/9529990000009"]}, 404),
        ({"parties": []}, 422),
        ({"on": LATER + timedelta(seconds=1)}, 422),
        ({"on": datetime(2026, 1, 1, tzinfo=UTC)}, 422),
    ],
)
def test_marks_that_cannot_be(recall, actor, more, status):
    before = size()
    with pytest.raises(Problem) as refused:
        marked(actor("quality"), recall, "sent", **{"parties": [CARS], **more})
    assert (refused.value.status, size()) == (status, before)


def test_the_newest_word_on_a_thing_counts(recall, actor):
    quality = actor("quality")
    assert settled(quality, recall, "quarantined", keys=["P1", item("P1")]) == 1
    assert settled(quality, recall, "clean", keys=["P1"], note="opened and looked at") == 1
    case = next(case for case in queries.cases(recall) if case.label == "P1")
    assert (case.thing.outcome, case.note) == (Outcome.CLEAN, "opened and looked at")
    assert settled(quality, recall, "returned", holder=OWN) == 3
    with pytest.raises(Problem, match="Nothing is open there"):
        settled(quality, recall, "returned", holder=OWN)
    with pytest.raises(Problem, match="Not on the list"):
        settled(quality, recall, "scrapped", keys=["P1", "TRADED"])


def test_nothing_is_closed_while_something_is_open_without_a_reason(recall, actor):
    quality = actor("quality")
    settled(quality, recall, "scrapped", holder=OWN)
    before = size()
    for reasons in ({}, {CARS: "  "}):
        with pytest.raises(Problem, match="still open") as refused:
            closed(quality, recall, reasons)
        assert refused.value.status == 409
    for words, more in (
        ("not open", {"reasons": {OWN: "x", CARS: "y"}}),
        ("Nobody signs", {"reasons": {CARS: "y"}, "by": " "}),
        ("too long", {"reasons": {CARS: "y" * 501}}),
    ):
        with pytest.raises(Problem, match=words):
            closed(quality, recall, **more)
    assert size() == before


def test_the_report_accounts_for_everything_and_its_hash_can_be_made_again(recall, actor):
    quality = actor("quality")
    marked(quality, recall, "sent", [CARS, OWN])
    settled(quality, recall, "quarantined", keys=["MINED", "CAM"])
    settled(quality, recall, "clean", keys=["P2"])
    found = closed(quality, recall, {CARS: "in a vehicle of a customer abroad"})
    said = found.report
    assert (said["reached"]["things"], said["reached"]["items"], said["reached"]["lots"]) == (4, 2, 2)
    assert {name: one["things"] for name, one in said["outcomes"].items()} == {"quarantined": 2, "clean": 1}
    assert [(one["holder"], one["things"], one["massKg"]) for one in said["open"]] == [(CARS, 1, "4.8")]
    masses = [one["massKg"] for one in (*said["outcomes"].values(), *said["open"])]
    assert sum(map(Decimal, masses)) == Decimal(said["reached"]["massKg"]) == 50
    assert (said["settledShare"], said["reconciledShare"], said["hours"]) == ("0.750000", "1.000000", "48.00")
    assert said["notified"] == {"holders": 2, "sent": 2, "acknowledged": 0, "answered": 0}
    told = report.as_dict(found)
    assert told["matches"]
    # By hand: the canonical form of report and evidence, hashed.
    plain = json.dumps(
        {"evidence": told["evidence"], "report": said}, sort_keys=True, separators=(",", ":"), ensure_ascii=False
    )  # fmt: skip
    assert sha256(plain.encode()).hexdigest() == found.bundle == get(found.position).payload["body"]["bundle"]
    assert [one["leafHash"] for one in told["evidence"]] == [
        get(one["position"]).leaf_hash.hex() for one in told["evidence"]
    ]
    assert len(told["evidence"]) == 1 + 2 + 2


def test_a_closed_recall_stays_closed(recall, actor):
    quality = actor("quality")
    settled(quality, recall, "scrapped")
    closed(quality, recall)
    before = size()
    for step in (
        lambda: closed(quality, recall),
        lambda: settled(quality, recall, "clean", keys=["P1"]),
        lambda: marked(quality, recall, "sent", [CARS]),
    ):
        with pytest.raises(Problem, match="is closed") as refused:
            step()
        assert refused.value.status == 409
    assert size() == before


def test_who_may_not(recall, actor, other_actor):
    for role in set(Role) - {Role.MAKER, Role.QUALITY}:
        for step in (
            lambda who: closed(who, recall),
            lambda who: settled(who, recall, "clean"),
            lambda who: marked(who, recall, "sent", [CARS]),
        ):
            with pytest.raises(Denied):
                step(actor(role))
    with pytest.raises(Problem, match="not on record") as refused:
        settled(other_actor("quality"), recall, "clean")
    assert refused.value.status == 404


def test_a_rebuild_gives_the_same_content(recall, actor):
    quality = actor("quality")
    marked(quality, recall, "sent", [CARS])
    settled(quality, recall, "quarantined", keys=["P1"])
    settled(quality, recall, "scrapped")
    settled(quality, recall, "clean", keys=["P1"])
    found = closed(quality, recall)
    before = list(dump_all(["recalls"]))
    assert len(before) == 1 + 3 + 1 + 4 + 1
    rebuild(["recalls"])
    assert list(dump_all(["recalls"])) == before
    assert report.as_dict(queries.closure(type(recall).objects.get()))["matches"]
    assert queries.closure(type(recall).objects.get()).bundle == found.bundle


def test_over_http(recall, client_as):
    client, plain = client_as("quality"), {"content_type": "application/json"}
    base = f"/api/recalls/{recall.pk}"
    listed = client.get(f"{base}/notices").json()
    parties = [one["party"] for one in listed["holders"]]
    assert len(parties) == 2
    made = client.post(f"{base}/notices", {"mark": "sent", "parties": parties}, **plain)
    assert (made.status_code, made.json()) == (201, {"said": 2})
    assert client.post(f"{base}/notices", {"mark": "lost", "parties": parties}, **plain).status_code == 422
    assert client.post(f"{base}/outcomes", {"outcome": "clean", "things": ["x"]}, **plain).status_code == 404
    refused = client.post(f"{base}/closure", {"signedOffBy": "Q"}, **plain)
    assert (refused.status_code, refused.json()["title"]) == (409, "Something is still open")
    assert client.post(f"{base}/outcomes", {"outcome": "scrapped"}, **plain).json() == {"said": 4}
    done = client.post(f"{base}/closure", {"signedOffBy": "Head of quality"}, **plain)
    assert done.status_code == 201, done.content
    again = client.get(f"{base}/closure")
    assert again.content == client.get(f"{base}/closure").content
    assert again.json()["closure"]["matches"] is True
    assert client.get(base).json()["closed"]
    assert client_as("buyer").get(f"{base}/closure").status_code == 200
    for what in ("notices", "outcomes", "closure"):
        assert client_as("buyer").post(f"{base}/{what}", {}, **plain).status_code == 403


def test_reading_asks_the_database_a_few_times(recall, actor, django_assert_max_num_queries):
    marked(actor("quality"), recall, "sent", [CARS])
    with django_assert_max_num_queries(6):
        queries.addressees(recall)
