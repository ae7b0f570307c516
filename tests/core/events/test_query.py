"""Queries of events: what can be asked, in which words, and which events it means."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lodeline.events import query as questions
from lodeline.events.query import QueryError, of, parse
from lodeline.events.query_match import Candidate, Master, matches
from lodeline.events.query_names import FIXED
from lodeline.events.query_patterns import pattern
from lodeline.events.query_translate import as_links, as_urns, urn_of
from lodeline.identifiers import normalise

PREFIXES = {"ex": "https://ns.example/epcis/", "hash": "https://ns.example/voc#"}
ITEM, LOT = "urn:epc:id:sgtin:9521141.012345.7", "urn:epc:class:lgtin:9521141.012345.A"
EVENT = {
    "type": "ObjectEvent",
    "eventID": "urn:uuid:9f1c1a9e-6c2f-4f0e-8f56-0f3ce3c5f0aa",
    "eventTime": "2026-10-01T10:00:00+02:00",
    "eventTimeZoneOffset": "+02:00",
    "action": "ADD",
    "bizStep": "https://ref.gs1.org/cbv/BizStep-commissioning",
    "disposition": "active",
    "persistentDisposition": {"set": ["completeness_verified"], "unset": ["completeness_inferred"]},
    "readPoint": {"id": "urn:epc:id:sgln:9521141.00001.7", "ex:door": "north"},
    "bizLocation": {"id": "https://shop.example/414/9521141000014"},
    "epcList": [ITEM],
    "quantityList": [{"epcClass": LOT, "quantity": 12.5, "uom": "KGM"}],
    "bizTransactionList": [{"type": "po", "bizTransaction": "urn:x:po:1"}, {"bizTransaction": "urn:x:any"}],
    "sourceList": [{"type": "urn:epcglobal:cbv:sdt:owning_party", "source": "urn:epc:id:pgln:9521141.00002"}],
    "sensorElementList": [
        {
            "sensorMetadata": {
                "time": "2026-10-01T07:59:00Z",
                "deviceID": "urn:epc:id:giai:9521141.d1",
                "ex:m": 1,
            },
            "sensorReport": [
                {"type": "Temperature", "value": 21.5, "uom": "CEL", "ex:grade": "good"},
                {"type": "gs1:Pressure", "minValue": 1, "maxValue": 3, "meanValue": 2, "uom": "BAR"},
                {
                    "type": "ex:Vapour",
                    "booleanValue": True,
                    "stringValue": "s",
                    "percRank": 50,
                    "percValue": 3,
                },
            ],
        }
    ],
    "ilmd": {
        "ex:grade": "high",
        "ex:mass": 7,
        "ex:made": "2026-09-30T00:00:00Z",
        "ex:box": {"ex:deep": ["a", "b"]},
    },
    "ex:shift": "night",
    "ex:tag": {"#text": "t", "@code": "c"},
    "errorDeclaration": {
        "declarationTime": "2026-10-20T00:00:00Z",
        "reason": "incorrect_data",
        "correctiveEventIDs": ["urn:uuid:9F1C1A9E-6C2F-4F0E-8F56-0F3CE3C5F0BB"],
        "ex:who": "me",
    },
}
HOLD = {
    "eventType": "ObjectEvent",
    "GE_eventTime": "2026-10-01T08:00:00Z",
    "LT_eventTime": "2026-10-01T08:00:00.001Z",
    "GE_recordTime": "2026-11-01T00:00:00Z",
    "LT_recordTime": "2026-11-01T00:00:01Z",
    "EQ_action": "DELETE|ADD",
    "EQ_bizStep": "shipping|commissioning",
    "EQ_disposition": "urn:epcglobal:cbv:disp:active",
    "EQ_persistentDisposition_set": "completeness_verified",
    "EQ_persistentDisposition_unset": "https://ref.gs1.org/cbv/Disp-completeness_inferred",
    "EQ_readPoint": "https://id.gs1.org/414/9521141000014/254/7",
    "WD_readPoint": "urn:epc:id:sgln:9521141.00001.0",
    "EQ_bizLocation": "urn:epc:id:sgln:9521141.00001.0",
    "WD_bizLocation": "https://id.gs1.org/414/9521141000014",
    "MATCH_epc": "https://id.gs1.org/01/09521141123454/21/7",
    "MATCH_anyEPC": "urn:epc:idpat:sgtin:9521141.012345.*",
    "MATCH_epcClass": "https://id.gs1.org/01/09521141123454/10/A",
    "MATCH_anyEPCClass": "urn:epc:idpat:sgtin:9521141.*.*|urn:epc:class:lgtin:9521141.012345.A",
    "MATCH_any": LOT,
    "EQ_quantity": "12.5|7",
    "GT_quantity": "12.4",
    "GE_quantity": "12.50",
    "LT_quantity": "12.6",
    "LE_quantity_KGM": "12.5",
    "EQ_eventID": "urn:uuid:9F1C1A9E-6C2F-4F0E-8F56-0F3CE3C5F0AA",
    "EXISTS_errorDeclaration": "true",
    "GE_errorDeclarationTime": "2026-10-20T00:00:00Z",
    "LT_errorDeclaration_Time": "2026-10-21T00:00:00Z",
    "EQ_errorReason": "incorrect_data",
    "EQ_correctiveEventID": "urn:uuid:9f1c1a9e-6c2f-4f0e-8f56-0f3ce3c5f0bb",
    "EQ_bizTransaction_po": "urn:x:po:1",
    "EQ_source_owning_party": "https://id.gs1.org/417/9521141000021",
    "EXISTS_sensorElementList": "",
    "EXISTS_ilmd": "1",
    "GE_time": "2026-10-01T07:59:00Z",
    "EQ_type": "Pressure",
    "EQ_deviceID": "https://id.gs1.org/8004/9521141d1",
    "EQ_stringValue": "s",
    "EQ_booleanValue": "true",
    "GE_value_CEL": "21.5",
    "LT_minValue_BAR": "1.5",
    "EQ_maxValue_BAR": "3",
    "GT_meanValue_BAR": "1",
    "GE_percRank": "50",
    "EQ_ILMD_ex:grade": "low|high",
    "EQ_ILMD_https://ns.example/epcis/#grade": "high",
    "EQ_ILMD_https://ns.example/epcis/grade": "high",
    "GE_ILMD_ex:mass": "7",
    "EQ_ILMD_ex:mass": "7",
    "LT_ILMD_ex:made": "2026-09-30T02:00:01+02:00",
    "EQ_INNER_ILMD_ex:deep": "b",
    "EXISTS_INNER_ILMD_ex:deep": "true",
    "EQ_ex:shift": "night",
    "EQ_ex:tag": "t",
    "EXISTS_ex:shift": "true",
    "EQ_readPoint_ex:door": "north",
    "EQ_ERROR_DECLARATION_ex:who": "me",
    "EQ_SENSORMETADATA_ex:m": "1",
    "EQ_SENSORREPORT_ex:grade": "good",
}
NOT = {
    "eventType": "AggregationEvent",
    "LT_eventTime": "2026-10-01T08:00:00Z",
    "LT_recordTime": "2026-11-01T00:00:00Z",
    "EQ_action": "DELETE",
    "EQ_bizStep": "shipping",
    "EQ_readPoint": "urn:epc:id:sgln:9521141.00001.0",
    "WD_readPoint": "urn:epc:id:sgln:9521141.00001.8",
    "EQ_transformationID": "urn:x:run",
    "MATCH_epc": LOT,
    "MATCH_parentID": ITEM,
    "MATCH_inputEPC": ITEM,
    "MATCH_epcClass": ITEM,
    "MATCH_inputEPCClass": LOT,
    "MATCH_anyEPC": "urn:epc:idpat:sgtin:9521999.*.*",
    "GT_quantity": "12.5",
    "EQ_quantity_TNE": "12.5",
    "EQ_bizTransaction_inv": "urn:x:po:1",
    "EQ_bizTransaction_po": "urn:x:any",
    "EQ_destination_owning_party": "urn:epc:id:pgln:9521141.00002",
    "EQ_type": "Mass",
    "GE_value_FAH": "1",
    "EQ_booleanValue": "false",
    "EQ_ILMD_ex:shift": "night",
    "EQ_ex:grade": "high",
    "EQ_ILMD_ex:deep": "b",
    "EQ_INNER_ex:deep": "b",
    "GE_ex:shift": "1",
    "EQ_other:shift": "night",
    "HASATTR_readPoint": "urn:x:attribute",
    "EQATTR_readPoint_urn:x:attribute": "1",
}


def judged(said, event=EVENT, **kwargs):
    query = parse(said.items(), PREFIXES)
    return matches(query, Candidate(event, PREFIXES, datetime(2026, 11, 1, tzinfo=UTC)), **kwargs)


def test_what_holds_for_an_event_and_what_does_not():
    assert {name: value for name, value in HOLD.items() if not judged({name: value})} == {}
    assert {name: value for name, value in NOT.items() if judged({name: value})} == {}
    assert judged(HOLD | {"EQ_quantity": "12.5"})
    assert not judged(HOLD | {"EQ_action": "DELETE"})


def test_master_data_says_what_lies_where_and_has_which_attributes():
    class Known(Master):
        def within(self, place, wanted):
            return wanted == "urn:x:plant"

        def attributes(self, key):
            return {"urn:x:country": frozenset({"FI"})} if key.startswith("https://id.gs1.org/414/") else {}

    master = Known()
    assert judged({"WD_readPoint": "urn:x:plant"}, master=master)
    assert judged({"HASATTR_bizLocation": "urn:x:country"}, master=master)
    assert judged({"EQATTR_bizLocation_urn:x:country": "FI|SE"}, master=master)
    assert not judged({"EQATTR_bizLocation_urn:x:country": "NO"}, master=master)
    assert not judged({"HASATTR_bizStep": "urn:x:country"}, master=master)


@pytest.mark.parametrize(
    "said",
    [
        "x",
        "EQ_x",
        "EQ_bizStep_shipping",
        "GT_eventTime",
        "MATCH_bizStep",
        "EQ_value_celsius",
        "",
        "EQ_" + "a:" * 2_000,
        "EQ_ex:a\n",
    ],
)
def test_there_is_no_such_parameter(said):
    with pytest.raises(QueryError) as refused:
        parse([(said, "1")])
    assert refused.value.type == questions.PARAMETER


@pytest.mark.parametrize(
    "said",
    [
        {"EQ_bizStep": 5},
        {"EQ_bizStep": []},
        {"EQ_bizStep": [""]},
        {"EQ_bizStep": [None]},
        {"GE_eventTime": ["2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z"]},
        {"GE_eventTime": "2026-01-01T00:00:00"},
        {"GE_eventTime": 5},
        {"GE_quantity": True},
        {"GE_quantity": "1e999"},
        {"GE_quantity": "nan"},
        {"GE_quantity": float("inf")},
        {"EQ_readPoint": ["a\u0000b"]},
        {"EQ_readPoint": ["urn:x:<b>"]},
        {"EQ_booleanValue": "yes"},
        {"EXISTS_errorDeclaration": "perhaps"},
        {"GE_ILMD_ex:mass": "heavy"},
        {"orderBy": 5},
        {"orderBy": "quantity"},
        {"orderDirection": "down"},
        {"eventCountLimit": 5},
        {"eventCountLimit": -1, "orderBy": "eventTime"},
        {"eventCountLimit": 1.5, "orderBy": "eventTime"},
        {"maxEventCount": True},
        {"maxEventCount": 1, "eventCountLimit": 1, "orderBy": "eventTime"},
    ],
)
def test_what_cannot_be_read(said):
    with pytest.raises(QueryError) as refused:
        of(said)
    assert refused.value.type == questions.PARAMETER
    assert refused.value.detail


def test_limits():
    with pytest.raises(QueryError, match="parameters") as many:
        of({f"EQ_ex:{number}": ["1"] for number in range(101)})
    with pytest.raises(QueryError, match="values") as long:
        of({"EQ_bizStep": ["a"] * 2_001})
    assert many.value.type == long.value.type == questions.TOO_COMPLEX
    with pytest.raises(QueryError) as none:
        of(["EQ_bizStep"])
    assert none.value.type == questions.VALIDATION


def test_the_json_form_says_the_same():
    """Arrays, numbers and prefixes of a context; written again, and read again, it is the same query."""
    said = {
        "@context": [{"ex": PREFIXES["ex"]}],
        "eventType": ["ObjectEvent"],
        "EQ_bizStep": ["urn:epcglobal:cbv:bizstep:commissioning"],
        "EQ_quantity": 12.5,
        "EQ_ILMD_ex:mass": [7, "8"],
        "EXISTS_errorDeclaration": None,
        "EQ_booleanValue": True,
        "orderBy": "ex:shift",
        "orderDirection": "ASC",
        "eventCountLimit": 3,
    }
    query = of(said)
    assert matches(query, Candidate(EVENT, PREFIXES))
    assert (query.order, query.descending, query.count_limit) == ("https://ns.example/epcis/shift", False, 3)
    again = query.as_dict()
    assert of(json.loads(json.dumps(again))).as_dict() == again
    for name, value in HOLD.items():
        query = parse([(name, value)], PREFIXES)
        assert of(query.as_dict()).as_dict() == query.as_dict()
        assert [one.values for one in of(query.as_dict()).conditions] == [
            one.values for one in query.conditions
        ]


def test_no_is_no_condition():
    assert parse([("EXISTS_errorDeclaration", "false")]).conditions == ()
    assert of({"EXISTS_errorDeclaration": False}).conditions == ()


@given(
    st.dictionaries(st.one_of(st.sampled_from(FIXED), st.text(max_size=30)), st.text(max_size=30), max_size=5)
)
def test_any_parameters_are_read_or_refused_and_judge_any_event(said):
    try:
        query = parse(said.items())
    except QueryError as refused:
        assert refused.type.startswith("epcisException:")
        return
    assert matches(query, Candidate(EVENT, PREFIXES)) in {True, False}
    assert of(query.as_dict()).as_dict() == query.as_dict()


def test_patterns():
    for text, key in (
        ("urn:epc:idpat:sgtin:9521141.012345.*", "https://id.gs1.org/01/09521141123454/21/7"),
        ("urn:epc:idpat:sgtin:9521141.*.*", "https://id.gs1.org/01/59521141123459/21/7"),
        ("urn:epc:idpat:sgtin:*.*.*", "https://id.gs1.org/01/09521141123454/21/7"),
        ("urn:epc:idpat:sscc:9521141.*", "https://id.gs1.org/00/095211411234567893"),
        ("urn:epc:idpat:sgln:9521141.*.*", "https://id.gs1.org/414/9521141000014"),
        ("urn:epc:idpat:giai:9521141.*", "https://id.gs1.org/8004/9521141d1"),
    ):
        found = pattern(text)
        assert found.regex.fullmatch(key), text
        assert key.startswith(found.starts), text
        assert not found.regex.fullmatch("https://id.gs1.org/01/09999999123454/21/7") or "*.*.*" in text
    assert pattern(ITEM) is None
    assert pattern("urn:epc:idpat:nonsense:9521141.*.*") is None


URNS = [
    ITEM,
    LOT,
    "urn:epc:idpat:sgtin:9521141.012345.*",
    "urn:epc:id:sscc:9521141.1234567890",
    "urn:epc:id:sgln:9521141.00001.7",
    "urn:epc:id:sgln:9521141.00001.0",
    "urn:epc:id:pgln:9521141.00002",
    "urn:epc:id:grai:9521141.12345.400",
    "urn:epc:id:giai:9521141.d1",
    "urn:epc:id:gdti:9521141.12345.400",
    "urn:epc:id:sgcn:9521141.67890.04711",
    "urn:epc:id:gsrn:9521141.1234567890",
    "urn:epc:id:gsin:9521141.123456789",
    "urn:epc:id:ginc:9521141.xyz",
]


def test_urns_become_links_and_come_back():
    for urn in URNS:
        key = normalise(urn)
        assert key.startswith("https://id.gs1.org/"), urn
        assert urn_of(key, {"9521141"}) == urn
        assert urn_of(key, {"4012345"}) is None
    (links,) = as_links([EVENT])
    assert links["epcList"] == ["https://id.gs1.org/01/09521141123454/21/7"]
    assert links["bizLocation"]["id"] == "https://id.gs1.org/414/9521141000014"
    assert EVENT["epcList"] == [ITEM]
    (urns,), whole = as_urns([EVENT])
    assert (urns["bizLocation"]["id"], whole) == ("urn:epc:id:sgln:9521141.00001.0", True)
    other = {**links, "readPoint": {"id": "https://id.gs1.org/414/9521999000003"}}
    _, whole = as_urns([other])
    assert not whole


def test_files_are_asked_on_the_command_line(tmp_path, capsys):
    from lodeline.cli import main

    names = ("type", "eventID", "eventTime", "eventTimeZoneOffset", "epcList", "action")
    first = {**{name: EVENT[name] for name in names}, "ilmd": {"ex:grade": "high"}}
    other = {**{name: EVENT[name] for name in names}, "action": "OBSERVE", "bizStep": "shipping"}
    path = tmp_path / "two.json"
    document = {
        "@context": [
            "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",
            {"ex": PREFIXES["ex"]},
        ],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2026-10-01T10:00:00Z",
        "epcisBody": {"eventList": [first, other, {"type": "ObjectEvent"}]},
    }
    path.write_text(json.dumps(document))

    def find(*said):
        code = main(["events", "find", str(path), *(part for one in said for part in ("--where", one))])
        shown = capsys.readouterr()
        return code, len(shown.out.splitlines()), shown.err

    assert find("eventType=ObjectEvent")[:2] == (0, 2)
    assert find("eventType=ObjectEvent", "EQ_bizStep=shipping")[:2] == (0, 1)
    assert find("EQ_ILMD_https://ns.example/epcis/grade=high")[:2] == (0, 1)
    code, lines, said = find("EQ_bizStep=packing")
    assert (code, lines, "event 2 does not fit the schema" in said) == (1, 0, True)
    code, _, said = find("EQ_step=packing")
    assert (code, "EQ_step" in said) == (2, True)
    assert find("orderBy=eventTime")[0] == 2
    assert main(["events", "find", str(tmp_path / "none.json")]) == 2
    capsys.readouterr()
    assert main(["events", "find", str(path), "--json", "--where", "EQ_bizStep=shipping"]) == 0
    (found,) = json.loads(capsys.readouterr().out)["events"]
    assert (found["index"], found["event"]["bizStep"]) == (1, "shipping")
