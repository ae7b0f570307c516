"""Reading the audit trail: who may, whose lines, filters, export; and that reading is a line, too."""

from __future__ import annotations

import base64
import csv
import io
import json
from datetime import timedelta

import pytest
from tests.apps.log.trail import clear, said

from lodeline import strictjson
from lodeline.access import PERMISSIONS, Actor, Denied, Permission, Role, platform
from lodeline.keys import unb64url
from lodeline.log import checkpoint as notes
from lodeline.log.merkle import leaf_hash
from lodeline.log.proof import verify_inclusion
from lodeline.sealing import Unreadable, commit
from lodeline_server.kit import audit
from lodeline_server.kit.audit import Kind, Outcome
from lodeline_server.log.auditing import pseudonyms, queries
from lodeline_server.log.auditing.sequencer import sequence
from lodeline_server.log.models import AuditEntry
from lodeline_server.parties import actions

pytestmark = pytest.mark.django_db


def tell(actor, now, action="looked", kind=Kind.READ, count=1, **more):
    for _ in range(count):
        audit.record(kind, action, actor=actor, now=now, **more)
    sequence(now)


@pytest.fixture
def sister(organisation, now):
    return actions.create_organisation(
        actor=platform(organisation.workspace_id),
        workspace=organisation.workspace,
        slug="sister",
        name="Sister",
        party="https://id.gs1.org/417/9529990000009",
        now=now,
    )


def shown(client, **query):
    return client.get("/app/audit/", query).content.decode()


def listed(client, **query):
    answer = client.get("/api/audit", query)
    assert answer.status_code == 200, answer.content
    return [line["action"] for line in answer.json()["lines"]]


def test_operators_and_auditors_may(client_as, api_client):
    assert {role for role in Role if Permission.AUDIT_VIEW in PERMISSIONS[role]} == {
        Role.OPERATOR,
        Role.AUDITOR,
    }
    assert client_as("auditor").get("/app/audit/").status_code == 200
    assert client_as("maker").get("/app/audit/").status_code == 403
    assert api_client("regulator").get("/api/audit").status_code == 403


def test_an_operator_sees_the_workspace_others_their_organisation(
    client_as, api_client, actor, organisation, sister, now
):
    tell(actor("buyer"), now, "ours")
    tell(
        Actor(kind="person", id="user:9", workspace=organisation.workspace_id, organisation=sister.pk),
        now,
        "theirs",
    )
    tell(None, now, "nobodys")
    clear()
    assert listed(api_client("operator"), type="audit.read") == ["theirs", "ours"]
    assert listed(api_client("auditor"), type="audit.read") == ["ours"]
    assert listed(api_client("auditor", of=sister), type="audit.read") == ["theirs"]
    page = shown(client_as("auditor"))
    assert ("ours" in page, "theirs" in page, "nobodys" in page) == (True, False, False)
    every = [line.action for line in queries.page(platform(), queries.Wanted(kind="audit.read")).lines]
    assert every == ["nobodys", "theirs", "ours"]


def test_another_workspace_sees_nothing_of_it(client_as, api_client, actor, other_organisation, now):
    tell(actor("buyer"), now, "north-action", objects={"lot": "north-lot"})
    position = AuditEntry.objects.get(type="audit.read").position
    for role in ("operator", "auditor"):
        client, machine = client_as(role, of=other_organisation), api_client(role, of=other_organisation)
        assert "north-action" not in shown(client)
        rows = b"".join(client.get("/app/audit/", {"format": "csv"}).streaming_content).decode()
        assert "north" not in rows
        assert "north-action" not in listed(machine)
        assert machine.get(f"/api/audit/{position}").status_code == 404
        name = pseudonyms.of(actor("buyer"), actor("buyer").workspace)
        assert listed(machine, actor=name) == []
        assert listed(machine, actor="buyer@north.example") == []


def test_reading_the_trail_is_a_line_of_it(client_as, api_client, now):
    machine = api_client("auditor")
    clear()
    client_as("auditor").get("/app/audit/")
    client_as("auditor").get("/app/audit/", {"format": "csv"})
    assert said() == [("audit.read", "audit", "ok"), ("audit.export", "audit", "ok")]
    clear()
    machine.get("/api/audit")
    sequence(now)
    machine.get("/api/audit/0")
    assert [action for _, action, _ in said()] == [
        "lodeline_server_log_auditing_api_trail",
        "lodeline_server_log_auditing_api_line",
    ]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, ["d", "c", "b", "a"]),
        ({"type": "audit.change"}, ["b"]),
        ({"outcome": "denied"}, ["c"]),
        ({"action": "A"}, ["a"]),
        ({"since": "2026-11-01T12:00:01Z"}, ["d", "c", "b"]),
        ({"until": "2026-11-01T12:00:01Z"}, ["b", "a"]),
        ({"since": "2026-11-01T12:00:01Z", "until": "2026-11-01T12:00:01Z"}, ["b"]),
        ({"actor": "nobody"}, []),
    ],
)
def test_filters(api_client, actor, now, query, found):
    machine = api_client("auditor")
    clear()
    buyer = actor("buyer")
    clear()
    tell(buyer, now, "a")
    tell(buyer, now + timedelta(seconds=1), "b", Kind.CHANGE)
    tell(buyer, now + timedelta(seconds=2), "c", Kind.DENIED, outcome=Outcome.DENIED)
    tell(buyer, now + timedelta(seconds=3), "d")
    assert listed(machine, **query) == found


def test_people_are_found_by_name_and_address_where_members_are_managed(client_as, api_client, actor, now):
    buyer, quality = actor("buyer"), actor("quality")
    operator, auditor = api_client("operator"), api_client("auditor")
    clear()
    tell(buyer, now, "of-buyer")
    tell(quality, now, "of-quality")
    word = pseudonyms.of(buyer, buyer.workspace)
    for asked in ("buyer@north.example", "buyer per", word, f"user:{buyer.id.partition(':')[2]}"):
        assert listed(operator, actor=asked) == ["of-buyer"], asked
    assert listed(auditor, actor=word) == ["of-buyer"]
    assert listed(auditor, actor="buyer@north.example") == []
    assert "buyer person" in shown(client_as("operator"), action="of-buyer")
    assert "buyer person" not in shown(client_as("auditor"), action="of-buyer")


@pytest.mark.parametrize(
    "query",
    [
        {"type": "nothing"},
        {"outcome": "x"},
        {"since": "yesterday"},
        {"since": "2026-11-01T12:00:00"},
        {"before": "-1"},
        {"before": str(2**63)},
        {"limit": "0"},
        {"limit": "501"},
        {"actor": "x" * 300},
    ],
)
def test_a_query_that_does_not_fit_is_refused(api_client, query):
    answer = api_client("auditor").get("/api/audit", query)
    assert (answer.status_code, answer["Content-Type"]) == (422, "application/problem+json")


@pytest.mark.parametrize("query", [{"since": "x"}, {"kind": "x"}, {"before": "9" * 40}, {"before": "-1"}])
def test_a_filter_that_does_not_fit_narrows_nothing(client_as, actor, now, query):
    tell(actor("buyer"), now, "looked-at")
    assert "looked-at" in shown(client_as("auditor"), **query)


def test_pages_go_back_in_time(client_as, api_client, actor, now):
    machine = api_client("auditor")
    clear()
    for number in range(120):
        audit.record(Kind.READ, f"n{number}", actor=actor("buyer"), now=now)
    sequence(now)
    first = machine.get("/api/audit", {"limit": 50}).json()
    second = machine.get("/api/audit", {"limit": 50, "before": first["older"]}).json()
    third = machine.get("/api/audit", {"limit": 50, "before": second["older"]}).json()
    seen = [line["action"] for page in (first, second, third) for line in page["lines"]]
    assert seen == [f"n{number}" for number in reversed(range(120))]
    assert (third["older"], len(third["lines"])) == (None, 20)
    page = shown(client_as("auditor"))
    assert f"before={first['older']}" in page
    assert ("n70<" in page, "n69<" in page) == (True, False)
    assert "n69<" in shown(client_as("auditor"), before=first["older"])


def test_a_search_stops_and_says_where(client_as, api_client, actor, now, monkeypatch):
    monkeypatch.setattr(queries, "LOOKED_AT", 10)
    machine = api_client("auditor")
    clear()
    tell(actor("buyer"), now, "rare")
    tell(actor("buyer"), now, "common", count=25)
    first = machine.get("/api/audit", {"action": "rare"}).json()
    assert first["lines"] == []
    second = machine.get("/api/audit", {"action": "rare", "before": first["older"]}).json()
    third = machine.get("/api/audit", {"action": "rare", "before": second["older"]}).json()
    assert ([line["action"] for line in third["lines"]], third["older"]) == (["rare"], None)
    assert "10 lines were opened." in shown(client_as("auditor"), action="rare")


def test_the_export_is_safe_to_open_and_holds_all_that_fits(client_as, actor, now):
    client = client_as("auditor")
    clear()
    tell(actor("buyer"), now, "=1+1", objects={"lot": "@SUM(A1)\r\nx"}, count=60)
    rows = b"".join(client.get("/app/audit/", {"format": "csv", "action": "1+1"}).streaming_content).decode()
    found = list(csv.DictReader(io.StringIO(rows)))
    assert len(found) == 60
    assert {row["action"] for row in found} == {"'=1+1"}
    assert found[0]["objects"] == "lot=@SUM(A1)\\r\\nx"


def test_the_api_gives_the_proof_of_a_line(api_client, actor, now):
    machine = api_client("auditor")
    clear()
    tell(actor("buyer"), now, "a", count=9)
    told = machine.get("/api/audit/4").json()
    leaf = json.loads(told["leaf"])
    assert commit(unb64url(told["salt"]), strictjson.canonical(told["payload"])) == unb64url(leaf["commit"])
    name, key = notes.parse_vkey(machine.get("/api/audit").json()["vkey"])
    signed = notes.parse(told["checkpoint"], {name: key})
    path = [base64.b64decode(value) for value in told["inclusion"]]
    verify_inclusion(leaf_hash(told["leaf"].encode()), 4, signed.size, path, signed.root)
    assert (signed.size, signed.origin) == (9, "127.0.0.1:8000/log/audit")


@pytest.mark.parametrize("position", ["9", "99999999999999999999", str(2**63)])
def test_a_line_that_is_not_there_is_not_found(api_client, actor, now, position):
    tell(actor("buyer"), now, "a", count=9)
    assert api_client("auditor").get(f"/api/audit/{position}").status_code == 404


def test_a_line_that_was_moved_is_damage(actor, now):
    tell(actor("buyer"), now, "a", count=2)
    AuditEntry.objects.filter(position=1).update(sealed=b"x" * 80)
    with pytest.raises(Unreadable):
        queries.page(platform(), queries.Wanted())


def test_without_the_permission_nothing_is_read(actor):
    with pytest.raises(Denied):
        queries.page(actor("maker"), queries.Wanted())


def test_text_in_a_line_is_escaped_on_the_page(client_as, actor, now):
    tell(actor("buyer"), now, "<script>1</script>", objects={"<i>": "<b>"})
    page = shown(client_as("auditor"))
    assert "&lt;script&gt;1&lt;/script&gt;" in page
    assert "<script>1" not in page
    assert "<b>&lt;b&gt;" not in page


@pytest.mark.parametrize("word", ["0043-06-10T09:01:35+18:26", "2026-11-01T00:00:00-23:59"])
def test_an_instant_of_any_offset_is_taken(api_client, word):
    answer = api_client("operator").get("/api/audit", {"since": word})
    assert answer.status_code == 200


def test_an_instant_outside_of_the_calendar_is_refused(api_client):
    assert api_client("operator").get("/api/audit", {"since": "0001-01-01T00:00:00+18:00"}).status_code == 422


def test_a_name_with_nul_is_nobodys(api_client):
    answer = api_client("operator").get("/api/audit", {"actor": "a\0b"})
    assert (answer.status_code, answer.json()["lines"]) == (200, [])
