"""Ed25519 keys and detached JWS over raw bytes.

Sources: RFC 8032 (Ed25519), RFC 8037 (EdDSA in JOSE), RFC 7515 appendix F and RFC 7797 (detached, unencoded).
Only EdDSA is accepted, and only keys the caller brings: a key inside the signature is never trusted.
"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING

from attrs import field, frozen
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from lodeline import strictjson

if TYPE_CHECKING:
    from collections.abc import Mapping

SEED_BYTES = PUBLIC_BYTES = 32
SIGNATURE_BYTES = 64
# A detached signature is a short line; anything longer is not one.
MAX_JWS = 4096


class SignatureRefused(ValueError):  # noqa: N818 - a verdict, in the words of the pages
    """The signature does not hold; the message says which step failed."""


def b64url(data: bytes) -> str:
    """Base64url without padding (RFC 7515, section 2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64url(text: str) -> bytes:
    """The inverse of `b64url`; refuses padding, other alphabets and non-canonical spellings."""
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise SignatureRefused("not base64url") from None
    if b64url(data) != text:
        raise SignatureRefused("not canonical base64url")
    return data


@frozen
class VerifyKey:
    """A public key: 32 bytes."""

    raw: bytes

    def __attrs_post_init__(self) -> None:
        if len(self.raw) != PUBLIC_BYTES:
            raise ValueError(f"an Ed25519 public key has {PUBLIC_BYTES} bytes, not {len(self.raw)}")

    def verify(self, signature: bytes, data: bytes) -> None:
        """Raise `SignatureRefused` unless `signature` (64 bytes) is this key's over `data`."""
        try:
            Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, data)
        except (InvalidSignature, ValueError):
            raise SignatureRefused("the signature does not fit the key and the bytes") from None


@frozen
class SigningKey:
    """A private key, from its 32-byte seed. The seed stays out of representations."""

    seed: bytes = field(repr=False)

    def __attrs_post_init__(self) -> None:
        if len(self.seed) != SEED_BYTES:
            raise ValueError(f"an Ed25519 seed has {SEED_BYTES} bytes, not {len(self.seed)}")

    @classmethod
    def from_seed(cls, seed: bytes) -> SigningKey:
        return cls(seed)

    @property
    def verify_key(self) -> VerifyKey:
        return VerifyKey(Ed25519PrivateKey.from_private_bytes(self.seed).public_key().public_bytes_raw())

    def sign(self, data: bytes) -> bytes:
        """64 bytes."""
        return Ed25519PrivateKey.from_private_bytes(self.seed).sign(data)


def sign_detached(key: SigningKey, data: bytes, kid: str) -> str:
    """A detached compact JWS `header..signature` over the raw bytes (RFC 7797: `b64` false)."""
    header = b64url(strictjson.canonical({"alg": "EdDSA", "b64": False, "crit": ["b64"], "kid": kid}))
    return f"{header}..{b64url(key.sign(header.encode() + b'.' + data))}"


def verify_detached(jws: str, data: bytes, keys: Mapping[str, VerifyKey]) -> str:
    """The key id that signed `data`. Raises `SignatureRefused`.

    `keys` maps the key ids that are trusted here. Header members that name or carry keys are refused.
    """
    if len(jws) > MAX_JWS or jws.count(".") != 2 or not jws.isascii():
        raise SignatureRefused("not a detached JWS: it has the form header..signature")
    head, payload, signature = jws.split(".")
    if payload:
        raise SignatureRefused("the JWS carries a payload; send it detached")
    try:
        header = strictjson.loads(unb64url(head))
    except strictjson.StrictJSONError as error:
        raise SignatureRefused(f"the JWS header is not JSON: {error}") from None
    if not isinstance(header, dict) or header.get("alg") != "EdDSA":
        raise SignatureRefused("the JWS must use EdDSA")
    strange = sorted(set(header) - {"alg", "b64", "crit", "kid", "typ", "iat"})
    if strange:
        raise SignatureRefused(f"the JWS header has members that are not accepted here: {', '.join(strange)}")
    if header.get("b64", True) is not False or header.get("crit") != ["b64"]:
        raise SignatureRefused('the JWS must be over the raw bytes: "b64": false, "crit": ["b64"]')
    kid = header.get("kid")
    if not isinstance(kid, str) or kid not in keys:
        raise SignatureRefused(f"no registered key has the id {kid!r}")
    keys[kid].verify(unb64url(signature), head.encode() + b"." + data)
    return kid
