"""The same event twice, another body under a known id, editions, declarations."""

from __future__ import annotations

import json
import random

import pytest

from lodeline_server.events.models import CaptureJob, EventRecord
from lodeline_server.kit.problems import Problem
from lodeline_server.log import queries as log

pytestmark = pytest.mark.django_db
TAKEN, REFUSED = CaptureJob.State.TAKEN, CaptureJob.State.REFUSED


def outcome(job):
    return job.state, job.accepted, job.duplicates, job.rejected


def rules(job):
    return [found["rule"] for found in job.findings]


def test_the_same_document_twice_adds_nothing_and_says_so(capture, events):
    data = events.document(events.make("A"), events.make("B"))
    assert outcome(capture(data)) == (TAKEN, 2, 0, 0)
    size = log.size()
    again = capture(data)
    assert outcome(again) == (TAKEN, 0, 2, 0)
    assert rules(again) == ["capture.duplicate"]
    assert log.size() == size == 3  # the document and its two events


def test_a_body_is_the_same_whatever_its_spelling_and_record_time(capture, events):
    event = events.make("A")
    assert outcome(capture(event)) == (TAKEN, 1, 0, 0)
    shuffled = dict(random.Random(1).sample(sorted(event.items()), len(event))) | {
        "recordTime": "2026-10-05T00:00:00Z"
    }
    text = events.document(shuffled).replace(b'"quantity": 10', b'"quantity": 1.0e1')
    assert outcome(capture(text)) == (TAKEN, 0, 1, 0)


def test_a_new_event_goes_in_beside_a_known_one(capture, events):
    known, new = events.make("A"), events.make("B")
    capture(known)
    job = capture(known, new)
    assert outcome(job) == (TAKEN, 1, 1, 0)
    assert [record.event_id for record in job.records.all()] == [new["eventID"]]


def test_another_body_under_a_known_id_is_a_conflict_and_nothing_is_written(capture, events):
    event = events.make("A")
    capture(event)
    size, jobs = log.size(), CaptureJob.objects.count()
    with pytest.raises(Problem) as problem:
        capture(events.make("B"), {**event, "disposition": "damaged"})
    assert problem.value.status == 409
    assert problem.value.kind == "epcisException:ResourceAlreadyExistsException"
    (finding,) = problem.value.findings
    assert (finding.rule, finding.pointer) == ("event.conflict", "/epcisBody/eventList/1")
    assert (log.size(), CaptureJob.objects.count()) == (size, jobs)


def test_a_conflict_inside_one_document(capture, events):
    event = events.make("A")
    with pytest.raises(Problem) as problem:
        capture(event, {**event, "disposition": "damaged"})
    assert problem.value.status == 409
    assert outcome(capture(event, event)) == (TAKEN, 1, 1, 0)


def test_a_conflict_that_appears_between_submit_and_process_refuses(
    capture, events, acting, organisation, now
):
    from lodeline_server.events import actions, processing

    event = events.make("A")
    waiting = actions.submit(
        actor=acting(organisation),
        document=actions.Document(data=events.document({**event, "disposition": "damaged"})),
        now=now,
    )
    capture(event)
    size = log.size()
    job = processing.process(waiting, now)
    assert outcome(job) == (REFUSED, 0, 0, 1)
    assert rules(job) == ["event.conflict"]
    assert log.size() == size


def test_proceed_keeps_the_good_ones(capture, events):
    event, good = events.make("A"), events.make("B")
    capture(event)
    job = capture({**event, "disposition": "damaged"}, good, behaviour="proceed")
    assert outcome(job) == (TAKEN, 1, 0, 1)
    assert rules(job) == ["event.conflict"]
    assert [record.event_id for record in job.records.all()] == [good["eventID"]]


def test_events_without_an_id_are_known_by_their_content(capture, events):
    event = events.make("A", eventID=...)
    job = capture(event)
    assert job.records.get().event_id.startswith("ni:///sha-256;")
    assert outcome(capture(event)) == (TAKEN, 0, 1, 0)
    assert outcome(capture({**event, "disposition": "damaged"})) == (TAKEN, 1, 0, 0)


FINGERPRINT = "ni:///sha-256;5f7c472bc4905de27a19b2efc8e4a9c6dc195139669b80b0b1a5e24ad0b0a0f0?ver=CBV2.0"


def test_an_edition_of_a_fingerprint_is_filed_beside_it(capture, events):
    event = events.make("A", eventID=FINGERPRINT)
    first = capture(event)
    edition = {
        **event,
        "bizTransactionList": [{"type": "po", "bizTransaction": "urn:x:po1"}],
        "lode:note": "x",
    }
    job = capture(edition)
    assert outcome(job) == (TAKEN, 1, 0, 0)
    assert rules(job) == ["event.edition"]
    record = job.records.get()
    assert (record.kind, record.event_id) == ("edition", FINGERPRINT)
    assert record.key == f"{FINGERPRINT}#sha-256={bytes(record.hash).hex()}"
    assert log.get(record.position).payload["id"] == record.key
    assert log.get(first.records.get().position).payload["id"] == FINGERPRINT
    assert outcome(capture(edition)) == (TAKEN, 0, 1, 0)
    with pytest.raises(Problem) as problem:
        capture({**event, "bizStep": "packing"})
    assert problem.value.status == 409


def test_two_editions_in_one_document(capture, events):
    event = events.make("A", eventID=FINGERPRINT)
    job = capture(event, {**event, "lode:note": "x"})
    assert [record.kind for record in job.records.order_by("index")] == ["event", "edition"]


def test_a_name_is_no_fingerprint(capture, events):
    event = events.make("A")
    capture(event)
    with pytest.raises(Problem) as problem:
        capture({**event, "lode:note": "x"})
    assert problem.value.status == 409


def test_a_declaration_ends_the_event_whatever_comes_first(capture, events):
    event = events.make("A")
    declaration = events.declare(event)
    capture(event)
    job = capture(declaration)
    assert outcome(job) == (TAKEN, 1, 0, 0)
    assert job.records.get().kind == "declaration"
    assert EventRecord.objects.get(kind="event").ended
    assert outcome(capture(declaration)) == (TAKEN, 0, 1, 0)

    late = events.make("B")
    capture(events.declare(late))
    job = capture(late)
    assert outcome(job) == (TAKEN, 1, 0, 0)
    assert job.records.get().ended


def test_a_declaration_of_another_type_is_a_warning(capture, events):
    event = events.make("A")
    capture(event)
    job = capture(events.declare({**events.turn(["A"], ["B"]), "eventID": event["eventID"]}))
    assert outcome(job) == (TAKEN, 1, 0, 0)
    assert rules(job) == ["declaration.other-type"]


def test_only_the_capturer_may_declare(capture, events, second):
    event = events.make("A")
    capture(event)
    with pytest.raises(Problem) as problem:
        capture(events.declare(event), by=second)
    assert [finding.rule for finding in problem.value.findings] == ["declaration.other-party"]
    assert not EventRecord.objects.get().ended


def test_what_prefixes_mean_belongs_to_the_body(capture, events):
    event = events.make("A") | {"ex:note": "1"}
    one = events.document(
        event, context=["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld", {"ex": "urn:a:"}]
    )
    assert outcome(capture(one)) == (TAKEN, 1, 0, 0)
    with pytest.raises(Problem):
        capture(one.replace(b"urn:a:", b"urn:b:"))


def test_identity_is_per_workspace(capture, events, other_organisation):
    event = events.make("A")
    capture(event)
    assert outcome(capture({**event, "disposition": "damaged"}, by=other_organisation)) == (TAKEN, 1, 0, 0)


def statements(*ids, name="Pit"):
    return json.dumps(
        {
            "type": "StatementDocument",
            "schemaVersion": "1",
            "creationDate": "2026-10-01T00:00:00Z",
            "statements": [
                {
                    "id": one,
                    "kind": "party.profile",
                    "subject": "https://id.gs1.org/417/9521000000004",
                    "issuer": "https://id.gs1.org/417/9521000000004",
                    "issued": "2026-10-01",
                    "content": {"name": name, "country": "SE", "roles": ["mine"], "materials": []},
                }
                for one in ids
            ],
        }
    ).encode()


def test_statements_have_an_identity_too(capture):
    assert outcome(capture(statements("urn:x:1", "urn:x:2"))) == (TAKEN, 2, 0, 0)
    again = capture(statements("urn:x:2", "urn:x:3"))
    assert outcome(again) == (TAKEN, 1, 1, 0)
    with pytest.raises(Problem) as problem:
        capture(statements("urn:x:1", name="Other"))
    assert problem.value.status == 409
    assert [finding.rule for finding in problem.value.findings] == ["statement.conflict"]
