"""Sign with a key that its owner keeps: a credential without any server, in any form.

What is signed so has no status list: whoever keeps one adds its entry before signing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from lodeline import strictjson
from lodeline.credentials import dates, did_key, integrity, jose, keys, model, pointers, sdjwt
from lodeline.credentials.contexts import PUBLISHED, V2
from lodeline.credentials.verdict import CredentialRefused
from lodeline.keys import SigningKey

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from lodeline.credentials.contexts import Contexts
    from lodeline.credentials.integrity import Canonize
    from lodeline.credentials.presenting import Holder
    from lodeline.strictjson import JSON

SD_JWT: Final = "vc+sd-jwt"
FORMS: Final = (integrity.JCS, integrity.RDFC, "vc+jwt", SD_JWT)


def sign(
    credential: Mapping[str, JSON],
    owner: Holder,
    form: str,
    *,
    now: datetime,
    identifier: str,
    random: Callable[[int], bytes],
    contexts: Contexts | None = None,
    canonize: Canonize | None = None,
    holder: str | None = None,
) -> dict[str, Any]:
    """The secured credential. What is not said is added: id (`identifier`), issuer, validFrom.

    `holder`: the did:key to which an SD-JWT is bound. Raises `CredentialRefused`.
    """
    plain = model.with_data_integrity(credential)
    plain.setdefault("id", identifier)
    plain.setdefault("issuer", owner.did)
    context = plain.get("@context")
    if isinstance(context, list) and context[:1] == [V2]:
        plain.setdefault("validFrom", dates.write(now))
    model.credential(plain, contexts)
    model.related(plain, PUBLISHED)
    if model.issuer(plain) != owner.did:
        raise CredentialRefused(
            "issuer", f"it is of {model.issuer(plain)[:200]}, and the key is of {owner.did}"
        )
    if form in (integrity.JCS, integrity.RDFC):
        if not isinstance(owner.key, SigningKey):
            raise CredentialRefused("key", f"{form} wants a key of Ed25519")
        return integrity.add(plain, owner.key, owner.method, created=now, cryptosuite=form, canonize=canonize)
    if form not in FORMS:
        raise CredentialRefused("structure", f"credentials are signed as {', '.join(FORMS)}")
    if "proof" in plain:
        raise CredentialRefused("structure", "it carries a proof already")
    try:
        strictjson.canonical(plain)
        token = (
            _sd_jwt(plain, owner, now, random, holder)
            if form == SD_JWT
            else jose.sign(plain, owner.key, owner.method, now=now)
        )
    except ValueError as error:
        raise CredentialRefused("structure", str(error)) from None
    return {"@context": [V2], "id": f"data:application/{form},{token}", "type": model.ENVELOPED}


def _sd_jwt(
    plain: dict[str, JSON],
    owner: Holder,
    now: datetime,
    random: Callable[[int], bytes],
    holder: str | None,
) -> str:
    if clash := set(jose.CLAIMS) & set(plain):
        raise CredentialRefused("structure", f"{min(clash)!r} is a word of the token")
    payload: dict[str, JSON] = {**plain, "iat": int(now.timestamp())}
    if holder is not None:
        payload["cnf"] = {"jwk": keys.to_jwk(did_key.key(holder))}
    made = sdjwt.issue(
        payload, pointers.members(plain), signer=owner.key, random=random, header={"kid": owner.method}
    )
    return str(made.sdjwt)
