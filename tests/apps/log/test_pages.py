"""Explorer, receipts and the API of the log: what they say, to whom, and what they refuse."""

from __future__ import annotations

import base64
import json
import re

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from lodeline import strictjson
from lodeline.keys import unb64url
from lodeline.log import checkpoint as notes
from lodeline.log import receipt
from lodeline.log.merkle import leaf_hash
from lodeline.log.proof import verify_inclusion
from lodeline.sealing import commit
from lodeline_server.log import notebook
from lodeline_server.log.actions import NewStatement, append
from lodeline_server.log.models import Entry, SubjectKey

pytestmark = pytest.mark.django_db

EVENT = {
    "type": "ObjectEvent",
    "action": "ADD",
    "bizStep": "commissioning",
    "eventTime": "2026-03-09T13:40:00+02:00",
    "eventTimeZoneOffset": "+02:00",
    "readPoint": {"id": "https://id.gs1.org/414/9521000000110"},
    "bizLocation": {"id": "https://id.gs1.org/414/9521000000110"},
    "quantityList": [
        {"epcClass": "https://id.gs1.org/01/09521000000011/10/CS-1", "quantity": 4090, "uom": "KGM"}
    ],
    "ilmd": {"lode:product": "<b>cobalt</b> sulphate"},
}


def told(actor, now, *payloads, kind="epcis.event", subject=""):
    statements = [NewStatement(type=kind, payload=payload, data_subject=subject) for payload in payloads]
    with transaction.atomic():
        return append(actor=actor, workspace=actor.workspace, statements=statements, now=now)


def payload(actor, by="platform-on-behalf", **body):
    return {
        "id": "ni:///sha-256;00",
        "issuer": actor.party,
        "captured_by": "north-works",
        "document": "",
        "signature": {"by": by, "kid": "k1" if by == "party" else ""},
        "body": body or {"index": 0, "event": EVENT, "context": []},
    }


@pytest.fixture
def one(actor, now):
    somebody = actor("maker")
    return told(somebody, now, *(payload(somebody) for _ in range(21)))[13].position


def test_a_receipt_says_what_is_known_and_what_is_not(client_as, one):
    page = client_as("auditor").get(f"/app/log/{one}/")
    text = page.content.decode()
    assert page.status_code == 200
    assert page["Cache-Control"] == "private, no-store"
    assert "This statement is in its place in the log, and unchanged since 2026-11-01." in text
    assert "Signed by the platform on behalf of the party. It stays marked so." in text
    assert "Proof of 5 hashes" in text
    assert text.count("Not yet set up") == 1  # witnesses
    assert "4090 KGM https://id.gs1.org/01/09521000000011/10/CS-1" in text
    assert "That the statement is true. It proves what was logged, and when." in text
    assert "&lt;b&gt;cobalt&lt;/b&gt; sulphate" in text
    assert "<b>cobalt" not in text


@pytest.mark.parametrize(
    ("by", "words"),
    [
        ("party", "Signed by the party itself"),
        ("platform", "Computed and signed by the platform"),
        ("somebody", "does not say who signed it"),
        (["party"], "does not say who signed it"),
    ],
)
def test_who_signed_is_said(client_as, actor, now, by, words):
    somebody = actor("maker")
    at = told(somebody, now, payload(somebody, by=by))[0].position
    assert words in client_as("maker").get(f"/app/log/{at}/").content.decode()


@pytest.mark.parametrize(
    "odd",
    [
        {},
        {"body": None},
        {"body": [1], "signature": "x"},
        {"body": {"event": 5}},
        {
            "body": {
                "event": {"epcList": 5, "quantityList": [7, {"epcClass": None}], "ilmd": [], "readPoint": 1}
            }
        },
        {"body": {"event": {"ilmd": {"lode:composition": [{"a": {"b": [1, None, True]}}]}}}},
        {"body": {"content": {"a": {"b": {"c": [1] * 50}}}, "assurance": 3}},
        {"id": 5, "issuer": ["x"], "signature": {"by": 3, "kid": []}},
    ],
)
def test_no_payload_breaks_the_page(client_as, actor, now, odd):
    for kind in ("epcis.event", "later.type"):
        at = told(actor("maker"), now, odd, kind=kind)[0].position
        assert client_as("maker").get(f"/app/log/{at}/").status_code == 200


def test_the_proof_can_be_downloaded_and_holds(client_as, one):
    answer = client_as("maker").get(f"/app/log/{one}/?format=proof")
    assert answer["Content-Disposition"] == f'attachment; filename="{one}.tlog-proof"'
    name, key = notes.parse_vkey(notebook.verifier())
    leaf = leaf_hash(bytes(Entry.objects.get(position=one).leaf))
    assert receipt.read(answer.content.decode()).verify(leaf, {name: key}).size == one + 8


def test_the_api_gives_all_that_a_stranger_needs(api_client, one):
    said = api_client("auditor").get(f"/api/log/statements/{one}").json()
    leaf = json.loads(said["leaf"])
    assert commit(unb64url(said["salt"]), strictjson.canonical(said["payload"])) == unb64url(leaf["commit"])
    point = api_client("auditor").get("/api/log/checkpoint").json()
    name, key = notes.parse_vkey(point["vkey"])
    signed = notes.parse(said["checkpoint"], {name: key})
    path = [base64.b64decode(value) for value in said["inclusion"]]
    verify_inclusion(leaf_hash(said["leaf"].encode()), one, signed.size, path, signed.root)
    assert (said["treeSize"], said["faults"], point["size"]) == (signed.size, [], signed.size)


def test_an_erased_statement_keeps_its_place(client_as, actor, now):
    at = told(actor("maker"), now, {"body": {"name": "Anna"}}, subject="anna")[0].position
    SubjectKey.objects.update(destroyed_at=now)
    text = client_as("maker").get(f"/app/log/{at}/").content.decode()
    assert "The key to this payload was destroyed." in text
    assert "is in its place in the log" in text
    assert "Anna" not in text


@pytest.mark.parametrize(
    ("field", "words"),
    [("leaf", "differs from what stands beside it"), ("type", "differs from what stands beside it")],
)
def test_a_changed_entry_is_not_said_to_stand(client_as, one, field, words):
    entry = Entry.objects.get(position=one)
    new = {"leaf": bytes(entry.leaf).replace(b'"v":1', b'"v":2'), "type": "other"}[field]
    Entry.objects.filter(position=one).update(**{field: new})
    text = client_as("maker").get(f"/app/log/{one}/").content.decode()
    assert "This statement does not stand as it was signed." in text
    assert words in text
    assert "unchanged since" not in text


def test_a_payload_that_was_moved_is_damage(client_as, api_client, one):
    Entry.objects.filter(position=one).update(sealed=bytes(Entry.objects.get(position=0).sealed))
    page = client_as("maker").get(f"/app/log/{one}/")
    assert page.status_code == 500
    assert "This entry is damaged" in page.content.decode()
    answer = api_client("maker").get(f"/api/log/statements/{one}")
    assert (answer.status_code, answer.json()["title"]) == (500, "This entry is damaged")


@pytest.mark.parametrize("position", ["21", "999999999999999999999999", str(2**63)])
def test_what_is_not_there_is_not_found(client_as, api_client, one, position):
    assert client_as("maker").get(f"/app/log/{position}/").status_code == 404
    assert api_client("maker").get(f"/api/log/statements/{position}").status_code == 404


def test_another_workspace_is_not_there(client_as, api_client, one, other_organisation):
    assert client_as("auditor", of=other_organisation).get(f"/app/log/{one}/").status_code == 404
    assert api_client("auditor", of=other_organisation).get(f"/api/log/statements/{one}").status_code == 404
    listed = client_as("auditor", of=other_organisation).get("/app/log/?format=csv")
    assert len(b"".join(listed.streaming_content).splitlines()) == 1  # the head


def test_a_supplier_finds_its_own_and_opens_what_is_about_it(client_as, actor, now, organisation):
    from lodeline.access import platform
    from lodeline_server.parties.models import Organisation

    stranger = Organisation.objects.create(
        workspace=organisation.workspace, slug="mine", name="Mine", party="https://id.gs1.org/417/9521000009991",
        country="FI", created_at=now,
    )  # fmt: skip
    supplier = actor("supplier")
    own = told(supplier, now, payload(supplier))[0].position
    computed = platform(organisation.workspace_id)
    about = told(computed, now, {"issuer": "urn:x", "body": {"subject": supplier.party}})[0].position
    other = told(computed, now, {"issuer": stranger.party, "body": {"subject": "https://id.gs1.org/x"}})[
        0
    ].position
    client = client_as("supplier")
    assert [client.get(f"/app/log/{at}/").status_code for at in (own, about, other)] == [200, 200, 404]
    rows = b"".join(client.get("/app/log/?format=csv").streaming_content).decode().splitlines()
    assert [row.split(",")[0] for row in rows] == ["Position", str(own)]
    assert [client_as("auditor").get(f"/app/log/{at}/").status_code for at in (own, about, other)] == [
        200
    ] * 3


def test_the_explorer_filters_and_sorts(client_as, actor, now, one):
    told(actor("maker"), now, {"body": {}}, kind="drill")
    client = client_as("maker")
    assert "22 statements stand in the log" in client.get("/app/log/").content.decode()

    def rows(query):
        answer = b"".join(client.get(f"/app/log/?format=csv&{query}").streaming_content).decode()
        return [line.split(",")[0] for line in answer.splitlines()[1:]]

    assert rows("type=drill") == ["21"]
    assert rows("after=20") == ["21", "20"]
    assert rows("after=20&sort=position") == ["20", "21"]


@pytest.mark.parametrize(
    "query",
    ["type=no-such", "after=x", "after=99999999999999999999999", "sort=leaf", "sort=--", "page=0", "page=zz"],
)
def test_odd_queries_are_answered(client_as, one, query):
    assert client_as("maker").get(f"/app/log/?{query}").status_code == 200


def test_an_empty_log_teaches(client_as, client, api_client):
    text = client_as("maker").get("/app/log/").content.decode()
    assert "Nothing stands in the log yet." in text
    assert client.get("/log/checkpoint").status_code == 404
    assert api_client("maker").get("/api/log/checkpoint").json()["checkpoint"] is None


def test_the_checkpoint_is_public_and_the_same_for_all(client, client_as, one):
    notebook.publish_newest()
    answer = client.get("/log/checkpoint")
    assert answer.content.decode() == notebook.newest().note
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert "Set-Cookie" not in answer
    assert "Cookie" not in answer.get("Vary", "")
    assert client_as("maker").get("/log/checkpoint").content == answer.content
    again = client.get("/log/checkpoint", headers={"if-none-match": answer["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert client.post("/log/checkpoint").status_code == 405


@pytest.mark.parametrize(("address", "exactly"), [("/app/log/", 4), ("/app/log/13/", 4)])
def test_pages_ask_the_log_few_times(client_as, one, address, exactly):
    client = client_as("maker")
    with CaptureQueriesContext(connection) as asked:
        assert client.get(address).status_code == 200
    ours = re.compile(r'FROM "log_(entry|tile|tenantkey|checkpoint)"')
    assert len([query for query in asked if ours.search(query["sql"])]) == exactly
