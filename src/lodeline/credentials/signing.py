"""Compact JWS: made, taken apart, and opened where the header says what the token is (`typ`).

Sources: RFC 7515 (JWS), RFC 7519 (JWT), RFC 8725 (practice). The caller brings the key: what a header says about
keys is never used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from attrs import frozen

from lodeline import strictjson
from lodeline.credentials import dates
from lodeline.credentials.keys import algorithms
from lodeline.credentials.verdict import CredentialRefused
from lodeline.keys import SignatureRefused, b64url, unb64url

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from lodeline.credentials.keys import PublicKey
    from lodeline.strictjson import JSON

MAX_TOKEN: Final = 32 * 1024 * 1024
"""Characters of a token; the same limit as for any document."""
LEEWAY: Final = int(dates.LEEWAY.total_seconds())
"""Seconds by which two clocks may differ."""
_YEAR_10000: Final = 253_402_300_800


class Signer(Protocol):
    """A private key, or a keystore that has one; those of `credentials.keys` and `lodeline.keys` are such."""

    @property
    def verify_key(self) -> PublicKey: ...

    def sign(self, data: bytes) -> bytes: ...


def seal(header: Mapping[str, JSON], payload: Mapping[str, JSON], signer: Signer) -> str:
    """A compact JWS over the canonical JSON of both.

    `alg` in `header` chooses among the key's names (`EdDSA` for readers that know no `Ed25519`).
    """
    known = algorithms(signer.verify_key)
    alg = header.get("alg", known[0])
    if alg not in known:
        raise CredentialRefused("key", f"the key cannot sign as {alg!r:.20}")
    head = b64url(strictjson.canonical({**header, "alg": alg}))
    signed = f"{head}.{b64url(strictjson.canonical(dict(payload)))}"
    return f"{signed}.{b64url(signer.sign(signed.encode()))}"


@frozen
class Parts:
    """A compact JWS, taken apart; nothing about it is verified."""

    header: dict[str, JSON]
    payload: dict[str, JSON]
    signature: bytes
    signed: bytes


def parts(token: str, what: str, *, limit: int = MAX_TOKEN) -> Parts:
    """Take a compact JWS apart."""
    if not isinstance(token, str) or len(token) > limit or not token.isascii() or token.count(".") != 2:
        raise CredentialRefused(
            "structure", f"{what} is not a compact JWS: it has the form header.payload.signature"
        )
    head, body, signature = token.split(".")
    found = []
    for name, text in (("header", head), ("payload", body)):
        try:
            value = strictjson.loads(unb64url(text))
        except ValueError as error:
            raise CredentialRefused("structure", f"the {name} of {what} is unusable: {error}") from None
        if not isinstance(value, dict):
            raise CredentialRefused("structure", f"the {name} of {what} is not a JSON object")
        found.append(value)
    try:
        raw = unb64url(signature)
    except SignatureRefused as error:
        raise CredentialRefused("structure", f"the signature of {what} is {error}") from None
    return Parts(found[0], found[1], raw, f"{head}.{body}".encode())


def unseal(
    token: str, key: PublicKey, *, types: Collection[str], what: str
) -> tuple[dict[str, JSON], dict[str, JSON]]:
    """Header and payload of a compact JWS whose signature holds. Raises `CredentialRefused`.

    `types`: the values of `typ` that are accepted (RFC 8725, section 3.11), without `application/`.
    """
    found = parts(token, what)
    check_seal(found, key, types=types, what=what)
    return found.header, found.payload


def check_seal(found: Parts, key: PublicKey, *, types: Collection[str], what: str) -> None:
    """Raise `CredentialRefused` unless algorithm, type and signature hold."""
    header = found.header
    if header.get("alg") not in algorithms(key):
        alg = str(header.get("alg"))[:20]
        raise CredentialRefused("signature", f"{what} names the algorithm {alg!r}, not one of the key's")
    if "crit" in header or "b64" in header:
        raise CredentialRefused("structure", f"{what} demands extensions that are not known here")
    typ = header.get("typ")
    if not isinstance(typ, str) or typ.lower().removeprefix("application/") not in types:
        raise CredentialRefused("structure", f"{what} is of type {typ!r:.40}, expected {' or '.join(types)}")
    try:
        key.verify(found.signature, found.signed)
    except SignatureRefused as error:
        raise CredentialRefused("signature", f"{what}: {error}") from None


def check_times(payload: Mapping[str, JSON], now: int) -> None:
    """`exp` and `nbf` (RFC 7519) in seconds since 1970: they speak about the signature only."""
    for name in ("exp", "nbf", "iat"):
        if name not in payload:
            continue
        value = payload[name]
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise CredentialRefused("structure", f"{name!r} is not a number of seconds")
        if not 0 <= value < _YEAR_10000:
            raise CredentialRefused("dates", f"{name!r} is no moment")
        if name == "exp" and value <= now:
            raise CredentialRefused("dates", "the signature has expired")
        if name == "nbf" and value > now + LEEWAY:
            raise CredentialRefused("dates", "the signature is not valid yet")
