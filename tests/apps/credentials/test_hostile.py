"""Hostile input over HTTP: refused with the step, quickly, and nobody outside is asked."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta

import pytest
from tests.apps.credentials.making import plain, post

from lodeline import strictjson
from lodeline.credentials import did_key, integrity, jose
from lodeline.keys import SigningKey, b64url
from lodeline_server.credentials import material

KEY, OTHER = SigningKey(b"\x11" * 32), SigningKey(b"\x22" * 32)
ISSUER, METHOD = did_key.did(KEY.verify_key), did_key.method(KEY.verify_key)
SIGNED = datetime(2026, 11, 1, tzinfo=UTC)
V2 = "https://www.w3.org/ns/credentials/v2"


def signed(document=None, **more):
    document = document or plain(issuer=ISSUER)
    canonize = material.canonize if more.get("cryptosuite") == integrity.RDFC else None
    return integrity.add(document, KEY, METHOD, created=SIGNED, canonize=canonize, **more)


def proof(**members):
    made = signed()
    made["proof"] |= members
    return made


def token(header, payload=None):
    parts = ({"typ": "vc+jwt", "kid": METHOD, **header}, payload or plain(issuer=ISSUER))
    head = ".".join(b64url(strictjson.canonical(part)) for part in parts)
    return f"{head}.{b64url(KEY.sign(head.encode()))}"


def entry(**members):
    return {
        "type": "BitstringStatusListEntry",
        "statusPurpose": "revocation",
        "statusListIndex": "7",
        "statusListCredential": "https://lists.example/1",
        **members,
    }


def with_status(**members):
    return signed(plain(issuer=ISSUER, credentialStatus=entry(**members)))


def poison():
    """Forty blank nodes that all look alike: canonical names for them take for ever."""
    nodes = [f"_:b{number}" for number in range(40)]
    graph = [
        {"id": node, "https://example.org/p": [{"id": other} for other in nodes if other != node]}
        for node in nodes
    ]
    context = [V2, "https://www.w3.org/ns/credentials/examples/v2"]
    made = plain(issuer=ISSUER, **{"@context": context})
    made["credentialSubject"] = {"id": "did:example:battery", "https://example.org/g": graph}
    return proof() | made | {"proof": proof()["proof"] | {"cryptosuite": integrity.RDFC}}


HOSTILE = {
    "not secured": (lambda: plain(issuer=ISSUER), "signature"),
    "altered": (lambda: signed() | {"validFrom": "2026-01-01T00:00:00Z"}, "signature"),
    "algorithm none": (lambda: token({"alg": "none"}), "signature"),
    "algorithm of a shared secret": (lambda: token({"alg": "HS256"}), "signature"),
    "algorithm of another key": (lambda: token({"alg": "ES256"}), "signature"),
    "key in the header": (lambda: token({"alg": "EdDSA", "jwk": {"kty": "OKP"}}), "structure"),
    "key from an address": (lambda: token({"alg": "EdDSA", "jku": "https://keys.example/"}), "structure"),
    "no key named": (lambda: token({"alg": "EdDSA", "kid": None}), "key"),
    "wrapped in a claim": (lambda: token({"alg": "EdDSA"}, {"vc": plain(issuer=ISSUER)}), "structure"),
    "key of another": (
        lambda: integrity.add(plain(issuer=ISSUER), OTHER, did_key.method(OTHER.verify_key), created=SIGNED),
        "issuer",
    ),
    "issuer at a private address": (
        lambda: proof(verificationMethod="did:web:127.0.0.1%3A8000#k"), "key",
    ),
    "issuer in the house": (lambda: proof(verificationMethod="did:web:localhost#k"), "key"),
    "issuer that nobody allowed": (lambda: proof(verificationMethod="did:web:evil.example#k"), "key"),
    "issuer of an unknown method": (lambda: proof(verificationMethod="did:evil:x#k"), "key"),
    "for another purpose": (lambda: proof(proofPurpose="authentication"), "signature"),
    "unknown suite": (lambda: proof(cryptosuite="evil-2026"), "signature"),
    "seventeen proofs": (lambda: signed() | {"proof": [signed()["proof"]] * 17}, "signature"),
    "a proof before it that is not there": (lambda: proof(previousProof="urn:uuid:x"), "signature"),
    "context that calls home": (
        lambda: signed(plain(issuer=ISSUER, **{"@context": [V2, "https://evil.example/context"]})), "structure",
    ),
    "context that imports": (
        lambda: signed(plain(issuer=ISSUER, **{"@context": [V2, {"@import": "https://evil.example/c"}]})),
        "structure",
    ),
    "poison graph": (poison, "structure"),
    "date without a zone": (lambda: signed(plain(issuer=ISSUER, validFrom="2026-01-01T00:00:00")), "dates"),
    "signed to-morrow": (
        lambda: integrity.add(
            plain(issuer=ISSUER), KEY, METHOD, created=datetime(2199, 1, 1, tzinfo=UTC)
        ),
        "dates",
    ),
    "expired": (lambda: signed(plain(issuer=ISSUER, validUntil="2020-01-01T00:00:00Z")), "dates"),
    "status index as a number": (lambda: with_status(statusListIndex=7), "status"),
    "negative status index": (lambda: with_status(statusListIndex="-1"), "status"),
    "status list over http": (lambda: with_status(statusListCredential="http://127.0.0.1/1"), "status"),
    "status list elsewhere": (with_status, "status"),
    "resource nobody holds": (
        lambda: signed(
            plain(issuer=ISSUER, relatedResource={"id": "https://evil.example/x", "digestMultibase": "uEiA"})
        ),
        "structure",
    ),
    "envelope of something else": (
        lambda: {"@context": [V2], "id": "data:application/x-evil,abc", "type": "EnvelopedVerifiableCredential"},
        "structure",
    ),
    "envelope in an envelope": (
        lambda: {"@context": [V2], "id": "data:application/vc+jwt,a.b.c", "type": "EnvelopedVerifiableCredential"},
        "structure",
    ),
    "a list": (lambda: [signed()], "structure"),
    "a number": (lambda: 7, "structure"),
}  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def _started():
    """The process that makes graphs canonical starts with the server's first such request."""
    signed(cryptosuite=integrity.RDFC)


@pytest.mark.parametrize("name", HOSTILE)
def test_is_refused_at_its_step(name, db, api_client, asked_outside):
    make, step = HOSTILE[name]
    client, sent = api_client("auditor"), make()
    started = time.monotonic()
    answer = post(client, "/credentials/verify", verifiableCredential=sent)
    took = time.monotonic() - started
    assert answer.status_code == 400, answer.content
    told = answer.json()
    assert (told["verified"], told["errors"][0]["step"]) == (False, step), told
    assert told["errors"][0]["type"].startswith("https://www.w3.org/")
    assert took < 10  # the bars measure; here other tests run beside
    assert asked_outside == []


BODIES = {
    "no JSON": b"{",
    "a name twice": b'{"verifiableCredential": {"a": 1, "a": 2}}',
    "deep": b'{"verifiableCredential": ' + b"[" * 5000 + b"]" * 5000 + b"}",
    "a number too large": b'{"verifiableCredential": 1e999}',
    "half a sign": b'{"verifiableCredential": "\\ud800"}',
    "options that are none": b'{"verifiableCredential": {}, "options": []}',
    "a challenge that is none": b'{"verifiableCredential": {}, "options": {"challenge": 7}}',
}


@pytest.mark.parametrize("path", ["/credentials/verify", "/presentations/verify", "/credentials/issue"])
@pytest.mark.parametrize("name", BODIES)
def test_what_cannot_be_read(name, path, issuer, api_client):
    answer = api_client("maker").post(path, BODIES[name], content_type="application/json")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["step"] == "structure"


def test_too_much_is_not_read(db, api_client):
    answer = api_client("maker").post(
        "/credentials/verify", b" " * (2 * 1024 * 1024 + 1), content_type="application/json"
    )
    assert answer.status_code == 413


REFUSED = {
    "of another issuer": ({"issuer": "did:example:other"}, "issuer"),
    "of an issuer without a name": ({"issuer": {"id": None}}, "structure"),
    "a did:key where no suite runs": ({"issuer": ISSUER}, "issuer"),
    "without a subject": ({"credentialSubject": {}}, "structure"),
    "an unknown type": ({"type": ["VerifiableCredential", "Evil"]}, "structure"),
    "an id that is none": ({"id": "no url"}, "structure"),
    "an id with a sign that is none": ({"id": "urn:x:\\x00"}, "structure"),
    "a malformed status": ({"credentialStatus": entry(statusListIndex=7)}, "status"),
    "ends before it begins": (
        {"validFrom": "2026-01-02T00:00:00Z", "validUntil": "2026-01-01T00:00:00Z"}, "dates",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_nobody_should_sign(name, issuer, api_client):
    from lodeline_server.credentials.models import Credential

    more, step = REFUSED[name]
    answer = post(api_client("maker"), "/credentials/issue", credential=plain(**more))
    assert answer.status_code == 400, answer.content
    told = answer.json()
    assert (told["step"], told["status"]) == (step, 400)
    assert Credential.objects.count() == 0


def test_a_name_that_leads_into_the_house_is_not_dialled(settings, monkeypatch):
    """With all hosts allowed: looked up, found private, not reached."""
    import socket

    settings.VC_HOSTS = {"*"}
    reached = []
    monkeypatch.setattr(socket, "create_connection", lambda *args, **_: reached.append(args))
    for address in (
        "10.0.0.7",
        "127.0.0.1",
        "169.254.169.254",
        "::1",
        "::ffff:192.168.0.1",
        "fd00::1",
        "224.0.0.1",
    ):
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        found = [(family, socket.SOCK_STREAM, 6, "", (address, 443))]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, found=found, **__: found)
        with pytest.raises(ConnectionError, match="not public"):
            material.fetch("https://evil.example/did.json", 1000)
    with pytest.raises(ValueError, match="https"):
        material.fetch("http://evil.example/did.json", 1000)
    assert reached == []


def test_what_was_looked_up_is_what_is_dialled(settings, monkeypatch):
    """One look-up: a name that changes between looking and dialling leads nowhere else."""
    import socket

    settings.VC_HOSTS = {"*"}
    answers = ["93.184.215.14", "10.0.0.7"]
    reached = []

    def look(*_, **__):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (answers.pop(0), 443))]

    def dial(address, *_):
        reached.append(address)
        raise OSError("not in a test")

    monkeypatch.setattr(socket, "getaddrinfo", look)
    monkeypatch.setattr(socket, "create_connection", dial)
    with pytest.raises(ConnectionError, match="not in a test"):
        material.fetch("https://rebinding.example/did.json", 1000)
    assert (reached, answers) == ([("93.184.215.14", 443)], ["10.0.0.7"])


def test_a_name_that_is_not_found_in_time(settings, monkeypatch):
    import socket

    settings.VC_HOSTS = {"*"}
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: time.sleep(9) or [])
    started = time.monotonic()
    with pytest.raises(ConnectionError, match="in time|within"):
        material.fetch("https://slow.example/did.json", 1000)
    assert time.monotonic() - started < 6


def test_only_named_hosts_are_asked(settings, asked_outside):
    settings.VC_HOSTS = {"good.example"}
    with pytest.raises(ConnectionError, match="not among the hosts"):
        material.fetch("https://evil.example/did.json", 1000)
    assert asked_outside == []
    with pytest.raises(ConnectionError, match="nothing leaves this test"):
        material.fetch("https://good.example/did.json", 1000)
    assert asked_outside == [("good.example", 443)]


def test_a_bomb_in_the_bit_string(issuer, api_client):
    """A list of ours that unfolds to a gigabyte, as if somebody had written it into the database."""
    import gzip

    from lodeline_server.credentials.models import StatusVersion

    client = api_client("maker")
    secured = post(client, "/credentials/issue", credential=plain()).json()["verifiableCredential"]
    version = StatusVersion.objects.order_by("pk").first()
    document = json.loads(bytes(version.body))
    bomb = gzip.compress(bytes(64 * 1024 * 1024))
    document["credentialSubject"]["encodedList"] = "u" + b64url(bomb)
    del document["proof"]
    from lodeline_server.credentials import keyring

    key = keyring.opened(issuer.keys.first())
    method = secured["proof"]["verificationMethod"]
    version.body = strictjson.canonical(
        integrity.add(document, key, method, created=SIGNED + timedelta(days=20))
    )
    version.save()
    started = time.process_time()
    answer = post(client, "/credentials/verify", verifiableCredential=secured)
    assert time.process_time() - started < 2
    (error,) = answer.json()["errors"]
    assert (error["step"], error["type"].rpartition("#")[2]) == ("status", "MALFORMED_VALUE_ERROR")
    assert "unfolds to more than" in error["detail"]


def test_a_token_signed_as_it_should_be_holds(db, api_client):
    """The forms above are refused for what is wrong with them, and not for being made here."""
    good = jose.sign(plain(issuer=ISSUER), KEY, METHOD, now=SIGNED)
    for sent in (good, signed(), signed(cryptosuite=integrity.RDFC)):
        answer = post(api_client("auditor"), "/credentials/verify", verifiableCredential=sent)
        assert answer.status_code == 200, answer.content
