"""Named queries and subscriptions over the REST bindings: names, refusals, borders, headers."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.test import Client
from tests.apps.events.subscriptions.conftest import TOKEN
from tests.apps.log.trail import clear, waiting

from lodeline.access import Permission, Role, platform
from lodeline_server.events.subscriptions.models import NamedQuery, Subscription

pytestmark = pytest.mark.django_db
SHIPPED = {"EQ_bizStep": ["shipping"], "eventType": ["ObjectEvent"]}
QUERIES = "/epcis/queries"


@pytest.fixture
def machine(organisation, now):
    """An API client of a role, of this organisation or another."""
    from lodeline_server.parties.actions import create_api_key

    def of(role="maker", organisation=organisation, scopes=()):
        secret = create_api_key(
            actor=platform(organisation.workspace_id),
            organisation=organisation,
            name="machine",
            role=Role(role),
            scopes=scopes,
            now=now,
        )[1]
        return Client(headers={"authorization": f"Bearer {secret}"})

    return of


def post(client, path, body, **fields):
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return client.post(path, data, **{"content_type": "application/json", **fields})


def name(client, called="shipped", query=SHIPPED):
    answer = post(client, QUERIES, {"name": called, "query": query})
    assert answer.status_code == 201, answer.content
    return answer["Location"].removeprefix("http://testserver")


def test_a_query_under_a_name(machine):
    client = machine()
    place = name(client, "what is shipped?")
    assert place == "/epcis/queries/what%20is%20shipped%3F"
    assert client.get(place).json() == {"name": "what is shipped?", "query": SHIPPED}
    assert client.get(QUERIES).json() == [{"name": "what is shipped?", "query": SHIPPED}]
    again = post(client, QUERIES, {"name": "what is shipped?", "query": {}})
    assert again.status_code == 409
    assert again.json()["type"] == "epcisException:ResourceAlreadyExistsException"
    assert client.delete(place).status_code == 204
    for method in ("get", "delete"):
        gone = getattr(client, method)(place)
        assert (gone.status_code, gone.json()["type"]) == (404, "epcisException:NoSuchNameException")
    assert client.get(QUERIES).json() == []


def test_pages_of_queries(machine):
    client = machine()
    for number in range(5):
        name(client, f"q{number}")
    found, path = [], f"{QUERIES}?perPage=2"
    while path:
        answer = client.get(path)
        found.append([one["name"] for one in answer.json()])
        path = answer.get("Link", "").partition(">")[0].removeprefix("<http://testserver")
    assert found == [["q0", "q1"], ["q2", "q3"], ["q4"]]


REFUSED = {
    "no JSON": (b"{", 400, "ValidationException"),
    "a list": ([], 400, "ValidationException"),
    "doubled": (b'{"name": "a", "name": "b", "query": {}}', 400, "ValidationException"),
    "no name": ({"query": {}}, 400, "ValidationException"),
    "no query": ({"name": "x"}, 400, "ValidationException"),
    "a number": ({"name": 7, "query": {}}, 400, "ValidationException"),
    "a slash": ({"name": "a/b", "query": {}}, 400, "ValidationException"),
    "dots": ({"name": "..", "query": {}}, 400, "ValidationException"),
    "empty": ({"name": "", "query": {}}, 400, "ValidationException"),
    "blank": ({"name": " a", "query": {}}, 400, "ValidationException"),
    "control": ({"name": "a\x00b", "query": {}}, 400, "ValidationException"),
    "long": ({"name": "x" * 101, "query": {}}, 400, "ValidationException"),
    "unknown member": ({"name": "x", "query": {}, "queries": {}}, 400, "ValidationException"),
    "no parameter": ({"name": "x", "query": {"EQ_nothing": ["x"]}}, 400, "QueryParameterException"),
    "no time": ({"name": "x", "query": {"GE_eventTime": "soon"}}, 400, "QueryParameterException"),
    "a text": ({"name": "x", "query": "all"}, 400, "ValidationException"),
    "too much": (b'{"name": "x", "query": {"EQ_action": ["' + b"A" * 300_000 + b'"]}}', 413, None),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_no_query_is_refused(what, machine):
    body, status, kind = REFUSED[what]
    answer = post(machine(), QUERIES, body)
    assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")
    assert kind is None or answer.json()["type"] == f"epcisException:{kind}"
    assert NamedQuery.objects.count() == 0


def test_another_media_type(machine):
    answer = post(machine(), QUERIES, b"<query/>", content_type="application/xml")
    assert (answer.status_code, answer.json()["type"]) == (
        415,
        "epcisException:UnsupportedMediaTypeException",
    )


def test_a_subscription_from_beginning_to_end(machine, receiver, now):
    client = machine()
    place = name(client) + "/subscriptions"
    wanted = {"dest": receiver.url, "signatureToken": TOKEN, "schedule": {"hour": "1", "minute": 5}}
    made = post(client, place, {**wanted, "reportIfEmpty": True})
    assert made.status_code == 201
    said = made.json()
    own = made["Location"].removeprefix("http://testserver")
    assert own == f"{place}/{said['subscriptionID']}"
    assert TOKEN not in made.content.decode()
    assert said["schedule"] == {"hour": "1", "minute": "5"}
    assert (said["dest"], said["reportIfEmpty"], said["signed"], said["state"]) == (
        receiver.url,
        True,
        True,
        "active",
    )
    assert "stream" not in said
    assert "lastNotifiedAt" not in said
    assert said["nextTryAt"].endswith("T01:05:00Z")
    assert client.get(own).json() == said
    assert client.get(place).json() == [said]
    options = client.options(own)
    assert (options.status_code, options["Allow"]) == (204, "OPTIONS, DELETE, GET")
    assert options["GS1-Query-Min-Record-Time"] == Subscription.objects.get().created_at.isoformat()
    stream = post(client, place, {"dest": receiver.url, "stream": True}).json()
    assert stream["stream"] is True
    assert "schedule" not in stream
    assert client.delete(own).status_code == 204
    for method in ("get", "delete", "options"):
        gone = getattr(client, method)(own)
        assert (gone.status_code, gone.json()["type"]) == (404, "epcisException:NoSuchResourceException")
    assert client.delete(place.removesuffix("/subscriptions")).status_code == 204
    assert Subscription.objects.count() == 0


CONTROLS, INVALID = "SubscriptionControlsException", "ValidationException"
WRONG = {
    "no time": ({}, CONTROLS),
    "both": ({"stream": True, "schedule": {"hour": "1"}}, CONTROLS),
    "no stream": ({"stream": False}, CONTROLS),
    "empty schedule": ({"schedule": {}}, CONTROLS),
    "wrong hour": ({"schedule": {"hour": "25"}}, CONTROLS),
    "never": ({"schedule": {"month": "2", "dayOfMonth": "30"}}, CONTROLS),
    "unknown field": ({"schedule": {"week": "1"}}, CONTROLS),
    "schedule text": ({"schedule": "daily"}, INVALID),
    "stream text": ({"stream": "true"}, INVALID),
    "no address": ({"stream": True, "dest": None}, INVALID),
    "plain http": ({"stream": True, "dest": "http://example.org/"}, INVALID),
    "this machine": ({"stream": True, "dest": "https://localhost/"}, INVALID),
    "its number": ({"stream": True, "dest": "https://127.0.0.1/"}, INVALID),
    "its short number": ({"stream": True, "dest": "https://127.1/"}, INVALID),
    "its whole number": ({"stream": True, "dest": "https://2130706433/"}, INVALID),
    "its hex number": ({"stream": True, "dest": "https://0x7f.0.0.1/"}, INVALID),
    "its long number": ({"stream": True, "dest": "https://[::1]/"}, INVALID),
    "mapped": ({"stream": True, "dest": "https://[::ffff:10.0.0.1]/"}, INVALID),
    "metadata": ({"stream": True, "dest": "https://169.254.169.254/latest"}, INVALID),
    "private": ({"stream": True, "dest": "https://192.168.1.1/"}, INVALID),
    "inside": ({"stream": True, "dest": "https://db.internal/"}, INVALID),
    "a word": ({"stream": True, "dest": "https://intranet/"}, INVALID),
    "with a user": ({"stream": True, "dest": "https://a:b@example.org/"}, INVALID),
    "fragment": ({"stream": True, "dest": "https://example.org/#x"}, INVALID),
    "a file": ({"stream": True, "dest": "file:///etc/passwd"}, INVALID),
    "a port": ({"stream": True, "dest": "https://example.org:99999/"}, INVALID),
    "line break": ({"stream": True, "dest": "https://example.org/\r\nX: y"}, INVALID),
    "brackets": ({"stream": True, "dest": "https://[::1"}, INVALID),
    "long": ({"stream": True, "dest": "https://example.org/" + "x" * 2000}, INVALID),
    "empty token": ({"stream": True, "signatureToken": ""}, INVALID),
    "long token": ({"stream": True, "signatureToken": "x" * 501}, INVALID),
    "a time without offset": ({"stream": True, "initialRecordTime": "2026-01-01T00:00:00"}, INVALID),
    "unknown": ({"stream": True, "secret": "x"}, INVALID),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_no_subscription_is_refused(what, machine):
    body, kind = WRONG[what]
    client = machine()
    answer = post(client, name(client) + "/subscriptions", {"dest": "https://example.org/hook", **body})
    assert (answer.status_code, answer.json()["type"]) == (400, f"epcisException:{kind}")
    assert Subscription.objects.count() == 0


@pytest.mark.parametrize(
    "control",
    [{"orderBy": "eventTime"}, {"maxEventCount": 5}, {"orderBy": "eventTime", "eventCountLimit": 5}],
)
def test_an_ordered_or_cut_query_is_not_subscribed_to(control, machine):
    client = machine()
    place = name(client, query=control)
    answer = post(client, place + "/subscriptions", {"dest": "https://example.org/", "stream": True})
    assert (answer.status_code, answer.json()["type"]) == (400, f"epcisException:{CONTROLS}")


def test_a_public_https_address_is_taken_without_being_called(machine):
    client = machine()
    made = post(
        client,
        name(client) + "/subscriptions",
        {"dest": "https://hooks.example.org:8443/x?y=z", "stream": True},
    )
    assert made.status_code == 201


def test_names_are_the_organisations_own(machine, second, other_organisation, receiver):
    """The same name elsewhere is another query; nobody sees or ends the other's."""
    mine = machine()
    place = name(mine)
    own = post(mine, place + "/subscriptions", {"dest": receiver.url, "stream": True})["Location"]
    for organisation in (second, other_organisation):
        other = machine(organisation=organisation)
        assert other.get(QUERIES).json() == []
        for path in (place, place + "/events", place + "/subscriptions", own):
            assert other.get(path).status_code == 404
        assert other.delete(place).status_code == 404
        assert name(other, query={}) == place
        assert other.delete(own).status_code == 404
        assert other.delete(place).status_code == 204
    assert mine.get(own).status_code == 200


def test_who_may(machine):
    place = name(machine())
    wanted = {"dest": "https://example.org/", "stream": True}
    reader, nobody = machine("auditor"), machine("financier")
    assert reader.get(place).status_code == 200
    assert post(reader, QUERIES, {"name": "x", "query": {}}).status_code == 403
    assert post(reader, place + "/subscriptions", wanted).status_code == 403
    assert reader.delete(place).status_code == 403
    assert nobody.get(place).status_code == 403
    assert nobody.options(place).status_code == 403
    narrow = machine(scopes=[Permission.EVENTS_SUBSCRIBE])
    assert narrow.get(place).status_code == 403
    assert (
        post(narrow, place + "/subscriptions", wanted).status_code == 403
    )  # what one may not see is not sent


def test_the_trail_says_who_sent_what_where(machine, receiver):
    client = machine()
    clear()
    place = name(client, "q")
    post(client, place + "/subscriptions", {"dest": receiver.url, "stream": True, "signatureToken": TOKEN})
    client.delete(place)
    lines = [(kind, line["action"], line["objects"]) for kind, _, line in waiting()]
    assert [(kind, action) for kind, action, _ in lines] == [
        ("audit.change", "query.named"),
        ("audit.grant", "subscription.made"),
        ("audit.revoke", "query.deleted"),
    ]
    assert lines[1][2]["dest"] == receiver.url
    assert lines[2][2] == {"query": "q", "subscriptions": "1"}


def test_limits(machine, monkeypatch, receiver):
    from lodeline_server.events.subscriptions import actions

    client = machine()
    place = name(client)
    monkeypatch.setattr(actions, "MOST_QUERIES", 1)
    monkeypatch.setattr(actions, "MOST_SUBSCRIPTIONS", 1)
    assert post(client, QUERIES, {"name": "b", "query": {}}).status_code == 409
    wanted = {"dest": receiver.url, "stream": True}
    assert post(client, place + "/subscriptions", wanted).status_code == 201
    assert post(client, place + "/subscriptions", wanted).status_code == 409


# --- a reader that waits -----------------------------------------------------------------------------------


def ids(answer):
    results = answer.json()["epcisBody"]["queryResults"]
    return [one["eventID"] for one in results["resultsBody"]["eventList"]]


def link(answer):
    return answer["Link"].partition(">")[0].removeprefix("<http://testserver")


def test_what_comes_is_read_by_following_the_link(machine, capture, events):
    client = machine()
    place = name(client, query={"EQ_action": ["ADD"]})
    old, news = events.make("A"), [events.make("B"), events.receive("B"), events.make("C")]
    capture(old)
    first = client.get(f"{place}/events?wait=0")
    assert ids(first) == []  # from now on
    capture(*news)
    second = client.get(link(first))
    assert ids(second) == [news[0]["eventID"], news[2]["eventID"]]
    assert second.json()["epcisBody"]["queryResults"]["queryName"] == "shipped"
    assert ids(client.get(link(second))) == []
    assert ids(client.get(f"{place}/events?wait=0&after=0")) == [
        old["eventID"],
        news[0]["eventID"],
        news[2]["eventID"],
    ]
    part = client.get(f"{place}/events?wait=0&after=0&perPage=2")
    assert ids(part) + ids(client.get(link(part))) == [old["eventID"], news[0]["eventID"], news[2]["eventID"]]


def test_a_named_query_answers_as_the_question_itself_does(machine, capture, events):
    """In its order, in pages, in XML: what /epcis/events does with the same parameters."""
    client = machine()
    query = {"EQ_action": ["ADD"], "orderBy": "eventTime", "orderDirection": "ASC"}
    place = name(client, query=query) + "/events"
    made = [events.make("A", at=3), events.make("B", at=1), events.receive("B"), events.make("C", at=2)]
    capture(*made)
    wanted = [made[number]["eventID"] for number in (1, 3, 0)]
    assert ids(client.get(place)) == wanted
    first = client.get(f"{place}?perPage=2")
    assert ids(first) + ids(client.get(link(first))) == wanted
    assert client.get(place).json()["epcisBody"]["queryResults"]["queryName"] == "shipped"
    xml = client.get(place, headers={"Accept": "application/xml"})
    assert (xml["Content-Type"], xml.content.count(b"<eventID>")) == ("application/xml", 3)
    assert (
        client.get(f"{place}?wait=0&after=0", headers={"Accept": "application/xml"})["Content-Type"]
        == "application/xml"
    )
    over = client.get(f"{name(client, 'few', {'maxEventCount': 2})}/events")
    assert (over.status_code, over.json()["type"]) == (413, "epcisException:QueryTooLargeException")


@pytest.mark.parametrize(
    "asked", ["wait=21", "wait=-1", "wait=x", "after=-1", "after=1e3", "wait=1&wait=2", "stream=true", "EQ_action=ADD",
              "wait=1&hour=2", "after=" + "9" * 30, "perPage=0&wait=0", "wait=%D9%A3"]
)  # fmt: skip
def test_what_no_reader_may_ask(asked, machine):
    client = machine()
    answer = client.get(f"{name(client)}/events?{asked}")
    assert (answer.status_code, answer.json()["type"]) == (400, "epcisException:QueryParameterException")


def test_a_wait_ends_when_something_comes_or_the_time_is_over(machine, capture, events, monkeypatch):
    from lodeline_server.events.subscriptions import waiting as places

    client = machine()
    place = name(client, query={})
    later = events.make("A")
    slept = []

    def sleep(seconds):
        slept.append(seconds)
        if len(slept) == 3:
            capture(later)

    clock = iter(range(1000))
    monkeypatch.setattr(places, "sleep", sleep)
    monkeypatch.setattr(places, "monotonic", lambda: next(clock) / 10)
    answer = client.get(f"{place}/events?wait=20")
    assert ids(answer) == [later["eventID"]]
    assert len(slept) == 3
    slept.clear()
    slept.extend([0] * 10)
    assert ids(client.get(link(answer).replace("wait=20", "wait=1"))) == []
    assert len(slept) < 30


def test_who_finds_no_place_to_wait_is_answered_at_once(machine, monkeypatch):
    from lodeline_server.events.subscriptions import waiting as places

    client = machine()
    place = name(client, query={})
    assert places._places.acquire(blocking=False)
    try:
        answer = client.get(f"{place}/events?wait=20")
    finally:
        places._places.release()
    assert (answer.status_code, ids(answer), answer["Retry-After"]) == (200, [], "5")
    monkeypatch.setattr(places, "_places", None)
    assert client.get(f"{place}/events?wait=20")["Retry-After"] == "5"


def test_a_supplier_reads_its_own_events_only(machine, capture, events, second):
    theirs, mine = events.make("A"), events.make("B")
    capture(theirs)
    capture(mine, by=second)
    client = machine("supplier", second)
    assert ids(client.get(name(client, query={}) + "/events?wait=0&after=0")) == [mine["eventID"]]


def test_a_web_socket_is_not_spoken(machine):
    client = machine()
    place = name(client)
    answer = client.get(
        f"{place}/events?stream=true", headers={"Upgrade": "websocket", "Connection": "Upgrade"}
    )
    assert (answer.status_code, answer.json()["type"]) == (501, "epcisException:ImplementationException")
    assert "wait=20" in answer.json()["detail"]


# --- OPTIONS -----------------------------------------------------------------------------------------------


def test_every_epcis_path_has_options_but_the_token(machine):
    from lodeline_server.config.api import api

    client = machine()
    paths = {
        path: methods.keys()
        for path, methods in api.get_openapi_schema()["paths"].items()
        if path.startswith("/epcis")
    }
    assert "/epcis/queries/{name}/events" in paths
    for path, methods in paths.items():
        if "nextPageToken" in path:
            continue
        assert "options" in methods, path
        if "subscription_id" in path:
            continue  # asks for the subscription
        filled = path.replace("{capture_id}", "0f8fad5b-d9cb-469f-a165-70867728950e")
        answer = client.options(filled.replace("{", "").replace("}", ""))
        assert answer.status_code == 204, path
        assert {one.strip().lower() for one in answer["Allow"].split(",")} == set(methods)
        assert answer["GS1-EPCIS-Version"] == answer["GS1-EPCIS-Min"] == answer["GS1-CBV-Max"] == "2.0.0"
        assert int(answer["GS1-EPCIS-Capture-Limit"]) > 0
        refused = client.options(filled.replace("{", "").replace("}", ""), headers={"GS1-EPCIS-Min": "2.1"})
        assert refused.status_code == 406
    assert Client().options("/epcis/queries").status_code == 401


def test_times_of_a_subscription_go_on(machine, receiver, capture, events, now):
    from lodeline_server.events.subscriptions import delivering

    client = machine()
    own = post(client, name(client, query={}) + "/subscriptions", {"dest": receiver.url, "stream": True})[
        "Location"
    ]
    capture(events.make("A"))
    row = Subscription.objects.get()
    later = now + timedelta(hours=1)
    delivering.deliver(row.pk, lambda: later)
    said = client.get(own).json()
    assert said["lastNotifiedAt"] == said["minRecordTime"] == later.isoformat().replace("+00:00", "Z")
    assert said["deliveredEvents"] == 1
    receiver.answers = [500]
    capture(events.make("B"))
    delivering.deliver(row.pk, lambda: later)
    said = client.get(own).json()
    assert (said["failures"], said["lastError"]) == (1, "it answers 500")
    assert said["lastNotifiedAt"] == later.isoformat().replace("+00:00", "Z")
