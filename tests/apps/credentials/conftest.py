from __future__ import annotations

import socket

import pytest

from lodeline.access import platform
from lodeline_server.credentials import actions


@pytest.fixture
def issuer(organisation, now):
    actor = platform(organisation.workspace_id)
    for algorithm in ("Ed25519", "P-256"):
        actions.add_key(actor=actor, organisation=organisation, algorithm=algorithm, now=now)
    return organisation.issuer


@pytest.fixture
def asked_outside(monkeypatch):
    """Names that somebody wanted to look up, and addresses that somebody wanted to reach."""
    seen = []

    def refuse(*args, **_):
        seen.append(args)
        raise OSError("nothing leaves this test")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    return seen
