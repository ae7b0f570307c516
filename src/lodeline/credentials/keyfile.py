"""A key that its owner keeps in a file: a private JSON Web Key with the DID it signs for.

`{"kty": "OKP", "crv": "Ed25519", "x": ..., "d": ..., "did": ...[, "kid": ...]}`. Without `kid` the DID is
the key itself (`did:key`). Sources: RFC 7517, RFC 8037 (`d` is the seed), RFC 7518 section 6.2.2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lodeline import strictjson
from lodeline.credentials import did, did_key
from lodeline.credentials.keys import P256SigningKey, from_jwk, to_jwk
from lodeline.credentials.presenting import Holder
from lodeline.credentials.verdict import CredentialRefused
from lodeline.keys import SigningKey, VerifyKey, b64url, unb64url

if TYPE_CHECKING:
    from lodeline.credentials.keys import PrivateKey


def write(key: PrivateKey, identifier: str = "", method: str = "") -> bytes:
    """The file's bytes. Whoever has them signs as its owner."""
    jwk: dict[str, Any] = {**to_jwk(key.verify_key), "d": b64url(key.seed)}
    jwk["did"] = identifier or did_key.did(key.verify_key)
    if method:
        jwk["kid"] = method
    return strictjson.canonical(jwk) + b"\n"


def read(data: bytes) -> Holder:
    """Whose key it is. `CredentialRefused("key", ...)` for what is no such file; nothing of the key is ever said."""
    try:
        jwk = strictjson.loads(data)
        public = {name: jwk[name] for name in ("kty", "crv", "x", "y") if name in jwk}
        known = from_jwk(public)
        seed = unb64url(jwk["d"])
        key: PrivateKey = SigningKey(seed) if isinstance(known, VerifyKey) else P256SigningKey(seed)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise CredentialRefused("key", "it is no file with a private key of Ed25519 or P-256") from None
    if key.verify_key != known:
        raise CredentialRefused("key", "the private part of the file is not that of its public part")
    identifier, method = jwk.get("did", did_key.did(known)), jwk.get("kid", "")
    if not isinstance(identifier, str) or not isinstance(method, str):
        raise CredentialRefused("key", "did and kid of the file are texts")
    own = identifier == did_key.did(known)
    if not own and (not method or did.parse(method).did != identifier or did.parse(method).fragment is None):
        raise CredentialRefused("key", f"kid says which key of {identifier[:80]} it is")
    return Holder(did=identifier, method=did_key.method(known) if own else method, key=key)
