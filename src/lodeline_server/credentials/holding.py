"""What a holder does here: show parts of an SD-JWT, and sign presentations with a key of the keystore.

Actions: permission first, and the audit trail knows of each presentation. What is presented is not put on record:
nothing is stated that was not stated before.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from attrs import frozen

from lodeline import strictjson
from lodeline.access import Permission
from lodeline.credentials import model, pointers, presenting, sdjwt_verify
from lodeline.credentials.verdict import CredentialRefused
from lodeline_server.credentials import acting, checking, keyring, material, queries

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from lodeline.access import Actor
    from lodeline.strictjson import JSON
    from lodeline_server.credentials.models import Issuer
    from lodeline_server.parties.models import Organisation


@frozen(kw_only=True)
class Asking:
    """Who asks: what must be answered, and whom the presentation is for."""

    challenge: str | None = None
    domain: str | None = None


def token_of(item: JSON) -> str:
    """The SD-JWT that somebody hands in: bare, or in its envelope. Raises `CredentialRefused`."""
    if isinstance(item, dict) and model.ENVELOPED in _many(item.get("type")):
        media, content = model.enveloped(item)
        if media in checking.SD_JWT:
            return content
    elif isinstance(item, str) and "~" in item:
        return item
    raise CredentialRefused("structure", "parts are shown of SD-JWTs only (vc+sd-jwt)")


def derive(*, actor: Actor, item: JSON, selective: JSON) -> dict[str, Any]:
    """The same credential with what the pointers name disclosed and nothing else, in its envelope."""
    actor.require(Permission.CREDENTIALS_ISSUE)
    token = token_of(item)
    shown = pointers.paths(selective, sdjwt_verify.hold(token).payload, "selectivePointers")
    return enveloped(presenting.derive(token, shown))


def enveloped(token: str) -> dict[str, Any]:
    found: Any = presenting.envelope(token)
    return dict(found)


def present(
    *,
    actor: Actor,
    organisation: Organisation,
    items: Sequence[JSON],
    form: str,
    asking: Asking,
    now: datetime,
) -> dict[str, Any]:
    """A presentation of credentials, signed by the organisation."""
    plain = presenting.gather(items, next(iter(acting.names_of(_issuer(organisation)))))
    return sign(actor=actor, organisation=organisation, presentation=plain, form=form, asking=asking, now=now)


def sign(
    *,
    actor: Actor,
    organisation: Organisation,
    presentation: JSON,
    form: str,
    asking: Asking,
    now: datetime,
) -> dict[str, Any]:
    """Sign a presentation as its holder. `vp+sd-jwt`: one SD-JWT bound to a key of the organisation, in an envelope.

    Raises `CredentialRefused`; `Problem` 409 without a key.
    """
    actor.require(Permission.CREDENTIALS_ISSUE)
    acting.own(actor, organisation)
    issuer = _issuer(organisation)
    if form == presenting.VP_SD_JWT:
        made = _bound(issuer, presentation, asking, now)
    else:
        if not isinstance(presentation, dict):
            raise CredentialRefused("structure", "the presentation is a JSON object")
        plain = {"holder": next(iter(acting.names_of(issuer))), **presentation}
        who = _holder(issuer, model.holder(plain), form, now)
        made = presenting.sign(
            plain,
            who,
            form,
            now=now,
            challenge=asking.challenge,
            domain=asking.domain,
            canonize=material.canonize,
        )
    digest = hashlib.sha256(strictjson.canonical(made)).hexdigest()
    acting.told(actor, issuer, "credential.presented", now, sha256=digest, domain=(asking.domain or "")[:200])
    return made


def _issuer(organisation: Organisation) -> Issuer:
    issuer = queries.issuer_of(organisation.pk)
    if issuer is None:
        raise acting.no_key("to sign with")
    return issuer


def _holder(issuer: Issuer, named: str, form: str, now: datetime) -> presenting.Holder:
    signer = acting.signer(issuer, form, named, now, purpose="authentication")
    method = signer.method
    return presenting.Holder(did=signer.did, method=method, key=keyring.opened(signer.key))


def _bound(issuer: Issuer, presentation: JSON, asking: Asking, now: datetime) -> dict[str, Any]:
    """The key that the credential is bound to must be one of the organisation's."""
    inside = _many(presentation.get("verifiableCredential")) if isinstance(presentation, dict) else []
    if len(inside) != 1:
        raise CredentialRefused("structure", "vp+sd-jwt presents one SD-JWT")
    if asking.challenge is None or asking.domain is None:
        raise CredentialRefused("structure", "a key binding answers a challenge, for a domain")
    token = token_of(inside[0])
    named = presenting.named_key(token)
    rows = [row for row in queries.usable_keys(issuer, now) if keyring.public(row) == named]
    if not rows:
        raise CredentialRefused("key", "it is bound to a key that the organisation does not have here")
    did = next(iter(acting.names_of(issuer)))
    who = presenting.Holder(did=did, method=f"{did}#{rows[0].name}", key=keyring.opened(rows[0]))
    made = presenting.bound(token, who, now=now, challenge=asking.challenge, domain=asking.domain)
    return presenting.bound_envelope(made)


def _many(value: JSON) -> list[Mapping[str, JSON]]:
    return value if isinstance(value, list) else [] if value is None else [value]
