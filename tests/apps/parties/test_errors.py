"""What is answered when nothing else is, and the headers every answer carries."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import path

from lodeline.access import Permission
from lodeline.evidence import Finding, Severity
from lodeline_server.config import urls as real
from lodeline_server.kit.permissions import page, public
from lodeline_server.kit.problems import Problem

FINDING = Finding(rule="X-1", severity=Severity.ERROR, pointer="/a/0", message="<b>bold</b> is missing")


@public
def broken(_request):
    raise ZeroDivisionError("a secret 4711")


@page(Permission.HOME_VIEW)
def refusing(_request):
    raise Problem(409, "It <i>contradicts</i>", detail="what is on record", findings=[FINDING])


@page(Permission.HOME_VIEW)
def deeper(request):
    request.actor.require(Permission.OPERATE)


class Routes:
    urlpatterns = [
        path("app/broken", broken),
        path("api/broken", broken),
        path("app/refusing", refusing),
        path("app/deeper", deeper),
        *real.urlpatterns,
    ]
    handler400, handler403, handler404, handler500 = (
        real.handler400,
        real.handler403,
        real.handler404,
        real.handler500,
    )


@pytest.fixture
def routes(settings):
    settings.ROOT_URLCONF = Routes


def test_an_unknown_address_is_a_page_for_people_and_a_problem_for_programs(db, client):
    shown = client.get("/app/nowhere")
    assert (shown.status_code, shown["Content-Type"]) == (404, "text/html; charset=utf-8")
    assert "nothing at this address" in shown.content.decode()
    for place in ("/api/nowhere", "/epcis/nowhere"):
        told = client.get(place)
        assert (told.status_code, told["Content-Type"]) == (404, "application/problem+json")
        assert told.json() == {
            "type": "about:blank",
            "title": "There is nothing at this address",
            "status": 404,
        }


def test_a_bug_names_a_reference_and_nothing_else(db, routes, caplog):
    client = Client(raise_request_exception=False)
    shown = client.get("/app/broken")
    told = client.get("/api/broken")
    references = [record.msg["reference"] for record in caplog.records if "reference" in str(record.msg)]
    assert (shown.status_code, told.status_code) == (500, 500)
    assert references[0] in shown.content.decode()
    assert told.json()["detail"] == f"Reference: {references[1]}"
    for answer in (shown, told):
        assert "4711" not in answer.content.decode()
        assert "Zero" not in answer.content.decode()


def test_a_refusal_inside_a_page_is_a_page(routes, client_as):
    answer = client_as("buyer").get("/app/refusing")
    body = answer.content.decode()
    assert answer.status_code == 409
    assert "It &lt;i&gt;contradicts&lt;/i&gt;" in body
    assert "what is on record" in body
    assert "/a/0" in body
    assert "&lt;b&gt;bold&lt;/b&gt; is missing" in body
    deep = client_as("buyer").get("/app/deeper")
    assert (deep.status_code, "operate" in deep.content.decode()) == (403, True)


def test_a_form_without_its_token_is_answered_in_words(client_as):
    client = client_as("maker")
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = client.cookies
    answer = strict.post("/app/switch", {"membership": 1})
    assert answer.status_code == 403
    assert "could not be matched to your session" in answer.content.decode()


def test_an_unknown_host_is_refused(db):
    answer = Client(SERVER_NAME="evil.example").get("/healthz")
    assert answer.status_code == 400


def test_fragments_send_the_whole_page_to_the_sign_in(db, client):
    answer = client.get("/app/keys/?a=1", headers={"HX-Request": "true"})
    assert (answer.status_code, answer["HX-Redirect"]) == (200, "/accounts/login/?next=/app/keys/%3Fa%3D1")


@pytest.mark.parametrize(
    "place", ["/accounts/login/", "/app/keys/", "/api/me", "/api/openapi.json", "/nowhere", "/healthz"]
)
@pytest.mark.parametrize("signed_in", [True, False])
def test_headers(place, signed_in, db, client_as):
    client = client_as("maker") if signed_in else Client()
    answer = client.get(place)
    policy = dict(
        part.strip().split(" ", 1) for part in answer["Content-Security-Policy"].split(";") if part.strip()
    )
    assert policy["default-src"] == policy["script-src"] == policy["style-src"] == "'self'"
    assert policy["object-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    assert policy["form-action"] == "'self'"
    assert "unsafe" not in answer["Content-Security-Policy"]
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin"


@pytest.mark.parametrize(
    "place", ["/app/keys/", "/app/switch", "/accounts/2fa/", "/api/me", "/api/keys", "/app/nowhere"]
)
def test_what_depends_on_the_person_is_never_kept(place, client_as):
    assert "no-store" in client_as("maker").get(place)["Cache-Control"]
    assert "no-store" in Client().get(place)["Cache-Control"]


def test_cookies_are_out_of_reach(db, client, settings):
    client.get("/accounts/login/")
    client.post("/accounts/login/", {"login": "x@example.org", "password": "x"})
    for cookie in client.cookies.values():
        assert cookie["samesite"] == "Lax"
    assert settings.SESSION_COOKIE_HTTPONLY is True


@pytest.mark.parametrize("place", ["/accounts/login/", "/accounts/logout/"])
def test_pages_carry_no_script_of_their_own(place, db, client):
    body = client.get(place).content.decode()
    assert not re.search(r"<[^>]*\s(on\w+|style)\s*=", body)
    assert "javascript:" not in body
    for part in body.split("<script")[1:]:
        assert (
            part.split(">", 1)[1].startswith("</script>") or 'type="application/json"' in part.split(">")[0]
        )
