"""Ed25519 keys and detached JWS over raw bytes.

Sources: RFC 8032 (Ed25519), RFC 8037 (EdDSA in JOSE), RFC 7515 appendix F (detached) and RFC 7797 (unencoded).
Only EdDSA is accepted, and only keys the caller brings: a key inside the signature is never trusted.
"""

from __future__ import annotations

import binascii
from typing import TYPE_CHECKING, Final

from attrs import field, frozen
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from lodeline import strictjson

try:  # the compiled part alone: the package around it takes 20 ms to load, which every command would pay
    from nacl import _sodium  # type: ignore[attr-defined]
except ImportError:
    _sodium = None

if TYPE_CHECKING:
    from collections.abc import Mapping

SEED_BYTES = PUBLIC_BYTES = 32
SIGNATURE_BYTES = 64
# A detached signature is a short line; anything longer is not one.
MAX_JWS = 4096
# y coordinates of the points of small order, sign bit cleared. Such a "key" accepts one signature for many
# messages (RFC 8032, section 8.4 and RFC 7748, section 6), so nobody may register it.
_PRIME = 2**255 - 19
_SMALL_ORDER = frozenset(
    {
        0,
        1,
        _PRIME - 1,
        0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826,
        0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7,
    }
)


_URL_SAFE: Final = bytes.maketrans(b"+/", b"-_")
_STANDARD: Final = bytes.maketrans(b"-_+/=", b"+/!!!")
_ALPHABET: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_LAST: Final = (_ALPHABET, "", _ALPHABET[::16], _ALPHABET[::4])
"""By the length of a text modulo 4: its last sign, whose unused bits are 0. No text has length 1 modulo 4."""


def _sodium_accepts(signature: bytes, data: bytes, key: bytes) -> bool:
    if not _SODIUM or len(signature) != SIGNATURE_BYTES:
        return False
    signed, nothing = signature + data, _sodium.ffi.NULL
    return bool(_sodium.lib.crypto_sign_open(nothing, nothing, signed, len(signed), key) == 0)


_SODIUM: Final = _sodium is not None and _sodium.lib.sodium_init() >= 0


class SignatureRefused(ValueError):  # noqa: N818 - a verdict, in the words of the pages
    """The signature does not hold; the message says which step failed."""


def b64url(data: bytes) -> str:
    """Base64url without padding (RFC 7515, section 2)."""
    return binascii.b2a_base64(data, newline=False).translate(_URL_SAFE, b"=").decode()


def unb64url(text: str) -> bytes:
    """The inverse of `b64url`; refuses padding, other alphabets and non-canonical spellings."""
    try:
        # What is foreign becomes a sign that no alphabet has.
        signs = text.encode("ascii").translate(_STANDARD)
        data = binascii.a2b_base64(signs + b"=" * (-len(signs) % 4), strict_mode=True)
    except (binascii.Error, ValueError):
        raise SignatureRefused("not base64url") from None
    if text and text[-1] not in _LAST[len(text) % 4]:
        raise SignatureRefused("not canonical base64url")
    return data


@frozen
class VerifyKey:
    """A public key: 32 bytes. `ValueError` for encodings that are not canonical and for points of small order."""

    raw: bytes

    def __attrs_post_init__(self) -> None:
        if len(self.raw) != PUBLIC_BYTES:
            raise ValueError(f"an Ed25519 public key has {PUBLIC_BYTES} bytes, not {len(self.raw)}")
        height = int.from_bytes(self.raw, "little") & (2**255 - 1)
        if height >= _PRIME or height in _SMALL_ORDER:
            raise ValueError("not a usable Ed25519 public key: not canonical, or a point of small order")

    def verify(self, signature: bytes, data: bytes) -> None:
        """Raise `SignatureRefused` unless `signature` (64 bytes) is this key's over `data`.

        libsodium takes half of OpenSSL's time, and accepts nothing that OpenSSL refuses (neither multiplies by the
        cofactor). What it refuses OpenSSL judges, so that the verdict is OpenSSL's in any case.
        """
        if _sodium_accepts(signature, data, self.raw):
            return
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

    `keys` maps the key ids that are trusted here. Header members that name or carry keys are refused. The
    signature is over the raw bytes (`b64` false, RFC 7797) or over their base64url (RFC 7515, appendix F).
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
    encoded = header.get("b64", True)
    if not isinstance(encoded, bool) or header.get("crit", []) != (["b64"] if "b64" in header else []):
        raise SignatureRefused('a JWS with "b64" has "crit": ["b64"], one without has no "crit"')
    kid = header.get("kid")
    if not isinstance(kid, str) or kid not in keys:
        raise SignatureRefused(f"no registered key has the id {kid!r}")
    signed = b64url(data).encode() if encoded else data
    keys[kid].verify(unb64url(signature), head.encode() + b"." + signed)
    return kid
