"""Master data that came with documents: kept, derived again, seen by those who may, and the same in every query."""

from __future__ import annotations

import json
import re
from itertools import product

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from lodeline.access import Role, platform
from lodeline.events.limits import Limits
from lodeline.events.master_data import Known, read
from lodeline.events.query import QueryError, parse
from lodeline.events.query_match import Candidate, matches
from lodeline.events.reading import read as read_bytes
from lodeline_server.events.querying import master_data, narrowing
from lodeline_server.events.querying.models import MasterData
from lodeline_server.events.querying.selecting import ordered, select
from lodeline_server.events.querying.terms import Prefixes
from lodeline_server.log import erasing, projections
from lodeline_server.log import queries as log

pytestmark = pytest.mark.django_db
PLACE, POINT, CLASS = (
    f"urn:epcglobal:epcis:vtype:{name}" for name in ("BusinessLocation", "ReadPoint", "EPCClass")
)
WORKS = "urn:x:works"
SITE = "https://id.gs1.org/414/9521141000014"
HALL = "https://id.gs1.org/414/9521141000021"
LOT = "https://id.gs1.org/01/09521141123454/10/{}"
COUNTRY, GRADE = "https://ns.example/country", "https://ns.example/grade"


def about(name, children=(), kind=PLACE, **attributes):
    said = [{"id": f"https://ns.example/{key}", "attribute": value} for key, value in attributes.items()]
    entry = {"id": name, "attributes": said, "children": list(children)}
    return {"type": kind, "vocabularyElementList": [entry]}


def header(*lists):
    return {"epcisHeader": {"epcisMasterData": {"vocabularyList": list(lists)}}}


@pytest.fixture
def told(capture, events):
    """Capture master data together with one event; the event's id."""

    def run(*lists, by=None, **fields):
        event = events.event(epcList=[f"urn:x:thing:{MasterData.objects.count()}"], **fields)
        job = capture(events.document(event, **header(*lists)), by=by)
        assert (job.state, job.findings) == ("taken", [])
        return event["eventID"]

    return run


def place(name):
    return {"bizLocation": {"id": name}}


def rows():
    return [(row.type, row.element, json.loads(row.attributes)) for row in MasterData.objects.order_by("pk")]


def test_kept_replaced_and_derived_again(told, capture, events, second):
    told(about("urn:epc:id:sgln:9521141.00001.0", [HALL], country="FI", floor=2), about(HALL, kind=POINT))
    told(about(SITE, country="SE"), by=second)
    capture(events.document(events.make("A")))
    projections.follow_all()
    said = {COUNTRY: ["FI"], "https://ns.example/floor": ["2"]}
    assert rows() == [(PLACE, SITE, said), (POINT, HALL, {}), (PLACE, SITE, {COUNTRY: ["SE"]})]
    told(about(SITE, country="NO"))
    projections.follow_all()
    assert rows() == [(PLACE, SITE, {COUNTRY: ["NO"]}), (POINT, HALL, {}), (PLACE, SITE, {COUNTRY: ["SE"]})]
    assert MasterData.objects.get(organisation=second.pk).children == ""
    before = list(projections.dump_all({"events"}))
    assert sum("master data" in line for line in before) == 3
    projections.rebuild({"events"})
    assert list(projections.dump_all({"events"})) == before


def test_kept_without_new_events_and_once(capture, events):
    alone = events.document(**header(about(SITE, country="FI")))
    event = events.event(epcList=["urn:x:thing:1"])
    first = events.document(event)
    again = events.document(event, **header(about(HALL, country="SE")))
    for number, (data, documents, found) in enumerate(
        [
            (alone, 1, []),
            (alone, 1, ["capture.duplicate"]),
            (first, 2, []),
            (first, 2, ["capture.duplicate"]),
            (again, 3, []),
            (again, 3, ["capture.duplicate"]),
        ]
    ):
        job = capture(data)
        assert (job.state, [one["rule"] for one in job.findings]) == ("taken", found), number
        assert len(list(log.read(types={"epcis.document"}))) == documents, number
    projections.follow_all()
    assert rows() == [(PLACE, SITE, {COUNTRY: ["FI"]}), (PLACE, HALL, {COUNTRY: ["SE"]})]
    assert len(list(log.read(types={"epcis.event"}))) == 1


def test_in_one_batch_the_last_word_counts(told):
    for country in ("FI", "SE", "NO"):
        told(about(SITE, country=country))
    projections.follow_all()
    assert rows() == [(PLACE, SITE, {COUNTRY: ["NO"]})]


def test_documents_without_any_are_not_opened(capture, events, monkeypatch):
    monkeypatch.setattr(master_data, "read_bytes", lambda *_: pytest.fail("opened"))
    capture(events.document(events.make("A")))
    capture(events.document(events.make("B"), **header()))
    assert projections.follow_all() == []
    bodies = [one.payload["body"] for one in log.read(types={"epcis.document"})]
    assert [("masterData" in body) for body in bodies] == [False, False]


@pytest.fixture
def world(told, capture, events, second):
    """Places in places, said by two organisations, partly not followed yet; events at all of them."""
    told(about(WORKS, [SITE], country="FI"), about(SITE, [f"{HALL}/254/dock"], country="FI"), **place(SITE))
    told(about(f"{HALL}/254/dock", ["urn:x:gate"], kind=POINT, grade="high"), readPoint={"id": "urn:x:gate"})
    told(about("urn:x:gate", [WORKS], kind=POINT, grade="low"), **place("urn:x:gate"))
    told(about("urn:epcglobal:cbv:bizstep:shipping", kind="urn:x:step", grade="high"), bizStep="shipping")
    told(about(LOT.format("A"), kind=CLASS, grade="high"), quantityList=events.lots("A"))
    told(
        about("urn:x:po:1", kind="urn:x:orders", grade="low"), bizStep="receiving", **place(f"{SITE}/254/far")
    )
    told(about(WORKS, [HALL], country="SE"), by=second, **place(HALL))
    capture(
        events.document(
            *(
                events.make(code, at=at, readPoint={"id": f"{HALL}/254/dock"})
                for at, code in enumerate("AB", 1)
            ),
            events.event(
                at=3,
                bizTransactionList=[{"type": "po", "bizTransaction": "urn:x:po:1"}],
                sourceList=[{"type": "owning_party", "source": SITE}],
                epcList=["urn:x:thing"],
                **place("urn:x:elsewhere"),
            ),
        )
    )
    projections.follow_all()
    told(about(SITE, [HALL, "urn:x:new"], country="DK"), **place("urn:x:new"))
    told(about("urn:x:gate", kind=POINT), by=second, readPoint={"id": "urn:x:gate"})


EVENT = """<ObjectEvent><eventTime>2026-10-01T10:00:00Z</eventTime><eventTimeZoneOffset>+00:00</eventTimeZoneOffset>
<epcList><epc>urn:x:thing:{}</epc></epcList><action>OBSERVE</action><bizLocation><id>{}</id></bizLocation>
</ObjectEvent>"""
PLACES = (WORKS, SITE, "urn:epc:id:sgln:9521141.00002.0", f"{HALL}/254/dock", "urn:x:gate", "urn:x:none")
FIELDS = ("readPoint", "bizLocation", "bizStep", "source", "epcClass", "bizTransaction", "disposition")
ASKED = [
    *({f"WD_{field}": name} for field, name in product(("readPoint", "bizLocation"), PLACES)),
    *({f"HASATTR_{field}": name} for field, name in product(FIELDS, (GRADE, COUNTRY, "urn:x:none"))),
    *({f"EQATTR_{field}_{GRADE}": value} for field, value in product(FIELDS, ("high", "low|none", "none"))),
    *({f"EQATTR_{field}_{COUNTRY}": value} for field, value in product(FIELDS[:4], ("FI", "DK", "SE|NO"))),
    {"WD_bizLocation": f"{WORKS}|urn:x:elsewhere", "EQ_bizStep": "commissioning"},
    {f"EQATTR_bizLocation_{COUNTRY}": "FI", "WD_readPoint": HALL},
]


class Every:
    """What a look at every event selects, by the last word of each organisation on each id."""

    def __init__(self, organisation=None):
        last, self.candidates, prefixes = {}, [], Prefixes()
        for one in log.read(types={"epcis.document", "epcis.event"}):
            if organisation not in {None, one.organisation}:
                continue
            last |= {(one.organisation, said.type, said.id): said for said in master_data.elements_of(one)}
            if one.type == "epcis.event":
                raw, context = one.payload["body"]["event"], one.payload["body"]["context"]
                self.candidates.append((one.position, Candidate(raw, prefixes.of(raw, context), one.time)))
        self.known = Known(last.values())

    def __call__(self, query):
        return [at for at, candidate in self.candidates if matches(query, candidate, self.known)]


def test_the_same_events_as_without_indexes(world, organisation, second, acting, monkeypatch):
    maker, supplier = acting(organisation), acting(second, Role.SUPPLIER)
    every, every_own, hits = Every(), Every(second.pk), 0
    for few, parents, follow in ((0, 50, False), (1_000, 1, False), (0, 50, True)):
        monkeypatch.setattr(narrowing, "FEW", few)
        monkeypatch.setattr(narrowing, "MOST_PARENTS", parents)
        if follow:
            projections.follow_all()
        for wanted in ASKED:
            query = parse(wanted.items())
            right = every(query)
            hits += bool(right)
            assert [one.position for one in select(maker, query, limit=100).events] == right, wanted
            page = ordered(
                maker, parse([*wanted.items(), ("orderBy", "eventTime")]), until=log.size(), limit=100
            )
            assert sorted(one.position for one in page.events) == right, wanted
            own = [one.position for one in select(supplier, query, limit=100).events]
            assert own == every_own(query), wanted
    assert hits > 60


def test_what_it_costs_to_ask(world, organisation, acting):
    """Nothing without a use for it; else where the projections stand, the rows, and the tail of the log."""
    projections.follow_all()
    actor = acting(organisation)

    def asked(said):
        with CaptureQueriesContext(connection) as seen:
            assert select(actor, parse(said.items()), limit=1).events
        return [one["sql"] for one in seen]

    table = MasterData._meta.db_table
    plain, below = asked({"EQ_bizLocation": SITE}), asked({"WD_bizLocation": SITE})
    assert not any(table in sql for sql in plain)
    assert sum(table in sql for sql in below) == 1
    assert len(below) == len(plain) + 3


def test_few_events_are_opened_for_it(world, organisation, acting, capture, events):
    capture(events.document(*(events.make(f"L{number}") for number in range(40))))
    projections.follow_all()
    actor = acting(organisation)
    for said, most in (({f"EQATTR_bizLocation_{COUNTRY}": "DK"}, 60), ({"WD_bizLocation": "urn:x:gate"}, 60)):
        page = select(actor, parse(said.items()), limit=60)
        assert 0 < page.examined == len(page.events) <= most, said
    assert select(actor, parse([("HASATTR_bizLocation", "urn:x:none")]), limit=9).examined == 0


@pytest.mark.parametrize("bound", ["MOST_ROWS", "MOST_BYTES"])
def test_more_than_can_be_looked_at_is_said(world, organisation, acting, monkeypatch, bound):
    monkeypatch.setattr(master_data, bound, 2)
    for asked in (("HASATTR_bizLocation", COUNTRY), ("WD_readPoint", WORKS)):
        with pytest.raises(QueryError, match="elements of master data"):
            select(acting(organisation), parse([asked]), limit=5)


def test_as_many_names_and_values_as_a_query_holds(world, organisation, acting):
    actor, names = acting(organisation), [f"urn:x:{number}" for number in range(1_999)]
    for asked in ("HASATTR_bizLocation", "WD_bizLocation", f"EQATTR_bizLocation_{COUNTRY}"):
        value = {"H": COUNTRY, "W": "urn:x:elsewhere", "E": "DK"}[asked[0]]
        few, many = (
            {one.position for one in select(actor, parse([(asked, "|".join(said))]), limit=100).events}
            for said in ([value], [value, *names])
        )
        assert few
        assert few <= many
        assert asked[0] == "W" or few == many
    everything = [(f"EQATTR_bizLocation_urn:x:{number}", "1") for number in range(100)]
    assert select(actor, parse(everything), limit=5).events == ()


def test_an_event_that_comes_with_its_place_is_found_at_once(told, organisation, acting):
    """A subscriber asks before the projections have followed."""
    event = told(about(WORKS, [SITE]), **place(SITE))
    assert not MasterData.objects.exists()
    page = select(acting(organisation), parse([("WD_bizLocation", WORKS)]), limit=5)
    assert [one.event["eventID"] for one in page.events] == [event]


def test_what_is_refused_names_its_place(capture, events, api_client, monkeypatch):
    from lodeline.events import master_data as core

    monkeypatch.setattr(core, "MOST_CHILDREN", 1)
    data = events.document(events.make("A"), **header(about(SITE, [HALL, WORKS])))
    answer = api_client("maker").post("/epcis/capture", data, content_type="application/json")
    at = "/epcisHeader/epcisMasterData/vocabularyList/0/vocabularyElementList/0/children"
    assert answer.status_code == 400
    assert ("master-data.too-many", at) in [
        (one["rule"], one["pointer"]) for one in answer.json()["findings"]
    ]


def test_over_http(told, second, api_client):
    told(about(SITE, [HALL], country="FI"), about(HALL, kind=POINT), about("urn:x:other"))
    told(about(SITE, country="SE"), by=second)
    projections.follow_all()
    client, supplier = api_client("maker"), api_client("supplier")
    said = client.get("/api/master-data", {"id": "urn:epc:id:sgln:9521141.00001.0"}).json()
    assert said["total"] == 2
    assert [one["attributes"] for one in said["items"]] == [{COUNTRY: ["FI"]}, {COUNTRY: ["SE"]}]
    assert said["items"][0] == {
        "type": PLACE,
        "id": SITE,
        "attributes": {COUNTRY: ["FI"]},
        "children": [HALL],
        "organisation": "north-works",
        "position": 0,
        "recordTime": "2026-11-01T12:00:00Z",
    }
    assert client.get("/api/master-data", {"type": POINT}).json()["total"] == 1
    page = client.get("/api/master-data", {"limit": 1, "offset": 1}).json()
    assert (page["total"], len(page["items"])) == (4, 1)
    assert client.get("/api/master-data", {"id": "a\0b"}).json()["items"] == []
    assert client.get("/api/master-data", {"limit": 0}).status_code in {400, 422}
    assert {one["organisation"] for one in supplier.get("/api/master-data").json()["items"]} == {
        "north-works"
    }


@pytest.mark.django_db(transaction=True)
def test_it_goes_with_the_document_that_is_erased(
    told, capture, events, organisation, acting, workspace, now
):
    """What an earlier document said counts again."""
    erasing.listed().unlink(missing_ok=True)
    told(about(SITE, country="FI"), **place(SITE))
    told(about(SITE, country="SE"), about("urn:x:anna"), **{"lode:dataSubject": "anna"}, **place(SITE))
    projections.follow_all()
    assert MasterData.objects.count() == 2
    actor = platform(workspace.pk)
    erasing.erase(actor=actor, workspace=workspace.pk, subject="anna", reason="request", now=now)
    projections.follow_all()
    assert rows() == [(PLACE, SITE, {COUNTRY: ["FI"]})]
    found = [
        len(select(acting(organisation), parse([(f"EQATTR_bizLocation_{COUNTRY}", value)]), limit=5).events)
        for value in ("FI", "SE")
    ]
    assert found == [1, 0]
    erasing.listed().unlink(missing_ok=True)


def test_gs1s_own_file_with_all_fields(conformance, capture, organisation, acting):
    """It holds no events: one is put in at each of its places."""
    path = conformance / "gs1-epcis/XML/WithFullCombinationOfFields/masterdata_all_possible_fields.xml"
    data = path.read_bytes()
    document, _ = read_bytes(data, Limits())
    places = sorted({name for one in read(document) for name in (one.id, *one.children)})
    at = "".join(EVENT.format(number, one) for number, one in enumerate(places))
    filled = re.sub(
        rb"<EventList\s*/>|<EventList>\s*</EventList>", f"<EventList>{at}</EventList>".encode(), data
    )
    job = capture(filled, media_type="application/xml")
    assert (job.state, job.accepted) == ("taken", len(places))
    projections.follow_all()
    actor, hits = acting(organisation), 0
    parents = MasterData.objects.exclude(children="")
    for row in parents:
        query = parse([("WD_bizLocation", row.element)])
        found = [one.position for one in select(actor, query, limit=100).events]
        assert found == Every()(query)
        hits += len(found) > 1
    assert hits == len(parents) > 0
