"""The only writers of trust lists: own editions, imported ones, and whose lists a workspace believes."""

from __future__ import annotations

import hashlib
import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import structlog
from django.db import IntegrityError, transaction

from lodeline.access import Denied, Permission
from lodeline.credentials import dates, editions, trustlists
from lodeline.credentials.trustlists import TrustList
from lodeline.credentials.verdict import CredentialRefused
from lodeline_server.credentials import acting, keyring, material, queries, trust_queries
from lodeline_server.credentials.models import Belief, Credential, TrustEdition
from lodeline_server.kit import audit
from lodeline_server.kit.problems import Problem
from lodeline_server.log.actions import NewStatement, append
from lodeline_server.parties.models import Workspace
from lodeline_server.publishing.actions import publish

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date, datetime

    from lodeline.access import Actor
    from lodeline.credentials.trustlists import Listing, Role
    from lodeline_server.credentials.models import Issuer
    from lodeline_server.parties.models import Organisation

log = structlog.get_logger(__name__)
MEDIA_TYPE = f"application/{trustlists.TYPE}"
RENEWED = timedelta(days=180)
"""An edition of ours says that the next one is there by then."""
MAX_TOKEN = 8 * 1024 * 1024
MAX_NAME = 200


def add_listing(
    *, actor: Actor, organisation: Organisation, listing: Listing, now: datetime, name: str = ""
) -> TrustEdition:
    """A new edition of the organisation's own list with one listing more; the first one makes the list."""
    actor.require(Permission.CREDENTIALS_ISSUE)
    acting.own(actor, organisation)
    trustlists.from_dict(trustlists.to_dict(_blank(organisation, name, "did:example:x", now, (listing,))))
    return _edited(actor, organisation, lambda last: editions.with_listing(last, listing), now, name)


def withdraw_listing(
    *, actor: Actor, organisation: Organisation, issuer: str, role: Role | None, day: date, now: datetime
) -> TrustEdition:
    """A new edition in which an issuer is listed no more from a day on. `CredentialRefused` when it is not."""
    actor.require(Permission.CREDENTIALS_ISSUE)
    acting.own(actor, organisation)
    return _edited(actor, organisation, lambda last: editions.without(last, issuer, role, day), now, "")


def renew(*, actor: Actor, organisation: Organisation, now: datetime) -> TrustEdition:
    """The same list as a new edition, good for another while."""
    actor.require(Permission.CREDENTIALS_ISSUE)
    acting.own(actor, organisation)
    return _edited(actor, organisation, lambda last: last, now, "")


def import_list(*, actor: Actor, workspace: int, token: str, source: str, now: datetime) -> TrustEdition:
    """Take an edition that its owner signed. The same again changes nothing; an older one is refused.

    To have a list is not to believe it. Raises `CredentialRefused`.
    """
    _may_trust(actor, workspace)
    if len(token) > MAX_TOKEN or "\x00" in source:
        raise CredentialRefused("structure", f"a trust list has at most {MAX_TOKEN} letters")
    said = editions.glance(token)
    if len(said.owner) > 500 or len(said.name) > MAX_NAME or "\x00" in said.name + said.owner:
        raise CredentialRefused("structure", f"the name of a trust list has at most {MAX_NAME} letters")
    known = trust_queries.newest(workspace, said.owner, said.name)
    after = editions.glance(bytes(known.token).decode()) if known else None
    found = editions.read(token, material.resolver(), now=now, after=after)
    if known is not None and known.number == found.found.number:
        return known
    try:
        with transaction.atomic():
            body = {"change": "imported", **_said(found.found, token), "source": source[:500]}
            position = _record(actor, workspace, "credential.trust-list", body, now)
            row = _keep(workspace, found.found, token, now, source=source[:500], position=position)
            _told(actor, workspace, "trust-list.imported", now, list=row.pk)
    except IntegrityError:
        raise Problem(409, "This edition was imported a moment ago", detail=said.name[:200]) from None
    return row


def believe(*, actor: Actor, workspace: int, owner: str, name: str, now: datetime) -> Belief:
    """From now on what the owner's list says counts here. Twice keeps the first day. 404 for no such list."""
    _may_trust(actor, workspace)
    with transaction.atomic():
        Workspace.objects.select_for_update().get(pk=workspace)
        row = _open(workspace, owner, name)
        if row is None:
            if not _plain(owner, name) or trust_queries.newest(workspace, owner, name) is None:
                raise Problem(
                    404, "There is no such trust list here", detail=f"{name[:100]} of {owner[:200]}"
                )
            body = {"change": "believed", "owner": owner, "list": name}
            position = _record(actor, workspace, "credential.trust", body, now)
            row = Belief.objects.create(
                workspace_id=workspace, owner=owner, name=name, since=now, position=position
            )
            _told(actor, workspace, "trust-list.believed", now, belief=row.pk)
    return row


def stop_believing(*, actor: Actor, workspace: int, owner: str, name: str, now: datetime) -> Belief:
    """What was decided before keeps its reasons; from now on the list does not count. 404 when it did not."""
    _may_trust(actor, workspace)
    with transaction.atomic():
        Workspace.objects.select_for_update().get(pk=workspace)
        row = _open(workspace, owner, name)
        if row is None:
            raise Problem(404, "This list is not believed here", detail=f"{name[:100]} of {owner[:200]}")
        body = {"change": "stopped", "owner": owner, "list": name}
        row.until = max(now, row.since)
        row.stopped_position = _record(actor, workspace, "credential.trust", body, now)
        row.save(update_fields=["until", "stopped_position"])
        _told(actor, workspace, "trust-list.stopped", now, belief=row.pk)
    return row


# --- parts --------------------------------------------------------------------------------------------


def _may_trust(actor: Actor, workspace: int) -> None:
    actor.require(Permission.CREDENTIALS_TRUST)
    if not actor.may_append(workspace):
        raise Denied(Permission.CREDENTIALS_TRUST)


def _plain(*texts: str) -> bool:
    return not any("\x00" in text or len(text) > 500 for text in texts)


def _open(workspace: int, owner: str, name: str) -> Belief | None:
    if not _plain(owner, name):
        return None
    return Belief.objects.filter(workspace_id=workspace, owner=owner, name=name, until=None).first()


def _blank(
    organisation: Organisation, name: str, owner: str, now: datetime, listings: tuple[Listing, ...] = ()
) -> TrustList:
    named = name or f"Issuers known to {organisation.name}"
    if len(named) > MAX_NAME or "\x00" in named:
        raise CredentialRefused("structure", f"the name of a trust list has at most {MAX_NAME} letters")
    return TrustList(
        name=named, owner=owner, number=1, issued=now, next_update=now + RENEWED, listings=listings
    )


def _edited(
    actor: Actor,
    organisation: Organisation,
    change: Callable[[TrustList], TrustList],
    now: datetime,
    name: str,
) -> TrustEdition:
    """Change, sign, record and publish. The issuer's lock keeps editions in a row."""
    issuer = queries.issuer_of(organisation.pk)
    if issuer is None:
        raise acting.no_key("to sign with")
    with transaction.atomic():
        acting.lock(issuer)
        last = trust_queries.own(issuer)
        now = now.replace(microsecond=0)
        if last is None:
            signer = acting.signer(issuer, Credential.Form.JWT, None, now)
            made = change(_blank(organisation, name, signer.did, now))
        else:
            before = editions.glance(bytes(last.token).decode())
            if name and name != before.name:
                raise Problem(409, "The list has a name already", detail=before.name)
            signer = acting.signer(issuer, Credential.Form.JWT, before.owner, now)
            issued = max(now, before.issued)
            made = editions.following(change(before), issued=issued, next_update=issued + RENEWED)
        token = trustlists.sign(made, keyring.opened(signer.key), signer.method)
        workspace = organisation.workspace_id
        body = {"change": "signed", **_said(made, token)}
        position = acting.record(actor, issuer, "credential.trust-list", body, now)
        path = trust_queries.LIST_PATH.format(issuer.name)
        row = _keep(workspace, made, token, now, issuer=issuer, source=path, position=position)
        publish(key=path, forms={MEDIA_TYPE: token.encode()}, kind="trust-list", position=position, now=now)
        _told(actor, workspace, "trust-list.signed", now, list=row.pk)
    log.info("trust list signed", by=actor.id, issuer=issuer.name, number=made.number)
    return row


def _said(found: TrustList, token: str) -> dict[str, Any]:
    digest = hashlib.sha256(token.encode()).hexdigest()
    return {
        "owner": found.owner,
        "list": found.name,
        "number": found.number,
        "listings": len(found.listings),
        "issued": dates.write(found.issued),
        "sha256": digest,
    }


def _keep(
    workspace: int,
    found: TrustList,
    token: str,
    now: datetime,
    *,
    source: str,
    position: int,
    issuer: Issuer | None = None,
) -> TrustEdition:
    data = token.encode()
    return TrustEdition.objects.create(
        workspace_id=workspace,
        issuer=issuer,
        owner=found.owner,
        name=found.name,
        number=found.number,
        issued=found.issued,
        next_update=found.next_update,
        token=data,
        sha256=hashlib.sha256(data).hexdigest(),
        source=source,
        taken_at=now,
        position=position,
    )


def _record(actor: Actor, workspace: int, kind: str, body: dict[str, Any], now: datetime) -> int:
    """A statement of the workspace, by whoever acts for it."""
    payload = {
        "id": f"urn:uuid:{uuid.uuid4()}",
        "issuer": actor.party or "urn:x-lodeline:platform",
        "captured_by": actor.id,
        "signature": {"by": "platform", "kid": ""},
        "body": {"kind": kind, "subject": body["owner"], **body},
    }
    return append(
        actor=actor, workspace=workspace, statements=[NewStatement(type=kind, payload=payload)], now=now
    )[0].position


def _told(actor: Actor, workspace: int, action: str, now: datetime, **objects: object) -> None:
    audit.record(audit.Kind.CHANGE, action, actor=actor, workspace=workspace, objects=objects, now=now)
