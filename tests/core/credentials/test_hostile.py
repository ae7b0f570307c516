"""Hostile credentials and documents: each refused with its step, within two seconds, and nobody is asked anything.

The resolver raises for every request, so a test that reaches for the network fails.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time

import pytest
from tests.core.credentials.making import (
    BEFORE,
    ED,
    HOST,
    LATER,
    NOW,
    OTHER,
    P256,
    credential,
    held,
    resolver,
    web,
)

from lodeline import strictjson
from lodeline.credentials import (
    contexts,
    did,
    did_key,
    integrity,
    jose,
    model,
    multibase,
    multikey,
    rdf,
    resolve,
)
from lodeline.credentials.keys import to_jwk
from lodeline.credentials.verdict import STEPS, CredentialRefused
from lodeline.keys import b64url, unb64url

KID = f"{HOST}#k1-jwk"
GOOD = jose.sign(credential(), ED, KID, now=NOW)
HEADER, PAYLOAD = (json.loads(unb64url(part)) for part in GOOD.split(".")[:2])


def made(header: dict | bytes, payload: dict | bytes, key=ED) -> str:
    """A token with whatever header and payload, signed by `key`."""
    parts = (part if isinstance(part, bytes) else strictjson.canonical(part) for part in (header, payload))
    signed = ".".join(b64url(part) for part in parts)
    return f"{signed}.{b64url(key.sign(signed.encode()) if key else b'')}"


def with_secret(algorithm: str, secret: bytes) -> str:
    signed = made(HEADER | {"alg": algorithm}, PAYLOAD, None).rstrip(".")
    return f"{signed}.{b64url(hmac.new(secret, signed.encode(), hashlib.sha256).digest())}"


def twice(name: str, value: str) -> bytes:
    return strictjson.canonical(PAYLOAD)[:-1] + f',"{name}":"{value}"}}'.encode()


TOKENS = {
    "alg none": (made(HEADER | {"alg": "none"}, PAYLOAD, None), "signature"),
    "alg None, no signature": (made(HEADER | {"alg": "NoNe"}, PAYLOAD, None), "signature"),
    "alg missing": (made({"typ": "vc+jwt", "kid": KID}, PAYLOAD), "signature"),
    "alg is a list": (made(HEADER | {"alg": ["Ed25519"]}, PAYLOAD), "signature"),
    "HMAC with the public key": (with_secret("HS256", ED.verify_key.raw), "signature"),
    "HMAC with the public key as text": (
        with_secret("HS256", json.dumps(to_jwk(ED.verify_key)).encode()),
        "signature",
    ),
    "ES256 said, Ed25519 key": (made(HEADER | {"alg": "ES256"}, PAYLOAD), "signature"),
    "Ed25519 said, P-256 key": (made(HEADER | {"kid": f"{HOST}#p1"}, PAYLOAD, P256), "signature"),
    "ES256K": (made(HEADER | {"alg": "ES256K"}, PAYLOAD, P256), "signature"),
    "another's key under our kid": (made(HEADER, PAYLOAD, OTHER), "signature"),
    "kid of another DID": (
        made(HEADER | {"kid": did_key.method(OTHER.verify_key)}, PAYLOAD, OTHER),
        "issuer",
    ),
    "kid is an address": (made(HEADER | {"kid": "https://evil.example/key"}, PAYLOAD), "key"),
    "kid is a file": (made(HEADER | {"kid": "../../etc/passwd"}, PAYLOAD), "key"),
    "kid is missing": (made({"alg": "Ed25519", "typ": "vc+jwt"}, PAYLOAD), "key"),
    "kid without a key": (made(HEADER | {"kid": HOST}, PAYLOAD), "key"),
    "kid that is not there": (made(HEADER | {"kid": f"{HOST}#k9"}, PAYLOAD), "key"),
    "jwk in the header": (made(HEADER | {"jwk": to_jwk(OTHER.verify_key)}, PAYLOAD, OTHER), "structure"),
    "jku in the header": (made(HEADER | {"jku": "http://169.254.169.254/"}, PAYLOAD), "structure"),
    "x5c in the header": (made(HEADER | {"x5c": ["AAAA"]}, PAYLOAD), "structure"),
    "crit": (made(HEADER | {"crit": ["b64"], "b64": False}, PAYLOAD), "structure"),
    "zip": (made(HEADER | {"zip": "DEF"}, PAYLOAD), "structure"),
    "typ JWT": (made(HEADER | {"typ": "JWT"}, PAYLOAD), "structure"),
    "typ of a presentation": (made(HEADER | {"typ": "vp+jwt", "cty": "vp"}, PAYLOAD), "structure"),
    "typ missing": (made({"alg": "Ed25519", "kid": KID}, PAYLOAD), "structure"),
    "vc claim": (made(HEADER, {"iss": HOST, "vc": credential()}), "structure"),
    "vc claim beside the document": (made(HEADER, PAYLOAD | {"vc": {}}), "structure"),
    "iss of another": (made(HEADER, PAYLOAD | {"iss": "did:web:other.example"}), "structure"),
    "jti of another": (made(HEADER, PAYLOAD | {"jti": "urn:uuid:0"}), "structure"),
    "sub of another": (made(HEADER, PAYLOAD | {"sub": "did:web:other.example"}), "structure"),
    "issuer twice": (made(HEADER, twice("issuer", "did:web:other.example")), "structure"),
    "alg twice": (
        made(strictjson.canonical(HEADER).replace(b'"alg"', b'"alg":"none","alg"'), PAYLOAD),
        "structure",
    ),
    "issuer is nobody": (made(HEADER, PAYLOAD | {"issuer": None}), "issuer"),
    "issuer is two": (made(HEADER, PAYLOAD | {"issuer": [HOST, "did:web:other.example"]}), "issuer"),
    "issuer without did": (made(HEADER, PAYLOAD | {"issuer": {"name": HOST}}), "issuer"),
    "issuer in the future": (jose.sign(credential(), ED, KID, now=LATER), "dates"),
    "expired": (jose.sign(credential(), ED, KID, now=BEFORE, expires=BEFORE), "dates"),
    "iat as text": (made(HEADER, PAYLOAD | {"iat": "1763805600"}), "dates"),
    "payload is a list": (made(HEADER, b"[]"), "structure"),
    "payload is deep": (made(HEADER, b"[" * 100_000 + b"]" * 100_000), "structure"),
    "payload with a huge number": (made(HEADER, b'{"a":1' + b"0" * 400 + b"}"), "structure"),
    "payload with NaN": (made(HEADER, b'{"a":NaN}'), "structure"),
    "payload in UTF-16": (made(HEADER, '{"a":1}'.encode("utf-16")), "structure"),
    "base64 with padding": (GOOD + "=", "structure"),
    "five parts": ("a.b.c.d.e", "structure"),
    "JSON form": (json.dumps({"payload": "e30", "signatures": []}), "structure"),
    "not ASCII": (GOOD[:-1] + "ä", "structure"),
    "not a text": (7, "structure"),
    "huge": ("a" * (jose.MAX_TOKEN + 1), "structure"),
    "signature cut": (GOOD[:-10], "signature"),
    "signature empty": (GOOD.rpartition(".")[0] + ".", "signature"),
    "signature of zeros": (GOOD.rpartition(".")[0] + "." + b64url(bytes(64)), "signature"),
}


def judged(call, *args, **options) -> CredentialRefused:
    start = time.process_time()
    with pytest.raises(CredentialRefused) as refusal:
        call(*args, **options)
    assert time.process_time() - start < 2
    assert refusal.value.step in STEPS
    assert len(str(refusal.value)) < 500
    return refusal.value


def test_the_token_they_are_made_from_is_good():
    assert jose.verify(GOOD, resolver(), NOW).document == credential()
    assert jose.verify(made(HEADER, PAYLOAD), resolver(), NOW).document == credential()
    assert len(TOKENS) >= 40


@pytest.mark.parametrize("name", TOKENS)
def test_tokens(name):
    token, step = TOKENS[name]
    assert judged(jose.verify, token, resolver(), NOW).step == step


PLAIN = did.Published("k1", ED.verify_key)
SECRET = "z3u2en7t5LR2WtQH5PfFqMqwVHBeXouLzo6haApm8XHqvjxq"
DOCUMENTS = {
    "a key of small order": (PLAIN, {"publicKeyMultibase": multibase.encode(multikey.ED25519 + bytes(32))}),
    "a secret instead of a key": (PLAIN, {"publicKeyMultibase": SECRET}),
    "a key of another's": (PLAIN, {"controller": "did:web:other.example"}),
    "two keys in one": (PLAIN, {"publicKeyJwk": to_jwk(OTHER.verify_key)}),
    "revoked before": (did.Published("k1", ED.verify_key, revoked=BEFORE), {}),
    "for logging in only": (did.Published("k1", ED.verify_key, ["authentication"]), {}),
    "revoked in an odd zone": (PLAIN, {"revoked": "2026-11-22T10:00:00+99:00"}),
}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_did_documents(name):
    published, change = DOCUMENTS[name]
    document = web(published)
    document["verificationMethod"][0] |= change
    token = jose.sign(credential(), ED, f"{HOST}#k1", now=NOW)
    step = "dates" if "zone" in name else "key"
    assert judged(jose.verify, token, resolver(document), NOW).step == step
    proven = integrity.add(credential(), ED, f"{HOST}#k1", created=NOW)
    assert judged(integrity.verify, proven, resolver(document), NOW).step == step


def test_a_proof_of_another_is_not_the_issuers():
    stolen = integrity.add(credential(), OTHER, did_key.method(OTHER.verify_key), created=NOW)
    done = integrity.verify(stolen, resolver(), NOW)
    assert judged(integrity.of, done, model.issuer(stolen)).step == "issuer"


def poison(size: int = 12) -> dict:
    parts = [
        {"id": f"_:n{at}", "mine": [{"id": f"_:n{to}"} for to in range(size) if to != at]}
        for at in range(size)
    ]
    return credential(credentialSubject=[{"id": "did:x:y", "mine": parts}])


@pytest.fixture(scope="module")
def worker():
    with rdf.Worker(held()) as made_here:
        made_here([credential()])
        yield made_here


GRAPHS = {
    "poison": poison(),
    "a context that calls home": credential() | {"@context": [contexts.V2, "https://evil.example/beacon"]},
    "a context on the inside network": credential(
        credentialSubject={"@context": "http://10.0.0.1/", "id": "did:x:y"}
    ),
    "a context in a file": credential() | {"@context": [contexts.V2, "file:///etc/passwd"]},
    "a context that is imported": credential()
    | {"@context": [contexts.V2, {"@import": "https://evil.example/"}]},
    "a protected name in another meaning": credential(
        type=["VerifiableCredential"], credentialSubject={"id": "did:x:y"}
    )
    | {"@context": [contexts.V2, {"name": "https://x.example/"}]},
    "a value that would vanish": credential(credentialSubject={"id": "did:x:y", "mine": None}),
    "ten thousand contexts": credential()
    | {"@context": [contexts.V2, *[{"a": "https://x.example/"}] * 10_000, 7]},
    "ten thousand empty nodes": credential(credentialSubject={"mine": [{} for _ in range(10_000)]}),
    "names that mean each other": credential() | {"@context": [contexts.V2, {"a": "b:x", "b": "a:x"}]},
}


@pytest.mark.parametrize("name", GRAPHS)
def test_graphs(worker, name):
    document = integrity.add(GRAPHS[name], ED, f"{HOST}#k1", created=NOW)
    document["proof"] = {**document["proof"], "cryptosuite": integrity.RDFC}
    # The signature would not fit either: only "structure" shows that the graph was refused, and before it was asked.
    assert judged(integrity.verify, document, resolver(), NOW, canonize=worker).step == "structure"


def test_documents_and_histories_of_hostile_hosts():
    """Those of the bench whose bytes alone are wrong, without a host: refused at the step, in no time."""
    from benchmarks import hostile_documents

    tried = []
    for case in hostile_documents.cases(house=1):
        files = {
            f"https://{hostile_documents.HOST}{path}": answer.body
            for path, answer in case.answers.items()
            if answer.status == 200 and not answer.headers and not answer.how
        }
        if case.step not in ("key", "dates", "signature") or not files:
            continue

        def fetch(url, most, files=files):
            return files[url][: most + 1]

        find = resolve.resolver(fetch, lambda: NOW)
        started = time.process_time()
        if case.name.startswith("revoked later"):  # for the log to judge
            assert integrity.verify(case.sent, find, NOW).proofs[0].key_revoked
            continue
        with pytest.raises(CredentialRefused) as refusal:
            integrity.verify(case.sent, find, NOW)
        assert refusal.value.step == case.step, case.name
        assert time.process_time() - started < 2, case.name
        tried.append(case.name)
    assert len(tried) > 30
    for case in hostile_documents.controls()[:2]:
        (answer,) = case.answers.values()
        find = resolve.resolver(lambda url, most, body=answer.body: body, lambda: NOW)
        integrity.verify(case.sent, find, NOW)
