"""Presentations, the door for suites, the command."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from django.test import Client
from tests.apps.credentials.making import plain, post

from lodeline.credentials import did_key, integrity, jose
from lodeline.keys import SigningKey
from lodeline_server.credentials import command, keyring, material

HOLDER = SigningKey(b"\x33" * 32)
DID, METHOD = did_key.did(HOLDER.verify_key), did_key.method(HOLDER.verify_key)
SIGNED = datetime(2026, 11, 1, tzinfo=UTC)
V2 = "https://www.w3.org/ns/credentials/v2"


def presented(*credentials, **more):
    return {
        "@context": [V2],
        "type": ["VerifiablePresentation"],
        "holder": DID,
        "verifiableCredential": list(credentials),
        **more,
    }


def sealed(document, **more):
    more = {"challenge": "c-1", "domain": "verifier.example"} | more
    return integrity.add(document, HOLDER, METHOD, created=SIGNED, purpose=integrity.AUTHENTICATION, **more)


@pytest.fixture
def secured(issuer, api_client):
    made = post(api_client("maker"), "/credentials/issue", credential=plain(), options={"form": "vc+jwt"})
    return made.json()["verifiableCredential"]


ASKED = {"challenge": "c-1", "domain": "verifier.example"}


@pytest.mark.parametrize("suite", [integrity.JCS, integrity.RDFC])
def test_a_presentation_and_what_is_in_it(suite, secured, api_client):
    made = sealed(presented(secured), cryptosuite=suite, canonize=material.canonize)
    answer = post(api_client("auditor"), "/presentations/verify", verifiablePresentation=made, options=ASKED)
    assert answer.status_code == 200, answer.content
    said = [step["said"] for step in answer.json()["steps"]]
    assert said[1] == f"it is as {DID} signed it, in answer to the challenge that was set"
    assert said[2] == "credential 1: it is a credential as the data model wants it"


def test_a_presentation_in_an_envelope(secured, api_client):
    token = jose.sign(
        presented(secured), HOLDER, METHOD, now=SIGNED, kind="vp", audience="verifier.example", nonce="c-1"
    )
    made = {
        "@context": [V2],
        "type": "EnvelopedVerifiablePresentation",
        "id": f"data:application/vp+jwt,{token}",
    }
    for sent in (made, token):
        answer = post(
            api_client("auditor"), "/presentations/verify", verifiablePresentation=sent, options=ASKED
        )
        assert answer.status_code == 200, answer.content


def test_presentations_that_are_refused(secured, api_client):
    unsecured = plain(issuer=DID)
    forged = {**secured, "id": secured["id"][:-4] + "AAAA"}
    cases = {
        "challenge": (sealed(presented(secured), challenge="c-2"), "signature"),
        "domain": (sealed(presented(secured), domain="other.example"), "signature"),
        "nothing signed": (presented(secured), "signature"),
        "another holder": (sealed(presented(secured, holder="did:example:other")), "issuer"),
        "an unsecured credential": (sealed(presented(unsecured)), "structure"),
        "a forged credential": (sealed(presented(forged)), "signature"),
        "too many": (sealed(presented(*[secured] * 21)), "structure"),
        "for a claim": (
            integrity.add(presented(secured), HOLDER, METHOD, created=SIGNED, **ASKED), "signature",
        ),
    }  # fmt: skip
    for name, (sent, step) in cases.items():
        answer = post(
            api_client("auditor"), "/presentations/verify", verifiablePresentation=sent, options=ASKED
        )
        assert answer.status_code == 400, name
        assert [error["step"] for error in answer.json()["errors"]] == [step], name


def list_of(secured):
    return secured["credentialStatus"][0]["statusListCredential"].rpartition("/")[2]


def test_open_only_on_loopback_and_only_when_set(issuer, settings, client):
    own = did_key.did(keyring.public(issuer.keys.get(name="key-1")))

    def ask(client=client, **headers):
        return post_as(client, headers)

    def post_as(client, headers):
        body = json.dumps({"credential": plain(issuer=own)})
        return client.post("/credentials/issue", body, content_type="application/json", headers=headers)

    assert ask().status_code == 401
    settings.VC_OPEN = True
    made = ask()
    assert made.status_code == 201, made.content
    secured = made.json()["verifiableCredential"]
    assert secured["proof"]["verificationMethod"].startswith(own)
    kept = json.loads(client.get("/credentials/status/" + list_of(secured)).content)
    assert kept["issuer"] == own
    for sent in (secured, kept):
        answer = post(client, "/credentials/verify", verifiableCredential=sent)
        assert answer.status_code == 200, answer.content
    assert ask(Client(REMOTE_ADDR="192.0.2.7")).status_code == 401
    for name in ("origin", "x-forwarded-for", "forwarded", "via"):
        assert ask(**{name: "https://evil.example"}).status_code == 401, name
    assert ask(authorization="Bearer ll_wrong_key").status_code == 401
    assert client.get("/api/keys").status_code == 401
    settings.PUBLIC_URL = "https://lodeline.example"
    assert ask().status_code == 401


def run(capsys, *words):
    import argparse

    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    code = command.run(parser.parse_args(list(words)))
    return code, capsys.readouterr()


def test_the_command(organisation, capsys, tmp_path):
    sent, made = tmp_path / "plain.json", tmp_path / "secured.json"
    sent.write_text(json.dumps(plain(id="urn:uuid:2d9bb7a4-5f4e-4d57-9a62-3a3a1f0c7d10")))
    assert run(capsys, "issue", str(sent), "--as", "north-works")[0] == 1
    assert run(capsys, "key", "add", "--as", "north-works")[1].out.startswith(
        "did:web:localhost%3A8000:orgs:north-works\n"
    )
    code, said = run(capsys, "issue", str(sent), "--as", "north-works")
    made.write_text(said.out)
    assert (code, run(capsys, "verify", str(made))[0]) == (0, 0)
    code, said = run(capsys, "verify", str(made), "--json", "--signature-only")
    told = json.loads(said.out)
    assert (code, told["verified"], told["errors"]) == (0, True, [])
    assert {step["step"]: step["good"] for step in told["steps"]}["status"] is None
    code, said = run(capsys, "revoke", "urn:uuid:2d9bb7a4-5f4e-4d57-9a62-3a3a1f0c7d10", "--as", "north-works")
    assert code == 0
    code, said = run(capsys, "verify", str(made))
    assert code == 1
    lines = said.out.splitlines()
    assert [line for line in lines if "REFUSED" in line] == ["status      REFUSED  its issuer has revoked it"]
    assert lines[-1] == "It does not hold."
    assert run(capsys, "verify", str(made), "--signature-only")[0] == 0


def test_what_the_command_cannot_use(organisation, capsys, tmp_path):
    other = tmp_path / "other"
    other.write_text("just words")
    assert run(capsys, "verify", str(other))[0] == 2
    assert run(capsys, "verify", str(tmp_path / "none"))[0] == 2
    other.write_bytes(b"\xff\xfe")
    assert run(capsys, "verify", str(other))[0] == 2
    other.write_text("{}")
    assert run(capsys, "verify", str(other))[0] == 1
    assert run(capsys, "issue", str(other), "--as", "nobody")[0] == 2
    assert run(capsys, "revoke", "urn:x", "--as", "north-works")[0] == 1
    assert run(capsys, "key", "revoke", "key-9", "--as", "north-works")[0] == 2


def test_a_machine_that_only_verifies(tmp_path):
    """No database was ever made there: what needs nobody is verified, what would need somebody is refused."""
    import os
    import subprocess
    import sys
    from pathlib import Path

    made = integrity.add(plain(issuer=DID), HOLDER, METHOD, created=SIGNED)
    other = {**made, "issuer": "did:web:maker.example"}
    other["proof"] = {**made["proof"], "verificationMethod": "did:web:maker.example#key-1"}
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("LODELINE_", "DATABASE_"))
    }
    lodeline = str(Path(sys.executable).parent / "lodeline")
    for sent, code, word in ((made, 0, "It holds."), (other, 1, "LODELINE_VC_HOSTS")):
        done = subprocess.run(
            [lodeline, "credential", "verify", "-"],
            input=json.dumps(sent), env=kept | {"LODELINE_DATA": str(tmp_path / "empty")},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == code, done.stderr
        assert word in done.stdout
