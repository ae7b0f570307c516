"""Keys and sessions at the API's door."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.test import Client

from lodeline.access import Permission, Role, platform
from lodeline_server.parties import authentication
from lodeline_server.parties.actions import create_api_key, revoke_api_key
from lodeline_server.parties.authentication import actor_of_key
from lodeline_server.parties.models import ApiKey, Membership


@pytest.fixture
def key(organisation, now):
    return create_api_key(
        actor=platform(), organisation=organisation, name="erp", role=Role.MAKER, scopes=(), now=now
    )


def bearer(text):
    return Client(headers={"authorization": f"Bearer {text}"})


def test_a_key_becomes_an_actor(key, organisation, now):
    row, plaintext = key
    actor = actor_of_key(plaintext, now=now)
    assert (actor.kind, actor.id, actor.name) == ("key", f"key:{row.pk}", "erp")
    assert (actor.workspace, actor.organisation) == (organisation.workspace_id, organisation.pk)
    assert (actor.party, actor.role, actor.scopes) == (organisation.party, Role.MAKER, None)


def test_scopes_narrow_the_role(organisation, now):
    _, plaintext = create_api_key(
        actor=platform(),
        organisation=organisation,
        name="reader",
        role=Role.MAKER,
        scopes={Permission.LOTS_VIEW},
        now=now,
    )
    actor = actor_of_key(plaintext, now=now)
    assert [p for p in Permission if actor.may(p)] == [Permission.LOTS_VIEW]


@pytest.mark.parametrize(
    "wrong",
    [
        "", " ", "_", "__", "ll__", "ll_a_b", "ll_{prefix}_", "ll_{prefix}_{flipped}", "xx_{prefix}_{secret}",
        "{prefix}_{secret}", "ll_{prefix}_{secret}é", "ll_{prefix}_{secret}\u0661", "LL_{prefix}_{secret}",
        "ll_' OR 1=1 --_x", "ll_%_%", "ll_{prefix}_" + "x" * 100_000,
    ],
)  # fmt: skip
def test_a_wrong_key_is_nobody(wrong, key, now):
    _, prefix, secret = key[1].split("_", 2)
    flipped = ("B" if secret[0] == "A" else "A") + secret[1:]
    assert actor_of_key(wrong.format(prefix=prefix, secret=secret, flipped=flipped), now=now) is None


def test_expired_and_revoked_keys_are_nobody(key, now):
    row, plaintext = key
    ApiKey.objects.filter(pk=row.pk).update(expires_at=now + timedelta(seconds=1))
    assert actor_of_key(plaintext, now=now) is not None
    assert actor_of_key(plaintext, now=now + timedelta(seconds=1)) is None
    ApiKey.objects.filter(pk=row.pk).update(expires_at=None)
    revoke_api_key(actor=platform(), key=row, now=now)
    assert actor_of_key(plaintext, now=now) is None


def test_use_is_noted_at_most_once_a_minute(key, now, django_assert_num_queries):
    row, plaintext = key
    with django_assert_num_queries(2):
        actor_of_key(plaintext, now=now)
    with django_assert_num_queries(1):
        actor_of_key(plaintext, now=now + timedelta(seconds=59))
    row.refresh_from_db()
    assert row.last_used_at == now
    with django_assert_num_queries(2):
        actor_of_key(plaintext, now=now + timedelta(seconds=60))
    row.refresh_from_db()
    assert row.last_used_at == now + timedelta(seconds=60)


def test_the_comparison_is_constant_time_and_always_made(key, now, monkeypatch):
    seen = []
    real = authentication.hmac.compare_digest
    monkeypatch.setattr(authentication.hmac, "compare_digest", lambda a, b: seen.append(len(b)) or real(a, b))
    actor_of_key(key[1], now=now)
    actor_of_key("ll_0000000000_unknownprefix", now=now)
    assert seen == [32, 32]


def test_signed_out_is_401_with_a_hint(db):
    answer = Client().get("/api/me")
    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, 'Bearer realm="lodeline"')
    assert answer["Content-Type"] == "application/problem+json"
    assert answer["Cache-Control"] == "private, no-store"


def test_a_bad_key_never_falls_back_to_the_session(client_as):
    client = client_as("maker")
    assert client.get("/api/me").status_code == 200
    for header in ("Bearer ll_x_y", "Basic dTpw", "Bearer", "nonsense", ""):
        assert client.get("/api/me", headers={"authorization": header}).status_code == 401


def test_me_says_what_the_key_may_do(key):
    body = bearer(key[1]).get("/api/me").json()
    assert (body["kind"], body["name"], body["role"]) == ("key", "erp", "maker")
    assert "recalls.run" in body["permissions"]
    assert "operate" not in body["permissions"]


def test_a_session_changes_things_only_with_the_token(organisation, client_as):
    membership_client = client_as("maker")
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(Membership.objects.get(role="maker").user)
    wanted = json.dumps({"name": "x", "role": "maker"})
    refused = strict.post("/api/keys", wanted, content_type="application/json")
    assert (refused.status_code, refused.json()["title"]) == (403, "The CSRF token is missing or wrong")
    assert not ApiKey.objects.exists()
    strict.get("/app/switch")
    token = strict.cookies["csrftoken"].value
    made = strict.post("/api/keys", wanted, content_type="application/json", headers={"X-CSRFToken": token})
    assert made.status_code == 201
    # Signed out, it is 401 before anything about tokens is said.
    assert (
        Client(enforce_csrf_checks=True)
        .post("/api/keys", wanted, content_type="application/json")
        .status_code
        == 401
    )
    assert membership_client.get("/api/me").json()["kind"] == "person"


def test_a_key_needs_no_token(key):
    client = Client(enforce_csrf_checks=True, headers={"authorization": f"Bearer {key[1]}"})
    made = client.post(
        "/api/keys", json.dumps({"name": "x", "role": "maker"}), content_type="application/json"
    )
    assert made.status_code == 201
    assert Client(headers={"authorization": f"Bearer {made.json()['key']}"}).get("/api/me").status_code == 200


def test_a_person_without_membership_is_nobody_to_the_api(db, client_as):
    client = client_as("maker")
    Membership.objects.all().delete()
    assert client.get("/api/me").status_code == 401


def test_a_closed_account_is_signed_out_at_once(client_as):
    client = client_as("maker")
    user = Membership.objects.get().user
    user.is_active = False
    user.save()
    assert client.get("/api/me").status_code == 401
    assert client.get("/app/members/").status_code == 302


def test_what_one_may_not_do_is_refused_before_the_input_is_read(api_client, client_as):
    for client in (api_client("buyer"), client_as("buyer")):
        for answer in (
            client.post("/api/keys", "{{", content_type="application/json"),
            client.delete("/api/keys/nonsense"),
            client.get("/api/keys"),
        ):
            assert (answer.status_code, answer.json()["detail"]) == (
                403,
                "this needs the permission keys.manage",
            )
