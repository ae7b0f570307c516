"""Events selected through the indexes are those that a look at every event selects, in the order asked for."""

from __future__ import annotations

import pytest

from lodeline.access import Role
from lodeline.events.query import QueryError, parse
from lodeline.events.query_match import Candidate, matches
from lodeline_server.events.querying import narrowing, selecting, walking
from lodeline_server.events.querying.selecting import ordered, select
from lodeline_server.events.querying.terms import Prefixes
from lodeline_server.log import projections
from lodeline_server.log import queries as log

pytestmark = pytest.mark.django_db
BUYER = "https://id.gs1.org/417/9521999000003"
POINT = "urn:epc:id:sgln:9521141.00001.7"
QUERIES = [
    {},
    {"eventType": "TransformationEvent"},
    {"eventType": "ObjectEvent|AggregationEvent", "EQ_bizStep": "shipping"},
    {"EQ_bizStep": "urn:epcglobal:cbv:bizstep:shipping|https://ref.gs1.org/cbv/BizStep-receiving"},
    {"EQ_disposition": "in_transit"},
    {"EQ_action": "ADD"},
    {"EQ_readPoint": POINT},
    {"WD_readPoint": "https://id.gs1.org/414/9521141000014"},
    {"EQ_bizLocation": "https://id.gs1.org/414/9521141000014"},
    {"EQ_destination_possessing_party": BUYER},
    {"EQ_destination_owning_party": BUYER},
    {"EQ_bizTransaction_po": "urn:x:po:1"},
    {"MATCH_epcClass": "https://id.gs1.org/01/09521141123454/10/A"},
    {"MATCH_anyEPCClass": "urn:epc:class:lgtin:9521141.012345.A|https://id.gs1.org/01/09521141123454/10/B"},
    {"MATCH_inputEPCClass": "https://id.gs1.org/01/09521141123454/10/A"},
    {"MATCH_outputEPCClass": "https://id.gs1.org/01/09521141123454/10/C"},
    {"MATCH_epc": "urn:epc:idpat:sgtin:9521141.012345.*"},
    {"MATCH_anyEPC": "urn:epc:idpat:sgtin:9521141.*.*"},
    {"MATCH_parentID": "https://id.gs1.org/00/095211411234567893"},
    {"MATCH_parentID": "urn:x:parent"},
    {"GE_eventTime": "2026-10-01T09:30:00Z", "LT_eventTime": "2026-10-01T11:00:00+01:00"},
    {"LT_eventTime": "2026-10-01T08:30:00Z"},
    {"GE_recordTime": "2026-11-01T12:00:00Z"},
    {"LT_recordTime": "2026-11-01T12:00:00Z"},
    {"EXISTS_errorDeclaration": "true"},
    {"EQ_errorReason": "incorrect_data"},
    {"EQ_transformationID": "urn:x:run:7"},
    {"GE_quantity": "10", "EQ_bizStep": "shipping"},
    {"EQ_quantity_KGM": "10"},
    {"EQ_type": "Temperature"},
    {"GE_value_CEL": "20", "LT_value_CEL": "30"},
    {"EQ_ILMD_urn:x-lodeline:epcis:grade": "high"},
    {"EQ_urn:x-lodeline:epcis:shift": "night"},
    {"EXISTS_urn:x-lodeline:epcis:shift": "true"},
    {"EQ_persistentDisposition_set": "completeness_verified"},
]
ORDERS = [
    {},
    {"orderBy": "eventTime"},
    {"orderBy": "eventTime", "orderDirection": "ASC"},
    {"orderBy": "recordTime"},
    {"orderBy": "recordTime", "orderDirection": "ASC"},
    {"orderBy": "urn:x-lodeline:epcis:shift", "orderDirection": "ASC"},
]


@pytest.fixture
def world(capture, events, second):
    made = events.make("A", at=2, disposition="in_transit", ilmd={"lode:grade": "high"})
    wrong = events.make("B", at=1, readPoint={"id": POINT})
    capture(events.document(made, wrong, events.make_items("s1", "s2", at=0)))
    capture(
        events.document(
            events.turn(["A"], ["C"], at=3, transformationID="urn:x:run:7"),
            events.turn(["B"], ["D"], at=3, persistentDisposition={"set": ["completeness_verified"]}),
            events.pack("C", at=4),
            events.ship("C", to=BUYER, at=5, **{"lode:shift": "night"}),
            events.event(
                at=1.25,
                readPoint={"id": POINT},
                sensorElementList=[{"sensorReport": [{"type": "Temperature", "value": 21.5, "uom": "CEL"}]}],
            ),
        )
    )
    capture(
        events.document(
            events.event(
                "TransactionEvent",
                at=6,
                parentID="urn:x:parent",
                epcList=["urn:x:thing"],
                bizTransactionList=[{"type": "po", "bizTransaction": "urn:x:po:1"}],
                **{"lode:shift": "day"},
            ),
            events.receive("C", at=7),
        ),
        by=second,
    )
    projections.follow_all()
    capture(events.document(events.declare(wrong), events.ship("D", to=BUYER, at=0.5)))  # not followed yet


def every(query, organisation=None):
    """What a look at every event selects."""
    prefixes = Prefixes()
    for one in log.read(types={"epcis.event"}):
        body = one.payload["body"]
        candidate = Candidate(body["event"], prefixes.of(body["event"], body["context"]), one.time)
        if organisation in {None, one.organisation} and matches(query, candidate):
            yield one.position


def in_pages(actor, query, limit):
    found, mark = [], None
    while True:
        page = ordered(actor, query, until=log.size(), limit=limit, mark=mark)
        assert len(page.events) <= limit
        found += page.events
        if page.mark is None:
            return found
        mark = page.mark


def test_the_same_events_as_without_indexes(world, organisation, second, acting, monkeypatch):
    maker, supplier = acting(organisation), acting(second, Role.SUPPLIER)
    hits = 0
    for few in (0, 1_000):
        monkeypatch.setattr(narrowing, "FEW", few)
        for wanted in QUERIES:
            query = parse(wanted.items())
            right = list(every(query))
            hits += bool(right)
            assert [one.position for one in select(maker, query, limit=100).events] == right, wanted
            own = [one.position for one in select(supplier, query, limit=100).events]
            assert own == list(every(query, second.pk)), wanted
    assert hits > 50


def test_every_order_in_pages_of_any_size(world, organisation, acting, monkeypatch):
    actor = acting(organisation)
    monkeypatch.setattr(walking, "CHUNK", 4)
    monkeypatch.setattr(walking, "HOURS", 2)
    for wanted in ({}, {"EQ_bizStep": "shipping"}, {"eventType": "ObjectEvent"}):
        for order in ORDERS:
            query = parse({**wanted, **order}.items())
            right = set(every(query))
            pages = [in_pages(actor, query, limit) for limit in (1, 3, 100)]
            assert {one.position for one in pages[0]} == right
            assert pages[0] == pages[1] == pages[2]
            if order.get("orderBy") == "eventTime":
                times = [one.event["eventTime"] for one in pages[0]]
                assert times == sorted(times, reverse="orderDirection" not in order)
            elif "orderBy" in order and "Time" in order["orderBy"]:
                places = [one.position for one in pages[0]]
                assert places == sorted(places, reverse="orderDirection" not in order)
    by_shift = parse({"orderBy": "urn:x-lodeline:epcis:shift", "orderDirection": "ASC"}.items())
    shifts = [one.event.get("lode:shift") for one in in_pages(actor, by_shift, 100)]
    assert shifts[:2] == ["day", "night"]
    assert set(shifts[2:]) == {None}


def test_cost_grows_with_the_answer(capture, events, organisation, acting):
    capture(events.document(*(events.make(f"L{number}", at=number / 60) for number in range(300))))
    projections.follow_all()
    actor = acting(organisation)
    lot = "https://id.gs1.org/01/09521141123454/10/L250"
    for wanted, most in (
        ({"MATCH_anyEPCClass": lot}, 1),
        ({"GE_eventTime": "2026-10-01T12:30:00Z"}, 60),
        ({"EQ_bizStep": "shipping"}, 0),
        ({"EQ_type": "Temperature"}, 0),
        ({"EQ_eventID": "urn:x:none"}, 0),
        ({"EXISTS_errorDeclaration": "true", "eventType": "ObjectEvent"}, 0),
        ({"eventType": "ObjectEvent"}, 5),
        ({}, 5),
    ):
        assert select(actor, parse(wanted.items()), limit=5).examined <= most, wanted
    newest = parse([("orderBy", "eventTime")])
    assert ordered(actor, newest, until=log.size(), limit=5).examined == 5


def test_going_on_sees_everything_once(capture, events, organisation, acting):
    actor, query = acting(organisation), parse([])
    capture(events.document(events.make("A"), events.make("B"), events.make("C")))
    first = select(actor, query, limit=2)
    assert (len(first.events), first.more) == (2, True)
    capture(events.document(events.make("D")))
    rest = select(actor, query, after=first.next, limit=100)
    assert (len(rest.events), rest.more, rest.next) == (2, False, log.size())
    assert not select(actor, query, after=rest.next, limit=100).events


def test_limits_of_a_query(capture, events, organisation, acting, monkeypatch):
    actor, until = acting(organisation), 10**6
    capture(events.document(*(events.make(code) for code in "ABCDE")))
    monkeypatch.setattr(selecting, "MOST_EXAMINED", 3)
    page = select(actor, parse([("EQ_action", "DELETE")]), limit=5)
    assert (page.events, page.more, page.examined) == ((), True, 3)
    monkeypatch.setattr(selecting, "MOST_BYTES", 10)
    first = ordered(actor, parse([]), until=until, limit=5)
    assert (len(first.events), first.mark is not None) == (1, True)
    with pytest.raises(QueryError) as complex_:
        selecting.refuse_too_many(
            actor, parse([("EQ_action", "DELETE"), ("maxEventCount", "1")]), until=until
        )
    assert complex_.value.type.endswith("QueryTooComplexException")
    with pytest.raises(QueryError) as large:
        selecting.refuse_too_many(actor, parse([("maxEventCount", "2")]), until=until)
    assert large.value.type.endswith("QueryTooLargeException")
    monkeypatch.setattr(selecting, "MOST_EXAMINED", 100)
    selecting.refuse_too_many(actor, parse([("maxEventCount", "5")]), until=until)
