"""Our schema and GS1's give the same verdict: on GS1's examples, and on thousands of spoilt ones.

Known differences, all deliberate: event types of one's own (a URI as `type`) are valid for GS1's schema and
refused here, because nothing could be derived from them; and rules outside the schema (times, units,
quantities, contexts, the form of `ilmd`) refuse more.
"""

from __future__ import annotations

import json
from copy import deepcopy
from functools import cache

import jsonschema_rs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lodeline.events import vocabulary
from lodeline.events.check import check
from lodeline.events.epcis import events_of
from lodeline.evidence import Severity

pytestmark = pytest.mark.conformance
OWN_TYPES = {"event.type-unknown", "document.type"}


@pytest.fixture
def examples(conformance):
    return _examples(conformance)


@cache
def _examples(conformance):
    folder = conformance / "gs1-epcis" / "JSON"
    return {path.name: path.read_bytes() for path in sorted(folder.rglob("*.jsonld"))}


@cache
def _official(conformance):
    schema = json.loads((conformance / "gs1-epcis" / "EPCIS-JSON-Schema.json").read_text())
    return jsonschema_rs.Draft7Validator(schema, validate_formats=True)


def test_all_official_examples_pass(examples, now):
    assert len(examples) == 47
    read = {name: check(data, now=now) for name, data in examples.items()}
    assert {name for name, checked in read.items() if checked.refused} == set()
    assert sum(len(checked.events) for checked in read.values()) == 56
    assert sorted({finding.rule for checked in read.values() for finding in checked.findings}) == [
        "event.id-twice",  # AssociationEvent-h carries a fingerprint and a name
        "transformation.same-lot",  # the all-fields transformation lists its inputs as outputs
    ]


POOL = [
    None, True, 0, -1, 1.5, "", "x", "ex:y", "ex:å", "urn:epc:id:sgtin:4012345.011111.987", "not a uri", [], {},
    ["ex:a"],
    ["ex:a", "ex:a"], {"id": "ex:place"}, {"ex:own": 1}, {"own": 1}, "2020-01-01T00:00:00Z", "2020-01-01T00:00:60Z",
    "2020-13-01T00:00:00Z", "+01:00", "-14:00", "Z", "+14:30", "commissioning", "did_not_occur", "po", "owning_party",
    "https://ref.gs1.org/cbv/BizStep-shipping", "urn:epcglobal:cbv:bizstep:shipping", "http://ns.gs1.org/cbv/Bizstep-x",
    "https://gs1.org/voc/Temperature", "Temperature", "ADD", "OBSERVE", "DELETE", "KGM", "kg", "F00D", "EPCISDocument",
    {"epcClass": "ex:class"}, {"epcClass": "ex:class", "quantity": "1"}, {"epcClass": "ex:c", "ex:own": 1},
    [{"epcClass": "ex:class", "quantity": 1, "uom": "KGM"}], [{"type": "po", "bizTransaction": "ex:t"}],
    [{"type": "location", "source": "ex:s"}], {"set": ["active"]}, {"set": ["active"], "unset": []},
    {"sensorReport": []},
    [{"sensorReport": [{"type": "Temperature", "value": 1}]}], {"declarationTime": "2020-01-01T00:00:00Z"},
    *vocabulary.EVENT_TYPES,
]  # fmt: skip
KEYS = [
    *vocabulary.COMMON_FIELDS, *vocabulary.CIRCUMSTANCES, "ex:own", "own", "ex:bad key", "id", "type", "set", "unset",
    "uom",
    "quantity", "sensorReport", "value", "component", "epcisHeader", "vocabularyList", "queryName",
    *{field for fields in vocabulary.OWN_FIELDS.values() for field in fields},
]  # fmt: skip


def _places(value, path=()):
    yield path
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _places(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _places(item, (*path, index))


def _spoil(document, draw):
    path = draw(st.sampled_from([path for path in _places(document) if path]))
    holder = document
    for step in path[:-1]:
        holder = holder[step]
    last = path[-1]
    verb = draw(st.sampled_from(["remove", "replace", "add", "rename", "repeat"]))
    if verb == "replace":
        holder[last] = deepcopy(draw(st.sampled_from(POOL)))
    elif verb == "remove":
        del holder[last]
    elif verb == "repeat" and isinstance(holder, list):
        holder.append(deepcopy(holder[last]))
    elif isinstance(holder, dict):
        key = draw(st.sampled_from(KEYS))
        holder[key] = holder.pop(last) if verb == "rename" else deepcopy(draw(st.sampled_from(POOL)))


@given(data=st.data())
@settings(
    max_examples=4000, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
def test_same_verdict_on_spoilt_examples(data, examples, conformance, now):
    name = data.draw(st.sampled_from(sorted(examples)))
    document = json.loads(examples[name])
    for _ in range(data.draw(st.integers(1, 3))):
        _spoil(document, data.draw)
    official = _official(conformance).is_valid(document)
    checked = check(json.dumps(document).encode(), now=now)
    errors = [finding for finding in checked.findings if finding.severity is Severity.ERROR]
    by_schema = {finding.rule for finding in errors if finding.rule.startswith("schema.")} | (
        {finding.rule for finding in errors} & OWN_TYPES
    )
    if official:
        own_types = any(
            ":" in str(event.get("type")) for event in (document, *filter(_is_object, events_of(document)))
        )
        assert by_schema <= (OWN_TYPES if own_types else set()), (document, errors)
    else:
        assert errors, document


def _is_object(event):
    return isinstance(event, dict)


def test_own_event_types_are_the_known_difference(examples, conformance, now):
    document = json.loads(examples["AssociationEvent-a.jsonld"])
    document["epcisBody"]["eventList"][0]["type"] = "ex:OwnEvent"
    assert _official(conformance).is_valid(document)
    found = check(json.dumps(document).encode(), now=now).findings
    assert [(one.rule, one.pointer) for one in found] == [
        ("event.type-unknown", "/epcisBody/eventList/0/type")
    ]
