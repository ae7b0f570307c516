"""What the actions of this app share: who may, the lock, the key to sign with, the statement in the log.

Who calls these is an action; nothing else does.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from django.conf import settings

from lodeline.access import Denied, Permission
from lodeline.credentials import did_key, model
from lodeline.credentials.verdict import CredentialRefused
from lodeline_server.credentials import addresses, keyring, queries
from lodeline_server.credentials.lists import Signer
from lodeline_server.credentials.models import Credential, Issuer
from lodeline_server.kit import audit
from lodeline_server.kit.problems import Problem
from lodeline_server.log.actions import NewStatement, append

if TYPE_CHECKING:
    from datetime import datetime

    from lodeline.access import Actor
    from lodeline.strictjson import JSON
    from lodeline_server.parties.models import Organisation

TOKENS = (Credential.Form.JWT, Credential.Form.SD_JWT, "vp+jwt")
"""Forms that any key signs; proofs want Ed25519."""


def own(actor: Actor, organisation: Organisation) -> None:
    """One signs for one's own organisation; the platform (the command line) for any."""
    if actor.kind == "platform" and actor.workspace in {None, organisation.workspace_id}:
        return
    if actor.organisation != organisation.pk or actor.workspace != organisation.workspace_id:
        raise Denied(Permission.CREDENTIALS_ISSUE)


def lock(issuer: Issuer) -> None:
    """One writer at a time for an issuer's numbers, names and lists; the log's lock comes after it."""
    Issuer.objects.select_for_update().get(pk=issuer.pk)


def signer(issuer: Issuer, form: str, named: JSON, now: datetime, purpose: str = "assertionMethod") -> Signer:
    """Key, DID and method to sign with. A did:key of ours is accepted where suites run: it cannot be revoked.

    Raises `CredentialRefused` for another issuer, `Problem` 409 when there is no key of the kind.
    """
    own = names_of(issuer)
    said = next(iter(own)) if named is None else model.issuer({"issuer": named})
    rows = [row for row in queries.usable_keys(issuer, now) if purpose in row.purposes]
    if settings.VC_OPEN and said.startswith("did:key:"):
        rows = [row for row in rows if did_key.did(keyring.public(row)) == said]
    if said not in own and not (settings.VC_OPEN and said.startswith("did:key:") and rows):
        if not said:
            raise CredentialRefused("structure", "issuer is a URL, or an object whose id is one")
        names = " or ".join(dict.fromkeys(own.values()))
        raise CredentialRefused("issuer", f"the issuer of it would be {names}, and it says {said[:200]}")
    fits = [row for row in rows if form in TOKENS or row.algorithm == keyring.ED25519]
    if not fits:
        raise no_key("to sign with" if form in TOKENS else "of Ed25519 to sign with")
    if said not in own:
        return Signer(key=fits[0], did=said, method=did_key.method(keyring.public(fits[0])))
    return Signer(key=fits[0], did=own[said], method=f"{own[said]}#{fits[0].name}")


def names_of(issuer: Issuer) -> dict[str, str]:
    """What the issuer may be called, the usual name first: each DID with the one that is signed as now.

    A did:web of before stays as it is, since nothing else can keep its status lists. A did:webvh of before is signed
    as what it is called now. `Problem` 409 when the address changed and nobody said so.
    """
    settled()
    present = addresses.did_of(issuer.name)
    names = {present: present}
    entries = list(issuer.did_entries.order_by("-number").values_list("did", "home"))
    names |= {did: entries[0][0] for did, _ in entries}
    names |= {addresses.did_of(issuer.name, home): addresses.did_of(issuer.name, home) for _, home in entries}
    return names


def settled() -> None:
    """Nothing is signed under an address that our DIDs do not know: 409 until 'lodeline credential did move'."""
    known = queries.home()
    if not addresses.home():
        raise Problem(
            409,
            "This installation is reached by a number, and DIDs need the name of a host",
            detail="LODELINE_URL says under which name it is known.",
        )
    if known is not None and known != addresses.home():
        raise Problem(
            409,
            "The address of this installation is not the one in its DIDs",
            detail=f"{known} became {addresses.home()}: 'lodeline credential did move' enters it everywhere.",
        )


def no_key(what: str) -> Problem:
    return Problem(
        409, f"The organisation has no key {what}", detail="Make one: 'lodeline credential key add'."
    )


def record(actor: Actor, issuer: Issuer, kind: str, body: dict[str, Any], now: datetime) -> int:
    """The statement in the log; its position."""
    owner = addresses.did_of(issuer.name)
    payload = {
        "id": f"urn:uuid:{uuid.uuid4()}",
        "issuer": owner,
        "captured_by": actor.id,
        "signature": {"by": "platform", "kid": ""},
        "body": {"kind": kind, "subject": body.get("subject") or owner, **body},
    }
    workspace = issuer.organisation.workspace_id
    statement = NewStatement(type=kind, payload=payload)
    return append(actor=actor, workspace=workspace, statements=[statement], now=now)[0].position


def told(actor: Actor, issuer: Issuer, action: str, now: datetime, **objects: object) -> None:
    audit.record(
        audit.Kind.CHANGE,
        action,
        actor=actor,
        workspace=issuer.organisation.workspace_id,
        objects={"organisation": issuer.organisation_id, **objects},
        now=now,
    )
