"""XML: safe to read, one form with JSON, the same findings and hashes, and back again."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lodeline.events.check import check
from lodeline.events.epcis import events_of
from lodeline.events.hashing import hashes
from lodeline.events.limits import Limits
from lodeline.events.reading import read
from lodeline.events.xml_read import number
from lodeline.events.xml_write import Unwritable, xml_of

HEAD = (
    '<?xml version="1.0"?><e:EPCISDocument xmlns:e="urn:epcglobal:epcis:xsd:2" schemaVersion="2.0" '
    'xmlns:x="https://ex.example/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
    'xmlns:xsd="http://www.w3.org/2001/XMLSchema" creationDate="2026-10-01T10:00:00Z"><EPCISBody><EventList>'
)
TAIL = "</EventList></EPCISBody></e:EPCISDocument>"
WHEN = "<eventTime>2026-10-01T10:00:00Z</eventTime><eventTimeZoneOffset>+00:00</eventTimeZoneOffset>"


def document(*events):
    return (HEAD + "".join(events) + TAIL).encode()


def first(*parts, kind="ObjectEvent"):
    found, findings = read(document(f"<{kind}>{WHEN}{''.join(parts)}</{kind}>"))
    assert found is not None, findings
    return found["epcisBody"]["eventList"][0]


def test_an_event_in_its_json_form():
    made = first(
        "<epcList><epc>urn:x:1</epc></epcList><action>ADD</action>"
        "<bizStep>urn:epcglobal:cbv:bizstep:commissioning</bizStep>"
        "<readPoint><id>urn:x:r</id><x:door>7</x:door></readPoint>"
        '<bizTransactionList><bizTransaction type="urn:epcglobal:cbv:btt:po">urn:x:po</bizTransaction>'
        "</bizTransactionList><quantityList><quantityElement><epcClass>urn:x:c</epcClass>"
        "<quantity>12.50</quantity><uom>KGM</uom></quantityElement><quantityElement><epcClass>urn:x:d</epcClass>"
        '<quantity xsi:nil="true"/></quantityElement></quantityList>'
        '<ilmd><x:n xsi:type="xsd:integer">10</x:n><x:list>a</x:list><x:list>b</x:list>'
        '<x:w unit="KGM">3.5</x:w></ilmd>'
        "<extension><x:deep><inner>1</inner></x:deep></extension>"
    )
    assert made == {
        "type": "ObjectEvent", "eventTime": "2026-10-01T10:00:00Z", "eventTimeZoneOffset": "+00:00",
        "epcList": ["urn:x:1"], "action": "ADD", "bizStep": "commissioning",
        "readPoint": {"id": "urn:x:r", "x:door": "7"},
        "bizTransactionList": [{"type": "po", "bizTransaction": "urn:x:po"}],
        "quantityList": [{"epcClass": "urn:x:c", "quantity": 12.5, "uom": "KGM"}, {"epcClass": "urn:x:d"}],
        "ilmd": {"x:n": 10, "x:list": ["a", "b"], "x:w": {"unit": "KGM", "#text": "3.5"}},
        "x:deep": {"inner": "1"},
    }  # fmt: skip


def test_sensors_are_attributes():
    made = first(
        '<epcList/><action>OBSERVE</action><sensorElementList><sensorElement><sensorMetadata deviceID="urn:x:d"/>'
        '<sensorReport type="gs1:Temperature" value="26.0" booleanValue="true" x:own="1"/><x:more>2</x:more>'
        '<sensorReport type="gs1:Unheard" component="cbv:Comp-x"/></sensorElement></sensorElementList>'
    )
    assert made["epcList"] == []
    assert made["sensorElementList"] == [
        {
            "sensorMetadata": {"deviceID": "urn:x:d"},
            "sensorReport": [
                {"type": "Temperature", "value": 26, "booleanValue": True, "x:own": "1"},
                {"type": "gs1:Unheard", "component": "x"},
            ],
            "x:more": "2",
        }
    ]


OLD = (
    '<epcis:EPCISDocument xmlns:epcis="urn:epcglobal:epcis:xsd:1" schemaVersion="1.2" '
    'creationDate="2026-10-01T10:00:00Z"><EPCISBody><EventList>{}</EventList></EPCISBody></epcis:EPCISDocument>'
)


def test_epcis_1_2_with_its_extension_elements(now):
    text = OLD.format(
        f"<ObjectEvent>{WHEN}<baseExtension><eventID>urn:x:e1</eventID></baseExtension><epcList/>"
        "<action>OBSERVE</action><extension><quantityList><quantityElement><epcClass>urn:x:c</epcClass>"
        "<quantity>3</quantity></quantityElement></quantityList></extension></ObjectEvent>"
        f"<extension><TransformationEvent>{WHEN}<inputEPCList><epc>urn:x:1</epc></inputEPCList><outputEPCList>"
        "<epc>urn:x:2</epc></outputEPCList></TransformationEvent></extension>"
        f"<QuantityEvent>{WHEN}<epcClass>urn:x:c</epcClass><quantity>4</quantity></QuantityEvent>"
    )
    checked = check(text.encode(), now=now)
    assert [finding.rule for finding in checked.findings] == []
    assert [event.type for event in checked.events] == ["ObjectEvent", "TransformationEvent", "ObjectEvent"]
    assert checked.events[0].id == "urn:x:e1"
    assert [int(event.quantities[0].amount) for event in checked.events if event.quantities] == [3, 4]


BOMB = '<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]><a>&b;</a>'
HOSTILE = {
    "bomb": (BOMB, "xml.doctype"),
    "external file": ('<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', "xml.doctype"),
    "external subset": ('<!DOCTYPE a PUBLIC "-//a" "https://a.example/b.dtd"><a/>', "xml.doctype"),
    "undefined entity": ("<a>&b;</a>", "xml.entity"),
    "latin": ('<?xml version="1.0" encoding="iso-8859-1"?><a>\xe4</a>', "xml.encoding"),
    "not closed": ("<a><b></a>", "xml.syntax"),
    "two roots": ("<a/><b/>", "xml.syntax"),
    "unknown namespace": ("<x:a/>", "xml.syntax"),
    "only a bracket": ("<", "xml.syntax"),
    "deep": ("<a>" * 3_000 + "</a>" * 3_000, "xml.too-deep"),
    "another root": ("<html/>", "document.type"),
    "another namespace": ('<EPCISDocument xmlns="urn:other"/>', "document.type"),
    "control character": ("<a>\x01</a>", "xml.syntax"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile(case, now):
    text, rule = HOSTILE[case]
    began = time.process_time()
    checked = check(text.encode("latin-1"), now=now)
    assert [finding.rule for finding in checked.findings] == [rule]
    assert checked.refused
    assert time.process_time() - began < 1


def test_limits(now):
    many = document("<ObjectEvent/>" * 200)
    small = Limits(max_values=100)
    assert check(many, now=now, limits=small).findings[0].rule == "xml.too-many-values"
    assert check(many, now=now, limits=Limits(max_bytes=50)).findings[0].rule == "xml.too-large"


def test_a_bare_document_type_is_harmless(now):
    data = document(f"<ObjectEvent>{WHEN}<epcList/><action>ADD</action></ObjectEvent>")
    data = data.replace(b"?>", b"?><!DOCTYPE project>", 1)
    assert not check(data, now=now).refused


@given(st.binary(max_size=200), st.integers(0, 400))
@settings(max_examples=200)
def test_spoilt_bytes_get_a_finding_never_an_exception(spoil, at):
    from tests.conftest import NOW

    good = document(
        f"<ObjectEvent>{WHEN}<epcList><epc>urn:x:1</epc></epcList><action>ADD</action></ObjectEvent>"
    )
    check(good[:at] + spoil + good[at + 3 :], now=NOW)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("200", 200), ("200.0", 200), ("0.1", 0.1), ("1e3", 1000), ("-2.5", -2.5), ("x", "x"), ("", ""),
        ("9007199254740993", "9007199254740993"), ("0.12345678901234567890", "0.12345678901234567890"),
        ("1e999", "1e999"), ("NaN", "NaN"), ("٣", "٣"),
    ],
)  # fmt: skip
def test_numbers_keep_their_value_or_stay_text(text, wanted):
    assert number(text) == wanted
    assert type(number(text)) is type(wanted)


def test_findings_are_those_of_the_json_form(now):
    """Every mistake, sent as XML and as the JSON it stands for."""
    data = document(
        f"<ObjectEvent>{WHEN}<epcList><epc>not a uri</epc></epcList><action>LOOK</action>"
        "<quantityList><quantityElement><epcClass>urn:x:c</epcClass><quantity>many</quantity><uom>kg</uom>"
        "</quantityElement></quantityList><colour>red</colour><bizStep>urn:epcglobal:cbv:bizstep:dancing</bizStep>"
        "</ObjectEvent>",
        "<DanceEvent/>",
        "<TransformationEvent><eventTime>1.1.2026</eventTime><action>ADD</action></TransformationEvent>",
        f"<ObjectEvent>{WHEN}<epcList><epc>urn:epc:id:sscc:1.2</epc></epcList><action>ADD</action></ObjectEvent>",
    )
    as_json, _ = read(data)
    from_xml = check(data, now=now).findings
    from_json = check(json.dumps(as_json).encode(), now=now).findings
    assert from_xml == from_json
    assert {finding.rule for finding in from_xml} >= {
        "schema.identifier", "schema.action", "schema.number", "schema.unit", "schema.unknown-field",
        "event.type-unknown", "schema.time", "schema.required", "id.form",
    }  # fmt: skip


def files(conformance, *kinds):
    folder = conformance / "gs1-epcis"
    return sorted(path for kind, end in kinds for path in (folder / kind).rglob(f"*{end}"))


@pytest.mark.conformance
def test_every_official_xml_file_with_events_passes(conformance, now):
    read_, events = [], 0
    for path in files(conformance, ("XML", ".xml")):
        checked = check(path.read_bytes(), now=now)
        if checked.document is None:
            assert b"EventList" not in path.read_bytes()
            continue
        assert not checked.refused, (path.name, checked.findings)
        if checked.events:
            read_.append(path)
            events += len(checked.events)
    assert (len(read_), events) == (30, 63)


@pytest.mark.conformance
def test_official_documents_come_back_from_xml_the_same(conformance):
    for path in files(conformance, ("XML", ".xml"), ("JSON", ".jsonld")):
        before, _ = read(path.read_bytes(), Limits())
        if before is None:
            continue
        after, found = read(xml_of(before), Limits())
        assert after is not None, (path, found)
        assert hashes(events_of(after), after["@context"]) == hashes(events_of(before), before["@context"]), (
            path
        )


NAMES = st.sampled_from(["ex:a", "ex:b", "ex:c"])
PLAIN = (
    st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(-1e15, 1e15, allow_subnormal=False)
    | st.text(st.characters(min_codepoint=33, max_codepoint=0x2FF), min_size=1, max_size=8)
)
OWN = st.recursive(PLAIN, lambda inner: st.dictionaries(NAMES, inner, min_size=1, max_size=3), max_leaves=6)


@given(
    own=st.dictionaries(NAMES, OWN, max_size=3),
    ilmd=st.dictionaries(NAMES, OWN | st.lists(PLAIN, min_size=2, max_size=3), max_size=3),
    amount=st.floats(0.001, 1e9) | st.integers(1, 10**9),
)
def test_any_event_comes_back_from_xml_the_same(own, ilmd, amount):
    event = {
        "type": "ObjectEvent", "eventTime": "2026-10-01T10:00:00Z", "eventTimeZoneOffset": "+00:00", "action": "ADD",
        "epcList": ["urn:x:1"], "quantityList": [{"epcClass": "urn:x:c", "quantity": amount, "uom": "KGM"}],
        "bizStep": "commissioning", "disposition": "https://ref.gs1.org/cbv/Disp-active", "ilmd": ilmd, **own,
    }  # fmt: skip
    before = {
        "@context": [{"ex": "https://ex.example/"}], "type": "EPCISDocument", "schemaVersion": "2.0",
        "creationDate": "2026-10-01T10:00:00Z", "epcisBody": {"eventList": [event]},
    }  # fmt: skip
    after, found = read(xml_of(before), Limits())
    assert after is not None, found
    assert hashes(events_of(after), after["@context"]) == hashes([event], before["@context"])
    assert after["epcisBody"]["eventList"][0]["quantityList"][0]["quantity"] == amount


@pytest.mark.parametrize("own", [{"ex:a": "\x01"}, {"ex:a b": 1}, {"ex:a": {"<": 1}}])
def test_what_has_no_place_in_xml_is_said(own):
    event = {
        "type": "ObjectEvent",
        "eventTime": "2026-10-01T10:00:00Z",
        "eventTimeZoneOffset": "+00:00",
        **own,
    }
    with pytest.raises(Unwritable):
        xml_of({"@context": [], **event})
