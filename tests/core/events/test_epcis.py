"""An event as a value: one spelling of everything; and which event it is."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from lodeline.events.check import check
from lodeline.events.epcis import (
    Link,
    Quantity,
    content_hash,
    core_hash,
    event_identity,
    events_of,
    instant,
    parse_event,
)

RAW = {
    "type": "TransformationEvent",
    "eventID": "urn:uuid:ABCDEF00-0000-4000-8000-000000000001",
    "eventTime": "2026-10-01T10:00:00.5+02:00",
    "recordTime": "2026-10-01T08:00:01Z",
    "eventTimeZoneOffset": "+02:00",
    "inputEPCList": ["urn:epc:id:sgtin:9506000.013435.12345"],
    "inputQuantityList": [
        {"epcClass": "urn:epc:class:lgtin:4012345.012345.998877", "quantity": 12.50, "uom": "KGM"}
    ],
    "outputQuantityList": [{"epcClass": "https://example.com/01/9506000134352/10/L1"}],
    "transformationID": "urn:x:t1",
    "bizStep": "https://ref.gs1.org/cbv/BizStep-assembling",
    "disposition": "active",
    "readPoint": {"id": "urn:epc:id:sgln:0614141.12345.0"},
    "bizLocation": {"id": "urn:epc:id:sgln:0614141.12345.400"},
    "sourceList": [{"type": "owning_party", "source": "urn:epc:id:pgln:0614141.12345"}],
    "bizTransactionList": [{"bizTransaction": "urn:x:po1"}],
    "ilmd": {
        "ll:product": "pCAM",
        "ll:composition": [{"ll:substance": "Ni", "ll:massFraction": "0.2"}],
        "ex:c": 1,
    },
    "ex:note": "x",
    "errorDeclaration": {"declarationTime": "2026-10-02T00:00:00Z", "reason": "incorrect_data"},
}
CONTEXT = [
    "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",
    {"ll": "urn:x-lodeline:epcis:", "ex": "urn:ex:"},
]


def test_everything_in_canonical_form():
    event = parse_event(RAW, CONTEXT)
    assert event.id == "urn:uuid:abcdef00-0000-4000-8000-000000000001"
    assert event.time == datetime(2026, 10, 1, 8, 0, 0, 500_000, tzinfo=UTC)
    assert event.inputs == ("https://id.gs1.org/01/09506000134352/21/12345",)
    assert event.input_quantities == (
        Quantity("https://id.gs1.org/01/04012345123456/10/998877", Decimal("12.5"), "KGM"),
    )
    assert event.output_quantities == (Quantity("https://id.gs1.org/01/09506000134352/10/L1"),)
    assert (event.biz_step, event.disposition, event.action) == ("assembling", "active", None)
    assert event.read_point == "https://id.gs1.org/414/0614141123452"
    assert event.biz_location == "https://id.gs1.org/414/0614141123452/254/400"
    assert event.sources == (Link("owning_party", "https://id.gs1.org/417/0614141123452"),)
    assert event.biz_transactions == (Link(None, "urn:x:po1"),)
    assert event.ilmd == {
        "lode:product": "pCAM",
        "lode:composition": [{"lode:substance": "Ni", "lode:massFraction": "0.2"}],
        "ex:c": 1,
    }
    assert event.extensions == {"ex:note": "x"}
    assert event.error_declaration.reason == "incorrect_data"
    assert event.raw is RAW


def test_our_words_have_one_prefix_whatever_the_sender_calls_it():
    taken = [*CONTEXT, {"lode": "urn:somebody-else:"}]
    assert parse_event(RAW | {"ilmd": {"lode:x": 1, "ll:x": 2}}, taken).ilmd == {
        "urn:somebody-else:x": 1,
        "lode:x": 2,
    }
    assert parse_event(RAW | {"ilmd": {"urn:x-lodeline:epcis:y": 3}}, taken[:1]).ilmd == {"lode:y": 3}


def test_identity_is_the_id_or_the_content():
    assert event_identity(RAW) == "urn:uuid:abcdef00-0000-4000-8000-000000000001"
    nameless = {key: value for key, value in RAW.items() if key != "eventID"}
    name = event_identity(nameless)
    assert name.startswith("ni:///sha-256;")
    assert event_identity(nameless | {"recordTime": "2026-10-05T00:00:00Z"}) == name
    assert event_identity(nameless | {"disposition": "damaged"}) != name


def test_content_is_the_event_without_record_time_and_with_the_meaning_of_its_prefixes():
    base = content_hash(RAW, CONTEXT)
    assert content_hash(json.loads(json.dumps(RAW)) | {"recordTime": "2026-10-05T00:00:00Z"}, CONTEXT) == base
    assert content_hash(RAW, [*CONTEXT, {"unused": "urn:unused:"}]) == base
    assert content_hash(RAW, [*CONTEXT, {"ex": "urn:other:"}]) != base
    assert content_hash(RAW | {"disposition": "damaged"}, CONTEXT) != base


def test_the_core_is_what_the_event_is_about():
    base = core_hash(RAW)
    assert core_hash(RAW | {"bizTransactionList": [], "ex:note": "y", "ilmd": {}}) == base
    assert core_hash(RAW | {"readPoint": RAW["readPoint"] | {"ex:own": 1}}) == base
    assert core_hash(RAW | {"bizStep": "packing"}) != base
    assert core_hash(RAW | {"inputEPCList": []}) != base


def test_events_of_documents():
    assert events_of({"type": "EPCISDocument", "epcisBody": {"eventList": [RAW]}}) == [RAW]
    results = {"queryName": "q", "resultsBody": {"eventList": [RAW, RAW]}}
    assert events_of({"type": "EPCISQueryDocument", "epcisBody": {"queryResults": results}}) == [RAW, RAW]
    assert events_of(RAW) == [RAW]
    assert events_of({"type": "EPCISDocument", "epcisBody": []}) == []
    assert events_of({"type": "Other"}) == []
    assert events_of({}) == []


@given(st.datetimes(timezones=st.timezones()))
def test_instants_are_utc(moment):
    utc = moment.astimezone(UTC)
    assert instant(utc.isoformat()) == utc
    assert instant(utc.isoformat().replace("+00:00", "Z")) == utc
    assert instant(utc.isoformat()).tzinfo is UTC


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.floats(-1e3, 1e3) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.dictionaries(st.sampled_from([*RAW, "action", "parentID", "epcList", "@context"]), JSON, max_size=8)
)
def test_any_object_as_an_event_is_findings_or_an_event_never_an_error(changes):
    data = json.dumps(
        {
            "@context": CONTEXT,
            "type": "EPCISDocument",
            "schemaVersion": "2.0",
            "creationDate": "2026-10-01T10:00:00Z",
            "epcisBody": {"eventList": [RAW | changes]},
        }
    ).encode()
    checked = check(data, now=datetime(2026, 11, 1, tzinfo=UTC))
    assert checked.refused or len(checked.events) == 1
