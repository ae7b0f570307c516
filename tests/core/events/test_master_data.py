"""Master data of documents: read within bounds, and what it makes queries find."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lodeline.events import master_data
from lodeline.events.check import check
from lodeline.events.limits import Limits
from lodeline.events.master_data import Element, Known, findings, present, read
from lodeline.events.query import QueryError, parse
from lodeline.events.query_match import NO_MASTER, Candidate, attributes_of, holders, matches
from lodeline.events.reading import read as read_bytes

NOW = datetime(2026, 11, 1, tzinfo=UTC)
PLACE, POINT = "urn:epcglobal:epcis:vtype:BusinessLocation", "urn:epcglobal:epcis:vtype:ReadPoint"
SITE = "https://id.gs1.org/414/9521141000014"
HALL = "https://id.gs1.org/414/9521141000021"
CONTEXT = ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld", {"ex": "https://ns.example/"}]


def document(*lists, **fields):
    return {
        "@context": CONTEXT,
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2026-10-01T10:00:00Z",
        "epcisHeader": {"epcisMasterData": {"vocabularyList": list(lists)}},
        "epcisBody": {"eventList": []},
        **fields,
    }


def vocabulary(*elements, kind=PLACE):
    return {"type": kind, "vocabularyElementList": list(elements)}


def element(name, children=(), **attributes):
    said = [{"id": key, "attribute": value} for key, value in attributes.items()]
    return {"id": name, "attributes": said, "children": list(children)}


def rules(found):
    return [(one.rule, one.pointer) for one in found]


def test_ids_names_and_values_have_one_spelling():
    whole = document(
        vocabulary(
            {
                "id": "urn:epc:id:sgln:9521141.00001.0",
                "attributes": [
                    {"id": "cbvmda:site", "attribute": "9521141000014"},
                    {"id": "ex:floor", "attribute": 2},
                    {"id": "https://ns.example/floor", "attribute": "ground"},
                    {"id": "ex:address", "attribute": {"z": 1, "a": "b"}},
                ],
                "children": ["urn:epc:id:sgln:9521141.00001.dock", "ex:yard"],
            },
            kind="epcis:BusinessLocation",
        ),
        vocabulary(
            element("urn:epcglobal:cbv:bizstep:shipping", **{"urn:epcglobal:cbv:mda:note": "x"}),
            kind="ex:Step",
        ),
        vocabulary(element(SITE, **{"ex:floor": "third"})),
    )
    site, step = read(whole)
    assert site == Element(
        type=PLACE,
        id=SITE,
        attributes={
            "urn:epcglobal:cbv:mda:site": ("9521141000014",),
            "https://ns.example/floor": ("2", "ground", "third"),
            "https://ns.example/address": ('{"a":"b","z":1}',),
        },
        children=(f"{SITE}/254/dock", "https://ns.example/yard"),
    )
    assert (step.type, step.id) == ("https://ns.example/Step", "shipping")


def test_results_of_a_query_carry_it_too():
    inside = {"eventList": [], "vocabularyList": [vocabulary(element("urn:x:a"))]}
    body = {"queryResults": {"queryName": "q", "resultsBody": inside}}
    answer = {"type": "EPCISQueryDocument", "epcisBody": body}
    assert present(answer)
    assert [one.id for one in read(answer)] == ["urn:x:a"]
    assert not present({"type": "EPCISQueryDocument", "epcisBody": {"queryResults": {}}})
    assert not present({"type": "EPCISDocument"})
    assert not present(document())


def test_what_is_beyond_the_bounds_is_found_at_its_place(monkeypatch):
    monkeypatch.setattr(master_data, "MOST_ELEMENTS", 3)
    monkeypatch.setattr(master_data, "MOST_ATTRIBUTES", 2)
    monkeypatch.setattr(master_data, "MOST_CHILDREN", 2)
    monkeypatch.setattr(master_data, "LONGEST", 60)
    start, long = "/epcisHeader/epcisMasterData/vocabularyList", "urn:x:" + "l" * 60
    assert rules(findings(document(vocabulary(element("urn:x:a", ["urn:x:b"], a="1", b="2"))))) == []
    many = element("urn:x:a", ["urn:x:b"] * 3, a="1", b="2", c="3")
    at = f"{start}/0/vocabularyElementList"
    assert rules(findings(document(vocabulary(many, element("urn:x:b", [long], **{long: "1"}))))) == [
        ("master-data.too-many", f"{at}/0/attributes"),
        ("master-data.too-many", f"{at}/0/children"),
        ("master-data.too-long", f"{at}/1/attributes/0/id"),
        ("master-data.too-long", f"{at}/1/children/0"),
    ]
    assert rules(findings(document(vocabulary(element(long), kind=long)))) == [
        ("master-data.too-long", f"{at}/0/id"),
        ("master-data.too-long", f"{start}/0/type"),
    ]
    short = document(vocabulary(element("far:a", ["far:b"], **{"far:c": "1"}), kind="far:d"))
    short["@context"] = [*CONTEXT, {"far": f"https://{'l' * 60}.example/"}]
    assert rules(findings(short)) == [
        ("master-data.too-long", f"{at}/0/{place}") for place in ("id", "attributes/0/id", "children/0")
    ] + [("master-data.too-long", f"{start}/0/type")]
    assert read(short) == []
    four = document(vocabulary(*(element(f"urn:x:{number}") for number in range(4))))
    assert rules(findings(four)) == [("master-data.too-many", start)]
    assert len(read(four)) == 3
    refused = check(json.dumps(four).encode(), now=NOW)
    assert ("master-data.too-many", start) in rules(refused.findings)
    assert refused.refused


@pytest.mark.parametrize(
    ("said", "place"),
    [
        ({"type": PLACE}, ""),
        ([{"vocabularyElementList": []}], "/0"),
        ([vocabulary({"attributes": []})], "/0/vocabularyElementList/0"),
        ([vocabulary({"id": "no uri"})], "/0/vocabularyElementList/0/id"),
        ([vocabulary({"id": "urn:x:a", "attributes": {}})], "/0/vocabularyElementList/0/attributes"),
        (
            [vocabulary({"id": "urn:x:a", "attributes": [{"attribute": "x"}]})],
            "/0/vocabularyElementList/0/attributes/0",
        ),
        ([vocabulary({"id": "urn:x:a", "children": ["no uri"]})], "/0/vocabularyElementList/0/children/0"),
    ],
)
@pytest.mark.parametrize("lenient", [False, True])
def test_a_wrong_form_is_named_with_its_place(said, place, lenient):
    whole = document() | {"epcisHeader": {"epcisMasterData": {"vocabularyList": said}}}
    checked = check(json.dumps(whole).encode(), now=NOW, lenient=lenient)
    start = "/epcisHeader/epcisMasterData/vocabularyList"
    assert any(one.pointer.startswith(start + place) for one in checked.findings if one.rule[:7] == "schema.")
    assert checked.refused


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6) | st.just("urn:x:a"),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["id", "type", "attributes", "attribute", "children", "vocabularyElementList"]),
            inner,
        )
    ),
    max_leaves=25,
)


@given(JSON)
def test_nothing_that_stands_there_is_an_error(said):
    whole = {
        "type": "EPCISDocument",
        "@context": said,
        "epcisHeader": {"epcisMasterData": {"vocabularyList": said}},
    }
    present(whole)
    list(findings(whole))
    Known(read(whole)).below("urn:x:a")
    Known(read({"type": "EPCISDocument", "epcisHeader": said}))


def known(*said):
    return Known(
        [Element(type=PLACE, id=name, attributes={}, children=tuple(inside)) for name, inside in said]
    )


def test_below_a_place_is_what_its_children_hold():
    master = known(
        ("urn:x:works", [SITE]),
        (SITE, []),
        (f"{SITE}/254/dock", ["urn:x:gate"]),
        ("urn:x:gate", ["urn:x:works"]),
    )
    for place in ("urn:x:works", SITE, f"{SITE}/254/dock", f"{SITE}/254/any", "urn:x:gate"):
        assert master.within(place, "urn:x:works"), place
        assert master.within(place, "urn:x:gate"), place  # round in a circle
    assert not master.within(HALL, "urn:x:works")
    assert not master.within(f"{HALL}/254/dock", "urn:x:works")
    assert NO_MASTER.within(f"{SITE}/254/dock", SITE)
    assert not NO_MASTER.within("urn:x:gate", SITE)


@given(st.dictionaries(st.integers(0, 7), st.lists(st.integers(0, 7), max_size=4)), st.integers(0, 7))
def test_below_is_what_can_be_reached(tree, start):
    master = known(*((f"urn:x:{name}", [f"urn:x:{one}" for one in inside]) for name, inside in tree.items()))
    reached = {start}
    for _ in range(8):
        reached |= {one for name in reached for one in tree.get(name, ())}
    assert master.below(f"urn:x:{start}") == {f"urn:x:{one}" for one in reached}


def test_a_long_chain_and_a_wide_place_are_bearable():
    chain = known(*((f"urn:x:{one}", [f"urn:x:{one + 1}"]) for one in range(20_000)))
    assert len(chain.below("urn:x:0")) == 20_001
    wide = known(("urn:x:0", [f"urn:x:{one}" for one in range(20_000)]))
    assert len(wide.below("urn:x:0")) == 20_000


EVENT = {
    "type": "ObjectEvent",
    "eventTime": "2026-10-01T10:00:00Z",
    "eventTimeZoneOffset": "+00:00",
    "bizStep": "urn:epcglobal:cbv:bizstep:shipping",
    "disposition": "ex:parked",
    "readPoint": {"id": "urn:epc:id:sgln:9521141.00001.dock"},
    "bizLocation": {"id": SITE},
    "quantityList": [{"epcClass": "urn:epc:class:lgtin:9521141.012345.A"}],
    "bizTransactionList": [{"type": "po", "bizTransaction": "urn:x:po:1"}],
    "sourceList": [{"type": "owning_party", "source": "urn:epc:id:pgln:9521141.00002"}],
    "ex:line": "urn:x:line:1",
}
SPACES = {"ex": "https://ns.example/"}


@pytest.mark.parametrize(
    ("field", "name"),
    [
        ("readPoint", "urn:epc:id:sgln:9521141.00001.dock"),
        ("bizLocation", "urn:epc:id:sgln:9521141.00001.0"),
        ("bizStep", "https://ref.gs1.org/cbv/BizStep-shipping"),
        ("disposition", "https://ns.example/parked"),
        ("epcClass", "https://shop.example/01/09521141123454/10/A"),
        ("bizTransaction", "urn:x:po:1"),
        ("source", "https://id.gs1.org/417/9521141000021"),
        ("ex:line", "urn:x:line:1"),
    ],
)
def test_attributes_are_asked_for_by_the_field_that_names_the_thing(field, name):
    whole = document(vocabulary(element(name, **{"ex:grade": "high", "cbvmda:note": "n"})))
    if field == "epcClass":
        whole["epcisHeader"]["epcisMasterData"]["vocabularyList"][0]["vocabularyElementList"][0]["id"] = (
            "urn:epc:class:lgtin:9521141.012345.A"
        )
    master, there = Known(read(whole)), Candidate(EVENT, SPACES)

    def holds(name, value):
        return matches(parse([(name, value)], SPACES), there, master)

    assert holds(f"HASATTR_{field}", "ex:other|ex:grade")
    assert holds(f"HASATTR_{field}", "urn:epcglobal:cbv:mda:note")
    assert not holds(f"HASATTR_{field}", "ex:other")
    assert not matches(parse([(f"HASATTR_{field}", "ex:grade")], SPACES), there)
    if ":" not in field:
        assert holds(f"EQATTR_{field}_ex:grade", "low|high")
        assert holds(f"EQATTR_{field}_cbvmda:note", "n")
        assert not holds(f"EQATTR_{field}_ex:grade", "low")
        assert not holds(f"EQATTR_{field}_ex:other", "high")
        for condition in parse([(f"EQATTR_{field}_ex:grade", "high")], SPACES).conditions:
            assert holders(condition, master) == {read(whole)[0].id}
            assert attributes_of(condition) == {"https://ns.example/grade"}


def test_a_field_that_nothing_is_known_of_is_no_parameter():
    for name in ("HASATTR_action", "EQATTR_eventTime_ex:a", "HASATTR_"):
        with pytest.raises(QueryError):
            parse([(name, "ex:grade")], SPACES)


XML = b"""<epcis:EPCISDocument xmlns:epcis="urn:epcglobal:epcis:xsd:2" schemaVersion="2.0"
  creationDate="2026-10-01T10:00:00Z" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
  xmlns:xsd="http://www.w3.org/2001/XMLSchema">
 <EPCISHeader><extension><EPCISMasterData><VocabularyList>
  <Vocabulary type="urn:epcglobal:epcis:vtype:BusinessLocation"><VocabularyElementList>
   <VocabularyElement id="urn:epc:id:sgln:9521141.00001.0">
    <attribute id="urn:epcglobal:cbv:mda:site">9521141000014</attribute>
    <attribute id="urn:x:open" xsi:type="xsd:boolean">1</attribute>
    <attribute id="urn:x:address"><Street>Quay 1</Street></attribute>
    <children><id>urn:epc:id:sgln:9521141.00002.0</id></children>
   </VocabularyElement>
  </VocabularyElementList></Vocabulary>
 </VocabularyList></EPCISMasterData></extension></EPCISHeader>
 <EPCISBody><EventList/></EPCISBody>
</epcis:EPCISDocument>"""


def test_xml_says_the_same():
    checked = check(XML, now=NOW)
    assert not checked.refused
    (site,) = read(checked.document)
    assert site.id == SITE
    assert site.children == (HALL,)
    assert site.attributes == {
        "urn:epcglobal:cbv:mda:site": ("9521141000014",),
        "urn:x:open": ("true",),
        "urn:x:address": ('{"Street":"Quay 1"}',),
    }


def test_gs1s_own_master_data(conformance):
    """The files of the examples that carry any, in whatever depth of the header."""
    found = {}
    for path in sorted((conformance / "gs1-epcis" / "XML").rglob("*.xml")):
        whole, _ = read_bytes(path.read_bytes(), Limits())
        if whole is not None and present(whole):
            assert list(findings(whole)) == []
            found[path.name] = read(whole)
    elements = found["masterdata_all_possible_fields.xml"]
    assert {PLACE, POINT} <= {one.type for one in elements}
    assert any(one.children for one in elements)
    assert any(len(values) > 1 for one in elements for values in one.attributes.values())
    assert all(one.id.startswith("https://id.gs1.org/414/") for one in elements if one.type in {PLACE, POINT})
    master = Known(elements)
    for one in elements:
        assert {*one.children, one.id} <= master.below(one.id)
