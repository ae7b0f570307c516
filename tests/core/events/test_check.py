"""Bad input: each is refused with a rule and a place; each good neighbour passes."""

from __future__ import annotations

import json
import time
from datetime import timedelta

import pytest

from lodeline.events.check import check
from lodeline.events.limits import Limits
from lodeline.evidence import Severity

CONTEXT = [
    "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",
    {"lode": "urn:x-lodeline:epcis:"},
]
ITEM = "https://id.gs1.org/01/09521141123454/21/A{}"
LOT = "https://id.gs1.org/01/09521141123454/10/L{}"
SITE = {"id": "https://id.gs1.org/414/9521141000014"}
EVENT = "/epcisBody/eventList/0"


def event(**changes):
    made = {
        "type": "ObjectEvent",
        "eventID": "urn:uuid:00000000-0000-4000-8000-000000000001",
        "eventTime": "2026-10-01T10:00:00.000+02:00",
        "eventTimeZoneOffset": "+02:00",
        "action": "ADD",
        "bizStep": "commissioning",
        "epcList": [ITEM.format(1)],
        "readPoint": SITE,
        "bizLocation": SITE,
        **changes,
    }
    return {key: value for key, value in made.items() if value is not ...}


def transformation(**changes):
    return event(
        **{
            "type": "TransformationEvent",
            "action": ...,
            "epcList": ...,
            "inputQuantityList": [{"epcClass": LOT.format(1), "quantity": 10, "uom": "KGM"}],
            "outputEPCList": [ITEM.format(2)],
            **changes,
        }
    )


def document(*events, **changes):
    made = {
        "@context": CONTEXT,
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2026-10-01T10:00:00Z",
        "epcisBody": {"eventList": list(events)},
        **changes,
    }
    return json.dumps(made).encode()


def findings(data, now, severity=Severity.ERROR, **limits):
    found = check(data, now=now, limits=Limits(**limits)).findings
    return [(one.rule, one.pointer) for one in found if one.severity is severity]


def test_the_plain_events_have_no_findings(now):
    checked = check(document(event(), transformation(eventID=...)), now=now)
    assert checked.findings == ()
    assert [one.type for one in checked.events] == ["ObjectEvent", "TransformationEvent"]
    assert not checked.refused


def quantity(**element):
    return event(quantityList=[{"epcClass": LOT.format(1), **element}], epcList=...)


def own(**ilmd):
    return event(ilmd={f"lode:{key}": value for key, value in ilmd.items()})


def composition(*parts):
    return own(composition=[{"lode:substance": name, "lode:massFraction": part} for name, part in parts])


BAD_EVENTS = {
    "unknown event type": (event(type="ObjectivEvent"), "event.type-unknown", "/type"),
    "own event type": (event(type="ex:Event"), "event.type-unknown", "/type"),
    "no type": (event(type=...), "schema.required", ""),
    "wrong type of type": (event(type=["ObjectEvent"]), "event.type-unknown", "/type"),
    "required field missing": (event(action=...), "schema.required", ""),
    "offset missing": (event(eventTimeZoneOffset=...), "schema.required", ""),
    "wrong types": (event(epcList="urn:x:1"), "schema.type", "/epcList"),
    "number as text": (quantity(quantity="1"), "schema.number", "/quantityList/0/quantity"),
    "unknown field": (event(colour="red"), "schema.unknown-field", "/colour"),
    "action on transformation": (transformation() | {"action": "ADD"}, "schema.unknown-field", "/action"),
    "unknown word": (event(bizStep="shiping"), "schema.word", "/bizStep"),
    "old spelling": (event(bizStep="urn:epcglobal:cbv:bizstep:shipping"), "schema.word", "/bizStep"),
    "nothing named": (event(epcList=...), "schema.nothing-named", ""),
    "inputs only": (transformation(outputEPCList=...), "schema.nothing-named", ""),
    "ilmd with observe": (event(action="OBSERVE", ilmd={"lode:product": "x"}), "schema.ilmd", ""),
    "ilmd is a list": (event(ilmd=[1]), "ilmd.type", "/ilmd"),
    "unit form": (quantity(quantity=1, uom="kg"), "schema.unit", "/quantityList/0/uom"),
    "unknown unit": (quantity(quantity=1, uom="KGX"), "quantity.unit-unknown", "/quantityList/0/uom"),
    "negative": (quantity(quantity=-1, uom="KGM"), "quantity.not-positive", "/quantityList/0/quantity"),
    "zero": (quantity(quantity=0.0, uom="KGM"), "quantity.not-positive", "/quantityList/0/quantity"),
    "zero pieces": (quantity(quantity=0), "quantity.not-positive", "/quantityList/0/quantity"),
    "too heavy": (quantity(quantity=1e30, uom="KGM"), "quantity.too-large", "/quantityList/0/quantity"),
    "too many pieces": (quantity(quantity=1e30), "quantity.too-large", "/quantityList/0/quantity"),
    "ahead": (event(eventTime="2026-11-02T12:00:01Z"), "time.ahead", "/eventTime"),
    "before 1990": (event(eventTime="1989-12-31T23:59:59Z"), "time.too-early", "/eventTime"),
    "year 0": (event(eventTime="0000-01-01T00:00:00Z"), "time.unreadable", "/eventTime"),
    "no time": (event(eventTime="yesterday"), "schema.time", "/eventTime"),
    "time without offset": (event(eventTime="2026-10-01T10:00:00"), "schema.time", "/eventTime"),
    "offset Z": (event(eventTimeZoneOffset="Z"), "schema.offset", "/eventTimeZoneOffset"),
    "offset +15": (event(eventTimeZoneOffset="+15:00"), "schema.offset", "/eventTimeZoneOffset"),
    "inverted offset": (event(eventTimeZoneOffset="-02:00"), "time.offset-inverted", "/eventTimeZoneOffset"),
    "declared ahead": (
        event(errorDeclaration={"declarationTime": "2027-01-01T00:00:00Z"}),
        "time.ahead",
        "/errorDeclaration/declarationTime",
    ),
    "item from itself": (
        transformation(inputEPCList=["urn:epc:id:sgtin:9521141.012345.A2"]),
        "transformation.cycle",
        "/outputEPCList/0",
    ),
    "newline in id": (event(epcList=["urn:x:a\nb"]), "schema.identifier", "/epcList/0"),
    "escaped newline in id": (event(epcList=["urn:x:a%0D%0Ab"]), "id.characters", "/epcList/0"),
    "escaped NUL in id": (
        event(parentID=..., epcList=["urn:x:1", "urn:x:%00"]),
        "id.characters",
        "/epcList/1",
    ),
    "quotes in id": (event(eventID='urn:x:"><script>'), "schema.identifier", "/eventID"),
    "dots in id": (
        event(bizLocation={"id": "https://example.com/a/../../b"}),
        "id.characters",
        "/bizLocation/id",
    ),
    "escaped dots in class": (
        quantity(epcClass="urn:x:/%2e%2e/etc"),
        "id.characters",
        "/quantityList/0/epcClass",
    ),
    "dots in party": (
        event(sourceList=[{"type": "owning_party", "source": "https://x.example/../y"}]),
        "id.characters",
        "/sourceList/0/source",
    ),
    "long id": (event(epcList=["urn:x:" + "a" * 500]), "id.characters", "/epcList/0"),
    "context in event": (event(**{"@context": "https://evil.example/c"}), "context.unknown", "/@context"),
    "composition no list": (own(composition="Ni"), "ilmd.composition", "/ilmd/lode:composition"),
    "composition twice": (
        composition(("Ni", "0.1"), ("Ni", "0.1")),
        "ilmd.composition",
        "/ilmd/lode:composition/1",
    ),
    "composition over 1": (
        composition(("Ni", "0.6"), ("Co", "0.5")),
        "ilmd.composition",
        "/ilmd/lode:composition",
    ),
    "mass fraction": (
        composition(("Ni", "1.1")),
        "ilmd.mass-fraction",
        "/ilmd/lode:composition/0/lode:massFraction",
    ),
    "custody model": (own(custodyModel="magic"), "ilmd.custody-model", "/ilmd/lode:custodyModel"),
    "unit mass": (
        own(unitMass={"lode:value": "1", "lode:uom": "C62"}),
        "ilmd.unit-mass",
        "/ilmd/lode:unitMass",
    ),
    "no unit mass": (
        own(unitMass={"lode:value": "0", "lode:uom": "KGM"}),
        "ilmd.unit-mass",
        "/ilmd/lode:unitMass/lode:value",
    ),
}


@pytest.mark.parametrize("case", BAD_EVENTS)
def test_bad_events(case, now):
    raw, rule, place = BAD_EVENTS[case]
    assert findings(document(raw), now) == [(rule, EVENT + place)]


DOUBTFUL = {
    "other offset": (event(eventTimeZoneOffset="+03:00"), "time.offset-differs", "/eventTimeZoneOffset"),
    "half a piece": (quantity(quantity=1.5), "quantity.part-of-piece", "/quantityList/0/quantity"),
    "unit without quantity": (quantity(uom="KGM"), "quantity.missing", "/quantityList/0"),
    "check digit": (event(epcList=["https://id.gs1.org/01/09521141123455/21/1"]), "id.form", "/epcList/0"),
    "urn parts": (event(epcList=["urn:epc:id:sgtin:95211.12345.1"]), "id.form", "/epcList/0"),
    "same thing twice": (
        event(epcList=[ITEM.format(1), "urn:epc:id:sgtin:9521141.012345.A1"]),
        "epc.twice",
        "/epcList/1",
    ),
    "no parent": (
        event(type="AggregationEvent", epcList=..., childEPCs=[ITEM.format(1)]),
        "aggregation.parent-missing",
        "",
    ),
    "lot into itself": (
        transformation(outputEPCList=..., outputQuantityList=[{"epcClass": LOT.format(1)}]),
        "transformation.same-lot",
        "/outputQuantityList/0",
    ),
    "other substance": (composition(("Fe", "0.3")), "ilmd.substance", "/ilmd/lode:composition/0"),
}


@pytest.mark.parametrize("case", DOUBTFUL)
def test_doubtful_events_are_warnings(case, now):
    raw, rule, place = DOUBTFUL[case]
    data = document(raw)
    assert findings(data, now) == []
    assert findings(data, now, Severity.WARNING) == [(rule, EVENT + place)]


def test_offsets_that_say_the_same_are_fine(now):
    for at in (
        "2026-10-01T08:00:00Z",
        "2026-10-01T08:00:00+00:00",
        "2026-10-01T10:00:00.123456789+02:00",
    ):
        assert check(document(event(eventTime=at)), now=now).findings == ()


def test_a_leap_second_is_a_time(now):
    checked = check(document(event(eventTime="2016-12-31T23:59:60Z", eventTimeZoneOffset="+00:00")), now=now)
    assert checked.findings == ()
    assert checked.events[0].time.isoformat() == "2016-12-31T23:59:59+00:00"


def test_the_edge_of_24_hours(now):
    at = now + timedelta(hours=24)
    assert findings(document(event(eventTime=at.isoformat(), eventTimeZoneOffset="+00:00")), now) == []


BAD_DOCUMENTS = {
    "empty": (b"", "json.empty", ""),
    "truncated": (document(event())[:-20], "json.truncated", ""),
    "byte order mark": (b"\xef\xbb\xbf" + document(event()), "json.byte-order-mark", ""),
    "utf-16": (document(event()).decode().encode("utf-16"), "json.encoding", ""),
    "latin-1": (document(event()).replace(b"A1", b"\xe9"), "json.encoding", ""),
    "duplicate key": (
        document(event()).replace(b'"action"', b'"action": "ADD", "action"'),
        "json.duplicate-key",
        EVENT + "/action",
    ),
    "NaN": (document(event()).replace(b'"ADD"', b"NaN"), "json.not-a-number", EVENT + "/action"),
    "1e400": (
        document(quantity(quantity=7)).replace(b"7}", b"1e400}"),
        "json.number-range",
        EVENT + "/quantityList/0/quantity",
    ),
    "huge integer": (
        document(quantity(quantity=7)).replace(b"7}", b"7" * 30 + b"}"),
        "json.integer-range",
        EVENT + "/quantityList/0/quantity",
    ),
    "lone surrogate": (document(event(**{"lode:n": "\ud800"})), "json.surrogate", EVENT + "/lode:n"),
    "NUL": (document(event(**{"lode:n": "a\0b"})), "text.nul", EVENT + "/lode:n"),
    "nesting": (b'{"type":' + b"[" * 10**6, "json.too-deep", "/type" + "/0" * 63),
    "a list": (b"[]", "document.type", ""),
    "a text": (b'"hello"', "document.type", ""),
    "an invoice": (b'{"type":"Invoice"}', "document.type", "/type"),
    "no type": (b"{}", "document.type", ""),
    "type is a list": (b'{"type":["EPCISDocument"]}', "document.type", "/type"),
    "no body": (document(epcisBody={}), "schema.required", "/epcisBody"),
    "body is a list": (document(epcisBody=[]), "schema.type", "/epcisBody"),
    "events are text": (document(epcisBody={"eventList": "x"}), "schema.type", "/epcisBody/eventList"),
    "event is text": (document("x"), "schema.type", EVENT),
    "unknown context": (
        document(event(), **{"@context": [*CONTEXT, "http://attacker.example/context"]}),
        "context.unknown",
        "/@context/2",
    ),
    "vocab": (
        document(event(), **{"@context": [*CONTEXT, {"@vocab": "urn:x:"}]}),
        "context.keyword",
        "/@context/2/@vocab",
    ),
    "import": (
        document(event(), **{"@context": [*CONTEXT, {"@import": "urn:x:"}]}),
        "context.keyword",
        "/@context/2/@import",
    ),
    "redefined word": (
        document(event(), **{"@context": [*CONTEXT, {"epcList": "urn:x:"}]}),
        "context.redefines",
        "/@context/2/epcList",
    ),
    "prefix is no URI": (
        document(event(), **{"@context": [*CONTEXT, {"a": "b"}]}),
        "context.prefix",
        "/@context/2/a",
    ),
    "nested term": (
        document(event(), **{"@context": [*CONTEXT, {"a": {"@context": {}}}]}),
        "context.term",
        "/@context/2/a",
    ),
    "bare event without context": (json.dumps(event()).encode(), "schema.required", ""),
}


@pytest.mark.parametrize("case", BAD_DOCUMENTS)
def test_bad_documents(case, now):
    data, rule, place = BAD_DOCUMENTS[case]
    begin = time.process_time()
    assert findings(data, now) == [(rule, place)]
    assert time.process_time() - begin < 2


def test_limits(now):
    many = event(epcList=[ITEM.format(i) for i in range(100_000)])
    begin = time.process_time()
    assert findings(document(many), now) == [("epc.too-many", EVENT)]
    assert time.process_time() - begin < 2
    assert findings(document(event(), event(), event()), now, max_events=2) == [
        ("document.too-many-events", "/epcisBody/eventList")
    ]
    assert findings(b" " * 200, now, max_bytes=100) == [("json.too-large", "")]


def test_all_findings_are_listed_up_to_a_limit(now):
    data = document(*(event(eventTime="1980-01-01T00:00:00Z") for _ in range(30)))
    assert len(findings(data, now)) == 30
    checked = check(data, now=now, limits=Limits(max_findings=10))
    assert [one.rule for one in checked.findings] == ["time.too-early"] * 10 + ["check.more"]
    assert checked.refused


def test_markup_and_formulas_are_text_and_noted(now):
    raw = event(
        **{"lode:name": "<script>alert(1)</script>", "lode:note": "=cmd|'/c calc'!A0", "lode:size": "1 < 2"}
    )
    for data in (document(raw), document(raw).replace(b"<", b"\\u003c").replace(b'"=', b'"\\u003d')):
        checked = check(data, now=now)
        assert [(one.rule, one.severity, one.pointer) for one in checked.findings] == [
            ("text.markup", Severity.NOTE, EVENT + "/lode:name"),
            ("text.markup", Severity.NOTE, EVENT + "/lode:note"),
        ]
        assert checked.events[0].extensions["lode:name"] == "<script>alert(1)</script>"


def test_a_fingerprint_and_a_name_in_one_event(now):
    name = b'"eventID": "urn:uuid:00000000-0000-4000-8000-000000000001"'
    good = document(event()).replace(name, b'"eventID": "ni:///sha-256;00?ver=CBV2.0", ' + name)
    assert findings(good, now) == []
    assert findings(good, now, Severity.WARNING) == [("event.id-twice", EVENT + "/eventID")]
    assert check(good, now=now).events[0].id == "urn:uuid:00000000-0000-4000-8000-000000000001"
    for bad in (
        document(event()).replace(name, name + b', "eventID": "ni:///sha-256;00"'),
        document(event()).replace(name, name + b", " + name),
        good.replace(b'"type": "ObjectEvent"', b'"type": "ObjectEvent", "type": "ObjectEvent"'),
        document(event(), **{"@context": CONTEXT}).replace(b'"ADD"', b'{"a":1,"a":2}'),
    ):
        assert [rule for rule, _ in findings(bad, now)] == ["json.duplicate-key"]


def test_a_document_without_events_says_so(now):
    assert findings(document(), now) == []
    assert findings(document(), now, Severity.WARNING) == [("document.no-events", "/epcisBody/eventList")]


def test_event_ids_are_named_in_findings(now):
    finding = check(document(event(eventTime="1980-01-01T00:00:00Z")), now=now).findings[0]
    assert finding.as_dict() == {
        "rule": "time.too-early",
        "severity": "error",
        "pointer": "/epcisBody/eventList/0/eventTime",
        "message": "Before 1990. Correct the time.",
        "eventID": "urn:uuid:00000000-0000-4000-8000-000000000001",
    }
