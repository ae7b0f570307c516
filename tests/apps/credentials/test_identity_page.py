"""The page of an organisation's identity."""

from __future__ import annotations

import pytest
from django.urls import reverse

from lodeline.access import Role, platform
from lodeline_server.credentials import actions, queries
from lodeline_server.credentials.models import IssuerKey

PAGE = "/app/identity/"


def address(what, name):
    return reverse(f"identity_key_{what}", args=[IssuerKey.objects.get(name=name).pk])


def test_from_no_key_to_a_revoked_one(organisation, client_as):
    client = client_as(Role.MAKER)
    empty = client.get(PAGE)
    assert empty.status_code == 200
    assert b"North Works has no key to sign with." in empty.content
    assert b"did:web:" not in empty.content.split(b"<main")[1].split(b"<h2>")[1]
    wanted = {"algorithm": "P-256", "purposes": ["assertionMethod"]}
    assert client.post(PAGE, wanted)["Location"] == PAGE
    row = IssuerKey.objects.get()
    assert (row.algorithm, row.purposes) == ("P-256", ["assertionMethod"])
    shown = client.get(PAGE).content.decode()
    assert "North Works signs with one key." in shown
    assert "did:web:localhost%3A8000:orgs:north-works" in shown
    assert queries.newest_entry(row.issuer).did in shown
    assert client.get(address("rotate", "key-1")).status_code == 200
    assert IssuerKey.objects.count() == 1  # a question changes nothing
    assert client.post(address("rotate", "key-1")).status_code == 302
    assert "key-2 takes over from key-1" in client.get(PAGE).content.decode()
    assert client.post(address("rotate", "key-1")).status_code == 409
    assert client.get(address("revoke", "key-2")).status_code == 200
    assert client.post(address("revoke", "key-2")).status_code == 302
    shown = client.get(PAGE).content.decode()
    assert "North Works has no key to sign with." in shown
    assert "revoked 20" in shown
    assert IssuerKey.objects.filter(revoked_at__isnull=False).count() == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"algorithm": "RSA", "purposes": ["authentication"]},
        {"algorithm": "P-256", "purposes": ["keyAgreement"]},
    ],
)
def test_forms_that_are_refused(wrong, organisation, client_as):
    answer = client_as(Role.MAKER).post(PAGE, wrong)
    assert answer.status_code == 422
    assert IssuerKey.objects.count() == 0


def test_another_organisations_keys_are_not_there(issuer, other_organisation, client_as):
    stranger = client_as(Role.MAKER, of=other_organisation)
    for what in ("rotate", "revoke"):
        for call in (stranger.get, stranger.post):
            assert call(address(what, "key-1")).status_code == 404
    assert b"north-works" not in stranger.get(PAGE).content
    assert IssuerKey.objects.filter(revoked_at__isnull=True, valid_until__isnull=True).count() == 2


def test_who_may_not(issuer, client_as):
    for role in (Role.BUYER, Role.AUDITOR, Role.REGULATOR):
        client = client_as(role)
        assert client.get(PAGE).status_code == 403
        assert client.post(address("revoke", "key-1")).status_code == 403
    assert not IssuerKey.objects.filter(revoked_at__isnull=False).exists()


def test_documents_are_the_same_for_whoever_asks(issuer, client, client_as):
    for path in ("/orgs/north-works/did.json", "/orgs/north-works/did.jsonl"):
        assert client.get(path).content == client_as(Role.MAKER).get(path).content
    assert client.get("/orgs/nobody/did.jsonl").status_code == 404


def test_questions_asked_of_the_database(organisation, client_as, now, django_assert_max_num_queries):
    who = {"actor": platform(organisation.workspace_id), "organisation": organisation}
    client = client_as(Role.MAKER)
    for _ in range(8):
        actions.add_key(**who, algorithm="Ed25519", now=now)
    with django_assert_max_num_queries(20):
        client.get(PAGE)
