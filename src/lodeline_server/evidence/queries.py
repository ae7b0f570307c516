"""Reading what is on record. Every function takes the workspace's id; nothing crosses its border."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lodeline_server.evidence.models import Fact, Party, Site

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from django.db.models import QuerySet

    from lodeline.access import Actor


def statements(
    workspace: int,
    *,
    kinds: Collection[str] | None = None,
    subject: str | None = None,
    issuer: str | None = None,
    party: str | None = None,
    as_of: datetime | None = None,
    position: int | None = None,
) -> QuerySet[Fact]:
    """Facts in log order: logged at or before `as_of`, at or before log position `position`.

    `subject` is the exact object; `party` also takes what is said about the party's sites.
    Whether a fact is in force on a day is the reader's question (`valid_from`, `valid_until`).
    """
    rows = Fact.objects.filter(workspace_id=workspace)
    if kinds is not None:
        rows = rows.filter(kind__in=list(kinds))
    if subject is not None:
        rows = rows.filter(subject=subject)
    if issuer is not None:
        rows = rows.filter(issuer=issuer)
    if party is not None:
        rows = rows.filter(party=party)
    if as_of is not None:
        rows = rows.filter(logged_at__lte=as_of)
    if position is not None:
        rows = rows.filter(position__lte=position)
    return rows.order_by("position")


def party(workspace: int, uri: str) -> Party | None:
    return Party.objects.filter(workspace_id=workspace, uri=uri).first()


def parties(workspace: int) -> QuerySet[Party]:
    return Party.objects.filter(workspace_id=workspace)


def site(workspace: int, uri: str) -> Site | None:
    return Site.objects.filter(workspace_id=workspace, uri=uri).first()


def sites(workspace: int) -> QuerySet[Site]:
    return Site.objects.filter(workspace_id=workspace)


def certificates(actor: Actor) -> QuerySet[Fact]:
    """The last word about each certificate (holder, scheme, number); a supplier sees its own."""
    rows = Fact.objects.filter(workspace_id=actor.workspace, kind="certificate")
    if actor.only_own:
        rows = rows.filter(party=actor.party)
    last: dict[tuple[str, str, str], int] = {}
    for pk, party, content in rows.order_by("position").values_list("pk", "party", "content"):
        last[party, str(content.get("scheme")), str(content.get("number"))] = pk
    return rows.filter(pk__in=list(last.values())).order_by("valid_until", "position")
