"""Reading what is on record. Every function takes the workspace's id; nothing crosses its border."""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING

from lodeline_server.evidence.models import Fact, Party, Record, Site
from lodeline_server.evidence.reading import party_of, site_of
from lodeline_server.evidence.tallying import COUNTED, add, fresh, tally
from lodeline_server.log import queries as log

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import date, datetime

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


def parties_at(workspace: int, end: int) -> dict[str, Party]:
    """The parties as they were known below log position `end` (values, not rows)."""
    rows = statements(workspace, kinds={"party.profile"}, position=end - 1)
    return {row.subject: party_of(workspace, row.subject, row.content, row.position) for row in rows}


def sites_at(workspace: int, end: int) -> dict[str, Site]:
    """The sites as they were known below log position `end` (values, not rows)."""
    rows = statements(workspace, kinds={"site.profile"}, position=end - 1)
    return {row.subject: site_of(workspace, row.subject, row.content, row.position) for row in rows}


def records(workspace: int, *, since: date, until: date, end: int) -> list[Record]:
    """Record counts of the days after `since` up to `until`, as they stood below log position `end`.

    Days that went on beyond `end` are counted again from the log.
    """
    rows = Record.objects.filter(
        workspace_id=workspace, day__gt=since, day__lte=until, first_position__lt=end
    ).order_by("party", "day")
    found = {(row.workspace_id, row.party, row.day): row for row in rows}
    cut = {key: row for key, row in found.items() if row.last_position >= end}
    if cut:
        start = min(row.first_position for row in cut.values())
        wanted = {"types": COUNTED, "workspace": workspace}
        stated = (one for one in log.read(start, **wanted) if not one.erased)
        again = tally(takewhile(lambda one: one.position < end, stated))
        for key in cut:
            found[key] = fresh(key, again[key])
            add(found[key], again[key])
    return list(found.values())


def certificates(actor: Actor) -> QuerySet[Fact]:
    """The last word about each certificate (holder, scheme, number); a supplier sees its own."""
    rows = Fact.objects.filter(workspace_id=actor.workspace, kind="certificate")
    if actor.only_own:
        rows = rows.filter(party=actor.party)
    last: dict[tuple[str, str, str], int] = {}
    for pk, party, content in rows.order_by("position").values_list("pk", "party", "content"):
        last[party, str(content.get("scheme")), str(content.get("number"))] = pk
    return rows.filter(pk__in=list(last.values())).order_by("valid_until", "position")
