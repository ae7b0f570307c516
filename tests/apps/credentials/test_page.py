"""The public page: drop, paste or name a credential; the same answer for everybody, within its limits."""

from __future__ import annotations

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from tests.apps.credentials.making import plain, post

from lodeline import strictjson
from lodeline.access import platform
from lodeline_server.credentials import actions, bundle_actions, checking_page
from lodeline_server.kit.clock import now as clock
from lodeline_server.publishing.actions import publish


@pytest.fixture(autouse=True)
def _fresh():
    checking_page.RATE.forget()


@pytest.fixture
def secured(issuer, organisation):
    actor = platform(organisation.workspace_id)
    return actions.issue(actor=actor, organisation=organisation, credential=plain(), now=clock()).secured


def drop(client, **form):
    return client.post("/verify", form)


def test_each_step_is_told(secured, client, asked_outside):
    text = json.dumps(secured)
    answer = drop(client, credential=text, subject="did:example:battery")
    assert (answer.status_code, answer["Cache-Control"]) == (200, "no-store")
    page = answer.content.decode()
    assert "It holds. Whether to believe its issuer is yours to decide." in page
    for word in (
        "Structure",
        "Signature",
        "Key at that time",
        "Status then",
        "Status now",
        "Subject",
        "Log receipt",
    ):
        assert f'<th scope="row">{word}</th>' in page
    assert "a mere statement (evidence level E1)" in page
    refused = drop(client, credential=text, subject="did:example:other").content.decode()
    assert "It does not hold: see the step “Subject”." in refused
    as_file = drop(client, file=SimpleUploadedFile("c.json", text.encode()))
    assert "It holds." in as_file.content.decode()
    assert asked_outside == []


def test_a_bundle_is_judged_by_what_it_carries(secured, organisation, client, asked_outside):
    actor = platform(organisation.workspace_id)
    made, _ = bundle_actions.bundle(actor=actor, organisation=organisation, item=secured, now=clock())
    page = drop(client, file=SimpleUploadedFile("b.json", strictjson.canonical(made))).content.decode()
    assert "It holds." in page
    assert '<th scope="row">Bundle</th>' in page
    made["records"] = []
    page = drop(client, credential=json.dumps(made)).content.decode()
    assert "It does not hold: see the step “Log receipt”." in page
    assert asked_outside == []


def test_an_address_of_ours_is_read_here_and_no_other(secured, client, asked_outside):
    start = "https://localhost:8000"
    body = strictjson.canonical(secured)
    publish(key="/credentials/held/one", forms={"application/vc": body}, kind="vc", position=0, now=clock())
    assert "It holds." in drop(client, credential=f"{start}/credentials/held/one").content.decode()
    for address in (
        f"{start}/credentials/none",
        "https://evil.example/c.json",
        "https://169.254.169.254/latest",
    ):
        page = drop(client, credential=address).content.decode()
        assert "cannot be had" in page or "no credential is published at" in page
        assert "see the step “Structure”" in page
    assert asked_outside == []


@pytest.mark.parametrize(
    ("form", "status", "words"),
    [
        ({}, 400, "There was nothing to verify"),
        ({"credential": "just words"}, 200, "neither JSON nor a token"),
        ({"credential": "{" * 500}, 200, "the JSON cannot be read"),
        ({"credential": '{"a":1,"a":2}'}, 200, "the JSON cannot be read"),
        ({"credential": "<script>alert(1)</script>.."}, 200, "does not hold"),
        ({"credential": "x.y.z", "subject": "s" * 501}, 400, "at most 500"),
        ({"file": SimpleUploadedFile("x", b"\xff\x00" * 9)}, 200, "does not hold"),
    ],
)
def test_what_cannot_be_verified_is_told(form, status, words, db, client):
    answer = drop(client, **form)
    assert answer.status_code == status
    assert words in answer.content.decode()
    assert "<script>alert" not in answer.content.decode()


def test_too_much_and_too_often(db, client):
    answer = drop(client, file=SimpleUploadedFile("x", b" " * (checking_page.MOST + 100_000)))
    assert answer.status_code == 413
    assert drop(client, credential="x" * 3_000_000).status_code == 400
    odd = client.post("/verify", b"--x--", content_type="multipart/form-data; boundary=y")
    assert odd.status_code == 400
    checking_page.RATE.forget()
    codes = [drop(client, credential="a.b.c").status_code for _ in range(checking_page.A_MINUTE + 1)]
    assert (set(codes[:-1]), codes[-1]) == ({200}, 429)
    assert drop(client, credential="a.b.c")["Retry-After"] == "60"
    other = Client(REMOTE_ADDR="203.0.113.9")
    assert drop(other, credential="a.b.c").status_code == 200, "another address is not concerned"


def test_the_same_whoever_asks(secured, client, client_as):
    somebody = client_as("maker")
    for ask in (lambda who: who.get("/verify"), lambda who: drop(who, credential="a.b.c")):
        nobody, known = ask(Client()), ask(somebody)
        assert nobody.content == known.content
        assert {**nobody.headers} == {**known.headers}
        assert not known.cookies
    assert Client(enforce_csrf_checks=True).post("/verify", {"credential": "a.b.c"}).status_code == 200


def test_the_rate_forgets():
    rate = checking_page.Rate()
    for _ in range(checking_page.A_MINUTE):
        assert rate.take("a", 10.0)
    assert not rate.take("a", 20.0)
    assert rate.take("a", 71.0)
    for number in range(checking_page.ADDRESSES + 5):
        rate.take(str(number), 72.0)
    assert len(rate._asked) == checking_page.ADDRESSES


def test_a_presentation_too(secured, issuer, api_client, client):
    answer = post(api_client("auditor"), "/credentials/verify", verifiableCredential=secured)
    assert answer.status_code == 200
    page = drop(
        client, credential=json.dumps({"type": ["VerifiablePresentation"], "@context": []})
    ).content.decode()
    assert "see the step “Structure”" in page
