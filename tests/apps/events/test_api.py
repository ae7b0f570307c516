"""Capture over HTTP, as EPCIS 2.0 says, and its refusals."""

from __future__ import annotations

import gzip
import json

import pytest

from lodeline.events.check import check
from lodeline.keys import SigningKey, sign_detached
from lodeline_server.events.models import CaptureJob
from lodeline_server.kit import clock
from lodeline_server.log import queries as log

pytestmark = pytest.mark.django_db
KEY = SigningKey.from_seed(bytes(range(32)))
OTHER = SigningKey.from_seed(bytes(range(1, 33)))


@pytest.fixture
def client(api_client):
    return api_client("maker")


def post(client, data, path="/epcis/capture", content_type="application/json", **headers):
    return client.post(path, data, content_type=content_type, headers=headers)


def process(now):
    from lodeline_server.events.processing import process_pending

    return process_pending(now)


def problem(answer):
    assert answer["Content-Type"] == "application/problem+json"
    body = json.loads(answer.content)
    return (
        answer.status_code,
        body["type"],
        [(one["rule"], one["pointer"]) for one in body.get("findings", ())],
    )


def test_a_good_document(client, events, now):
    answer = post(client, events.document(events.make("A")))
    assert answer.status_code == 202
    job = answer.json()
    assert answer["Location"] == f"http://testserver/epcis/capture/{job['captureID']}"
    assert (job["running"], job["success"], job["captureErrorBehaviour"], job["errors"]) == (
        True,
        False,
        "rollback",
        [],
    )
    assert answer["GS1-EPCIS-Version"] == "2.0.0"
    assert answer["GS1-EPCIS-Capture-Limit"] == "10000"
    assert answer["GS1-EPCIS-Capture-File-Size-Limit"] == str(32 * 1024 * 1024)
    assert answer["Cache-Control"] == "private, no-store"
    assert answer["Retry-After"] == client.get(answer["Location"])["Retry-After"] == "1"
    process(now)
    answer = client.get(answer["Location"])
    assert "Retry-After" not in answer
    job = answer.json()
    assert (job["running"], job["success"], job["accepted"], job["state"]) == (False, True, 1, "taken")
    assert job["signature"] == "platform-on-behalf"


def test_head_is_get_without_a_body(client, events, now):
    place = post(client, events.document(events.make("A")))["Location"]
    process(now)
    for path in (place, "/epcis/events", "/epcis/no/such", "/api/log/entries", f"{place}0"):
        whole, head = client.get(path), client.head(path)
        assert (head.status_code, head.content) == (whole.status_code, b""), path
        assert head["Content-Type"] == whole["Content-Type"], path
        assert int(head["Content-Length"]) == len(whole.content), path
    assert client.head("/api/statements").status_code == 405  # nothing to GET there


def test_what_the_log_holds(client, events, organisation, now):
    data = events.document(events.make("A"))
    post(client, data)
    process(now)
    document, event = log.read()
    assert (document.type, event.type) == ("epcis.document", "epcis.event")
    assert document.payload["body"]["jws"] is None
    import base64

    assert gzip.decompress(base64.b64decode(document.payload["body"]["raw"])) == data
    assert {key: event.payload[key] for key in ("issuer", "captured_by", "document", "signature")} == {
        "issuer": organisation.party,
        "captured_by": organisation.slug,
        "document": document.payload["body"]["sha256"],
        "signature": {"by": "platform-on-behalf", "kid": ""},
    }
    raw = json.loads(data)["epcisBody"]["eventList"][0]
    assert event.payload["id"] == raw["eventID"]
    assert event.payload["body"] == {"index": 0, "event": raw, "context": json.loads(data)["@context"]}


def test_the_raw_bytes_stay_only_in_the_log(client, events, now):
    post(client, events.document(events.make("A")))
    assert bytes(CaptureJob.objects.get().raw)
    process(now)
    assert CaptureJob.objects.get().raw is None


REFUSED = {
    "empty": (b"", {"Content-Type": "application/json"}, 400, "json.empty"),
    "not json": (b"EPCIS", {}, 400, "json.syntax"),
    "xml without events": (b"<EPCISDocument/>", {"content_type": "application/xml"}, 400, "schema.required"),
    "xml with a document type": (
        b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>",
        {"content_type": "text/xml"},
        400,
        "xml.doctype",
    ),
    "findings": (b'{"type":"EPCISDocument"}', {}, 400, "schema.required"),
    "other kind": (b'{"type":"StatementDocument"}', {}, 400, "schema.required"),
    "form": (b"a=b", {"content_type": "application/x-www-form-urlencoded"}, 415, None),
    "no type": (b"{}", {"content_type": ""}, 415, None),
    "brotli": (b"{}", {"Content-Encoding": "br"}, 415, None),
    "behaviour": (b"{}", {"GS1-Capture-Error-Behaviour": "explode"}, 400, None),
    "version": (b"{}", {"GS1-EPCIS-Version": "1.2"}, 406, None),
    "lenient": (b"{}", {"Lodeline-Lenient": "perhaps"}, 400, None),
    "version range": (b"{}", {"GS1-CBV-Version-Min": "2.1"}, 406, None),
    "no version": (b"{}", {"GS1-EPCIS-Version-Max": "new"}, 400, None),
    "not gzip": (b"{}", {"Content-Encoding": "gzip"}, 400, None),
    "half gzip": (gzip.compress(b"{}" * 99)[:-9], {"Content-Encoding": "gzip"}, 400, None),
    "signature": (b"{}", {"Lodeline-Signature": "a..b"}, 400, "signature.refused"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refusals(case, client):
    data, how, status, rule = REFUSED[case]
    how = dict(how)
    answer = post(client, data, content_type=how.pop("content_type", "application/json"), **how)
    got, kind, findings = problem(answer)
    assert got == status
    assert kind.startswith("epcisException:") or kind == "about:blank"
    assert rule is None or rule in {one for one, _ in findings}
    assert (CaptureJob.objects.count(), log.size()) == (0, 0)


def test_too_large(client, settings, events):
    settings.MAX_UPLOAD = 2_000
    large = events.document(*(events.make("A") for _ in range(9)))
    assert problem(post(client, large))[:2] == (413, "epcisException:CaptureLimitExceededException")
    bomb = gzip.compress(b" " * 10_000_000)
    assert len(bomb) > 2_000
    settings.MAX_UPLOAD = 20_000
    assert problem(post(client, bomb, **{"Content-Encoding": "gzip"}))[0] == 413
    assert not CaptureJob.objects.exists()


def test_gzip(client, events, now):
    data = events.document(events.make("A"))
    packed = gzip.compress(data[:100]) + gzip.compress(data[100:])  # two members are one stream
    answer = post(client, packed, **{"Content-Encoding": "gzip"})
    assert answer.status_code == 202
    assert answer.json()["size"] == len(data)


def test_a_known_id_with_another_body(client, events, now):
    event = events.make("A")
    post(client, events.document(event))
    process(now)
    size = log.size()
    answer = post(client, events.document({**event, "disposition": "damaged"}))
    assert problem(answer) == (
        409,
        "epcisException:ResourceAlreadyExistsException",
        [("event.conflict", "/epcisBody/eventList/0")],
    )
    assert log.size() == size


def test_proceed_is_partial_success(client, events, now):
    event = events.make("A")
    post(client, events.document(event))
    process(now)
    answer = post(
        client,
        events.document({**event, "lode:x": 1}, events.make("B")),
        **{"GS1-Capture-Error-Behaviour": "proceed"},
    )
    process(now)
    job = client.get(answer["Location"]).json()
    assert (job["running"], job["success"], job["accepted"], job["rejected"]) == (False, False, 1, 1)
    assert [error["detail"] for error in job["errors"]] == ["event.conflict at /epcisBody/eventList/0"]


def test_signed_by_the_party(client, events, organisation, now, actor):
    from lodeline_server.events.actions import register_key

    data = events.document(events.make("A"))
    jws = sign_detached(KEY, data, "works-1")
    assert problem(post(client, data, **{"Lodeline-Signature": jws}))[0] == 400
    register_key(
        actor=actor("maker"), organisation=organisation, kid="works-1", public_key=KEY.verify_key.raw, now=now
    )
    assert problem(post(client, data + b" ", **{"Lodeline-Signature": jws}))[2] == [("signature.refused", "")]
    answer = post(client, data, **{"Lodeline-Signature": jws})
    assert answer.json()["signature"] == "party:works-1"
    process(now)
    document, event = log.read()
    assert document.payload["body"]["jws"] == jws
    assert event.payload["signature"] == {"by": "party", "kid": "works-1"}


def test_who_may(api_client, events, client_as):
    data = events.document(events.make("A"))
    from django.test import Client

    assert problem(post(Client(), data))[0] == 401
    assert problem(post(api_client("regulator"), data))[:2] == (403, "epcisException:SecurityException")
    answer = client_as("maker").post("/epcis/capture", data, content_type="application/json")
    assert answer.status_code == 202  # a signed-in person may, too


def test_a_supplier_sees_its_own_jobs_and_another_workspace_none(
    client, api_client, events, second, other_organisation, now
):
    event = events.make("A")
    own = post(client, events.document(event))["Location"]
    process(now)
    supplier, stranger = api_client("supplier", of=second), api_client("maker", of=other_organisation)
    for reader in (supplier, stranger):
        assert problem(reader.get(own))[0] == 404
        assert reader.get("/epcis/capture").json() == []
        assert reader.get("/api/captures").json() == {"total": 0, "items": []}
        assert problem(reader.get(f"/epcis/events/{event['eventID']}"))[0] == 404
    assert api_client("buyer", of=second).get(own).status_code == 200


def test_pages_of_jobs(client, events, now):
    ids = [post(client, events.document(events.make(str(n)))).json()["captureID"] for n in range(5)]
    first = client.get("/epcis/capture?perPage=2")
    assert [job["captureID"] for job in first.json()] == [ids[4], ids[3]]
    link = first["Link"]
    assert link.endswith('; rel="next"')
    second = client.get(link[1 : link.index(">")])
    assert [job["captureID"] for job in second.json()] == [ids[2], ids[1]]
    third = client.get(second["Link"][1 : second["Link"].index(">")])
    assert [job["captureID"] for job in third.json()] == [ids[0]]
    assert "Link" not in third
    process(now)
    listed = client.get("/api/captures?state=taken&limit=1&offset=1").json()
    assert (listed["total"], [job["captureID"] for job in listed["items"]]) == (5, [ids[3]])
    assert client.get("/api/captures?state=refused").json()["total"] == 0
    assert problem(client.get("/api/captures?state=odd"))[0] == 422


def test_options_announce_versions_and_limits(client):
    answer = client.options("/epcis/capture")
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer["GS1-CBV-Version-Max"] == "2.0.0"
    assert answer["Allow"] == "GET, POST, OPTIONS"


@pytest.mark.parametrize(
    "event_id",
    [
        "urn:uuid:00000000-0000-4000-8000-00000000000A",
        "ni:///sha-256;00ff?ver=CBV2.0",
        "https://x.example/e/1",
    ],
)
def test_an_event_comes_back_as_a_document_that_can_be_captured_again(client, events, event_id, now):
    from urllib.parse import quote

    event = events.make("A", eventID=event_id, **{"example:note": "x"})
    context = [
        "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",
        {"example": "http://ns.example.com/"},
    ]
    post(client, events.document(event, context=context))
    process(now)
    answer = client.get(f"/epcis/events/{quote(event_id, safe='')}")
    assert answer.status_code == 200
    found = answer.json()
    assert check(answer.content, now=clock.now()).findings == ()
    (again,) = found["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
    assert {key: again[key] for key in event} == event
    assert again["recordTime"] == now.isoformat()
    size = log.size()
    job = post(client, answer.content)
    process(now)
    assert client.get(job["Location"]).json()["duplicates"] == 1
    assert log.size() == size


def test_an_event_with_its_declaration(client, events, now):
    event = events.make("A")
    post(client, events.document(event, events.declare(event)))
    process(now)
    found = client.get(f"/epcis/events/{event['eventID']}").json()
    listed = found["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
    assert ["errorDeclaration" in one for one in listed] == [False, True]
    assert problem(client.get("/epcis/events/urn:x:none"))[0] == 404
    assert problem(client.get("/epcis/events/urn:x:%0d%0a"))[0] == 404


def statement(**changes):
    return {
        "id": "urn:x:s1",
        "kind": "party.profile",
        "subject": "https://id.gs1.org/417/9521000000004",
        "issuer": "https://id.gs1.org/417/9521000000004",
        "issued": "2026-10-01",
        "content": {"name": "Works", "country": "SE", "roles": ["mine"], "materials": []},
        **changes,
    }


def statements(*listed):
    return json.dumps(
        {
            "type": "StatementDocument",
            "schemaVersion": "1",
            "creationDate": "2026-10-01T00:00:00Z",
            "statements": list(listed),
        }
    ).encode()


def test_statements(client, organisation, now, actor):
    from lodeline_server.events.actions import register_key

    register_key(
        actor=actor("maker"), organisation=organisation, kid="k", public_key=KEY.verify_key.raw, now=now
    )
    data = statements(statement(), statement(id="urn:x:s2", issuer="urn:x:somebody"))
    jws = sign_detached(KEY, data, "k")
    answer = post(client, data, "/api/statements", **{"Lodeline-Signature": jws})
    assert answer.status_code == 202
    process(now)
    job = client.get(answer["Location"]).json()
    assert (job["state"], job["accepted"]) == ("taken", 2)
    assert [(one["rule"], one["pointer"]) for one in job["findings"]] == [
        ("statement.other-issuer", "/statements/1/issuer")
    ]
    document, own, copy = log.read()
    assert (document.type, own.type) == ("statement.document", "party.profile")
    assert (own.payload["id"], own.payload["body"]) == ("urn:x:s1", statement())
    assert own.payload["signature"] == {"by": "party", "kid": "k"}
    # The key vouches for its party, not for copies of what others said.
    assert (copy.payload["issuer"], copy.payload["signature"]["by"]) == (
        "urn:x:somebody",
        "platform-on-behalf",
    )


def test_each_kind_of_document_has_its_address(client, events):
    assert problem(post(client, statements(statement())))[2] == [("document.type", "/type")]
    assert problem(post(client, events.document(events.make("A")), "/api/statements"))[2] == [
        ("document.type", "/type")
    ]


def test_a_crash_leaves_the_document_for_the_next_start(client, events, now, monkeypatch):
    from lodeline_server.events import filing, processing

    post(client, events.document(events.make("A")))
    honest = filing.append

    def crash(**_kwargs):
        raise RuntimeError("the machine stops")

    monkeypatch.setattr(filing, "append", crash)
    assert processing.process_pending(now) == []
    job = CaptureJob.objects.get()
    assert (job.state, job.attempts, log.size()) == ("waiting", 1, 0)
    monkeypatch.setattr(filing, "append", honest)
    (job,) = processing.process_pending(now)
    assert (job.state, job.accepted, log.size()) == ("taken", 1, 2)


def test_a_document_that_always_fails_is_given_up_and_listed(client, events, now, monkeypatch):
    from lodeline_server.events import filing, processing

    post(client, events.document(events.make("A")))

    def crash(**_kwargs):
        raise RuntimeError("the machine stops")

    monkeypatch.setattr(filing, "append", crash)
    for _ in range(6):
        processing.process_pending(now)
    job = CaptureJob.objects.get()
    assert (job.state, job.attempts, [one["rule"] for one in job.findings]) == (
        "failed",
        5,
        ["capture.failed"],
    )


def test_processing_twice_does_nothing_the_second_time(capture, events, now):
    from lodeline_server.events import processing

    job = capture(events.make("A"))
    size = log.size()
    again = processing.process(job, now)
    assert (again.state, log.size(), again.attempts) == ("taken", size, 1)


def test_register_key(organisation, second, actor, acting, now):
    from lodeline.access import Denied, platform
    from lodeline_server.events.actions import register_key
    from lodeline_server.kit.problems import Problem

    def register(by, organisation=organisation, kid="k", public_key=KEY.verify_key.raw):
        return register_key(actor=by, organisation=organisation, kid=kid, public_key=public_key, now=now)

    assert register(actor("maker")).pk == register(platform(organisation.workspace_id)).pk
    with pytest.raises(Denied):
        register(actor("buyer"))
    for wrong, status in (
        ({"public_key": b"short"}, 422),
        ({"kid": "a\nb"}, 422),
        ({"public_key": bytes(32)}, 422),  # a point of small order
        ({"public_key": OTHER.verify_key.raw}, 409),
        ({"organisation": second}, 404),
    ):
        with pytest.raises(Problem) as found:
            register(actor("maker"), **wrong)
        assert found.value.status == status


def test_signing_keys_over_http(client, api_client, second, now):
    from lodeline.keys import b64url

    key = b64url(KEY.verify_key.raw)
    answer = client.post(
        "/api/signing-keys", {"kid": "k1", "public_key": key}, content_type="application/json"
    )
    assert (answer.status_code, answer.json()["kid"]) == (201, "k1")
    assert [one["public_key"] for one in client.get("/api/signing-keys").json()] == [key]
    assert api_client("maker", of=second).get("/api/signing-keys").json() == []
    for wrong in (
        {"kid": "a b", "public_key": key},
        {"kid": "k2", "public_key": "x"},
        {"kid": "k3", "public_key": "A" * 42 + "B"},
    ):
        assert client.post("/api/signing-keys", wrong, content_type="application/json").status_code == 422
    other = {"kid": "k1", "public_key": b64url(OTHER.verify_key.raw)}
    assert client.post("/api/signing-keys", other, content_type="application/json").status_code == 409
    assert problem(api_client("buyer").get("/api/signing-keys"))[0] == 403
    assert problem(api_client("maker", of=second).delete("/api/signing-keys?kid=k1"))[0] == 404
    ended = client.delete("/api/signing-keys?kid=k1").json()["valid_until"]
    assert ended is not None
    assert client.delete("/api/signing-keys?kid=k1").json()["valid_until"] == ended
    assert problem(client.delete("/api/signing-keys?kid=%00"))[0] == 422


def test_an_ended_key_signs_nothing_new(client, organisation, events, actor, now):
    from lodeline_server.events.actions import end_key, register_key

    register_key(
        actor=actor("maker"), organisation=organisation, kid="k", public_key=KEY.verify_key.raw, now=now
    )
    data = events.document(events.make("A"))
    jws = sign_detached(KEY, data, "k")
    end_key(actor=actor("maker"), kid="k", now=now)
    assert problem(post(client, data, **{"Lodeline-Signature": jws}))[2] == [("signature.refused", "")]


def test_a_busy_database_is_no_fault(client, events, monkeypatch):
    from django.db import OperationalError

    def busy(**_values):
        raise OperationalError("database is locked")

    monkeypatch.setattr(CaptureJob.objects, "create", busy)
    answer = post(client, events.document(events.make("A")))
    assert problem(answer) == (503, "epcisException:ImplementationException", [])


def test_odd_file_names_are_kept_as_text(capture, events):
    assert capture(events.make("A"), name="a\0b\u202e\ud800.json\n").name == "ab?.json"
