"""Keys by the API."""

from __future__ import annotations

from datetime import timedelta

import pytest

from lodeline.access import Role, platform
from lodeline_server.kit.clock import now as clock
from lodeline_server.parties.actions import create_api_key
from lodeline_server.parties.models import ApiKey


def post(client, **body):
    return client.post("/api/keys", body, content_type="application/json")


def test_the_way_of_a_key(api_client):
    client = api_client("maker")
    expires = clock() + timedelta(days=30)
    made = post(
        client, name="mes", role="maker", scopes=["lots.view", "capture.submit"], expires=expires.isoformat()
    )
    assert made.status_code == 201
    body = made.json()
    assert (body["name"], body["organisation"], body["scopes"]) == (
        "mes",
        "north-works",
        ["capture.submit", "lots.view"],
    )
    assert body["key"].startswith(f"ll_{body['prefix']}_")
    listed = client.get("/api/keys").json()
    assert [key["name"] for key in listed] == ["mes", "test"]
    assert "key" not in listed[0]
    revoked = client.delete(f"/api/keys/{body['id']}").json()
    assert revoked["revoked"] is not None
    assert ApiKey.objects.get(pk=body["id"]).revoked_at is not None


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"name": "", "role": "maker"}, 422),
        ({"name": "a\nb", "role": "maker"}, 422),
        ({"name": "a\x00b", "role": "maker"}, 422),
        ({"name": "x" * 101, "role": "maker"}, 422),
        ({"name": "x", "role": "king"}, 422),
        ({"name": "x", "role": "maker", "scopes": ["everything"]}, 422),
        ({"name": "x", "role": "maker", "scopes": ["operate"]}, 422),
        ({"name": "x", "role": "operator"}, 403),
        ({"name": "x", "role": "maker", "expires": "2020-01-01T00:00:00Z"}, 422),
        ({"name": "x", "role": "maker", "expires": "2099-01-01T00:00:00"}, 422),
        ({"name": "x", "role": "maker", "organisation": "nowhere"}, 404),
        ({"name": "x", "role": "maker", "organisation": "south-works"}, 404),
    ],
)
def test_a_wrong_wish_makes_no_key(body, status, api_client, other_organisation):
    client = api_client("maker")
    before = ApiKey.objects.count()
    answer = post(client, **body)
    assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")
    assert ApiKey.objects.count() == before


@pytest.mark.parametrize("number", ["0", "999", str(2**63), str(10**30), "-1", "x"])
def test_no_such_key(number, api_client):
    assert api_client("maker").delete(f"/api/keys/{number}").status_code in {404, 422}


def test_another_workspaces_key_does_not_exist(api_client, other_organisation, now):
    theirs, _ = create_api_key(
        actor=platform(), organisation=other_organisation, name="theirs", role=Role.MAKER, now=now
    )
    client = api_client("operator")
    assert client.delete(f"/api/keys/{theirs.pk}").status_code == 404
    assert [key["name"] for key in client.get("/api/keys").json()] == ["test"]
    theirs.refresh_from_db()
    assert theirs.revoked_at is None
