"""Keys, documents and a resolver without a network, for the tests of credentials."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from lodeline.credentials import contexts, did, did_key, multibase, resolve
from lodeline.credentials.keys import P256SigningKey
from lodeline.keys import SigningKey

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
LATER, BEFORE = NOW + timedelta(days=1), NOW - timedelta(days=1)
VENDOR = Path(__file__).resolve().parents[3] / "src/lodeline_server/kit/static/vendor"
HOST = "did:web:maker.example"
ED, OTHER = SigningKey(b"\x01" * 32), SigningKey(b"\x02" * 32)
P256 = P256SigningKey(b"\x03" * 32)
# Data Integrity EdDSA Cryptosuites 1.0, appendix A: the key pair of the examples.
PUBLISHED_KEY = SigningKey(multibase.decode("z3u2en7t5LR2WtQH5PfFqMqwVHBeXouLzo6haApm8XHqvjxq")[2:])
PUBLISHED_METHOD = did_key.method(PUBLISHED_KEY.verify_key)


def held() -> contexts.Contexts:
    """The pinned contexts; they come from npm at set-up."""
    if not (VENDOR / "did-context").is_dir():
        pytest.skip("the context packages are not here: set-up had no npm")
    return contexts.load(lambda file: (VENDOR / file).read_bytes())


def nothing(url: str, most: int) -> bytes:
    raise AssertionError(f"nobody may ask for {url}")


def web(*keys: did.Published, host: str = HOST) -> dict:
    return did.document(
        host, keys or (did.Published("k1", ED.verify_key), did.Published("p1", P256.verify_key))
    )


def resolver(*documents: dict, now: datetime = NOW) -> resolve.Resolver:
    """Knows did:key and the given documents, asks nobody."""
    known = {document["id"]: document for document in documents or (web(),)}
    return resolve.resolver(nothing, lambda: now, lambda identifier, _moment: known.get(identifier))


def credential(issuer: str = HOST, **more: object) -> dict:
    return {
        "@context": [contexts.V2, contexts.EXAMPLES],
        "id": "urn:uuid:6a1a5d7a-7d4b-4c5d-9a35-0f7d5a8a4b10",
        "type": ["VerifiableCredential", "CobaltOriginCredential"],
        "issuer": issuer,
        "validFrom": "2026-01-01T00:00:00Z",
        "credentialSubject": {
            "id": "did:web:maker.example:lot:7",
            "share": 16.5,
            "grams": 1200,
            "mine": "Äußere 矿",
        },
        **more,
    }
