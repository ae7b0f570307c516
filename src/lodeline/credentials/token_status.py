"""Token Status List (IETF OAuth): the second output, for wallets that read JWT rather than credentials.

Read from draft-ietf-oauth-status-list of April 2026. Beware: the bit order is the opposite of the W3C's list,
the compression is zlib, the index a number, the lifetime in seconds.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Final

from attrs import frozen

from lodeline.credentials import bitstrings
from lodeline.credentials.signing import check_times, seal, unseal
from lodeline.credentials.status import Code, StatusRefused
from lodeline.keys import b64url, unb64url

if TYPE_CHECKING:
    from lodeline.credentials.keys import PublicKey
    from lodeline.credentials.signing import Signer
    from lodeline.strictjson import JSON

TYPE: Final = "statuslist+jwt"
SIZES: Final = (1, 2, 4, 8)
_LEVEL: Final = 9


class Kind(IntEnum):
    """Registered values. Others have no meaning here."""

    VALID = 0
    INVALID = 1
    SUSPENDED = 2


@frozen
class Reference:
    """Where a token's status stands."""

    index: int
    uri: str


@frozen(kw_only=True)
class TokenList:
    bits: bytes
    size: int
    ttl: int | None = None
    """Seconds for which it may be kept."""

    def value(self, index: int) -> int:
        try:
            return bitstrings.right(self.bits, index, self.size)
        except IndexError:
            raise StatusRefused(Code.RANGE, f"the list has no entry {index}") from None


def encode(bits: bytes, size: int) -> dict[str, JSON]:
    """The member `status_list`."""
    if size not in SIZES:
        raise _malformed("an entry has 1, 2, 4 or 8 bits")
    return {"bits": size, "lst": b64url(bitstrings.deflate(bits, bitstrings.ZLIB, _LEVEL))}


def decode(value: JSON, limit: int = bitstrings.LIMIT) -> tuple[bytes, int]:
    """The inverse of `encode`."""
    if not isinstance(value, dict) or not isinstance(value.get("lst"), str):
        raise _malformed("status_list is an object with bits and lst")
    size = value.get("bits")
    if isinstance(size, bool) or size not in SIZES:
        raise _malformed("bits is 1, 2, 4 or 8")
    try:
        return bitstrings.inflate(unb64url(value["lst"]), bitstrings.ZLIB, limit), int(size)
    except ValueError as error:
        raise _malformed(f"lst: {error}") from None


def combined(revoked: bytes, suspended: bytes) -> bytes:
    """Two W3C bitstrings, one entry a bit, as one list of two bits an entry. Revoked weighs more."""
    if len(revoked) != len(suspended):
        raise _malformed("the two lists differ in length")
    found = bytearray(bitstrings.blank(len(revoked) * 8, 2))
    for bits, kind in ((suspended, Kind.SUSPENDED), (revoked, Kind.INVALID)):
        for at, byte in enumerate(bits):
            if byte:
                for offset in range(8):
                    if byte >> (7 - offset) & 1:
                        bitstrings.put_right(found, at * 8 + offset, kind, 2)
    return bytes(found)


def token(
    *, uri: str, bits: bytes, size: int, signer: Signer, now: int, lasts: int, ttl: int, kid: str
) -> str:
    """A signed list for its address `uri`; `now` in seconds since 1970, `lasts` and `ttl` in seconds."""
    claims = {"sub": uri, "iat": now, "exp": now + lasts, "ttl": ttl, "status_list": encode(bits, size)}
    return seal({"typ": TYPE, "kid": kid}, claims, signer)


def read(text: str, key: PublicKey, *, uri: str, now: int) -> TokenList:
    """A list whose signature, address and dates hold. Raises `CredentialRefused`."""
    _, claims = unseal(text, key, types=(TYPE,), what="the status list")
    if claims.get("sub") != uri:
        raise StatusRefused(Code.VERIFICATION, "the status list is for another address")
    if "iat" not in claims:
        raise _malformed("the status list does not say when it was made")
    check_times(claims, now)
    ttl = claims.get("ttl")
    if ttl is not None and (isinstance(ttl, bool) or not isinstance(ttl, int) or ttl <= 0):
        raise _malformed("ttl is a number of seconds above 0")
    bits, size = decode(claims.get("status_list"))
    return TokenList(bits=bits, size=size, ttl=ttl)


def reference(payload: JSON) -> Reference | None:
    """What a token's `status` refers to; None where it has no such member. Malformed ones are refused."""
    status = payload.get("status") if isinstance(payload, dict) else None
    if status is None:
        return None
    found = status.get("status_list") if isinstance(status, dict) else None
    if not isinstance(found, dict):
        raise _malformed("status names no status_list")
    index, uri = found.get("idx"), found.get("uri")
    if isinstance(index, bool) or not isinstance(index, int) or index < 0:
        raise _malformed("idx is a whole number from 0")
    if not isinstance(uri, str) or not uri.startswith("https://"):
        raise _malformed("uri is an https address")
    return Reference(index, uri)


def _malformed(message: str) -> StatusRefused:
    return StatusRefused(Code.MALFORMED, message)
