"""Every address, asked by nobody, by every role and by a narrow key.

Each address names its permission, or says that it is public or about the account itself. Nobody signed in:
to the sign-in page or 401. Without the permission: 403. With it: an answer.
"""

from __future__ import annotations

import re
from functools import cache
from unittest.mock import Mock
from urllib.parse import quote

import pytest
from django.db import transaction
from django.test import Client
from django.urls import NoReverseMatch, URLResolver, get_resolver, reverse

from lodeline.access import PERMISSIONS, Permission, Role
from lodeline_server.kit import clock
from lodeline_server.kit.errors import FOR_PROGRAMS

# Asked for by the search, which opens with HOME_VIEW and shows of each kind what one may see.
ASKED_INSIDE = {Permission.PARTIES_VIEW}
# Pages about the account itself: open to anybody, with what they answer to somebody without a session.
ENTRANCES = {
    "account_login": 200,
    "account_logout": 302,
    "account_inactive": 200,
    "account_reset_password_from_key": 200,
    "account_reset_password_from_key_done": 200,
    "mfa_authenticate": 302,
    "mfa_login_webauthn": 302,
    "openid_connect_login": 404,  # not configured here
    "openid_connect_callback": 404,
    "socialaccount_login_cancelled": 200,
    "socialaccount_login_error": 401,
}
ACCOUNT_ARGS = {
    "account_reset_password_from_key": {"uidb36": "1", "key": "x-y"},
    "openid_connect_login": {"provider_id": "oidc"},
    "openid_connect_callback": {"provider_id": "oidc"},
    "mfa_remove_webauthn": {"pk": 1},
    "mfa_edit_webauthn": {"pk": 1},
}


@cache
def pages():
    """Name to view, of all addresses which are not operations of the API."""

    def walk(patterns, before):
        for pattern in patterns:
            if isinstance(pattern, URLResolver):
                if pattern.namespace != "api":
                    yield from walk(pattern.url_patterns, before + str(pattern.pattern))
            else:
                assert pattern.name, f"{before}{pattern.pattern} has no name"
                yield pattern.name, pattern.callback

    found = list(walk(get_resolver().url_patterns, "/"))
    assert len({name for name, _ in found}) == len(found), "two addresses share a name"
    return dict(found)


@cache
def operations():
    """(method, path, view) of all operations of the API."""
    from lodeline_server.config.api import api

    return [
        (method, re.sub(r"{[^}:]+:", "{", f"{bound.prefix}{path}"), operation.view_func)
        for bound in api._get_bound_routers()
        for path, view in bound.path_operations.items()
        for operation in view.operations
        for method in operation.methods
    ]


def marked(mark):
    return {name: view for name, view in pages().items() if hasattr(view, mark)}


def path_of(world, template):
    """An operation's address with its holes filled, and its query."""
    wanted = world.operations.get(template, dict)()
    query = wanted.pop("query", {})
    holes = set(re.findall(r"{([^}]+)}", template))
    assert holes == wanted.keys(), f"no sample object for {template}: tests/contracts/conftest.py"
    return template.format(**{name: quote(str(value), safe="/:") for name, value in wanted.items()}), query


def page_path(world, name):
    args = world.pages[name]() if name in world.pages else {}
    try:
        return reverse(name, kwargs=args)
    except NoReverseMatch:
        pytest.fail(f"no sample object for the page {name}: tests/contracts/conftest.py")


def ask(client, method, path, query=None):
    """One request whose effects are undone."""
    with transaction.atomic():
        if method == "GET":
            answer = client.get(path, query)
        else:
            answer = client.generic(method, path, b"{}", content_type="application/json", query_params=query)
        transaction.set_rollback(True)
    return answer


def ask_page(client, path):
    """GET, or POST where only that is allowed."""
    answer = ask(client, "GET", path)
    return ask(client, "POST", path) if answer.status_code == 405 else answer


def test_every_address_says_who_may_open_it():
    for name, view in pages().items():
        marks = [mark for mark in ("permission", "public", "account") if hasattr(view, mark)]
        assert len(marks) == 1, f"{name} is marked {marks or 'by nothing'}: kit.permissions"
    for method, path, view in operations():
        marks = [mark for mark in ("permission", "public") if hasattr(view, mark)]
        assert len(marks) == 1, f"{method} {path} is marked {marks or 'by nothing'}: kit.permissions"


def test_only_operations_of_the_api_stand_below_its_addresses():
    for name, view in pages().items():
        if hasattr(view, "permission"):
            assert getattr(view, "__module__", "").startswith("lodeline_server."), name
    assert all(path.startswith(FOR_PROGRAMS) for _, path, _ in operations())


def test_every_permission_is_used_and_held():
    """A permission that nothing asks for, or that nobody has, is a mistake."""
    asked = ASKED_INSIDE | {view.permission for view in marked("permission").values()}
    asked |= {view.permission for _, _, view in operations() if hasattr(view, "permission")}
    assert sorted(set(Permission) - asked) == []
    assert sorted(set(Permission) - set().union(*PERMISSIONS.values())) == []


def test_pages_of_people(world):
    """Signed out: to the sign-in page. Each role: 403 or an answer."""
    clients = {role: world.client(role) for role in Role}
    wrong = []
    for name, view in marked("permission").items():
        path = page_path(world, name)
        out = ask_page(Client(), path)
        if out.status_code != 302 or not out["Location"].startswith("/accounts/login/?next="):
            wrong.append(f"{name}: signed out answers {out.status_code}")
        codes = {role: ask_page(client, path).status_code for role, client in clients.items()}
        for role, code in codes.items():
            if view.permission not in PERMISSIONS[role] and code != 403:
                wrong.append(f"{name}: {role} lacks {view.permission} and gets {code}")
            if view.permission in PERMISSIONS[role] and (code in {401, 403} or code >= 500):
                wrong.append(f"{name}: {role} has {view.permission} and gets {code}")
        holder = next(role for role in Role if view.permission in PERMISSIONS[role])
        only_post = ask(clients[holder], "GET", path).status_code == 405
        if not only_post and all(code >= 400 for code in codes.values()):
            wrong.append(f"{name}: its sample object opens for nobody: {codes}")
    assert not wrong, "\n".join(wrong)


def test_operations_by_key(world):
    """No key: 401. A key of each role: 403 or an answer. A key narrowed to something else: 403."""
    machines = {role: world.machine(role) for role in Role}
    wrong = []
    for method, template, view in operations():
        if hasattr(view, "public"):
            continue
        path, query = path_of(world, template)
        name = f"{method} {template}"
        out = ask(Client(), method, path, query).status_code
        if out != 401:
            wrong.append(f"{name}: no key answers {out}")
        codes = {role: ask(machine, method, path, query).status_code for role, machine in machines.items()}
        for role, code in codes.items():
            if view.permission not in PERMISSIONS[role] and code != 403:
                wrong.append(f"{name}: {role} lacks {view.permission} and gets {code}")
            if view.permission in PERMISSIONS[role] and (code in {401, 403} or code >= 500):
                wrong.append(f"{name}: {role} has {view.permission} and gets {code}")
        if method == "GET" and all(code >= 400 for code in codes.values()):
            wrong.append(f"{name}: its sample object opens for nobody: {codes}")
        holder = next(role for role in Role if view.permission in PERMISSIONS[role])
        other = next(p for p in sorted(PERMISSIONS[holder]) if p != view.permission)
        narrow = ask(world.machine(holder, {other}), method, path, query).status_code
        if narrow != 403:
            wrong.append(f"{name}: a key for {other} alone gets {narrow}")
    assert not wrong, "\n".join(wrong)


def test_operations_by_session(world):
    """The same doors for a signed-in person's own scripts."""
    clients = {role: world.client(role) for role in Role}
    wrong = []
    for method, template, view in operations():
        if hasattr(view, "public"):
            continue
        path, query = path_of(world, template)
        for role, client in clients.items():
            code = ask(client, method, path, query).status_code
            if (view.permission in PERMISSIONS[role]) == (code == 403) or code == 401 or code >= 500:
                wrong.append(f"{method} {template}: {role} gets {code}")
    assert not wrong, "\n".join(wrong)


def test_pages_of_the_account(world):
    """The entrances answer anybody; the rest wants a session and nothing else, a workspace neither."""
    from lodeline_server.parties.models import Membership

    client = world.client("buyer")
    Membership.objects.all().delete()
    found = marked("account")
    assert ENTRANCES.keys() <= found.keys()
    for name in found:
        path = reverse(name, kwargs=ACCOUNT_ARGS.get(name))
        out = ask_page(Client(), path)
        if name in ENTRANCES:
            assert out.status_code == ENTRANCES[name], name
        else:
            assert (out.status_code, out["Location"].partition("?")[0]) == (302, "/accounts/login/"), name
        inside = ask_page(client, path).status_code
        assert inside < 500, name
        assert inside != 403, name


def test_public_addresses_do_not_know_who_asks(world, monkeypatch):
    """Same bytes, same headers, no cookie, whether somebody is signed in or sends a key."""
    moment = clock.now()
    monkeypatch.setattr(clock, "datetime", Mock(**{"now.return_value": moment}))  # some answers name it
    asked = [page_path(world, name) for name in marked("public")]
    asked += [path_of(world, path)[0] for _, path, view in operations() if hasattr(view, "public")]
    asked += ["/api/openapi.json", "/no/such/address"]
    assert len(asked) > 2
    for path in asked:
        nobody = Client().get(path)
        for somebody in (world.client("operator"), world.machine("operator")):
            answer = somebody.get(path)
            assert answer.status_code == nobody.status_code, path
            assert b"".join(answer) == b"".join(nobody), path
            assert {**answer.headers} == {**nobody.headers}, path
            assert not answer.cookies, path
        assert "Cookie" not in nobody.headers.get("Vary", ""), path


def test_no_page_takes_a_form_without_its_token(world):
    """Sent from elsewhere with the person's cookies: refused before anything is done."""
    paths = {name: page_path(world, name) for name in marked("permission")}
    for role in Role:
        signed_in = world.client(role)
        client = Client(enforce_csrf_checks=True, raise_request_exception=False)
        client.cookies = signed_in.cookies
        for name, path in paths.items():
            with transaction.atomic():
                code = client.post(path, {"name": "x", "role": role.value}).status_code
                transaction.set_rollback(True)
            assert code in {403, 405}, f"POST {name} as {role}: {code}"


def test_methods_that_nobody_wrote(world):
    """A verb that an address does not know is refused, and never runs into the code."""
    client = world.client("operator")
    for name in marked("permission"):
        path = page_path(world, name)
        for method in ("PUT", "PATCH", "DELETE", "TRACE", "NONSENSE"):
            assert ask(client, method, path).status_code in {403, 405}, f"{method} {name}"
