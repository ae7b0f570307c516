"""Company sign-in against a provider that really answers."""

from __future__ import annotations

import http.client
import json
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.socialaccount.models import SocialAccount
from django.test import Client

from lodeline.access import Role, platform
from lodeline_server.parties.actions import add_membership, create_user
from lodeline_server.parties.models import User

LOGIN = "/accounts/oidc/oidc/login/"


@pytest.fixture
def ann(organisation, now):
    user = create_user(actor=platform(), email="ann@example.org", name="Ann")
    add_membership(actor=platform(), user=user, organisation=organisation, role=Role.MAKER, now=now)
    return user


def visit(url):
    """Ask the provider as a browser would; give back where it sends us."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=5)
    connection.request("GET", f"{parts.path}?{parts.query}")
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status, answer.getheader("Location")


def sign_in(client, **query):
    away = client.get(LOGIN, query)
    assert away.status_code == 302
    status, back = visit(away["Location"])
    assert status == 302
    return client.get(back.removeprefix("http://testserver"))


def me(client):
    answer = client.get("/api/me")
    return answer.json()["name"] if answer.status_code == 200 else answer.status_code


def test_the_whole_way(provider, ann, client):
    assert "Works sign-in" in client.get("/accounts/login/?next=/app/keys/").content.decode()
    away = client.get(LOGIN, {"next": "/app/keys/"})
    query = parse_qs(urlsplit(away["Location"]).query)
    assert away["Location"].startswith(f"{provider.issuer}/authorize?")
    assert query["code_challenge_method"] == ["S256"]
    assert query["redirect_uri"] == [f"http://testserver{LOGIN}callback/"]
    assert set(query["scope"][0].split()) == {"openid", "profile", "email"}
    done = sign_in(client, next="/app/keys/")
    assert (done.status_code, done["Location"]) == (302, "/app/keys/")
    assert me(client) == "Ann"
    assert provider.refused == []
    assert "/jwks" in provider.asked
    assert SocialAccount.objects.count() == 0  # found by address each time: nothing to go stale


def test_an_address_in_the_user_info_counts(provider, ann, client):
    provider.in_userinfo = True
    sign_in(client)
    assert me(client) == "Ann"


@pytest.mark.parametrize(
    "claims",
    [{"email": "stranger@example.org"}, {"email_verified": False}, {"email_verified": None}],
)
def test_no_account_is_made_and_none_is_opened(provider, ann, client, claims):
    provider.token_claims = claims
    answer = sign_in(client)
    assert answer.status_code == 200
    assert "There is no account" in answer.content.decode()
    assert me(client) == 401
    assert User.objects.count() == 1


def test_without_an_address_nobody_is_found(provider, ann, client):
    del provider.claims["email"]
    assert "There is no account" in sign_in(client).content.decode()
    assert me(client) == 401


def test_a_closed_account_stays_closed(provider, ann, client):
    User.objects.update(is_active=False)
    sign_in(client)
    assert me(client) == 401


def break_signature(provider):
    provider.signing_key = provider.stranger()


def break_algorithm(provider):
    provider.confused = True


def break_user_info(provider):
    provider.in_userinfo, provider.userinfo = True, {"sub": "somebody else"}


def break_issuer(provider):
    provider.issuer_told = "https://other.example"


def claim(**claims):
    return lambda provider: provider.token_claims.update(claims)


@pytest.mark.parametrize(
    "break_it",
    [
        break_signature, break_algorithm, break_user_info, claim(iss="https://other.example"), claim(iss=None),
        claim(aud="another client"), claim(aud=None), claim(exp=1), claim(exp=None), claim(sub=None),
        claim(nbf=4_000_000_000), lambda provider: setattr(provider, "no_token", True),
    ],
)  # fmt: skip
def test_a_token_that_does_not_verify_opens_nothing(provider, ann, client, break_it):
    break_it(provider)
    answer = sign_in(client)
    assert answer.status_code == 401
    assert "did not work" in answer.content.decode()
    assert me(client) == 401


def test_a_provider_of_another_name_is_not_followed(provider, ann, client):
    break_issuer(provider)
    assert client.get(LOGIN).status_code == 401


def test_answers_that_were_not_asked_for(provider, ann, client):
    away = client.get(LOGIN)
    _, back = visit(away["Location"])
    path = back.removeprefix("http://testserver")
    assert Client().get(path).status_code == 401  # another browser's state
    assert client.get(path.replace("state=", "state=x")).status_code == 401
    assert me(client) == 401
    again, _ = client.get(path), None
    assert again.status_code == 302
    assert Client().get(path).status_code == 401


def test_a_stolen_code_is_useless_without_the_verifier(provider, ann, client):
    """Somebody else's code, put into one's own callback."""
    _, stolen = visit(client.get(LOGIN)["Location"])
    code = parse_qs(urlsplit(stolen).query)["code"][0]
    thief = Client()
    state = parse_qs(urlsplit(thief.get(LOGIN)["Location"]).query)["state"][0]
    answer = thief.get(f"{LOGIN}callback/", {"code": code, "state": state})
    assert (answer.status_code, provider.refused) == (401, ["pkce"])


def test_cancelling(provider, client, db):
    state = parse_qs(urlsplit(client.get(LOGIN)["Location"]).query)["state"][0]
    answer = client.get(f"{LOGIN}callback/", {"error": "access_denied", "state": state})
    assert answer["Location"] == "/accounts/oidc/cancelled/"
    assert client.get(answer["Location"]).status_code == 200


def test_a_provider_that_is_away(provider, client, db):
    provider.close()
    provider.server.server_close()
    assert client.get(LOGIN).status_code == 401


@pytest.mark.parametrize("nonsense", [{}, {"issuer": 7}, [], "text", {"keys": 7}])
def test_a_provider_that_talks_nonsense(provider, ann, client, monkeypatch, nonsense):
    away = client.get(LOGIN)
    _, back = visit(away["Location"])
    monkeypatch.setattr(provider, "get", lambda *_: nonsense)
    assert client.get(back.removeprefix("http://testserver")).status_code == 401
    assert client.get(LOGIN).status_code == 401


@pytest.mark.parametrize(
    "keys", [{}, {"keys": 7}, {"keys": []}, {"keys": [{"kty": "RSA"}]}, [], {"keys": [7]}]
)
def test_keys_that_are_none(provider, ann, client, monkeypatch, keys):
    real = provider.get
    monkeypatch.setattr(provider, "get", lambda path, auth: keys if path == "/jwks" else real(path, auth))
    assert sign_in(client).status_code == 401
    assert me(client) == 401


@pytest.mark.parametrize("told", [[], "text", {"email": "ann@example.org", "email_verified": True}])
def test_user_info_that_is_none(provider, ann, client, monkeypatch, told):
    real = provider.get
    provider.in_userinfo = True
    monkeypatch.setattr(provider, "get", lambda path, auth: told if path == "/userinfo" else real(path, auth))
    assert sign_in(client).status_code == 401
    assert me(client) == 401


@pytest.mark.parametrize("path", ["/accounts/oidc/other/login/", "/accounts/oidc/other/login/callback/"])
def test_a_provider_that_is_not_configured(path, client, db):
    assert client.get(path).status_code == 404


def test_without_configuration_nothing_is_offered(client, db):
    assert "/accounts/oidc/" not in client.get("/accounts/login/").content.decode()


def test_the_second_step_still_counts(provider, ann, client):
    from allauth.mfa.totp.internal.auth import TOTP

    TOTP.activate(ann, "JBSWY3DPEHPK3PXP")
    assert sign_in(client)["Location"] == "/accounts/2fa/authenticate/"
    assert me(client) == 401


def test_the_provider_itself_is_strict(provider):
    """So that the tests above prove something."""
    body = json.dumps(provider.get("/jwks", None))
    assert '"d"' not in body
    assert provider.authorize({"client_id": provider.client}) is None
    assert (
        provider.exchange({"client_id": provider.client, "client_secret": provider.secret, "code": "x"})
        is None
    )
