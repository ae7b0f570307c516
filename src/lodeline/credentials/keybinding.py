"""Key binding (RFC 9901, section 4.3): the holder signs this presentation, for this verifier, now.

The nonce must have been handed out by the verifier and be used once; keeping that account is the caller's part.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Final

from attrs import frozen

from lodeline.credentials.keys import from_jwk
from lodeline.credentials.sdjwt import SdJwt, algorithm, digest, split
from lodeline.credentials.signing import parts, seal, unseal
from lodeline.credentials.verdict import CredentialRefused

if TYPE_CHECKING:
    from lodeline.credentials.keys import PublicKey
    from lodeline.credentials.signing import Signer
    from lodeline.strictjson import JSON

TYPE: Final = "kb+jwt"
MAX_AGE: Final = 300
AHEAD: Final = 60


@frozen(kw_only=True)
class Expected:
    """What a verifier demands: its own name, the nonce it gave, the age in seconds it still accepts."""

    audience: str
    nonce: str
    max_age: int = MAX_AGE
    ahead: int = AHEAD


def bind(presentation: str, *, signer: Signer, audience: str, nonce: str, now: int) -> str:
    """Append the holder's key binding to a presentation. `now`: seconds since 1970."""
    found = split(presentation)
    if found.key_binding is not None:
        raise CredentialRefused("structure", "the presentation is bound already")
    sd_hash = digest(found.unbound, algorithm(parts(found.jwt, "the SD-JWT").payload))
    claims = {"iat": now, "aud": audience, "nonce": nonce, "sd_hash": sd_hash}
    return str(SdJwt(found.jwt, found.disclosures, seal({"typ": TYPE}, claims, signer)))


def from_cnf(cnf: JSON) -> PublicKey:
    """The holder's key, given by value in `cnf.jwk` (RFC 7800)."""
    if not isinstance(cnf, dict) or "jwk" not in cnf:
        raise CredentialRefused("key", "the issuer named no key of the holder in 'cnf'")
    if not isinstance(cnf["jwk"], dict):
        raise CredentialRefused("key", "the holder's key in 'cnf' is not a JSON Web Key")
    try:
        return from_jwk(cnf["jwk"])
    except ValueError as error:
        raise CredentialRefused("key", f"the holder's key is unusable: {error}") from None


def check(found: SdJwt, expected: Expected, key: PublicKey, *, now: int, hash_name: str) -> None:
    """Raise `CredentialRefused` unless the key binding is the holder's and meets `expected`."""
    if found.key_binding is None:
        raise CredentialRefused("structure", "key binding is required and missing")
    _, claims = unseal(found.key_binding, key, types=(TYPE,), what="the key binding")
    made = claims.get("iat")
    if isinstance(made, bool) or not isinstance(made, int):
        raise CredentialRefused("structure", "the key binding does not say when it was made")
    if not now - expected.max_age <= made <= now + expected.ahead:
        raise CredentialRefused("dates", "the key binding is not of now")
    for name, wanted in (("aud", expected.audience), ("nonce", expected.nonce)):
        value = claims.get(name)
        if not isinstance(value, str) or not hmac.compare_digest(value.encode(), wanted.encode()):
            raise CredentialRefused("subject", f"the key binding has another {name!r}")
    if claims.get("sd_hash") != digest(found.unbound, hash_name):
        raise CredentialRefused("signature", "the key binding is for another set of disclosures")
