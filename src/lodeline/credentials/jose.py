"""Credentials and presentations in a JWT envelope: `vc+jwt` and `vp+jwt`.

Sources: Securing Verifiable Credentials using JOSE and COSE 1.0 (section 3.1), RFC 7515, RFC 7519, RFC 8725 (best
practice). The payload is the document itself. Keys come from the DID document of `kid` alone.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from attrs import frozen

from lodeline.credentials import dates, did
from lodeline.credentials.keys import algorithms
from lodeline.credentials.signing import parts, seal
from lodeline.credentials.verdict import CredentialRefused
from lodeline.keys import SignatureRefused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lodeline.credentials.integrity import Resolve
    from lodeline.credentials.keys import PrivateKey
    from lodeline.strictjson import JSON

CREDENTIAL: Final = "vc"
PRESENTATION: Final = "vp"
PURPOSE: Final = {CREDENTIAL: "assertionMethod", PRESENTATION: "authentication"}
MAX_TOKEN: Final = 8 * 1024 * 1024
CLAIMS: Final[tuple[str, ...]] = ("iss", "sub", "jti", "aud", "iat", "exp", "nbf", "nonce", "cnf")
"""Claims about the token, which are no part of the document in it."""
# Members that bring keys along, fetch them, or change what is signed.
_FOREIGN: Final = ("jwk", "jku", "x5u", "x5c", "b64", "crit", "enc", "zip")


@frozen
class Secured:
    """What a token says and who signed it. `document` is the payload without the claims about the token."""

    document: Mapping[str, JSON]
    claims: Mapping[str, JSON]
    did: str
    method: str
    algorithm: str
    signed_at: datetime | None
    expires: datetime | None
    key_revoked: datetime | None
    """Set when the key has been revoked since: then `iat`, which the signer chose, decides alone."""


def sign(
    document: Mapping[str, JSON],
    key: PrivateKey,
    kid: str,
    *,
    now: datetime,
    kind: str = CREDENTIAL,
    algorithm: str | None = None,
    expires: datetime | None = None,
    audience: str | None = None,
    nonce: str | None = None,
) -> str:
    """A compact token. `algorithm` is of those the key may use: an old verifier knows only `EdDSA` for Ed25519."""
    known = algorithms(key.verify_key)
    chosen = algorithm or known[0]
    clash = {"vc", "vp", *CLAIMS} & set(document)
    if chosen not in known or clash:
        raise ValueError(
            f"{chosen} is not for this key, or the document has members of a token: {sorted(clash)}"
        )
    claims: dict[str, JSON] = {"iat": int(now.timestamp())}
    if expires is not None:
        claims["exp"] = int(expires.timestamp())
    claims |= {name: value for name, value in (("aud", audience), ("nonce", nonce)) if value is not None}
    header: dict[str, JSON] = {"alg": chosen, "typ": f"{kind}+jwt", "cty": kind, "kid": kid}
    return seal(header, {**document, **claims}, key)


def verify(
    token: str,
    resolve: Resolve,
    now: datetime,
    *,
    kind: str = CREDENTIAL,
    audience: str | None = None,
    nonce: str | None = None,
) -> Secured:
    """The document of a token that holds. Raises `CredentialRefused` with the step that failed.

    The signer must be the issuer of a credential, the holder of a presentation if it names one. `audience` and
    `nonce` are demanded when given. What the document says of itself is for `lodeline.credentials.model`.
    """
    found = parts(token, "the token", limit=MAX_TOKEN)
    header, payload = found.header, found.payload
    algorithm, kid = _header(header, kind)
    for name in ("vc", "vp"):
        if name in payload:
            raise CredentialRefused(
                "structure", f"the document stands in a claim {name!r}; it must be the payload"
            )
    document = {name: value for name, value in payload.items() if name not in CLAIMS}
    claims = {name: payload[name] for name in CLAIMS if name in payload}
    signed_at, expires = (_moment(header, claims, name) for name in ("iat", "exp"))
    url = did.parse(kid)
    if url.fragment is None:
        raise CredentialRefused("key", "kid does not name a key of a DID document")
    _owner(document, claims, url.did, kind)
    purpose = PURPOSE[kind]
    method = resolve(kid, signed_at).method(f"{url.did}#{url.fragment}", purpose, signed_at)
    if algorithm not in algorithms(method.key):
        raise CredentialRefused("signature", f"the key {kid} is not for the algorithm {algorithm}")
    try:
        method.key.verify(found.signature, found.signed)
    except SignatureRefused:
        raise CredentialRefused("signature", f"the document is not as {kid} signed it") from None
    _times(now, signed_at, expires, _moment(header, claims, "nbf"))
    wanted = claims.get("aud")
    if audience is not None and audience not in (wanted if isinstance(wanted, list) else [wanted]):
        raise CredentialRefused("signature", f"the token is not meant for {audience}")
    if nonce is not None and claims.get("nonce") != nonce:
        raise CredentialRefused("signature", "the token does not answer the nonce that was set")
    return Secured(document, claims, url.did, kid, algorithm, signed_at, expires, method.revoked)


def _header(header: Mapping[str, JSON], kind: str) -> tuple[str, str]:
    foreign = [name for name in _FOREIGN if name in header]
    if foreign:
        raise CredentialRefused(
            "structure", f"the header has {foreign[0]!r}; keys come from DID documents only"
        )
    algorithm = header.get("alg")
    if algorithm not in ("Ed25519", "EdDSA", "ES256"):
        raise CredentialRefused("signature", f"the algorithm {str(algorithm)[:20]!r} is not accepted")
    for name, want in (("typ", f"{kind}+jwt"), ("cty", kind)):
        said = header.get(name, want if name == "cty" else None)
        if not isinstance(said, str) or said.lower().removeprefix("application/") != want:
            raise CredentialRefused("structure", f"{name} of the header is {str(said)[:40]!r}, not {want}")
    kid = header.get("kid")
    if not isinstance(kid, str):
        raise CredentialRefused("key", "the header names no key: kid is missing")
    return algorithm, kid


def _owner(document: Mapping[str, JSON], claims: Mapping[str, JSON], signer: str, kind: str) -> None:
    """The token and the document must name one signer and one subject, and the signer is the key's DID."""
    member = "issuer" if kind == CREDENTIAL else "holder"
    owner = _id(document.get(member))
    if (kind == CREDENTIAL or member in document) and owner != signer:
        raise CredentialRefused("issuer", f"its {member} is {owner}, and it is signed by {signer}")
    subject = document.get("credentialSubject")
    pairs = [("iss", signer), ("jti", document.get("id", claims.get("jti")))]
    if isinstance(subject, dict) and "id" in subject:
        pairs.append(("sub", subject["id"]))
    for name, same in pairs:
        if name in claims and claims[name] != same:
            raise CredentialRefused("structure", f"the claim {name} and the document name different things")


def _id(value: JSON) -> JSON:
    return value.get("id") if isinstance(value, dict) else value


def _moment(header: Mapping[str, JSON], claims: Mapping[str, JSON], name: str) -> datetime | None:
    """A NumericDate of the header or of the claims (RFC 7519, section 5.3: equal if in both)."""
    said = [part[name] for part in (header, claims) if name in part]
    if not said:
        return None
    if isinstance(said[0], bool) or not isinstance(said[0], int | float) or said != said[:1] * len(said):
        raise CredentialRefused(
            "dates", f"{name} of the token is a number of seconds, the same wherever it stands"
        )
    try:
        return datetime.fromtimestamp(said[0], UTC)
    except (ValueError, OverflowError, OSError):
        raise CredentialRefused("dates", f"{name} of the token is no moment") from None


def _times(
    now: datetime, signed_at: datetime | None, expires: datetime | None, start: datetime | None
) -> None:
    for moment in (signed_at, start):
        if moment is not None and moment > now + dates.LEEWAY:
            raise CredentialRefused("dates", f"the signature is of {dates.write(moment)}, which is to come")
    if expires is not None and expires <= now:
        raise CredentialRefused("dates", f"the signature expired at {dates.write(expires)}")
