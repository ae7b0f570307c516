"""Hostile credentials: what is sent, what its issuer's host answers, and the step at which it must be refused.

All but what is wrong is right: the parts are signed by keys that are where they should be, so that nothing is refused
for being made here. Documents and lists of hostile hosts are in `hostile_documents`.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from lodeline import strictjson
from lodeline.credentials import did_key, integrity, model
from lodeline.credentials.contexts import V2
from lodeline.credentials.keys import P256SigningKey, to_jwk
from lodeline.keys import SigningKey, b64url

if TYPE_CHECKING:
    from benchmarks.hostile_hosts import Answer

KEY, OTHER, CURVE = SigningKey(b"\x11" * 32), SigningKey(b"\x22" * 32), P256SigningKey(b"\x33" * 32)
ISSUER, METHOD = did_key.did(KEY.verify_key), did_key.method(KEY.verify_key)
SIGNED = datetime(2026, 11, 1, tzinfo=UTC)
EXAMPLES = "https://www.w3.org/ns/credentials/examples/v2"


@frozen(kw_only=True)
class Case:
    """`sent` is a credential, or the bytes of a whole request. `answers`: path at the hostile host to what it says."""

    name: str
    sent: Any
    step: str
    answers: dict[str, Answer] = field(factory=dict)
    path: str = "/credentials/verify"


def plain(**more: Any) -> dict[str, Any]:
    return {
        "@context": [V2],
        "type": ["VerifiableCredential"],
        "issuer": ISSUER,
        "credentialSubject": {"id": "did:example:battery"},
        **more,
    }


def signed(document: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    return integrity.add(document or plain(), KEY, METHOD, created=more.pop("created", SIGNED), **more)


def proof(**members: Any) -> dict[str, Any]:
    """A good one with other members in its proof."""
    made = signed()
    return made | {
        "proof": {name: one for name, one in {**made["proof"], **members}.items() if one is not ...}
    }


def token(
    header: dict[str, Any], payload: dict[str, Any] | bytes | None = None, key: Any = KEY, tail: str = ""
) -> str:
    """A token with any header and payload. `tail` in place of the signature."""
    said = {"alg": "Ed25519", "typ": "vc+jwt", "kid": METHOD, **header}
    first = strictjson.canonical({name: value for name, value in said.items() if value is not ...})
    second = payload if isinstance(payload, bytes) else strictjson.canonical(payload or plain())
    head = f"{b64url(first)}.{b64url(second)}"
    return f"{head}.{tail or b64url(key.sign(head.encode()))}"


def with_secret(secret: bytes) -> str:
    head = token({"alg": "HS256"}).rpartition(".")[0]
    return f"{head}.{b64url(hmac.new(secret, head.encode(), hashlib.sha256).digest())}"


def body(text: bytes) -> bytes:
    return b'{"verifiableCredential": ' + text + b"}"


def enveloped(media: str, content: str) -> dict[str, Any]:
    return {"@context": [V2], "id": f"data:{media},{content}", "type": model.ENVELOPED}


def poison(nodes: int) -> dict[str, Any]:
    """Blank nodes that all look alike: canonical names for them take for ever."""
    names = [f"_:b{number}" for number in range(nodes)]
    graph = [
        {"id": name, "https://example.org/p": [{"id": other} for other in names if other != name]}
        for name in names
    ]
    subject = {"id": "did:example:battery", "https://example.org/g": graph}
    made = signed(plain(**{"@context": [V2, EXAMPLES], "credentialSubject": subject}))
    return made | {"proof": made["proof"] | {"cryptosuite": integrity.RDFC}}


def deep(levels: int) -> bytes:
    text = b'{"a":' * levels + b"1" + b"}" * levels
    return strictjson.canonical(signed()).replace(b'"did:example:battery"', b'"did:example:b","x":' + text)


def twice() -> bytes:
    """One name, two values: whoever takes the first sees another credential than whoever takes the last."""
    return strictjson.canonical(signed()).replace(b'"issuer":', b'"issuer":"did:example:other","issuer":', 1)


def circle() -> dict[str, Any]:
    """Two proofs, each said to be made after the other."""
    first = signed(identifier="urn:x:1")
    second = signed(identifier="urn:x:2")
    proofs = [
        {**first["proof"], "previousProof": "urn:x:2"},
        {**second["proof"], "previousProof": "urn:x:1"},
    ]
    return first | {"proof": proofs}


def many_subjects() -> dict[str, Any]:
    subjects = [{"id": f"did:example:{number}"} for number in range(30_000)]
    made = plain(credentialSubject=subjects)
    return made | {"proof": proof()["proof"] | {"cryptosuite": integrity.RDFC}}


def tokens() -> dict[str, tuple[Any, str]]:
    public = json.dumps(to_jwk(KEY.verify_key)).encode()
    signed_by_other = integrity.add(plain(), OTHER, did_key.method(OTHER.verify_key), created=SIGNED)
    return {
        "algorithm none": (token({"alg": "none"}), "signature"),
        "algorithm none, nothing signed": (token({"alg": "None"}, tail="AA"), "signature"),
        "algorithm missing": (token({"alg": ...}), "signature"),
        "a shared secret that is the public key": (with_secret(KEY.verify_key.raw), "signature"),
        "a shared secret that is the public key as JSON": (with_secret(public), "signature"),
        "Ed25519 key, said to be ES256": (token({"alg": "ES256"}), "signature"),
        "P-256 key, said to be Ed25519": (
            token({"kid": did_key.method(CURVE.verify_key)}, plain(issuer=did_key.did(CURVE.verify_key)), CURVE),
            "signature",
        ),
        "the key of another": (signed_by_other, "issuer"),
        "the key of another in a token": (token({"kid": did_key.method(OTHER.verify_key)}, None, OTHER), "issuer"),
        "signed by another under the issuer's name": (token({}, None, OTHER), "signature"),
        "key in the header": (token({"jwk": to_jwk(OTHER.verify_key)}, None, OTHER), "structure"),
        "key from an address": (token({"jku": "https://elsewhere.example/keys"}), "structure"),
        "certificate from an address": (token({"x5u": "https://elsewhere.example/cert"}), "structure"),
        "critical header": (token({"crit": ["b64"], "b64": False}), "structure"),
        "no key named": (token({"kid": ...}), "key"),
        "key that is an address": (token({"kid": "https://elsewhere.example/key"}), "key"),
        "key that is a file": (token({"kid": "../../etc/passwd"}), "key"),
        "wrapped in a claim": (token({}, {"vc": plain()}), "structure"),
        "another issuer in the claims": (token({}, plain(iss="did:example:other")), "structure"),
        "names twice in the payload": (
            token({}, strictjson.canonical(plain())[:-1] + b',"issuer":"did:example:other"}'), "structure",
        ),
        "ended long ago": (token({}, plain(exp=1)), "dates"),
        "signed in the year 3000": (token({}, plain(iat=32_503_680_000)), "dates"),
        "a moment that is none": (token({}, plain(iat=1e300)), "dates"),
        "encrypted": ("a.b.c.d.e", "structure"),
        "a token that is cut": (token({})[:-20], "structure"),
        "signature with padding": (token({}) + "==", "structure"),
    }  # fmt: skip


def proofs() -> dict[str, tuple[Any, str]]:
    def dated(**members: Any) -> dict[str, Any]:
        return signed(plain(**members))

    inner = {"@context": "https://elsewhere.example/context", "id": "did:example:battery", "x": 1}
    related = {"id": "https://elsewhere.example/x", "digestMultibase": "uEiA"}
    return {
        "not secured": (plain(), "signature"),
        "altered": (signed() | {"validFrom": "2026-01-01T00:00:00Z"}, "signature"),
        "a claim added": (signed() | {"name": "better"}, "signature"),
        "for another purpose": (proof(proofPurpose="authentication"), "signature"),
        "unknown suite": (proof(cryptosuite="evil-2026"), "signature"),
        "the other suite's signature": (proof(cryptosuite=integrity.RDFC), "signature"),
        "seventeen proofs": (signed() | {"proof": [signed()["proof"]] * 17}, "signature"),
        "one good proof, one forged": (
            signed() | {"proof": [signed()["proof"], proof(created="2026-10-01T00:00:00Z")["proof"]]}, "signature",
        ),
        "a proof before it that is not there": (proof(previousProof="urn:uuid:x"), "signature"),
        "proofs in a circle": (circle(), "signature"),
        "a short signature": (proof(proofValue="z3u2"), "signature"),
        "a signature in another base": (proof(proofValue="u" + b64url(bytes(64))), "signature"),
        "a signature of nulls": (proof(proofValue="z" + "1" * 64), "signature"),
        "no method": (proof(verificationMethod=...), "key"),
        "a method that is an object": (proof(verificationMethod={"id": METHOD, "controller": ISSUER}), "key"),
        "context that calls home": (dated(**{"@context": [V2, "https://elsewhere.example/c"]}), "structure"),
        "context that imports": (
            dated(**{"@context": [V2, {"@import": "https://elsewhere.example/c"}]}), "structure",
        ),
        "context inside that calls home": (dated(credentialSubject=inner), "structure"),
        "context that redefines": (dated(**{"@context": [V2, {"VerifiableCredential": "urn:x:other"}]}), "structure"),
        "context of a term that calls home": (
            dated(**{"@context": [V2, {"a": {"@id": "urn:x:a", "@context": "https://elsewhere.example/c"}}]}),
            "structure",
        ),
        "poison graph": (poison(40), "structure"),
        "a larger poison graph": (poison(150), "structure"),
        "thirty thousand subjects": (many_subjects(), "structure"),
        "date without a zone": (dated(validFrom="2026-01-01T00:00:00"), "dates"),
        "zone of ninety-nine hours": (dated(validFrom="2026-01-01T00:00:00+99:00"), "dates"),
        "zone of sixty-one minutes": (dated(validFrom="2026-01-01T00:00:00+05:61"), "dates"),
        "zone by name": (dated(validFrom="2026-01-01T00:00:00 Europe/Berlin"), "dates"),
        "the thirtieth of February": (dated(validFrom="2026-02-30T00:00:00Z"), "dates"),
        "the year nought with a zone": (dated(validFrom="0001-01-01T00:00:00+14:00"), "dates"),
        "digits of another script": (dated(validFrom="２０２６-01-01T00:00:00Z"), "dates"),
        "a date that is a number": (dated(validFrom=20260101), "dates"),
        "ends before it begins": (
            dated(validFrom="2026-01-02T00:00:00Z", validUntil="2026-01-02T00:00:00+01:00"), "dates",
        ),
        "ended": (dated(validUntil="2020-01-01T00:00:00Z"), "dates"),
        "begins in the year 9999": (dated(validFrom="9999-12-31T23:59:59-14:00"), "dates"),
        "signed to-morrow": (signed(created=datetime(2199, 1, 1, tzinfo=UTC)), "dates"),
        "proof of an odd zone": (proof(created="2026-11-01T00:00:00+24:00"), "dates"),
        "proof that ended": (signed(expires=SIGNED), "dates"),
        "resource nobody holds": (dated(relatedResource=related), "structure"),
        "subject without anything": (dated(credentialSubject={}), "structure"),
        "envelope of something else": (enveloped("application/x-evil", "abc"), "structure"),
        "envelope that is an address": (
            {"@context": [V2], "id": "https://elsewhere.example/vc", "type": model.ENVELOPED}, "structure",
        ),
        "envelope of an envelope": (enveloped("application/vc+jwt", "a.b.c"), "structure"),
        "a list": ([signed()], "structure"),
        "a number": (7, "structure"),
        "nothing": (None, "structure"),
    }  # fmt: skip


def bodies() -> dict[str, bytes]:
    """Whole requests; all refused for their structure."""
    good = strictjson.canonical(signed())
    return {
        "an issuer twice": body(twice()),
        "nesting 10,000": body(deep(10_000)),
        "nesting 100": body(deep(100)),
        "a number too large": body(good.replace(b'"did:example:battery"', b'"did:example:b","n":1e999')),
        "NaN": body(good.replace(b'"did:example:battery"', b'"did:example:b","n":NaN')),
        "half a sign": body(b'"\\ud800"'),
        "not UTF-8": body(b'"\xff\xfe"'),
        "two documents": body(good) + body(good),
        "no object": b"[]",
    }


def cases() -> list[Case]:
    made = [
        Case(name=name, sent=sent, step=step)
        for group in (tokens(), proofs())
        for name, (sent, step) in group.items()
    ]
    made += [Case(name=name, sent=sent, step="structure") for name, sent in bodies().items()]
    return made
