"""Queries of events over HTTP, as EPCIS 2.0 says: parameters, pages, formats, collections, one event."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from urllib.parse import quote

import pytest

from lodeline.events.query import TOO_LARGE
from lodeline_server.events.querying import tokens
from lodeline_server.kit import clock
from lodeline_server.log import projections

pytestmark = pytest.mark.django_db
PARAMETER = "epcisException:QueryParameterException"
LOT = "https://id.gs1.org/01/09521141123454/10/L1"


@pytest.fixture
def client(api_client):
    return api_client("maker")


@pytest.fixture
def lots(capture, events):
    """Five lots, an hour apart."""
    capture(events.document(*(events.make(f"L{number}", at=number) for number in range(5))))
    projections.follow_all()


def listed(answer):
    assert answer.status_code == 200, answer.content
    return answer.json()["epcisBody"]["queryResults"]["resultsBody"]["eventList"]


def lot_codes(answer):
    return [one["quantityList"][0]["epcClass"].rpartition("/")[2] for one in listed(answer)]


def problem(answer):
    assert answer["Content-Type"] == "application/problem+json"
    body = answer.json()
    return answer.status_code, body["type"], body.get("detail", "")


def test_a_query(client, lots):
    answer = client.get("/epcis/events", {"EQ_bizStep": "commissioning", "MATCH_anyEPCClass": LOT})
    assert lot_codes(answer) == ["L1"]
    assert answer["Content-Type"] == "application/json"
    assert answer["GS1-EPCIS-Version"] == "2.0.0"
    assert answer["GS1-EPC-Format"] == "Never_Translates"
    assert "Link" not in answer
    assert listed(answer)[0]["recordTime"] == "2026-11-01T12:00:00+00:00"
    assert listed(answer)[0]["@context"] == [{"lode": "urn:x-lodeline:epcis:"}]
    assert client.get("/epcis/events", {"EQ_bizStep": "receiving"}).json()["type"] == "EPCISQueryDocument"


REFUSED = [
    ("EQ_bizstep=shipping", 400, PARAMETER, "EQ_bizstep"),
    ("EQ_action=LOOK", 400, PARAMETER, "LOOK"),
    ("GE_eventTime=yesterday", 400, PARAMETER, "GE_eventTime"),
    ("GE_eventTime=2026-01-01T00:00:00Z&GE_eventTime=2026-01-01T00:00:00Z", 400, PARAMETER, "twice"),
    ("EQ_quantity=ten", 400, PARAMETER, "ten"),
    ("EQ_bizStep=a%00b", 400, PARAMETER, "control"),
    ("EQ_%00=1", 400, PARAMETER, "name"),
    ("EQ_readPoint=%FF", 400, PARAMETER, ""),
    ("eventCountLimit=5", 400, PARAMETER, "orderBy"),
    ("orderBy=eventTime&eventCountLimit=5&maxEventCount=5", 400, PARAMETER, "exclude"),
    ("orderBy=bizStep", 400, PARAMETER, "orderBy"),
    ("orderBy=eventTime&orderDirection=UP", 400, PARAMETER, "UP"),
    ("maxEventCount=0", 400, PARAMETER, "above 0"),
    ("maxEventCount=2", 413, TOO_LARGE, "More than 2"),
    ("perPage=0", 400, PARAMETER, "0"),
    ("perPage=1&perPage=2", 400, PARAMETER, ""),
    ("nextPageToken=abc", 400, PARAMETER, "Link"),
    ("EQ_readPoint=" + "a" * 600, 400, PARAMETER, "600"),
    ("EQ_readPoint=" + "a" * 17_000, 414, "epcisException:URITooLongException", "16000"),
    ("&".join(f"EQ_x:{n}=1" for n in range(101)), 413, "epcisException:QueryTooComplexException", "100"),
]


def test_what_cannot_be_asked(client, lots):
    for said, status, kind, named in REFUSED:
        found = problem(client.get(f"/epcis/events?{said}"))
        assert found[:2] == (status, kind), said[:60]
        assert named in found[2], said[:60]


def test_pages_stand_still_while_events_arrive(client, lots, capture, events):
    answer = client.get("/epcis/events", {"orderBy": "eventTime", "perPage": 2})
    seen = lot_codes(answer)
    capture(events.document(events.make("NEW", at=2.5)))
    projections.follow_all()
    while "Link" in answer:
        assert answer["GS1-Next-Page-Token-Expires"]
        target = re.fullmatch(r'<http://testserver(.+)>; rel="next"', answer["Link"])[1]
        answer = client.get(target)
        assert len(listed(answer)) <= 2
        seen += lot_codes(answer)
    assert seen == ["L4", "L3", "L2", "L1", "L0"]
    assert "NEW" in lot_codes(client.get("/epcis/events", {"orderBy": "eventTime"}))
    few = client.get("/epcis/events", {"orderBy": "eventTime", "eventCountLimit": 3, "perPage": 2})
    rest = client.get(re.match(r"<http://testserver(.+)>", few["Link"])[1])
    assert lot_codes(few) + lot_codes(rest) == ["L4", "L3", "NEW"]
    assert "Link" not in rest


def test_a_token_is_for_one_party_one_question_one_hour(client, lots, api_client, monkeypatch):
    answer = client.get("/epcis/events", {"perPage": 2})
    token = re.search(r"nextPageToken=([^&>]+)", answer["Link"])[1]
    same = f"/epcis/events?perPage=2&nextPageToken={token}"
    assert client.get(same).status_code == 200
    for other in (
        f"/epcis/events?perPage=3&nextPageToken={token}",
        f"/epcis/events?perPage=2&EQ_action=ADD&nextPageToken={token}",
        f"/epcis/bizSteps/commissioning/events?perPage=2&nextPageToken={token}",
        f"/epcis/events?perPage=2&nextPageToken={token[:-1]}",
        f"/epcis/events?perPage=2&nextPageToken=x{token}",
    ):
        assert problem(client.get(other))[:2] == (400, PARAMETER), other
    stranger = api_client("buyer")
    assert problem(stranger.get(same))[:2] == (400, PARAMETER)
    assert problem(stranger.delete(f"/epcis/nextPageToken/{token}"))[0] == 404
    later = clock.now() + tokens.LASTS + timedelta(seconds=5)
    with monkeypatch.context() as patched:
        patched.setattr("lodeline_server.events.querying.answering.now", lambda: later)
        assert "expired" in client.get(same).json()["title"]
    assert client.delete(f"/epcis/nextPageToken/{token}").status_code == 204
    assert "expired" in client.get(same).json()["title"]
    assert client.delete("/epcis/nextPageToken/nonsense").status_code == 404


def test_one_event_is_captured_at_once(client, events):
    raw = {"@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"], **events.make("A")}
    answer = client.post("/epcis/events", json.dumps(raw), content_type="application/json")
    assert answer.status_code == 201, answer.content
    body = answer.json()
    assert body.pop("recordTime")
    assert body == raw
    assert answer["Location"] == f"http://testserver/epcis/events/{quote(raw['eventID'], safe='')}"
    assert listed(client.get(answer["Location"]))[0]["eventID"] == raw["eventID"]
    again = client.post("/epcis/events", json.dumps(raw), content_type="application/json")
    assert problem(again)[:2] == (409, "epcisException:ResourceAlreadyExistsException")
    declared = client.post("/epcis/events", json.dumps(events.declare(raw)), content_type="application/json")
    assert declared.status_code == 201, declared.content
    both = listed(client.get(answer["Location"]))
    assert ["errorDeclaration" in one for one in both] == [False, True]
    del raw["eventID"]
    nameless = client.post(
        "/epcis/events", json.dumps({**raw, "bizStep": "packing"}), content_type="application/json"
    )
    assert nameless.status_code == 201, nameless.content
    found = listed(client.get(nameless["Location"]))
    assert found[0]["eventID"] == nameless.json()["eventID"]
    assert found[0]["eventID"].startswith("ni:///sha-256;")


def test_what_is_no_event(client, events):
    good = json.dumps(events.make("A"))
    post = client.post
    assert (
        problem(post("/epcis/events", events.document(events.make("A")), content_type="application/json"))[0]
        == 400
    )
    assert problem(post("/epcis/events", good, content_type="application/xml"))[0] == 415
    assert problem(post("/epcis/events", "[]", content_type="application/json"))[0] == 400
    assert problem(post("/epcis/events", '{"type": "ObjectEvent"', content_type="application/json"))[0] == 400
    assert (
        problem(post("/epcis/events", '{"type": "ObjectEvent"}', content_type="application/json"))[0] == 400
    )


def test_formats(client, capture, events):
    urn, link = "urn:epc:id:sgtin:9521141.012345.7", "https://id.gs1.org/01/09521141123454/21/8"
    context = ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"]
    for number, space in enumerate(("https://one.example/", "https://two.example/")):
        field = {"ex:note": f"n{number}"}
        capture(
            events.document(
                events.event(epcList=[urn, link], bizStep="shipping", at=number, **field),
                context=[*context, {"ex": space}],
            )
        )
    plain = client.get("/epcis/events", {"EQ_https://two.example/note": "n1"})
    assert [one["epcList"] for one in listed(plain)] == [[urn, link]]
    by_curie = client.get(
        "/epcis/events", {"EQ_my:note": "n1"}, headers={"GS1-Extensions": "my=https://two.example/"}
    )
    assert listed(by_curie) == listed(plain)
    links = client.get("/epcis/events", headers={"GS1-EPC-Format": "Always_GS1_Digital_Link"})
    assert links["GS1-EPC-Format"] == "Always_GS1_Digital_Link"
    assert all(
        one.startswith("https://id.gs1.org/01/09521141123454/21/") for one in listed(links)[0]["epcList"]
    )
    urns = client.get("/epcis/events", headers={"GS1-EPC-Format": "Always_EPC_URN"})
    assert (urns["GS1-EPC-Format"], listed(urns)[0]["epcList"]) == (
        "Always_EPC_URN",
        [urn, "urn:epc:id:sgtin:9521141.012345.8"],
    )
    xml = client.get("/epcis/events", headers={"Accept": "application/xml"})
    assert xml["Content-Type"] == "application/xml"
    assert b"urn:epcglobal:cbv:bizstep:shipping" in xml.content
    assert b'xmlns:ex="https://one.example/"' in xml.content
    assert b'xmlns:ex2="https://two.example/"' in xml.content
    assert b"<ex2:note>n1</ex2:note>" in xml.content
    web = client.get("/epcis/events", headers={"Accept": "text/xml", "GS1-CBV-XML-Format": "Always_Web_URI"})
    assert b"https://ref.gs1.org/cbv/BizStep-shipping" in web.content
    assert b">urn:epcglobal:cbv:" not in web.content
    for headers in ({"Accept": "text/csv"}, {"Accept": "application/json;q=0"}, {"GS1-EPC-Format": "x"}):
        assert problem(client.get("/epcis/events", headers=headers))[:2] == (
            406,
            "epcisException:NotAcceptableException",
        )


def test_collections(client, lots, capture, events):
    capture(
        events.document(events.event(epcList=["urn:x:thing/7"], bizStep="https://acme.example/steps/dip"))
    )
    projections.follow_all()
    assert client.get("/epcis/").json()["member"][:2] == ["capture", "events"]
    types = client.get("/epcis/eventTypes").json()
    assert types["type"] == "Collection"
    assert len(types["member"]) == 5
    steps, answer = [], client.get("/epcis/bizSteps")
    while True:
        steps += answer.json()["member"]
        assert len(answer.json()["member"]) <= 30
        if "Link" not in answer:
            break
        answer = client.get(re.match(r"<http://testserver(.+)>", answer["Link"])[1])
    assert steps[-1] == "https://acme.example/steps/dip"
    assert len(steps) == len(set(steps)) == 42
    things = client.get("/epcis/epcs", {"perPage": 100}).json()["member"]
    assert {LOT, "urn:x:thing/7"} <= set(things)
    assert client.get("/epcis/readPoints").json()["member"] == []
    assert client.get("/epcis/bizLocations").json()["member"] == ["https://id.gs1.org/414/9521141000014"]
    for path, number in (
        ("eventTypes/ObjectEvent", 6),
        (f"epcs/{quote(LOT, safe='')}", 1),
        ("epcs/urn:x:thing%2F7", 1),
        ("bizSteps/commissioning", 5),
        ("bizSteps/https:%2F%2Facme.example%2Fsteps%2Fdip", 1),
        ("bizLocations/urn:epc:id:sgln:9521141.00001.0", 5),
        ("dispositions/in_transit", 0),
    ):
        assert client.get(f"/epcis/{path}").json()["member"] == ["events"], path
        assert len(listed(client.get(f"/epcis/{path}/events"))) == number, path
    narrowed = client.get("/epcis/bizSteps/commissioning/events", {"MATCH_anyEPCClass": LOT})
    assert lot_codes(narrowed) == ["L1"]
    for path in (
        "bizSteps/dancing",
        "epcs/urn:x:none",
        "readPoints/urn:x:none/events",
        "eventTypes/a%00b",
        "bizSteps/" + "a" * 3_000,
    ):
        assert problem(client.get(f"/epcis/{path}"))[:2] == (404, "epcisException:NoSuchResourceException"), (
            path
        )
    assert problem(client.get("/epcis/bizSteps?x=1"))[:2] == (400, PARAMETER)


def test_what_came_just_now_is_known(client, capture, events):
    capture(events.document(events.event(epcList=["urn:x:new"], readPoint={"id": "urn:x:new-gate"})))
    assert client.get("/epcis/readPoints").json()["member"] == []  # the list is that of the index
    assert client.get("/epcis/readPoints/urn:x:new-gate").json()["member"] == ["events"]
    assert len(listed(client.get("/epcis/epcs/urn:x:new/events"))) == 1


def test_a_supplier_sees_its_own(api_client, client, lots, second, capture, events):
    capture(events.document(events.make("M", readPoint={"id": "urn:x:gate"})), by=second)
    projections.follow_all()
    supplier = api_client("supplier", of=second)
    assert lot_codes(supplier.get("/epcis/events")) == ["M"]
    assert len(listed(client.get("/epcis/events"))) == 6
    assert supplier.get("/epcis/epcs").json()["member"] == ["https://id.gs1.org/01/09521141123454/10/M"]
    assert supplier.get("/epcis/readPoints").json()["member"] == ["urn:x:gate"]
    assert supplier.get(f"/epcis/epcs/{quote(LOT, safe='')}").status_code == 404
    assert lot_codes(supplier.get("/epcis/events", {"MATCH_anyEPCClass": LOT})) == []
    assert api_client("regulator").get("/epcis/events").status_code == 403
