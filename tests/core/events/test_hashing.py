"""The CBV 2.0 event hash: strings written out by the standard's rules, and laws."""

from __future__ import annotations

import json
import random
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lodeline.events.check import check
from lodeline.events.epcis import events_of
from lodeline.events.hashing import event_hash, hashes, moment, prehashes
from lodeline.events.limits import Limits
from lodeline.events.reading import read

BASE = {"type": "ObjectEvent", "eventTime": "2026-03-01T08:00:00+01:00", "eventTimeZoneOffset": "+01:00"}
START = "eventType=ObjectEventeventTime=2026-03-01T07:00:00.000ZeventTimeZoneOffset=+01:00"


def said(event, context=None):
    """What follows the three fields that every event has."""
    (text,) = prehashes([{**BASE, **event}], context)
    assert text.startswith(START)
    return text[len(START) :]


RULES = {
    "list sorted, URN to link": (
        {"epcList": ["urn:epc:id:sgtin:4012345.011111.9", "https://id.gs1.org/00/040123450000001112"]},
        "epcListepc=https://id.gs1.org/00/040123450000001112epc=https://id.gs1.org/01/04012345111118/21/9",
    ),
    "empty list left out": ({"epcList": []}, ""),
    "other domain, query, finer key only": (
        {"epcList": ["https://shop.example/x/01/04012345111118/10/A/21/9?linkType=all"]},
        "epcListepc=https://id.gs1.org/01/04012345111118/21/9",
    ),
    "quantities": (
        {"quantityList": [{"uom": "KGM", "quantity": 1.50, "epcClass": "urn:x:b"}, {"epcClass": "urn:x:a"}]},
        "quantityListquantityElementepcClass=urn:x:aquantityElementepcClass=urn:x:bquantity=1.5uom=KGM",
    ),
    "words": (
        {"bizStep": "shipping", "disposition": "urn:epcglobal:cbv:disp:in_transit"},
        "bizStep=https://ref.gs1.org/cbv/BizStep-shippingdisposition=https://ref.gs1.org/cbv/Disp-in_transit",
    ),
    "prefixed word": ({"bizStep": "cbv:BizStep-shipping"}, "bizStep=https://ref.gs1.org/cbv/BizStep-shipping"),
    "order of fields is the standard's": (
        {"bizLocation": {"id": "urn:x:l"}, "readPoint": {"id": "urn:x:r"}, "action": "ADD"},
        "action=ADDreadPointid=urn:x:rbizLocationid=urn:x:l",
    ),
    "type before value, source before destination": (
        {
            "destinationList": [{"destination": "urn:x:d", "type": "owning_party"}],
            "sourceList": [{"source": "urn:x:s", "type": "location"}],
            "bizTransactionList": [{"bizTransaction": "urn:x:2", "type": "po"}, {"bizTransaction": "urn:x:1"}],
        },
        ("bizTransactionListbizTransaction=urn:x:1type=https://ref.gs1.org/cbv/BTT-pobizTransaction=urn:x:2"
        "sourceListtype=https://ref.gs1.org/cbv/SDT-locationsource=urn:x:s"
        "destinationListtype=https://ref.gs1.org/cbv/SDT-owning_partydestination=urn:x:d"),
    ),
    "lasting disposition": (
        {"persistentDisposition": {"unset": ["damaged"], "set": ["recalled", "active"]}},
        ("persistentDispositionset=https://ref.gs1.org/cbv/Disp-activeset=https://ref.gs1.org/cbv/Disp-recalled"
        "unset=https://ref.gs1.org/cbv/Disp-damaged"),
    ),
    "sensors": (
        {
            "sensorElementList": [
                {
                    "ex:own": 1,
                    "sensorReport": [
                        {"uom": "CEL", "value": 26.0, "type": "gs1:Temperature", "ex:by": "me"},
                        {"type": "Speed", "booleanValue": True, "component": "x"},
                    ],
                    "sensorMetadata": {"deviceID": "urn:epc:id:giai:4000001.111", "time": "2026-03-01T07:00:00Z"},
                }
            ]
        },
        ("sensorElementListsensorElementsensorMetadatatime=2026-03-01T07:00:00.000Z"
        "deviceID=https://id.gs1.org/8004/4000001111"
        "sensorReporttype=https://gs1.org/voc/Speedcomponent=https://ref.gs1.org/cbv/Comp-xbooleanValue=true"
        "sensorReporttype=https://gs1.org/voc/Temperaturevalue=26uom=CEL{https://ex.example/}by=me"
        "{https://ex.example/}own=1"),
    ),
    "own fields sorted, nested, at the end": (
        {"ex:b": {"ex:d": ["2.50", True], "inner": "x "}, "ex:a": "ex:term", "action": "ADD", "ilmd": {"ex:z": None}},
        ("action=ADDilmd{https://ex.example/}a=https://ex.example/term{https://ex.example/}b"
        "inner=x{https://ex.example/}d=2.5{https://ex.example/}d=true"),
    ),
    "own field of a place": (
        {"readPoint": {"ex:door": "7", "id": "urn:x:r"}, "bizLocation": {"id": "urn:x:l"}},
        "readPointid=urn:x:r{https://ex.example/}door=7bizLocationid=urn:x:l",
    ),
    "not hashed": (
        {
            "eventID": "urn:x:1", "recordTime": "2026-03-01T09:00:00Z", "certificationInfo": "urn:x:c",
            "errorDeclaration": {"declarationTime": "2026-03-02T09:00:00Z"}, "@context": [],
        },
        "",
    ),
    "whole URI as a field": ({"https://o.example/ns#f": 1}, "{https://o.example/ns#}f=1"),
    "unknown prefix stays": ({"no:f": 1}, "no:f=1"),
    "text beside attributes": ({"ex:w": {"#text": "3.50", "unit": "KGM"}}, "{https://ex.example/}w=3.5unit=KGM"),
}  # fmt: skip


@pytest.mark.parametrize("case", RULES)
def test_rules(case):
    event, wanted = RULES[case]
    assert said(event, {"ex": "https://ex.example/"}) == wanted


def test_the_name():
    (text,) = prehashes([BASE])
    assert text == START
    assert event_hash(BASE) == f"ni:///sha-256;{sha256(START.encode()).hexdigest()}?ver=CBV2.0"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("2026-03-01T08:00:00.1415+01:00", "2026-03-01T07:00:00.142Z"),
        ("2026-03-01T08:00:00.1414999+01:00", "2026-03-01T07:00:00.141Z"),
        ("2026-03-01T08:00:00.9995Z", "2026-03-01T08:00:01.000Z"),
        ("2026-12-31T23:59:59.9999Z", "2027-01-01T00:00:00.000Z"),
        ("2026-03-01T08:00:00.0005Z", "2026-03-01T08:00:00.001Z"),
        ("9999-12-31T23:59:59.9999Z", "9999-12-31T23:59:59.9999Z"),
        ("yesterday", "yesterday"),
    ],
)
def test_times(text, wanted):
    assert moment(text) == wanted


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (1.0, "1"), (10, "10"), (0.3434, "0.3434"), (1e-7, "0.0000001"), (2.5e20, "250000000000000000000"),
        (-0.0, "0"), ("007.10", "7.1"), ("+3", "3"), (".5", "0.5"), ("1e3", "1000"), ("1_000", "1_000"),
        ("-0.50", "-0.5"), ("1.2.3", "1.2.3"), ("inf", "inf"), ("", ""),
    ],
)  # fmt: skip
def test_numbers_of_own_fields(value, wanted):
    assert said({"ex:n": value}, {"ex": "https://ex.example/"}) == "{https://ex.example/}n" + (
        wanted and f"={wanted}"
    )


def test_the_mda_namespace_is_one_with_and_without_colon():
    plain = event_hash({**BASE, "ilmd": {"cbvmda:lotNumber": "A"}})
    assert event_hash({**BASE, "ilmd": {"m:lotNumber": "A"}}, {"m": "urn:epcglobal:cbv:mda:"}) == plain
    assert event_hash({**BASE, "ilmd": {"m:lotNumber": "A"}}, {"m": "urn:epcglobal:cbv:mda"}) == plain


def shuffled(value, order):
    if isinstance(value, dict):
        keys = sorted(value)
        order.shuffle(keys)
        return {key: shuffled(value[key], order) for key in keys}
    if isinstance(value, list):
        items = [shuffled(item, order) for item in value]
        order.shuffle(items)
        return items
    return value


@pytest.mark.conformance
def test_order_spelling_and_time_zone_do_not_matter(conformance):
    for path in sorted((conformance / "gs1-epcis" / "JSON").rglob("*.jsonld")):
        document, _ = read(path.read_bytes(), Limits())
        context = document.pop("@context")
        before = hashes(events_of(document), context)
        for seed in range(3):
            after = hashes(events_of_shuffled(document, random.Random(seed)), context)
            assert after == before, path.name


def events_of_shuffled(document, order):
    return [shuffled(event, order) for event in events_of(document)]


@pytest.mark.conformance
def test_the_events_gs1_calls_identical_are(conformance):
    """Seven files; the second says another time zone, which the standard hashes."""
    found = {}
    for path in sorted((conformance / "gs1-epcis" / "XML" / "WithEventHashID").iterdir()):
        document, _ = read(path.read_bytes(), Limits())
        found[path.stem[-1]] = hashes(events_of(document), document["@context"])[0]
    other = found.pop("2")
    assert len(found) == 6
    assert len(set(found.values())) == 1
    assert other not in found.values()


VALUES = st.recursive(
    st.booleans() | st.integers(-(10**9), 10**9) | st.floats(-1e9, 1e9) | st.text(max_size=12) | st.none(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("abc:", max_size=4), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(
    st.dictionaries(st.sampled_from(["ex:a", "ex:b", "no:c", "d"]), VALUES), st.randoms(use_true_random=False)
)
def test_any_own_field_has_a_name_that_order_does_not_change(own, order):
    event = {**BASE, **own}
    assert event_hash(event) == event_hash(shuffled(event, order))


@given(st.text(max_size=30))
def test_any_identifier_is_taken(text):
    event_hash({**BASE, "epcList": [text], "readPoint": {"id": text}, "bizStep": text})


def test_what_is_said_counts(now):
    events = [{**BASE, "epcList": [f"urn:x:{n}"], "action": "ADD"} for n in range(50)]
    events += [{**event, "action": "OBSERVE"} for event in events]
    assert len(set(hashes(events))) == 100
    document = {
        "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"],
        "type": "EPCISDocument", "schemaVersion": "2.0", "creationDate": "2026-03-01T08:00:00Z",
        "epcisBody": {"eventList": events},
    }  # fmt: skip
    checked = check(json.dumps(document).encode(), now=now)
    assert hashes([event.raw for event in checked.events]) == hashes(events)
