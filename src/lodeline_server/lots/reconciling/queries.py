"""Reading cases. Nothing crosses a workspace's border; a supplier sees those that concern it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Count, Q
from django.utils.translation import gettext as _

from lodeline_server.evidence import queries as evidence
from lodeline_server.lots.models import Touch
from lodeline_server.lots.reconciling.models import Case
from lodeline_server.parties.models import Membership

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from django.db.models import QuerySet

    from lodeline.access import Actor
    from lodeline_server.evidence.models import Fact


def visible(actor: Actor) -> QuerySet[Case]:
    rows = Case.objects.filter(workspace_id=actor.workspace)
    if not actor.only_own:
        return rows
    return rows.filter(parties__contains=f"|{actor.party}|") if actor.party else rows.none()


def totals(actor: Actor, now: datetime) -> dict[str, int]:
    """How many wait, are overdue, belong to nobody; and how many there are."""
    waiting = Q(state__in=Case.WAITING)
    return (
        visible(actor)
        .order_by()
        .aggregate(
            all=Count("pk"),
            waiting=Count("pk", filter=waiting),
            overdue=Count("pk", filter=waiting & Q(due__lt=now.date())),
            nobody=Count("pk", filter=waiting & Q(owner="")),
            cured=Count("pk", filter=Q(state=Case.State.CURED)),
        )
    )


def by_rule(actor: Actor) -> list[tuple[str, int]]:
    """Waiting cases of each rule, the most first."""
    rows = (
        visible(actor).filter(state__in=Case.WAITING).order_by().values_list("rule").annotate(n=Count("pk"))
    )
    return sorted(rows, key=lambda row: (-row[1], row[0]))


def people(workspace: int) -> dict[str, str]:
    """Who may own a case, by opaque id."""
    rows = Membership.objects.filter(organisation__workspace_id=workspace).select_related("user")
    return {f"user:{row.user_id}": str(row.user) for row in rows.order_by("user__name", "user__email")}


def person(who: str, known: dict[str, str]) -> str:
    """Who an opaque id is, for people."""
    if not who:
        return _("nobody")
    if who == "platform":
        return "Lodeline"
    return known.get(who) or (_("an API key") if who.startswith("key:") else _("a member"))


def names(actor: Actor) -> dict[str, str]:
    """Names of parties and sites by identifier; a supplier is told its own and those of its sites."""
    parties, sites = evidence.parties(actor.workspace or 0), evidence.sites(actor.workspace or 0)
    if actor.only_own:
        parties, sites = parties.filter(uri=actor.party), sites.filter(party=actor.party)
    return {**dict(parties.values_list("uri", "name")), **dict(sites.values_list("uri", "name"))}


def touches(workspace: int, events: Iterable[str]) -> list[Touch]:
    """What the events of a case did, oldest first."""
    rows = Touch.objects.filter(workspace_id=workspace, event__in=list(events))
    return list(rows.order_by("time", "position", "key"))


def stated(workspace: int, names_of: Iterable[str]) -> list[Fact]:
    """The statements that a case names."""
    rows = evidence.statements(workspace, kinds={"certificate", "lot.assay"})
    return list(rows.filter(statement_id__in=list(names_of)))
