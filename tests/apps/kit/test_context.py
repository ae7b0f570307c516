"""What every page knows."""

from __future__ import annotations

import pytest
from django.test import RequestFactory

from lodeline.access import Actor, Role
from lodeline_server.kit import context

NAV = {
    Role.BUYER: "Home Suppliers Trace Passports Recalls Schemes Log",
    Role.SUPPLIER: "Home Suppliers Trace Passports Schemes Log",
    Role.MAKER: "Home Suppliers Trace Passports Recalls Schemes Log",
    Role.QUALITY: "Home Suppliers Trace Passports Recalls Schemes Log",
    Role.AUDITOR: "Home Suppliers Trace Passports Recalls Schemes Log",
    Role.REGULATOR: "Home Trace Passports Recalls Schemes Log",
    Role.RECYCLER: "Home Passports Log",
    Role.FINANCIER: "Home Suppliers Log",
    Role.OPERATOR: "Home Log",
}


def request(path, role=None):
    made = RequestFactory().get(path)
    made.actor = Actor(kind="person", id="user:1", name="A", workspace=1, role=role) if role else None
    return made


@pytest.mark.parametrize("role", Role)
def test_navigation_shows_what_the_role_may_see(role):
    shown = context.page(request("/app/", role))
    assert " ".join(str(link["name"]) for link in shown["nouns"]) == NAV[role]
    assert [link["name"] for link in shown["nouns"] if link["current"]] == ["Home"]


def test_signed_out_there_is_no_navigation():
    shown = context.page(request("/"))
    assert (shown["nouns"], shown["personal"], shown["log_size"]) == ([], [], None)


@pytest.mark.parametrize(
    ("path", "noun", "here"),
    [
        ("/app/suppliers/", "Suppliers", True),
        ("/app/suppliers/7/", "Suppliers", False),
        ("/app/items/3/", "Trace", False),
        ("/app/lots/3/", "Trace", False),
        ("/app/log/7/", "Log", False),
    ],
)
def test_the_current_noun(path, noun, here):
    current = [link for link in context.page(request(path, Role.QUALITY))["nouns"] if link["current"]]
    assert [(str(link["name"]), link["here"]) for link in current] == [(noun, here)]


def test_offers_are_asked_once_and_only_when_used(monkeypatch):
    asked = []
    monkeypatch.setitem(context._offers, "costly", lambda _request: asked.append(1) or "answer")
    shown = context.page(request("/app/", Role.BUYER))
    assert asked == []
    assert (str(shown["costly"]), str(shown["costly"])) == ("answer", "answer")
    assert asked == [1]
    assert "costly" not in context.page(request("/"))


def test_a_busy_database_is_said_and_is_no_crash(rf):
    """SQLite has one writer; who waits too long is told to send it again."""
    from django.db import OperationalError

    from lodeline_server.config.api import api

    answer = api.on_exception(rf.get("/api/me"), OperationalError("database is locked"))
    assert (answer.status_code, answer["Content-Type"]) == (503, "application/problem+json")
