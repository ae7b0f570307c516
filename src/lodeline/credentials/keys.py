"""P-256 keys beside the Ed25519 keys of `lodeline.keys`, and both as JSON Web Keys.

Sources: FIPS 186-5 and RFC 6979 (ECDSA with a nonce from key and message: no randomness is needed), RFC 7518
section 3.4 (`ES256`: r and s, 32 bytes each), RFC 7517, RFC 8037, RFC 9864 (`Ed25519` replaces `EdDSA`).
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final, TypeAlias

from attrs import field, frozen
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from lodeline.keys import SignatureRefused, SigningKey, VerifyKey, b64url, unb64url

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lodeline.strictjson import JSON

_CURVE: Final = ec.SECP256R1()
_ES256: Final = ec.ECDSA(SHA256())
_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
PRIVATE_MEMBERS: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"})
"""Members of a JSON Web Key that hold secrets."""


@lru_cache(maxsize=1024)
def _point(raw: bytes) -> ec.EllipticCurvePublicKey:
    """The point of an encoding; to find it from a compressed one costs a fifth of a verification."""
    return ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, raw)


@frozen
class P256VerifyKey:
    """A public key: the compressed point, 33 bytes. `ValueError` for what is no point of the curve."""

    raw: bytes

    def __attrs_post_init__(self) -> None:
        if len(self.raw) != 33 or self.raw[0] not in (2, 3):
            raise ValueError("a P-256 public key is a compressed point of 33 bytes")
        _point(self.raw)

    def verify(self, signature: bytes, data: bytes) -> None:
        """Raise `SignatureRefused` unless `signature` (r and s, 64 bytes) is this key's over `data`."""
        if len(signature) != 64:
            raise SignatureRefused("a signature of ES256 has 64 bytes")
        r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
        try:
            _point(self.raw).verify(encode_dss_signature(r, s), data, _ES256)
        except (InvalidSignature, ValueError):
            raise SignatureRefused("the signature does not fit the key and the bytes") from None


@frozen
class P256SigningKey:
    """A private key, from its scalar in 32 bytes. The scalar stays out of representations."""

    seed: bytes = field(repr=False)

    def __attrs_post_init__(self) -> None:
        if len(self.seed) != 32 or not 0 < int.from_bytes(self.seed, "big") < _ORDER:
            raise ValueError("a P-256 private key is a number from 1 below the order, in 32 bytes")

    @property
    def verify_key(self) -> P256VerifyKey:
        point = self._private().public_key().public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
        return P256VerifyKey(point)

    def sign(self, data: bytes) -> bytes:
        """64 bytes, the same for the same data."""
        r, s = decode_dss_signature(
            self._private().sign(data, ec.ECDSA(SHA256(), deterministic_signing=True))
        )
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    def _private(self) -> ec.EllipticCurvePrivateKey:
        return ec.derive_private_key(int.from_bytes(self.seed, "big"), _CURVE)


PublicKey: TypeAlias = VerifyKey | P256VerifyKey
PrivateKey: TypeAlias = SigningKey | P256SigningKey


def algorithms(key: PublicKey) -> tuple[str, ...]:
    """JOSE algorithms this key may be used with; the first is the one of today."""
    return ("Ed25519", "EdDSA") if isinstance(key, VerifyKey) else ("ES256",)


def to_jwk(key: PublicKey) -> dict[str, JSON]:
    """`{kty, crv, x[, y]}`, without `kid` and `alg`."""
    if isinstance(key, VerifyKey):
        return {"kty": "OKP", "crv": "Ed25519", "x": b64url(key.raw)}
    point = _point(key.raw).public_numbers()
    x, y = (b64url(value.to_bytes(32, "big")) for value in (point.x, point.y))
    return {"kty": "EC", "crv": "P-256", "x": x, "y": y}


def from_jwk(jwk: Mapping[str, JSON]) -> PublicKey:
    """The key; `ValueError` for other kinds, private parts, a wrong length or a point off the curve."""
    if PRIVATE_MEMBERS & set(jwk):
        raise ValueError(
            "the JSON Web Key carries private parts. Publish the public ones, and replace the key"
        )
    uses = jwk.get("key_ops", ["verify"])
    if jwk.get("use", "sig") != "sig" or not isinstance(uses, list) or "verify" not in uses:
        raise ValueError("the JSON Web Key is not meant for signatures")
    x, y = (jwk.get(name) for name in ("x", "y"))
    if not isinstance(x, str) or not isinstance(y, str | None):
        raise ValueError("the coordinates of a JSON Web Key are base64url text")  # noqa: TRY004 - a verdict
    kind = jwk.get("kty"), jwk.get("crv")
    if kind == ("OKP", "Ed25519"):
        found: PublicKey = VerifyKey(unb64url(x))
    elif kind == ("EC", "P-256") and y is not None:
        across, up = unb64url(x), unb64url(y)
        if len(across) != 32 or len(up) != 32:
            raise ValueError("a coordinate of P-256 has 32 bytes")
        _point(b"\x04" + across + up)
        found = P256VerifyKey(bytes([2 + up[-1] % 2]) + across)
    else:
        raise ValueError("a JSON Web Key of kind OKP/Ed25519 or EC/P-256 is wanted")
    if jwk.get("alg") not in (None, *algorithms(found)):
        raise ValueError(f"the JSON Web Key is for {str(jwk['alg'])[:20]!r}, not for signatures of its kind")
    return found
