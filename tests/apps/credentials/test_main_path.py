"""From a key to a revoked credential, over HTTP."""

from __future__ import annotations

import json

import pytest
from tests.apps.credentials.making import plain, post

from lodeline.access import platform
from lodeline_server.credentials import actions
from lodeline_server.credentials.models import Credential, StatusVersion
from lodeline_server.log.queries import get


@pytest.mark.parametrize("form", ["eddsa-jcs-2022", "eddsa-rdfc-2022", "vc+jwt"])
def test_what_is_issued_verifies_until_it_is_revoked(form, issuer, api_client):
    client = api_client("maker")
    made = post(client, "/credentials/issue", credential=plain(), options={"form": form})
    assert made.status_code == 201, made.content
    secured = made.json()["verifiableCredential"]
    row = Credential.objects.get()
    assert (row.form, row.kind, row.subject) == (form, "VerifiableCredential", "did:example:battery")
    said = get(row.position)
    assert (said.type, said.payload["body"]["sha256"]) == ("credential.issued", row.sha256)

    found = post(client, "/credentials/verify", verifiableCredential=secured)
    assert found.status_code == 200, found.content
    told = found.json()
    assert (told["verified"], told["errors"]) == (True, [])
    assert [step["step"] for step in told["steps"]] == [
        "structure", "signature", "key", "issuer", "status-then", "status", "dates", "subject", "receipt",
    ]  # fmt: skip
    assert f"position {row.position} " in told["steps"][-1]["said"]

    entry = {"type": "BitstringStatusListEntry", "statusPurpose": "revocation"}
    done = post(client, "/credentials/status", credentialId=row.identifier, credentialStatus=entry)
    assert done.status_code == 200, done.content
    refused = post(client, "/credentials/verify", verifiableCredential=secured)
    assert refused.status_code == 400
    (error,) = refused.json()["errors"]
    assert (error["step"], error["detail"]) == ("status", "its issuer has revoked it")
    assert StatusVersion.objects.count() == 3


def test_a_did_document_is_public_and_says_when_a_key_was_revoked(issuer, organisation, client, now):
    first = client.get("/orgs/north-works/did.json")
    assert first.status_code == 200
    assert first["Content-Type"] == "application/did+json"
    document = json.loads(first.content)
    assert document["id"] == "did:web:localhost%3A8000:orgs:north-works"
    assert [method["id"].partition("#")[2] for method in document["verificationMethod"]] == [
        "key-1", "key-1-jwk", "key-2", "key-2-jwk",
    ]  # fmt: skip
    actions.revoke_key(
        actor=platform(organisation.workspace_id), organisation=organisation, name="key-1", now=now
    )
    document = json.loads(client.get("/orgs/north-works/did.json").content)
    assert document["verificationMethod"][0]["revoked"] == "2026-11-01T12:00:00Z"
