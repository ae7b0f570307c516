"""What a holder does: put credentials into a presentation and sign it, for a verifier who asked.

Sources: Verifiable Credentials Data Model 2.0, section 4.13; Securing with JOSE and COSE, section 3.1.2; RFC 9901,
section 4.3. What is presented is not judged here: the verifier does, and a holder should before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from attrs import frozen

from lodeline.credentials import integrity, jose, keybinding, model, sdjwt_verify
from lodeline.credentials.contexts import V2
from lodeline.credentials.signing import parts
from lodeline.credentials.verdict import CredentialRefused
from lodeline.keys import SigningKey

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from lodeline.credentials.integrity import Canonize
    from lodeline.credentials.keys import PrivateKey, PublicKey
    from lodeline.credentials.sdjwt import Path
    from lodeline.strictjson import JSON

VP_JWT: Final = "vp+jwt"
VP_SD_JWT: Final = "vp+sd-jwt"
FORMS: Final = (integrity.JCS, integrity.RDFC, VP_JWT, VP_SD_JWT)
ENVELOPED: Final = "EnvelopedVerifiablePresentation"
SD_JWT_MEDIA: Final = ("application/vc+sd-jwt", "application/dc+sd-jwt")


@frozen(kw_only=True)
class Holder:
    """Who presents: DID, method of the key in its document, the key."""

    did: str
    method: str
    key: PrivateKey


def gather(items: Sequence[JSON], holder: str) -> dict[str, Any]:
    """An unsigned presentation of secured credentials. Tokens go into envelopes."""
    if not items:
        raise CredentialRefused("structure", "there is nothing to present")
    made = {
        "@context": [V2],
        "type": ["VerifiablePresentation"],
        "holder": holder,
        "verifiableCredential": [envelope(one) for one in items],
    }
    model.presentation(made)
    return made


def envelope(item: JSON) -> JSON:
    """A credential as it stands in a presentation."""
    if not isinstance(item, str):
        return item
    media = SD_JWT_MEDIA[0] if "~" in item else "application/vc+jwt"
    return {"@context": [V2], "id": f"data:{media},{item}", "type": model.ENVELOPED}


def sign(
    presentation: Mapping[str, JSON],
    holder: Holder,
    form: str,
    *,
    now: datetime,
    challenge: str | None = None,
    domain: str | None = None,
    canonize: Canonize | None = None,
) -> dict[str, Any]:
    """The signed presentation: with a proof, or in an envelope. `holder` must be who it names."""
    model.presentation(dict(presentation))
    named = model.holder(presentation)
    if named != holder.did:
        raise CredentialRefused(
            "issuer", f"its holder is {named or 'nobody'}, and it is signed by {holder.did}"
        )
    if "proof" in presentation:
        raise CredentialRefused("structure", "it carries a proof already")
    if form == VP_JWT:
        kid = holder.method if holder.did.startswith("did:key:") else f"{holder.method}-jwk"
        try:
            token = jose.sign(
                presentation,
                holder.key,
                kid,
                now=now,
                kind=jose.PRESENTATION,
                audience=domain,
                nonce=challenge,
            )
        except ValueError as error:
            raise CredentialRefused("structure", str(error)) from None
        return {"@context": [V2], "id": f"data:application/{VP_JWT},{token}", "type": ENVELOPED}
    if form not in (integrity.JCS, integrity.RDFC):
        raise CredentialRefused("structure", f"a presentation is signed as {', '.join(FORMS)}")
    if not isinstance(holder.key, SigningKey):
        raise CredentialRefused("key", f"{form} wants a key of Ed25519")
    return integrity.add(
        presentation,
        holder.key,
        holder.method,
        created=now,
        cryptosuite=form,
        purpose=integrity.AUTHENTICATION,
        challenge=challenge,
        domain=domain,
        canonize=canonize,
    )


def derive(token: str, wanted: Sequence[Path]) -> str:
    """The same SD-JWT with what stands at `wanted`, and what that hangs on, and nothing else.

    A path inside something that is disclosed as a whole means the whole; one that is open anyway adds nothing.
    """
    opens = sdjwt_verify.hold(token).paths
    needed = {path for one in wanted for path in opens if path == one[: len(path)] or path[: len(one)] == one}
    return sdjwt_verify.select(token, sorted(needed, key=repr))


def named_key(token: str) -> PublicKey:
    """The key that the issuer of an SD-JWT bound it to. Refused with step `key` when there is none."""
    return keybinding.from_cnf(parts(token.partition("~")[0], "the SD-JWT").payload.get("cnf"))


def bound(token: str, holder: Holder, *, now: datetime, challenge: str, domain: str) -> str:
    """An SD-JWT with the holder's key binding. The issuer must have named this key in `cnf`."""
    if named_key(token) != holder.key.verify_key:
        raise CredentialRefused("key", "the issuer bound it to another key")
    return keybinding.bind(
        token, signer=holder.key, audience=domain, nonce=challenge, now=int(now.timestamp())
    )


def bound_envelope(token: str) -> dict[str, Any]:
    """A bound SD-JWT as a presentation."""
    return {"@context": [V2], "id": f"data:application/{VP_SD_JWT},{token}", "type": ENVELOPED}
