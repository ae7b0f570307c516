"""The published description of the API: true to what is served, and served without falling over."""

from __future__ import annotations

import json
import re
from urllib.parse import quote

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.test import Client
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import checks
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from lodeline.access import PERMISSIONS, Role
from lodeline_server.config import wsgi

CHECKS = (
    checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
)
EXAMPLES = 15
# One function answers OPTIONS on all EPCIS paths: these stand for it. tests/apps/events/subscriptions asks each once.
OPTIONS = {"/epcis/queries/{name}", "/epcis/queries/{name}/subscriptions/{subscription_id}"}
# Whose key is used: the first that holds the permission. That the others are refused is the walk's matter.
HOLDERS = (Role.OPERATOR, Role.MAKER, Role.BUYER)


def application(environ, start_response):
    """As Django's own test client does: the end of a request does not close the test's transaction.

    Said at each call, because that client takes it back after each of its own.
    """
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    return wsgi.application(environ, start_response)


@pytest.fixture(autouse=True)
def _connections_closed_again():
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def description():
    return Client().get("/api/openapi.json")


def test_the_description_is_public_and_openapi_3_1(db):
    answer = description()
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/json")
    document = json.loads(answer.content)
    assert document["openapi"] == "3.1.0"
    assert document["components"]["securitySchemes"] == {
        "KeyAuthentication": {"type": "http", "scheme": "bearer"},
        "SessionAuthentication": {"type": "apiKey", "in": "cookie", "name": "sessionid"},
    }


def test_every_operation_is_described(db):
    """A summary of its own, a unique id, the answers it gives; every reference points at something."""
    document = json.loads(description().content)
    ids = []
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            ids.append(operation["operationId"])
            assert operation["summary"], (method, path)
            assert {"401", "403", "404", "422"} <= operation["responses"].keys(), (method, path)
    assert len(ids) == len(set(ids))
    text = json.dumps(document)
    for reference in {part.split('"')[0] for part in text.split('"$ref": "')[1:]}:
        assert reference.startswith("#/components/schemas/")
        assert reference.rsplit("/", 1)[1] in document["components"]["schemas"], reference


def labels():
    """(method, path) of what is described, asked of the API object itself: no database at collection."""
    from lodeline_server.config.api import api

    document = api.get_openapi_schema()
    return [
        (method, path)
        for path, methods in document["paths"].items()
        for method in methods
        if method != "options" or path in OPTIONS
    ]


@pytest.mark.parametrize(("method", "path"), labels())
def test_whatever_is_sent(method, path, world):
    """Generated requests, fitting and not: no 5xx, and only what the description says."""
    schema = schemathesis.openapi.from_wsgi("/api/openapi.json", application)
    operation = schema[path][method.upper()]
    holders = [role for role in HOLDERS if may(role, method, path)]
    assert holders, "no role holds the permission"
    authorization = {"Authorization": f"Bearer {world.key(holders[0])[1]}"}
    seen = []

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def attempt(case):
        response = case.call(headers=authorization)
        seen.append(response.status_code)
        case.validate_response(
            response,
            checks=CHECKS,
        )
        # A generated number may be that of the very key that asks: ended, it opens nothing any more.
        ended = path == "/api/keys/{key_id}" and min(seen) < 300
        assert ended or response.status_code not in {401, 403}

    attempt()
    assert len(seen) >= 1


def may(role, method, path):
    from lodeline_server.config.api import api

    for bound in api._get_bound_routers():
        for part, view in bound.path_operations.items():
            for operation in view.operations:
                whole = re.sub(r"{[^}:]+:", "{", f"{bound.prefix}{part}")
                if whole == path and method.upper() in operation.methods:
                    return operation.view_func.permission in PERMISSIONS[role]
    raise LookupError((method, path))


def test_what_is_really_there_fits_its_description(world):
    """The sample objects of the walk, so that answers with content are compared too, not only refusals."""
    assert world.score, world.passport
    schema = schemathesis.openapi.from_wsgi("/api/openapi.json", application)
    for path in [path for method, path in labels() if method == "get"]:
        sample = world.operations.get(path, dict)()
        query = sample.pop("query", {})
        holder = next(role for role in (*HOLDERS, *Role) if may(role, "get", path))
        filled = {name: quote(str(value), safe="") for name, value in sample.items()}
        case = schema[path]["GET"].Case(path_parameters=filled, query=query)
        response = case.call(headers={"Authorization": f"Bearer {world.key(holder)[1]}"})
        assert response.status_code == 200, path
        case.validate_response(response, checks=CHECKS)
