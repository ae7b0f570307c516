"""A subscriber on loopback: a real HTTP server that keeps what it was sent."""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest

from lodeline_server.events.subscriptions import actions

TOKEN = "13df38d8275b13f05704629e5f1cf3d45d6132d5"


class Receiver:
    """`answers`: status codes to come, one a call; then 200. `slow`: seconds before it answers."""

    def __init__(self):
        self.calls, self.answers, self.slow, self.during = [], [], 0, None
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                call = SimpleNamespace(path=self.path, headers=self.headers, body=body, said=json.loads(body))
                receiver.calls.append(call)
                if receiver.during:
                    receiver.during()
                time.sleep(receiver.slow)
                self.send_response(receiver.answers.pop(0) if receiver.answers else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.host = f"127.0.0.1:{self.server.server_port}"
        self.url = f"http://{self.host}/told?who=me"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def events(self):
        """Ids of the events that came, in order, with repetitions."""
        return [event["eventID"] for call in self.calls for event in listed(call)]

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def listed(call):
    return call.said["epcisBody"]["queryResults"]["resultsBody"]["eventList"]


@pytest.fixture
def receiver(settings):
    made = Receiver()
    settings.WEBHOOK_HOSTS = {made.host}
    yield made
    made.close()


@pytest.fixture
def key(organisation, now):
    """A maker's key as row; `key_of` says how it acts."""
    return new_key(organisation, now)


def new_key(organisation, now, role="maker", scopes=()):
    from lodeline.access import Role, platform
    from lodeline_server.parties.actions import create_api_key

    return create_api_key(
        actor=platform(organisation.workspace_id),
        organisation=organisation,
        name="machine",
        role=Role(role),
        scopes=scopes,
        now=now,
    )[0]


def acting_as(key):
    from lodeline_server.parties.queries import actor_of_row

    return actor_of_row(key)


@pytest.fixture
def subscribed(key, receiver, now):
    """Name a query and subscribe the receiver to it; fields of `Wanted`."""

    def make(definition=None, *, by=None, name="", **fields):
        actor = acting_as(by or key)
        name = name or f"query {len(receiver.calls)} {time.monotonic_ns()}"
        actions.define(actor=actor, name=name, definition=definition or {}, now=now)
        fields = {"dest": receiver.url, "stream": "schedule" not in fields, **fields}
        return actions.subscribe(actor=actor, name=name, wanted=actions.Wanted(**fields), now=now)

    return make
