"""The audit trail: what leaves a line, what the line says, that no name and no secret is in it."""

from __future__ import annotations

import io
import json
import logging
import re

import pytest
import structlog
from django.db import connection, transaction
from django.test import Client
from tests.apps.log.trail import clear, said, waiting

from lodeline.access import Actor, Role, platform
from lodeline_server.kit import audit
from lodeline_server.kit.audit import Kind, Outcome, visible
from lodeline_server.kit.logging import formatter
from lodeline_server.log.auditing import pseudonyms
from lodeline_server.log.auditing.outbox import MOST, OUTBOX
from lodeline_server.log.auditing.sequencer import sequence
from lodeline_server.log.books import AUDIT
from lodeline_server.log.models import AuditEntry, AuditOutbox
from lodeline_server.log.queries import read
from lodeline_server.parties import actions
from lodeline_server.parties.models import ApiKey, User

pytestmark = pytest.mark.django_db


def test_a_read_says_who_what_when_and_how_it_ended(client_as, workspace, organisation):
    answer = client_as("auditor").get("/app/log/")
    ((kind, space, line),) = waiting()
    assert (kind, space) == ("audit.read", workspace.pk)
    moment = line.pop("time")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", moment)
    user = User.objects.get(email="auditor@north.example")
    assert line == {
        "action": "log",
        "actor": pseudonyms.of_id(f"user:{user.pk}", workspace.pk),
        "objects": {},
        "outcome": "ok",
        "permission": "log.view",
        "request": answer["X-Request-Id"],
        "role": "auditor",
    }
    assert AuditOutbox.objects.get().organisation == organisation.pk
    assert re.fullmatch(r"person:[\w-]{22}", line["actor"])


def test_the_same_person_has_another_pseudonym_in_each_workspace(workspace, other_workspace):
    assert pseudonyms.of_id("user:1", workspace.pk) != pseudonyms.of_id("user:1", other_workspace.pk)
    assert pseudonyms.of_id("user:1", workspace.pk) == pseudonyms.of_id("user:1", workspace.pk)
    assert pseudonyms.of_id("user:1", workspace.pk) != pseudonyms.of_id("key:1", workspace.pk)
    assert pseudonyms.of(None, 1) == "nobody"
    assert pseudonyms.of(platform(), 1) == "platform"


@pytest.mark.parametrize(
    ("role", "method", "path", "line"),
    [
        ("buyer", "get", "/app/members/", ("audit.denied", "members", "denied")),
        ("buyer", "get", "/app/log/99/", ("audit.refused", "statement", "refused")),
        ("buyer", "get", "/app/nowhere", ("audit.refused", "unknown", "refused")),
        ("buyer", "post", "/app/log/", ("audit.refused", "log", "refused")),
        ("auditor", "get", "/app/log/?format=csv", ("audit.export", "log", "ok")),
        ("operator", "post", "/app/members/", ("audit.refused", "members", "refused")),
        ("buyer", "get", "/accounts/2fa/", ("audit.read", "mfa_index", "ok")),
    ],
)
def test_what_a_person_does_is_one_line(client_as, role, method, path, line):
    client = client_as(role)
    getattr(client, method)(path)
    assert said() == [line]


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("/app/", ("audit.denied", "home", "denied")),
        ("/api/me", ("audit.denied", "lodeline_server_parties_api_me", "denied")),
        ("/api/nowhere", ("audit.refused", "unknown", "refused")),
    ],
)
def test_nobody_leaves_a_line_of_the_installation(db, path, line):
    Client().get(path)
    ((kind, space, told),) = waiting()
    assert (kind, told["action"], told["outcome"]) == line
    assert (space, told["actor"]) == (0, "nobody")


@pytest.mark.parametrize(
    "path", ["/log/checkpoint", "/healthz", "/", "/api/openapi.json", "/accounts/login/"]
)
def test_public_bytes_leave_none(db, path):
    answer = Client().get(path)
    assert answer.status_code in {200, 404}
    assert "X-Request-Id" not in answer
    assert waiting() == []


def test_a_flood_by_nobody_is_one_line_with_a_count(db):
    client = Client()
    for _ in range(40):
        client.get("/api/me", headers={"authorization": "Bearer ll_no_such"})
    client.get("/app/")
    (_, _, first), (_, _, second) = waiting()
    assert (first["action"], first["count"]) == ("lodeline_server_parties_api_me", 40)
    assert (second["action"], "count" in second) == ("home", False)


def test_a_key_is_known_when_it_is_denied(api_client, workspace):
    api_client("buyer").post("/api/keys", {"name": "x", "role": "buyer"}, content_type="application/json")
    key = ApiKey.objects.get()
    kind, _, line = waiting()[-1]
    assert (kind, line["actor"], line["permission"]) == (
        "audit.denied",
        pseudonyms.of_id(f"key:{key.pk}", workspace.pk),
        "keys.manage",
    )


def test_denials_and_changes_do_not_wait_in_memory(client_as):
    client_as("buyer").get("/app/members/")
    assert AuditOutbox.objects.get().kind == "audit.denied"
    client_as("buyer").get("/app/")
    assert AuditOutbox.objects.count() == 1  # a read waits
    assert len(waiting()) == 2


def test_a_full_memory_is_written_by_whoever_finds_it_so(client_as, now):
    actor = Actor(kind="person", id="user:1", workspace=1, organisation=1, role=Role.BUYER)
    for number in range(MOST - 1):
        audit.note(audit.event(Kind.READ, "x", actor=actor, now=now, objects={"n": number}))
    assert AuditOutbox.objects.count() == 0
    audit.note(audit.event(Kind.READ, "x", actor=actor, now=now, objects={"n": MOST - 1}))
    assert [line["objects"]["n"] for _, _, line in waiting()] == [str(number) for number in range(MOST)]


def test_a_read_that_cannot_be_written_is_not_answered(client_as, monkeypatch):
    client = client_as("auditor")

    def full(*_args, **_kwargs):
        raise OSError("no space left")

    monkeypatch.setattr(OUTBOX, "note", full)
    answer = client.get("/app/log/")
    assert answer.status_code == 503
    assert answer.json()["detail"] == "Nothing was shown."


def test_what_cannot_be_written_goes_on_waiting(client_as, monkeypatch):
    client_as("auditor").get("/app/log/")
    monkeypatch.setattr(AuditOutbox.objects, "bulk_create", lambda _rows: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        OUTBOX.flush()
    monkeypatch.undo()
    assert said() == [("audit.read", "log", "ok")]


def test_an_action_that_is_undone_leaves_the_line_of_its_request_only(client_as, organisation, monkeypatch):
    def fails(**_kwargs):
        raise RuntimeError("after the key was made")

    client = client_as("operator")
    client.raise_request_exception = False
    monkeypatch.setattr("lodeline_server.parties.actions.ApiKey.objects.create", fails)
    answer = client.post("/app/keys/", {"name": "x", "role": "buyer", "organisation": organisation.pk})
    assert answer.status_code == 500
    assert said() == [("audit.failed", "keys", "failed")]


def test_making_and_revoking_a_key_through_the_api(api_client, now):
    machine = api_client("maker")
    clear()
    made = machine.post("/api/keys", {"name": "<b>", "role": "maker"}, content_type="application/json").json()
    machine.delete(f"/api/keys/{made['id']}")
    lines = waiting()
    assert said(lines) == [("audit.grant", "key.made", "ok"), ("audit.revoke", "key.revoked", "ok")]
    assert lines[0][2]["objects"]["key"] == lines[1][2]["objects"]["key"] == str(made["id"])
    assert "<b>" not in json.dumps(lines)
    assert made["key"].split("_", 2)[2] not in json.dumps(lines)


def test_parts_given_changed_and_taken(actor, organisation, workspace, now):
    operator = actor("operator")
    clear()
    membership, _ = actions.invite(
        actor=operator, email="anna@north.example", organisation=organisation, role=Role.BUYER, now=now
    )
    actions.change_role(actor=operator, membership=membership, role=Role.QUALITY)
    actions.one_time_link(actor=operator, membership=membership)
    person = pseudonyms.of_id(f"user:{membership.user_id}", workspace.pk)
    actions.remove_membership(actor=operator, membership=membership)
    lines = waiting()
    assert sorted(said(lines)) == sorted(
        [
            ("audit.change", "account.created", "ok"),
            ("audit.grant", "membership.added", "ok"),
            ("audit.grant", "role.changed", "ok"),
            ("audit.grant", "one-time-link.made", "ok"),
            ("audit.revoke", "membership.removed", "ok"),
        ]
    )
    assert {line["objects"]["person"] for _, _, line in lines} == {person}
    changed = next(line for _, _, line in lines if line["action"] == "role.changed")
    assert (changed["objects"]["before"], changed["objects"]["role"]) == ("buyer", "quality")
    assert "anna" not in json.dumps(lines)


def test_doing_nothing_leaves_no_line(actor, organisation, now):
    operator, membership = actor("operator"), None
    for _ in range(2):
        membership = actions.add_membership(
            actor=operator, user=User.objects.get(), organisation=organisation, role=Role.BUYER, now=now
        )
    clear()
    actions.change_role(actor=operator, membership=membership, role=Role.BUYER)
    assert waiting() == []


@pytest.fixture
def anna(organisation, other_organisation, now):
    """A person with a part in two workspaces."""
    user = actions.create_user(actor=platform(), email="anna@x.example", password="correct horse battery")
    for home in (organisation, other_organisation):
        actions.add_membership(actor=platform(), user=user, organisation=home, role=Role.BUYER, now=now)
    clear()
    return user


def sign_in(password, address="anna@x.example"):
    client = Client()
    return client, client.post("/accounts/login/", {"login": address, "password": password})


def test_signing_in_and_out_stands_in_every_trail_of_the_person(anna, workspace, other_workspace):
    client, answer = sign_in("correct horse battery")
    assert answer.status_code == 302
    client.post("/accounts/logout/")
    found = {}
    for kind, space, line in waiting():
        found.setdefault(space, []).append((kind, line["action"], line["actor"]))
    for space in (workspace.pk, other_workspace.pk):
        me = pseudonyms.of_id(f"user:{anna.pk}", space)
        assert found.pop(space) == [("audit.signin", "signed-in", me), ("audit.signout", "signed-out", me)]
    assert found == {}


def test_a_failed_sign_in_names_the_account_and_never_what_was_typed(anna, workspace, other_workspace):
    sign_in("wrong horse battery")
    lines = waiting()
    assert {(kind, line["action"], line["outcome"], line["actor"]) for kind, _, line in lines} == {
        ("audit.signin", "password", "denied", "nobody")
    }
    assert {space: line["objects"]["person"] for _, space, line in lines} == {
        space: pseudonyms.of_id(f"user:{anna.pk}", space) for space in (workspace.pk, other_workspace.pk)
    }
    clear()
    sign_in("x", "my-Password-typed-here@x.example")
    ((kind, space, line),) = waiting()
    assert (kind, space, line["objects"], line["outcome"]) == ("audit.signin", 0, {}, "denied")
    assert "typed" not in json.dumps(line)


def test_a_wrong_second_factor_is_a_denied_sign_in(anna):
    from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret

    TOTP.activate(anna, generate_totp_secret())
    client, _ = sign_in("correct horse battery")
    clear()
    assert client.post("/accounts/2fa/authenticate/", {"code": "000000"}).status_code == 200
    assert said() == [("audit.signin", "mfa_authenticate", "denied")]


def test_a_changed_password_and_an_activated_factor_are_lines(client_as, anna):
    client = Client()
    client.force_login(anna)
    client.post("/accounts/login/", {"login": "anna@x.example", "password": "correct horse battery"})
    clear()
    answer = client.post(
        "/accounts/password/change/",
        {
            "oldpassword": "correct horse battery",
            "password1": "another horse battery",
            "password2": "another horse battery",
        },
    )
    assert answer.status_code == 302
    assert said() == [("audit.account", "password_changed", "ok")] * 2  # one for each workspace
    clear()
    client.post("/accounts/password/change/", {"oldpassword": "wrong", "password1": "a", "password2": "a"})
    assert said() == [("audit.signin", "account_change_password", "denied")]


@pytest.mark.parametrize(
    ("text", "encoded"),
    [
        ("plain é 日本", "plain é 日本"),
        ("a\r\nb", "a\\r\\nb"),
        ("\x1b[2Jx", "\\x1b[2Jx"),
        ("\x9b2J", "\\x9b2J"),
        ("\u202eabc\u2028", "\\u202eabc\\u2028"),
        ("\ud800", "\\ud800"),
        ("\x00\x7f", "\\x00\\x7f"),
    ],
)
def test_control_characters_are_encoded(text, encoded):
    assert visible(text) == encoded
    assert visible("x" * 500) == "x" * 200


def test_nothing_that_is_asked_for_breaks_the_trail(client_as, now):
    client_as("auditor").get("/app/log/", {"key": "a\nb\x1b\x00\u202e" + "x" * 5_000})
    client_as("auditor").get("/app/%00%0A%1B")
    lines = waiting()
    assert lines[0][2]["objects"]["key"].startswith("a\\nb\\x1b\\x00\\u202ex")
    assert lines[1][2]["objects"] == {"path": "/app/\\x00\\n\\x1b"}
    assert sequence(now) == 2
    assert all(line.isprintable() for found in read(book=AUDIT) for line in found.payload["objects"].values())


def test_log_lines_hold_no_control_character():
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter())
    logger = logging.getLogger("lodeline_server.test_lines")
    logger.addHandler(handler)
    text = "a\nb\r\x1b[0m\x9b\u2028\u202e\x7f\x00"
    try:
        structlog.get_logger("lodeline_server.test_lines").error(text, **{text: text})
        logger.error("from elsewhere: %s", text)
    finally:
        logger.removeHandler(handler)
    first, second, rest = stream.getvalue().split("\n")
    assert (first.isprintable(), second.isprintable(), rest) == (True, True, "")
    assert (json.loads(first)["event"], json.loads(first)[text]) == (text, text)
    assert json.loads(second)["event"] == f"from elsewhere: {text}"


def test_lines_are_sealed_and_their_leaves_name_nobody(client_as, now):
    client_as("auditor").get("/app/log/")
    assert said() == [("audit.read", "log", "ok")]
    assert sequence(now) == 1
    entry = AuditEntry.objects.get()
    assert (entry.type, entry.position) == ("audit.read", 0)
    assert set(json.loads(bytes(entry.leaf))) == {"commit", "tenant", "time", "type", "v"}
    assert b"log.view" not in bytes(entry.sealed)
    assert waiting() == []


def test_a_line_of_an_action_is_undone_with_it(now):
    with transaction.atomic():
        audit.record(Kind.CHANGE, "x", actor=platform(), now=now)
        transaction.set_rollback(True)
    assert waiting() == []
    audit.record(Kind.CHANGE, "x", actor=platform(), outcome=Outcome.OK, now=now)
    assert said() == [("audit.change", "x", "ok")]
    assert connection.vendor in {"sqlite", "postgresql"}
