"""Every address leaves the line in the audit trail that it should: one, with the right outcome, and no more."""

from __future__ import annotations

import pytest
from django.db import transaction
from django.test import Client
from tests.apps.log.trail import clear, waiting
from tests.contracts.test_url_walk import marked, operations, page_path, path_of

from lodeline.access import PERMISSIONS, Role
from lodeline_server.log.auditing import pseudonyms

pytestmark = pytest.mark.django_db
KINDS = {
    "ok": {"audit.read", "audit.export", "audit.change", "audit.grant", "audit.revoke"},
    "denied": {"audit.denied"},
    "refused": {"audit.refused"},
}


def ask(client, method, path, query=None):
    """One request whose effects are undone: its answer and the lines that it left."""
    clear()
    with transaction.atomic():
        if method == "GET":
            answer = client.get(path, query)
        else:
            answer = client.generic(method, path, b"{}", content_type="application/json", query_params=query)
        lines = waiting()
        transaction.set_rollback(True)
    clear()
    return answer, lines


def ask_page(client, path):
    answer, lines = ask(client, "GET", path)
    return ask(client, "POST", path) if answer.status_code == 405 else (answer, lines)


def outcome(answer):
    if answer.status_code in {401, 403} or answer.get("Location", "").startswith("/accounts/login/"):
        return "denied"
    return "ok" if answer.status_code < 400 else "refused"


def wrong_with(name, answer, lines, expected, permission):
    """What is wrong with the lines that one request left; nothing when it is one and the right one."""
    if len(lines) != 1:
        return [
            f"{name}: {len(lines)} lines {[line['action'] for *_, line in lines]} at {answer.status_code}"
        ]
    ((kind, _, line),) = lines
    told = (line["outcome"], kind in KINDS.get(line["outcome"], ()))
    wrong = [f"{name}: {kind} {line['outcome']} at {answer.status_code}"] if told != (expected, True) else []
    if line["request"] != answer.get("X-Request-Id"):
        wrong.append(f"{name}: the line's request {line['request']} is not the answer's")
    if "permission" in line and line["permission"] != permission:
        wrong.append(f"{name}: says {line['permission']}")
    return wrong


def roles(permission):
    """One that has the permission, and one that has not, if there is one."""
    may = [role for role in Role if permission in PERMISSIONS[role]]
    return may[0], next((role for role in Role if role not in may), None)


def test_every_page_leaves_one_line(world):
    wrong, seen = [], set()
    for name, view in marked("permission").items():
        path = page_path(world, name)
        allowed, other = roles(view.permission)
        clients = [("nobody", Client(), "denied"), (allowed, world.client(allowed), None)]
        clients += [(other, world.client(other), "denied")] if other else []
        for who, client, must in clients:
            answer, lines = ask_page(client, path)
            expected = must or outcome(answer)
            wrong += wrong_with(f"{name} as {who}", answer, lines, expected, view.permission)
            seen.add(expected)
            if lines and expected == "ok" and lines[0][0] in {"audit.read", "audit.export"}:
                wrong += [f"{name}: action {lines[0][2]['action']}"] if lines[0][2]["action"] != name else []
    assert not wrong, "\n".join(wrong)
    assert seen >= {"ok", "denied"}


def test_every_operation_leaves_one_line(world):
    from lodeline_server.config.api import api

    schema = api.get_openapi_schema()
    wrong = []
    for method, template, view in operations():
        if hasattr(view, "public"):
            continue
        path, query = path_of(world, template)
        allowed, other = roles(view.permission)
        clients = [("nobody", Client(), "denied"), (allowed, world.machine(allowed), None)]
        clients += [(other, world.machine(other), "denied")] if other else []
        named = schema["paths"][template][method.lower()]["operationId"]
        for who, client, expected in clients:
            answer, lines = ask(client, method, path, query)
            name = f"{method} {template} as {who}"
            wrong += wrong_with(name, answer, lines, expected or outcome(answer), view.permission)
            if lines and lines[0][2]["outcome"] != "ok" and lines[0][2]["action"] != named:
                wrong.append(f"{name}: {lines[0][2]['action']} is not the operation {named}")
            if lines and who != "nobody" and lines[0][2]["actor"] in {pseudonyms.NOBODY, pseudonyms.PLATFORM}:
                wrong.append(f"{name}: nobody is named")
    assert not wrong, "\n".join(wrong)


def test_public_addresses_leave_none(world):
    for name in marked("public"):
        answer, lines = ask(Client(), "GET", page_path(world, name))
        assert (lines, "X-Request-Id" in answer) == ([], False), name


def test_the_walk_would_see_a_missing_line(world, settings):
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if "Audit" not in name]
    answer, lines = ask(world.client("auditor"), "GET", "/app/log/")
    assert wrong_with("log", answer, lines, "ok", "log.view") == ["log: 0 lines [] at 200"]
