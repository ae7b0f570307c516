"""Passkeys and the second step in a real browser, with the authenticator that Chromium brings for tests."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from lodeline.access import Role, platform

EMAIL, PASSWORD = "ann@example.org", "correct horse battery"
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def page(browser, live_server):
    """A fresh browser at a server with an empty database: WebAuthn wants a name, so it is localhost."""
    context = browser.new_context(base_url=live_server.url)
    context.set_default_timeout(15_000)
    page = context.new_page()
    page.said = []
    page.on("console", lambda line: page.said.append(line.text) if line.type == "error" else None)
    page.on("pageerror", lambda error: page.said.append(str(error)))
    yield page
    context.close()


@pytest.fixture
def ann(organisation, now):
    from lodeline_server.parties.actions import add_membership, create_user

    user = create_user(actor=platform(), email=EMAIL, name="Ann", password=PASSWORD)
    add_membership(actor=platform(), user=user, organisation=organisation, role=Role.MAKER, now=now)
    return user


def authenticator(page):
    """A device that holds passkeys and whose owner always touches it."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": True, "automaticPresenceSimulation": True,
    }  # fmt: skip
    made = session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return session, made["authenticatorId"]


def sign_in(page, password=PASSWORD):
    page.goto("/accounts/login/")
    page.get_by_label("E-mail").fill(EMAIL)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()


def sign_out(page):
    page.goto("/accounts/logout/")
    page.locator("main").get_by_role("button", name="Sign out").click()
    page.wait_for_url(lambda url: "logout" not in url)


def arrive(page, path):
    page.wait_for_url(lambda url: urlsplit(url).path == path)


def who(page):
    answer = page.request.get("/api/me")
    return answer.json()["name"] if answer.ok else answer.status


def confirm(page):
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()


def add_passkey(page, name, *, alone):
    page.goto("/accounts/2fa/webauthn/add/")
    if "reauthenticate" in page.url:
        confirm(page)
    page.get_by_label("Name").fill(name)
    if alone:
        page.get_by_label("Passwordless").check()
    page.get_by_role("button", name="Add the passkey").click()
    arrive(page, "/accounts/2fa/recovery-codes/")


def test_a_passkey_opens_the_account_without_a_password(page, ann):
    session, device = authenticator(page)
    sign_in(page)
    arrive(page, "/app/")
    add_passkey(page, "laptop", alone=True)
    held = session.send("WebAuthn.getCredentials", {"authenticatorId": device})["credentials"]
    assert [(key["rpId"], key["isResidentCredential"]) for key in held] == [("localhost", True)]
    assert page.locator(".codes li").count() == 10
    page.goto("/accounts/2fa/webauthn/")
    assert page.get_by_role("rowheader", name="laptop").is_visible()
    sign_out(page)
    assert who(page) == 401
    page.goto("/accounts/login/?next=/app/keys/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    arrive(page, "/app/keys/")
    assert who(page) == "Ann"
    # Renamed, removed: then it opens nothing.
    page.goto("/accounts/2fa/webauthn/")
    page.get_by_role("link", name="Rename").click()
    if "reauthenticate" in page.url:
        confirm(page)
    page.get_by_label("Name").fill("work laptop")
    page.get_by_role("button", name="Save the name").click()
    assert page.get_by_role("rowheader", name="work laptop").is_visible()
    page.get_by_role("link", name="Remove").click()
    page.get_by_role("button", name="Remove the passkey").click()
    assert page.get_by_text("None yet.").is_visible()
    sign_out(page)
    page.goto("/accounts/login/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_load_state()
    assert who(page) == 401
    assert page.said == []


def test_a_key_as_second_step(page, ann):
    authenticator(page)
    sign_in(page)
    arrive(page, "/app/")
    add_passkey(page, "token", alone=False)
    sign_out(page)
    sign_in(page)
    arrive(page, "/accounts/2fa/authenticate/")
    assert who(page) == 401
    page.get_by_role("button", name="Use a passkey").click()
    arrive(page, "/app/")
    assert who(page) == "Ann"
    assert page.said == []


def test_a_refusing_device_is_said_in_words(page, ann):
    session, device = authenticator(page)
    session.send("WebAuthn.setUserVerified", {"authenticatorId": device, "isUserVerified": False})
    page.goto("/accounts/login/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.get_by_text("The browser gave no passkey").wait_for()
    assert who(page) == 401


def test_an_address_of_digits_is_said_in_words(page, ann, live_server):
    page.goto(live_server.url.replace("localhost", "127.0.0.1") + "/accounts/login/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.get_by_text("Passkeys need an address with a name").wait_for()
    page.get_by_role("link", name="Open this page on localhost").click()
    assert page.url.startswith(live_server.url)


def test_confirming_with_a_passkey(page, ann):
    authenticator(page)
    sign_in(page)
    arrive(page, "/app/")
    add_passkey(page, "laptop", alone=True)
    sign_out(page)
    page.goto("/accounts/login/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    arrive(page, "/app/")
    page.goto("/accounts/2fa/webauthn/reauthenticate/?next=/accounts/2fa/recovery-codes/generate/")
    page.get_by_role("button", name="Use a passkey").click()
    arrive(page, "/accounts/2fa/recovery-codes/generate/")
    assert page.get_by_role("button", name="Make new codes").is_visible()
    assert page.said == []


PLACES = [
    "/accounts/login/", "/accounts/logout/", "/accounts/inactive/", "/accounts/password/reset/key/1-x-y/",
    "/accounts/oidc/cancelled/", "/accounts/2fa/", "/accounts/2fa/totp/activate/", "/accounts/2fa/webauthn/add/",
    "/accounts/2fa/webauthn/", "/accounts/2fa/recovery-codes/generate/", "/accounts/password/change/",
    "/app/members/", "/app/keys/", "/app/switch", "/app/nowhere", "/nowhere",
]  # fmt: skip


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_account_pages_are_open_to_everybody(page, ann, organisation, now, axe, scheme):
    """axe finds nothing, at 320 px nothing sticks out sideways."""
    from lodeline_server.parties.actions import add_membership, create_api_key
    from lodeline_server.parties.models import Membership

    Membership.objects.all().delete()
    add_membership(actor=platform(), user=ann, organisation=organisation, role=Role.OPERATOR, now=now)
    create_api_key(actor=platform(), organisation=organisation, name="erp", role=Role.MAKER, now=now)
    page.emulate_media(color_scheme=scheme)
    wrong = []
    signed_in = False
    for place in PLACES:
        if place == "/accounts/2fa/":
            sign_in(page)
            arrive(page, "/app/")
            page.goto("/accounts/2fa/totp/activate/")
            confirm(page)
            signed_in = True
        for width in (1280, 320):
            page.set_viewport_size({"width": width, "height": 800})
            page.goto(place)
            wrong += [f"{place} at {width}: {one}" for one in axe(page)]
            sideways = page.evaluate("document.documentElement.scrollWidth") - width
            wrong += [f"{place}: {sideways} px wider than {width}"] if sideways > 0 else []
    assert signed_in
    assert not wrong, "\n".join(wrong)
