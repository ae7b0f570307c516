"""The forms in which credentials and presentations come, and their signatures."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from lodeline import strictjson
from lodeline.credentials import integrity, jose, keybinding, model, presenting, sdjwt_verify
from lodeline.credentials.contexts import PUBLISHED
from lodeline.credentials.sdjwt import split
from lodeline.credentials.signing import parts
from lodeline.credentials.verdict import CredentialRefused
from lodeline_server.credentials.checking_verdict import Opened

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lodeline.strictjson import JSON
    from lodeline_server.credentials.checking_verdict import Asked, Means

ENVELOPED_PRESENTATION: Final = "EnvelopedVerifiablePresentation"
JWT, SD_JWT, VP_JWT = (
    "application/vc+jwt",
    ("application/vc+sd-jwt", "application/dc+sd-jwt"),
    "application/vp+jwt",
)
VP_SD_JWT: Final = f"application/{presenting.VP_SD_JWT}"


def credential(item: JSON, means: Means, asked: Asked) -> Opened:
    """An object with proofs, an envelope or a token, whose signature holds. Raises `CredentialRefused`."""
    if isinstance(item, str):
        return _token(item, SD_JWT[0] if "~" in item else JWT, means, asked)
    kinds = item.get("type") if isinstance(item, dict) else None
    if model.ENVELOPED in (kinds if isinstance(kinds, list) else [kinds]):
        media, content = model.enveloped(item)
        return _token(content, media, means, asked)
    _structure(item, means)
    verified = integrity.verify(
        item,
        means.resolve,
        asked.now,
        challenge=asked.challenge,
        domain=asked.domain,
        canonize=means.canonize,
    )
    owner = model.issuer(item)
    integrity.of(verified, owner)
    proof = next(one for one in verified.proofs if one.did == owner)
    data = strictjson.canonical(item)
    return Opened(
        document=verified.document,
        signer=owner,
        signed_at=proof.created,
        form=proof.cryptosuite,
        data=data,
        digests=(hashlib.sha256(data).hexdigest(),),
        key_revoked=proof.key_revoked,
    )


def _token(token: str, media: str, means: Means, asked: Asked) -> Opened:
    data = token.encode(errors="replace")
    digests = [hashlib.sha256(data).hexdigest()]
    if media == JWT:
        found = jose.verify(token, means.resolve, asked.now, audience=asked.domain, nonce=asked.challenge)
        document, signed_at, revoked = found.document, found.signed_at, found.key_revoked
    elif media in SD_JWT:
        opened = sdjwt_verify.verify_issuer(token, means.resolve, now=int(asked.now.timestamp()))
        document = {name: value for name, value in opened.payload.items() if name not in jose.CLAIMS}
        signed = token.partition("~")[0]  # what the holder cannot leave away
        signed_at, revoked = _signed(signed, means)
        digests.append(hashlib.sha256(signed.encode()).hexdigest())
    else:
        raise CredentialRefused("structure", f"an envelope of type {media[:60]!r} is not opened here")
    _structure(document, means)
    return Opened(
        document=document,
        signer=model.issuer(document),
        signed_at=signed_at,
        form=media.removeprefix("application/"),
        data=data,
        digests=tuple(digests),
        key_revoked=revoked,
    )


def _signed(jwt: str, means: Means) -> tuple[datetime | None, datetime | None]:
    """When a token whose signature holds was made, and when its key was revoked."""
    found = parts(jwt, "the credential")
    kid, said = str(found.header["kid"]), found.payload.get("iat")
    signed_at = datetime.fromtimestamp(said, UTC) if isinstance(said, int | float) else None
    method = means.resolve(kid, signed_at).method(kid, integrity.ASSERTION, signed_at)
    return signed_at, method.revoked


def _structure(document: JSON, means: Means) -> None:
    model.credential(document, means.contexts)
    model.related(document, PUBLISHED)


def presentation(item: JSON, means: Means, asked: Asked) -> tuple[Mapping[str, JSON], str]:
    """The presentation whose signature holds, and who signed it. Raises `CredentialRefused`."""
    kinds = item.get("type") if isinstance(item, dict) else None
    if ENVELOPED_PRESENTATION in (kinds if isinstance(kinds, list) else [kinds]):
        media, item = model.enveloped(item)
        if media == VP_SD_JWT:
            return _bound(item, means, asked)
        if media != VP_JWT:
            raise CredentialRefused("structure", f"an envelope of type {media[:60]!r} is not opened here")
    if isinstance(item, str):
        found = jose.verify(
            item,
            means.resolve,
            asked.now,
            kind=jose.PRESENTATION,
            audience=asked.domain,
            nonce=asked.challenge,
        )
        model.presentation(found.document, means.contexts)
        return found.document, found.did
    model.presentation(item, means.contexts)
    verified = integrity.verify(
        item,
        means.resolve,
        asked.now,
        purpose=integrity.AUTHENTICATION,
        domain=asked.domain,
        challenge=asked.challenge,
        canonize=means.canonize,
    )
    if "holder" in item:
        integrity.of(verified, model.holder(item))
    return verified.document, ", ".join(sorted(verified.dids()))


def _bound(token: str, means: Means, asked: Asked) -> tuple[Mapping[str, JSON], str]:
    """One SD-JWT that its holder bound to this question, as a presentation of it."""
    if asked.challenge is None or asked.domain is None:
        raise CredentialRefused(
            "structure", "a key binding is judged by the challenge and domain that were set"
        )
    expected = keybinding.Expected(audience=asked.domain, nonce=asked.challenge)
    policy = sdjwt_verify.Policy(binding=expected)
    sdjwt_verify.verify_issuer(token, means.resolve, now=int(asked.now.timestamp()), policy=policy)
    inside = presenting.envelope(split(token).unbound)
    document: dict[str, JSON] = {"type": ["VerifiablePresentation"], "verifiableCredential": [inside]}
    return document, "the holder of the key that its issuer named"
