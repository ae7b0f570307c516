"""Lenient mode: every repair has its name, says what it did, and changes no identifier, quantity or time."""

from __future__ import annotations

import json
from copy import deepcopy

import pytest

from lodeline.events.check import check
from lodeline.events.context import EPCIS_CONTEXT
from lodeline.events.repairs import RULES, mend

EVENT = {
    "type": "ObjectEvent", "eventTime": "2026-10-01T10:00:00+02:00", "eventTimeZoneOffset": "+02:00",
    "action": "OBSERVE", "epcList": ["urn:x:1"],
}  # fmt: skip
MADE = {
    "type": "TransformationEvent", "eventTime": "2026-10-01T10:00:00+02:00", "eventTimeZoneOffset": "+02:00",
    "inputEPCList": ["urn:x:1"], "outputEPCList": ["urn:x:2"],
}  # fmt: skip


def document(*events, **more):
    return {
        "@context": [EPCIS_CONTEXT], "type": "EPCISDocument", "schemaVersion": "2.0",
        "creationDate": "2026-10-01T10:00:00Z", "epcisBody": {"eventList": [deepcopy(one) for one in events]}, **more,
    }  # fmt: skip


AT = "/epcisBody/eventList/0"
QUANTITY = {"epcClass": "urn:x:c", "quantity": 2.5, "uom": "KGM"}
CASES = {
    "action of a transformation": ({**MADE, "action": "ADD"}, "R-ACTION-TRF", "/action", '"ADD"', "", MADE),
    "number as text": (
        {**EVENT, "quantityList": [{**QUANTITY, "quantity": "2.50"}]},
        "R-NUM-STR", "/quantityList/0/quantity", '"2.50"', "2.5", {**EVENT, "quantityList": [QUANTITY]},
    ),
    "URN word": (
        {**EVENT, "bizStep": "urn:epcglobal:cbv:bizstep:shipping"},
        "R-CBV-FORM", "/bizStep", '"urn:epcglobal:cbv:bizstep:shipping"', '"shipping"',
        {**EVENT, "bizStep": "shipping"},
    ),
    "capitals": (
        {**EVENT, "action": "observe"}, "R-CBV-FORM", "/action", '"observe"', '"OBSERVE"', EVENT,
    ),
    "missing offset": (
        {key: EVENT[key] for key in EVENT if key != "eventTimeZoneOffset"},
        "R-TZ", "/eventTimeZoneOffset", "", '"+02:00"', EVENT,
    ),
    "time without offset": (
        {**EVENT, "eventTime": "2026-10-01T10:00:00"},
        "R-TIME", "/eventTime", '"2026-10-01T10:00:00"', '"2026-10-01T10:00:00+02:00"', EVENT,
    ),
    "single for list": ({**EVENT, "epcList": "urn:x:1"}, "R-LIST", "/epcList", '"urn:x:1"', '["urn:x:1"]', EVENT),
    "wrapper of 1.2": (
        {**EVENT, "epcList": {"epc": ["urn:x:1"]}}, "R-12", "/epcList", '{"epc": ["urn:x:1"]}', '["urn:x:1"]', EVENT,
    ),
    "place as text": (
        {**EVENT, "readPoint": "urn:x:r"}, "R-12", "/readPoint", '"urn:x:r"', '{"id": "urn:x:r"}',
        {**EVENT, "readPoint": {"id": "urn:x:r"}},
    ),
    "null": ({**EVENT, "disposition": None}, "R-NULL", "/disposition", "", "", EVENT),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_repairs(case, now):
    event, rule, where, before, after, wanted = CASES[case]
    data = json.dumps(document(event)).encode()
    assert check(data, now=now).refused
    checked = check(data, now=now, lenient=True)
    assert not checked.refused
    assert checked.document["epcisBody"]["eventList"] == [wanted]
    assert [(one.rule, one.pointer, one.before, one.after) for one in checked.repairs] == [
        (rule, AT + where, before, after)
    ]
    assert [finding.rule for finding in checked.findings if finding.rule in RULES] == [rule]


def test_own_fields_go_under_the_registered_namespace_or_are_refused(now):
    data = json.dumps(document({**EVENT, "action": "ADD", "colour": "red", "ilmd": {"grade": 1}})).encode()
    refused = check(data, now=now, lenient=True)
    assert [finding.rule for finding in refused.findings] == ["schema.unknown-field"] * 2
    taken = check(data, now=now, lenient=True, namespace="https://a.example/ns#")
    assert not taken.refused
    assert taken.document["@context"] == [EPCIS_CONTEXT, {"own": "https://a.example/ns#"}]
    assert taken.events[0].extensions == {"own:colour": "red"}
    assert taken.events[0].ilmd == {"own:grade": 1}


def test_a_field_of_another_event_type_is_no_own_field(now):
    data = json.dumps(document({**EVENT, "parentID": "urn:x:p"})).encode()
    assert check(data, now=now, lenient=True, namespace="https://a.example/ns#").refused


@pytest.mark.parametrize(
    "event",
    [
        {**EVENT, "quantityList": [{**QUANTITY, "quantity": "some"}]},
        {**EVENT, "quantityList": [{**QUANTITY, "quantity": "0.1000000000000000000001"}]},
        {**EVENT, "quantityList": [{**QUANTITY, "uom": "kilo"}]},
        {**EVENT, "quantityList": [{**QUANTITY, "quantity": -1}]},
        {**EVENT, "epcList": ["no uri"]},
        {**EVENT, "bizStep": "dancing"},
        {
            **{key: EVENT[key] for key in EVENT if key != "eventTimeZoneOffset"},
            "eventTime": "2026-10-01T10:00:00",
        },
    ],
    ids=str,
)
def test_what_cannot_be_derived_is_refused(event, now):
    checked = check(json.dumps(document(event)).encode(), now=now, lenient=True)
    assert checked.refused
    assert checked.repairs == ()


def test_around_the_events(now):
    odd = document(EVENT, schemaVersion=2.0)
    del odd["@context"]
    odd["epcisBody"] = {"EventList": odd["epcisBody"]["eventList"][0]}
    checked = check(json.dumps(odd).encode(), now=now, lenient=True)
    assert not checked.refused
    assert [one.rule for one in checked.repairs] == ["R-CONTEXT", "R-VERSION", "R-12", "R-LIST"]


UNTP = {
    "type": ["TransformationEvent", "Event"], "id": "https://e.example/1", "processType": "Cells", "action": "Add",
    "eventTime": "2026-09-01T12:00:00Z", "bizStep": "https://ref.gs1.org/cbv/BizStep-commissioning",
    "bizLocation": "https://plus.codes/8CGRC78W+MM",
    "outputEPCList": [{"type": ["Item"], "id": "https://id.gs1.org/01/09520123456788/21/12345", "name": "Battery"}],
    "inputQuantityList": [{"productId": "https://m.example/1", "productName": "Salt", "quantity": 2, "uom": "KGM"}],
    "sensorElementList": [
        {"sensorMetadata": {"device": {"id": "https://d.example/1"}},
         "sensorReport": [{"time": "2026-07-24T12:00:00Z", "sensorType": "https://s.example/t", "value": 25}]}
    ],
}  # fmt: skip


def test_untp_credential(now):
    credential = {
        "@context": ["https://www.w3.org/ns/credentials/v2"], "validFrom": "2026-09-02T00:00:00Z",
        "type": ["DigitalTraceabilityEvent", "VerifiableCredential"], "credentialSubject": [UNTP],
    }  # fmt: skip
    data = json.dumps(credential).encode()
    assert check(data, now=now).refused
    checked = check(data, now=now, lenient=True)
    assert [finding.message for finding in checked.findings if finding.severity == "error"] == []
    (event,) = checked.events
    assert (event.id, event.action, event.biz_step) == ("https://e.example/1", None, "commissioning")
    assert event.outputs == ("https://id.gs1.org/01/09520123456788/21/12345",)
    assert event.input_quantities[0].epc_class == "https://m.example/1"
    assert event.raw["untp:processType"] == "Cells"
    assert event.raw["sensorElementList"][0]["sensorMetadata"] == {"deviceID": "https://d.example/1"}
    assert "UNTP-0.5" in {one.rule for one in checked.repairs}
    assert {one.rule for one in checked.repairs} <= RULES.keys()


def test_untp_parties_and_prefix_in_a_plain_document(now):
    event = {
        **EVENT, "type": ["TransactionEvent", "Event"], "processType": "Sale", "sourcePartyId": "https://a.example/",
        "destinationParty": {"id": "https://b.example/"},
        "bizTransactionList": [{"type": "po", "bizTransaction": "urn:x:po"}],
    }  # fmt: skip
    checked = check(json.dumps(document(event)).encode(), now=now, lenient=True)
    assert not checked.refused
    assert checked.events[0].sources[0].id == "https://a.example/"
    assert checked.events[0].destinations[0].type == "owning_party"
    assert checked.document["@context"][-1] == {
        "untp": "https://test.uncefact.org/vocabulary/untp/dte/0.5.0/"
    }


@pytest.mark.conformance
def test_good_documents_need_no_repair_except_of_spelling(conformance, now):
    for path in sorted((conformance / "gs1-epcis" / "JSON").rglob("*.jsonld")):
        lenient, strict = (check(path.read_bytes(), now=now, lenient=mode) for mode in (True, False))
        assert {one.rule for one in lenient.repairs} <= {"R-CBV-FORM"}, path.name
        assert [one.id for one in lenient.events] == [one.id for one in strict.events]


@pytest.mark.parametrize(
    "odd", [{}, {"type": []}, {"type": "EPCISDocument", "epcisBody": []}, {"type": ["ObjectEvent"]}]
)
def test_odd_documents(odd):
    made, _ = mend(deepcopy(odd))
    assert isinstance(made, dict)


JUNK = [None, 1, "x", [], [None], {}, {"id": None}, [{}], [[]], True]


@pytest.mark.parametrize(
    "field", [*EVENT, *UNTP, "readPoint", "persistentDisposition", "errorDeclaration", "ilmd"]
)
def test_junk_anywhere_is_refused_not_raised(field, now):
    for base in (EVENT, MADE, UNTP):
        for junk in JUNK:
            check(
                json.dumps(document({**base, field: junk})).encode(),
                now=now,
                lenient=True,
                namespace="urn:x:n:",
            )
