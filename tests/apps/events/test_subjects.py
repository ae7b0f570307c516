"""Statements and events about persons: whose key seals them, and what capture forgets with an erasure."""

from __future__ import annotations

import json

import pytest
from tests.apps.events.conftest import rules

from lodeline.access import platform
from lodeline.events.xml_write import xml_of
from lodeline_server.events import actions, processing, subjects
from lodeline_server.events.models import CaptureJob, EventRecord, Thing
from lodeline_server.kit.problems import Problem
from lodeline_server.log import erasing, queries
from lodeline_server.log.models import Entry, SubjectKey

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _no_list():
    erasing.listed().unlink(missing_ok=True)
    yield
    erasing.listed().unlink(missing_ok=True)


def statements(*stated):
    return json.dumps(
        {
            "type": "StatementDocument",
            "schemaVersion": "1",
            "creationDate": "2026-10-01T00:00:00Z",
            "statements": list(stated),
        }
    ).encode()


def signed(number, party, **fields):
    content = {"policy": "Rules", "version": "1", "signatory": f"Anna {number}", "signed": "2026-09-01"}
    return {
        "id": f"urn:test:{number}", "kind": "policy.signature", "subject": party, "issuer": party,
        "issued": "2026-09-02", "content": content, **fields,
    }  # fmt: skip


def erase(workspace, now, subject="anna"):
    return erasing.erase(
        actor=platform(workspace.pk), workspace=workspace.pk, subject=subject, reason="request", now=now
    )


def test_what_names_nobody_is_sealed_under_the_workspace_key(capture, events, organisation):
    capture(events.make("L1"))
    capture(statements(signed(1, organisation.party)))
    assert SubjectKey.objects.count() == 0
    assert set(Entry.objects.values_list("subject_key", flat=True)) == {None}


def test_each_person_has_a_key_and_the_document_goes_with_any_of_them(capture, organisation, workspace, now):
    party = organisation.party
    capture(
        statements(signed(1, party, dataSubject="anna"), signed(2, party, dataSubject="bo"), signed(3, party))
    )
    types = [(one.type, one.payload["body"].get("dataSubject")) for one in queries.read()]
    assert types == [
        ("statement.document", None), ("policy.signature", "anna"), ("policy.signature", "bo"),
        ("policy.signature", None),
    ]  # fmt: skip
    assert erase(workspace, now).count == 2
    assert [one.erased for one in queries.read()] == [True, True, False, False, False]
    assert Entry.objects.get(position=3).subject_key is None


def test_an_event_names_a_person_under_a_prefix(capture, events, workspace, now):
    capture(
        events.make("L1", **{"lode:dataSubject": "anna", "lode:operator": "Anna Berg"}),
        events.make("L2", **{"lode:dataSubject": ["anna", "bo"]}),
        events.make("L3"),
    )
    assert erase(workspace, now, "bo").count == 2  # the document and the event of both
    assert [one.erased for one in queries.read(stop=4)] == [True, False, True, False]
    assert erase(workspace, now).count == 3
    assert [one.erased for one in queries.read(stop=4)] == [True, True, True, False]


@pytest.mark.parametrize(
    "name", ["", " anna", "anna ", "an\nna", "a" * 201, 7, None, [], ["anna", 7], {"a": 1}]
)
def test_a_member_of_another_form_keeps_the_document_out(name, capture, events, organisation):
    with pytest.raises(Problem) as refused:
        capture(events.make("L1", **{"lode:dataSubject": name}))
    assert [one.rule for one in refused.value.findings] == ["subject.form"]
    with pytest.raises(Problem):
        capture(statements(signed(1, organisation.party, dataSubject=name)))
    assert queries.size() == 0


def test_nothing_new_is_taken_about_an_erased_person_in_any_way(capture, events, workspace, now):
    one = events.make("L1", **{"lode:dataSubject": "anna"})
    capture(one)
    erase(workspace, now)
    size = queries.size()
    for again in (one, events.make("L2", **{"lode:dataSubject": "anna"})):
        with pytest.raises(Problem) as refused:
            capture(again)
        assert (refused.value.status, refused.value.findings[-1].rule) == (409, "subject.erased")
        job = capture(again, events.make("L3"), behaviour=CaptureJob.Behaviour.PROCEED)
        assert (job.state, job.accepted, job.raw) == ("refused", 0, None)
        assert ("subject.erased", "error") in rules(job)
    assert queries.size() == size


def test_records_jobs_and_things_forget(capture, events, workspace, now):
    first = events.make("L1", **{"lode:dataSubject": "anna", "lode:operator": "Anna Berg"})
    job = capture(first, name="Anna Berg.json")
    capture(events.make("L2"))
    capture(events.receive("L1", at=5))
    assert erase(workspace, now).count == 2
    record = EventRecord.objects.get(job=job)
    assert (record.event_id, record.position) == ("urn:x-lodeline:erased:1", 1)
    job.refresh_from_db()
    assert (job.name, job.findings, job.state) == ("", [], "taken")
    things = {one.key[-2:]: (one.maker, one.made_by) for one in Thing.objects.order_by("key")}
    assert things == {
        "L1": (None, ""), "L2": (job.organisation_id, EventRecord.objects.get(position=3).event_id),
    }  # fmt: skip


def test_a_document_that_waits_is_given_up(acting, organisation, events, workspace, capture, now):
    capture(events.make("L1", **{"lode:dataSubject": "anna"}))
    document = actions.Document(data=events.document(events.make("L2", **{"lode:dataSubject": "anna"})))
    waiting = actions.submit(actor=acting(organisation), document=document, now=now)
    other = actions.submit(
        actor=acting(organisation),
        document=actions.Document(data=events.document(events.make("L3"))),
        now=now,
    )
    erase(workspace, now)
    waiting.refresh_from_db()
    other.refresh_from_db()
    assert (waiting.state, waiting.raw, other.state) == ("refused", None, "waiting")
    assert processing.process(other, now).state == "taken"


def test_a_document_that_waits_as_xml_is_given_up_too(acting, organisation, events, workspace, capture, now):
    capture(events.make("L1", **{"lode:dataSubject": "anna"}))
    waiting = events.document(events.make("L2", **{"lode:dataSubject": "anna"}))
    document = actions.Document(data=xml_of(json.loads(waiting)), media_type="application/xml")
    job = actions.submit(actor=acting(organisation), document=document, now=now)
    erase(workspace, now)
    job.refresh_from_db()
    assert (job.state, job.raw) == ("refused", None)


def test_what_was_repaired_is_forgotten_too(acting, organisation, events, workspace, now):
    event = events.make("L1", **{"lode:dataSubject": "anna", "disposition": "Active"})
    document = actions.Document(data=events.document(event), lenient=True)
    job = actions.submit(actor=acting(organisation), document=document, now=now, queue=False)
    job = processing.process(job, now)
    assert [one["rule"] for one in job.repairs] == ["R-CBV-FORM"]
    erase(workspace, now)
    job.refresh_from_db()
    assert (job.repairs, job.findings) == ([], [])


def test_one_workspace_s_person_is_not_the_other_s(capture, events, workspace, other_organisation, now):
    capture(events.make("L1", **{"lode:dataSubject": "anna"}))
    capture(events.make("L1", **{"lode:dataSubject": "anna"}), by=other_organisation)
    assert erase(workspace, now).count == 2
    there = list(queries.read(workspace=other_organisation.workspace_id))
    assert [one.erased for one in there] == [False, False]


def test_names_are_found_wherever_a_prefix_or_an_address_stands():
    raw = {
        "lode:dataSubject": "a",
        "urn:x-lodeline:epcis:dataSubject": ["b"],
        "dataSubject": "c",
        "subject": "d",
    }
    assert subjects.named(raw) == {"a", "b", "c"}
    assert subjects.in_document({"type": "StatementDocument", "statements": [raw, 7]}) == {"a", "b", "c"}
