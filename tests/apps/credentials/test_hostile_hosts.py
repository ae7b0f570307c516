"""The cases of `benchmarks.hostile_credentials` in this process: TLS and sockets are real, only names lead to us.

What takes a second and more by its nature (a byte at a time, a graph without an end) is left to the bench.
"""

from __future__ import annotations

import json
import socket
import time

import pytest
from benchmarks import closed_net, hostile_cases, hostile_credentials, hostile_documents, hostile_hosts

from lodeline_server.credentials import material

SLOW = {
    "a byte at a time", "a list a byte at a time", "a larger poison graph", "poison graph",
    "a name that is never found", "10 MB", "a huge list", "a length that is a lie",
}  # fmt: skip


@pytest.fixture(scope="module")
def pem(tmp_path_factory):
    return hostile_hosts.certificate(tmp_path_factory.mktemp("hosts"))


@pytest.fixture
def host(pem, monkeypatch, settings):
    """The hostile host, and what was looked up and dialled."""
    settings.VC_HOSTS = set(hostile_credentials.ALLOWED)
    monkeypatch.setattr(
        hostile_credentials, "MOST_SECONDS", 10
    )  # other tests run beside; the bench measures 2 s
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    material.resolver.cache_clear()
    with hostile_hosts.started(pem) as found:
        found.calls = []
        net = closed_net.Net(found.port, found.calls.append)
        monkeypatch.setattr(socket, "getaddrinfo", net.getaddrinfo)
        monkeypatch.setattr(socket, "create_connection", net.create_connection)
        yield found
    material.resolver.cache_clear()


def ask(client, host, case):
    host.answers |= case.answers
    began = time.monotonic()
    body = hostile_credentials.request(case)
    answer = client.post(case.path, body, content_type="application/json")
    return hostile_credentials.judged(
        case, answer.status_code, json.loads(answer.content), time.monotonic() - began
    )


def test_each_is_refused_at_its_step_and_nobody_else_is_asked(host, db, api_client):
    client = api_client("auditor")
    with hostile_credentials.house() as (door, entered):
        cases = [
            case for case in [*hostile_cases.cases(), *hostile_documents.cases(door)] if case.name not in SLOW
        ]
        assert len(cases) > 160
        assert len({case.name for case in cases}) == len(cases)
        said = [ask(client, host, case) for case in [*cases, *hostile_documents.controls()]]
        assert [one for one in said if one] == []
        assert hostile_credentials.outside(host.calls, host, entered) == []
    assert {name for name, _ in host.came} >= {"hostile.example"}


def test_the_watch_sees_what_should_not_be(host, db, api_client, settings):
    """With a host allowed that is not on the list, the same watch finds the call."""
    settings.VC_HOSTS = {"elsewhere.example"}
    case = hostile_cases.Case(name="x", sent=hostile_documents.by("did:web:elsewhere.example"), step="key")
    assert ask(api_client("auditor"), host, case) == ""
    found = hostile_credentials.outside(host.calls, host, [])
    assert found == [
        "name elsewhere.example was looked up",
        "elsewhere.example was asked for /.well-known/did.json",
    ]
    with pytest.raises(AssertionError):
        assert hostile_credentials.judged(case, 200, {"verified": True, "errors": []}, 0.1) == ""
