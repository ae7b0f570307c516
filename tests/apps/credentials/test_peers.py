"""The product's doors and libraries of other makers: each verifies what the other issues."""

from __future__ import annotations

import json
from urllib.parse import urlsplit

import pytest
from tests.apps.credentials.making import plain, post
from tests.conftest import missing
from tests.core.credentials import peers

from lodeline_server.credentials import material
from lodeline_server.kit import clock, outbound

FORMS = {"eddsa-jcs-2022": "proofs", "eddsa-rdfc-2022": "proofs", "vc+jwt": "vc+jwt"}


@pytest.fixture(autouse=True)
def libraries():
    if not peers.there():
        missing("node with the credential libraries of conformance/")


def served(client, credential) -> dict:
    """What the other side would fetch: our DID document, and the lists that a credential names."""
    document = client.get("/orgs/north-works/did.json").json()
    addresses = {entry["statusListCredential"] for entry in credential["credentialStatus"]}
    return {document["id"]: document} | {
        url: json.loads(client.get(urlsplit(url).path).content) for url in addresses
    }


def content(secured) -> tuple[str, dict]:
    """The text that travels, and the document in it."""
    if "proof" in secured:
        return json.dumps(secured), secured
    token = secured["id"].partition(",")[2]
    return token, json.loads(peers.unb64url(token.split(".")[1]))


def test_they_verify_what_the_server_issues_until_it_is_revoked(issuer, api_client, client, tmp_path):
    maker = api_client("maker")
    files, revoked = [], {"type": "BitstringStatusListEntry", "statusPurpose": "revocation"}
    for form, kind in FORMS.items():
        made = post(maker, "/credentials/issue", credential=plain(), options={"form": form})
        assert made.status_code == 201, made.content
        text, document = content(made.json()["verifiableCredential"])
        files.append(peers.File(form, kind, text, status=kind == "proofs"))
        if kind == "proofs":
            changed = {**document, "credentialSubject": {"id": "did:example:other"}}
            files.append(peers.File(f"{form}!", kind, json.dumps(changed), status=True))
        else:
            files.append(peers.File(f"{form}!", kind, f"{text.rpartition('.')[0]}.{'A' * 86}"))
    told = peers.exchange(tmp_path, files, served(client, document), clock.now())
    assert {name for name, said in told.items() if "refused" in said} == {f"{form}!" for form in FORMS}, told
    assert told["vc+jwt"]["subject"] == {"id": "did:example:battery"}

    identifier = json.loads(files[0].text)["id"]
    done = post(maker, "/credentials/status", credentialId=identifier, credentialStatus=revoked)
    assert done.status_code == 200, done.content
    told = peers.exchange(tmp_path, files[:3:2], served(client, document), clock.now())
    assert told["eddsa-jcs-2022"]["refused"] == "status: revocation"
    assert "subject" in told["eddsa-rdfc-2022"]


def test_the_server_verifies_what_they_issue(issuer, api_client, tmp_path, settings, monkeypatch, request):
    peers.exchange(tmp_path, [], {}, clock.now())
    theirs = {path.name: path.read_text() for path in (tmp_path / "peer").iterdir()}
    asked = []

    def call(url, **_):
        asked.append(url)
        assert url == "https://peer.example/.well-known/did.json"
        return outbound.Answer(
            status=200, media_type="application/did+json", body=theirs["did.json"].encode()
        )

    settings.VC_HOSTS = ["peer.example"]
    monkeypatch.setattr(outbound, "call", call)
    material.resolver.cache_clear()
    request.addfinalizer(material.resolver.cache_clear)
    verifier = api_client("maker")
    for name, text in theirs.items():
        if name == "did.json" or name.startswith(("list", "bound")):
            continue
        sent = json.loads(text) if name.endswith(".json") else text
        found = post(verifier, "/credentials/verify", verifiableCredential=sent)
        assert found.status_code == 200, (name, found.content)
        changed = text.replace("16.5", "16.6") if name.endswith(".json") else peers.altered(text)
        sent = json.loads(changed) if name.endswith(".json") else changed
        refused = post(verifier, "/credentials/verify", verifiableCredential=sent)
        assert refused.status_code == 400, name
        assert [error["step"] for error in refused.json()["errors"]] == ["signature"], name
    assert asked
