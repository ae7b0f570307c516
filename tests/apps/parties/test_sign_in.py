"""Password, second step, limits: allauth as we set it up."""

from __future__ import annotations

import pytest
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.core.cache import cache
from django.test import Client

from lodeline.access import Role, platform
from lodeline_server.parties.actions import add_membership, create_user
from lodeline_server.parties.models import User

EMAIL, PASSWORD = "ann@example.org", "correct horse battery"


@pytest.fixture
def ann(organisation, now):
    user = create_user(actor=platform(), email=EMAIL, name="Ann", password=PASSWORD)
    add_membership(actor=platform(), user=user, organisation=organisation, role=Role.MAKER, now=now)
    return user


def sign_in(client, password=PASSWORD, **more):
    return client.post("/accounts/login/", {"login": EMAIL, "password": password, **more})


def confirm(client):
    return client.post("/accounts/reauthenticate/", {"password": PASSWORD})


def code(secret):
    return format_hotp_value(hotp_value(secret, next(yield_hotp_counters_from_time())))


def test_signing_in_goes_where_one_wanted(ann, client):
    wanted = client.get("/app/keys/")
    assert wanted["Location"] == "/accounts/login/?next=/app/keys/"
    assert sign_in(client, next="/app/keys/")["Location"] == "/app/keys/"
    assert sign_in(Client(), next="https://evil.example/")["Location"] == "/app/"


def test_a_wrong_password_and_a_wrong_address_look_the_same(ann, client):
    wrong = sign_in(client, "wrong password here")
    unknown = client.post("/accounts/login/", {"login": "nobody@example.org", "password": PASSWORD})
    assert wrong.status_code == unknown.status_code == 200
    assert wrong.context["form"].errors == unknown.context["form"].errors
    assert client.get("/api/me").status_code == 401


def test_attempts_are_limited_per_address(ann, client):
    for _ in range(5):
        assert "Too many" not in sign_in(client, "wrong password here").content.decode()
    blocked = sign_in(Client(REMOTE_ADDR="10.9.8.7"), PASSWORD)
    assert "Too many failed login attempts" in blocked.content.decode()


def test_pages_of_one_address_are_limited(ann):
    client = Client(REMOTE_ADDR="10.1.1.1")
    codes = [client.post("/accounts/login/", {}).status_code for _ in range(31)]
    assert (codes[:30], codes[30]) == ([200] * 30, 429)


def test_the_session_gets_a_new_name_at_sign_in(ann, client):
    client.get("/accounts/login/")
    session = client.session
    session["x"] = 1
    session.save()
    before = client.cookies["sessionid"].value
    sign_in(client)
    assert client.cookies["sessionid"].value != before


def test_signing_out_asks_and_ends_the_session(ann, client):
    sign_in(client)
    assert client.get("/accounts/logout/").status_code == 200
    assert client.get("/api/me").status_code == 200
    client.post("/accounts/logout/")
    assert client.get("/api/me").status_code == 401


def test_changing_the_password_ends_other_sessions(ann, client):
    sign_in(client)
    other = Client()
    sign_in(other)
    fresh = "another long password"
    done = client.post(
        "/accounts/password/change/", {"oldpassword": PASSWORD, "password1": fresh, "password2": fresh}
    )
    assert done.status_code == 302
    assert client.get("/api/me").status_code == 200
    assert other.get("/api/me").status_code == 401


def test_authenticator_app_from_on_to_off(ann, client):
    sign_in(client)
    confirm(client)
    page = client.get("/accounts/2fa/totp/activate/")
    secret = page.context["form"].secret
    assert secret in page.content.decode()
    assert client.post("/accounts/2fa/totp/activate/", {"code": "000000"}).status_code == 200
    on = client.post("/accounts/2fa/totp/activate/", {"code": code(secret)})
    assert (on.status_code, on["Location"]) == (302, "/accounts/2fa/recovery-codes/")
    codes = client.get("/accounts/2fa/recovery-codes/").context["unused_codes"]
    assert len(codes) == 10
    # The password alone no longer opens the account.
    second = Client()
    assert sign_in(second)["Location"] == "/accounts/2fa/authenticate/"
    assert second.get("/api/me").status_code == 401
    assert second.get("/accounts/2fa/authenticate/").status_code == 200
    assert second.post("/accounts/2fa/authenticate/", {"code": "000000"}).status_code == 200
    cache.clear()  # a code counts once; the test does not wait for the next
    assert second.post("/accounts/2fa/authenticate/", {"code": code(secret)})["Location"] == "/app/"
    assert second.get("/api/me").status_code == 200
    # A recovery code opens it once.
    for expected in (302, 200):
        third = Client()
        sign_in(third)
        assert third.post("/accounts/2fa/authenticate/", {"code": codes[0]}).status_code == expected
    cache.clear()
    assert client.get("/accounts/2fa/").context["is_mfa_enabled"] is True
    assert client.get("/accounts/2fa/totp/deactivate/").status_code == 200
    assert client.post("/accounts/2fa/totp/deactivate/").status_code == 302
    assert sign_in(Client())["Location"] == "/app/"


def test_protection_is_changed_only_by_who_was_just_here(ann, client):
    sign_in(client)
    away = client.get("/accounts/2fa/totp/activate/")
    assert away["Location"] == "/accounts/reauthenticate/?next=%2Faccounts%2F2fa%2Ftotp%2Factivate%2F"
    assert client.get(away["Location"]).status_code == 200
    assert client.post(away["Location"], {"password": "wrong password here"}).status_code == 200
    assert client.post(away["Location"], {"password": PASSWORD})["Location"] == "/accounts/2fa/totp/activate/"


def test_reauthentication_by_code(ann, client):
    TOTP.activate(ann, secret := "JBSWY3DPEHPK3PXP")
    RecoveryCodes.activate(ann)
    sign_in(client)
    client.post("/accounts/2fa/authenticate/", {"code": code(secret)})
    cache.clear()
    assert client.get("/accounts/2fa/recovery-codes/generate/").status_code == 302
    page = client.get("/accounts/2fa/reauthenticate/?next=/accounts/2fa/")
    assert page.status_code == 200
    assert "/accounts/reauthenticate/" in page.content.decode()
    assert (
        client.post("/accounts/2fa/reauthenticate/?next=/accounts/2fa/", {"code": code(secret)}).status_code
        == 302
    )
    assert client.get("/accounts/2fa/recovery-codes/generate/").status_code == 200


def test_nobody_registers(client, db):
    for path in ("/accounts/signup/", "/accounts/email/", "/accounts/password/reset/", "/accounts/3rdparty/"):
        for answer in (
            client.get(path),
            client.post(path, {"email": "x@example.org", "password1": PASSWORD}),
        ):
            assert answer.status_code == 404
    assert not User.objects.exists()


def test_sign_ins_are_logged_without_secrets(ann, client, caplog):
    import structlog

    with structlog.testing.capture_logs() as seen:
        sign_in(client, "wrong password here")
        sign_in(client)
    assert [line["event"] for line in seen] == ["sign-in failed", "signed in"]
    assert not {EMAIL, PASSWORD, "wrong password here"} & {str(v) for line in seen for v in line.values()}


@pytest.mark.parametrize("next_", ["/accounts/2fa/", "/accounts/password/change/", "/accounts/2fa/webauthn/"])
def test_security_pages_want_a_signed_in_person(client, db, next_):
    answer = client.get(next_)
    assert (answer.status_code, answer["Location"].startswith("/accounts/login/?next=")) == (302, True)
