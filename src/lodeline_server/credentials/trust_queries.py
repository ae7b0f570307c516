"""Reading trust lists: which a workspace has, which it believes at a moment, which are published here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import Q

from lodeline.credentials import dates, editions
from lodeline_server.credentials import addresses
from lodeline_server.credentials.models import Belief, TrustEdition

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from django.db.models import QuerySet

    from lodeline.access import Actor
    from lodeline.credentials.trustlists import TrustList
    from lodeline_server.credentials.models import Issuer

LIST_PATH = "/credentials/trust/{}"
KEPT = 64
LARGEST = 2**63
_kept: dict[str, TrustList] = {}
_HEAD = ("pk", "owner", "name", "number", "sha256")


def newest(workspace: int, owner: str, name: str) -> TrustEdition | None:
    rows = TrustEdition.objects.filter(workspace_id=workspace, owner=owner, name=name)
    return rows.order_by("-number").first()


def own(issuer: Issuer) -> TrustEdition | None:
    """The newest edition of the list that one of ours signs."""
    return TrustEdition.objects.filter(issuer=issuer).order_by("-number").first()


def edition(issuer_name: str, number: int) -> TrustEdition | None:
    return TrustEdition.objects.filter(issuer__name=issuer_name, number=number).first()


def beliefs(workspace: int, moment: datetime) -> QuerySet[Belief]:
    """Whose lists a workspace believed at a moment."""
    rows = Belief.objects.filter(workspace_id=workspace, since__lte=moment)
    return rows.filter(Q(until__isnull=True) | Q(until__gt=moment))


def believed(workspace: int, moment: datetime) -> tuple[TrustList, ...]:
    """The newest edition of each list that the workspace believed at a moment. Three queries.

    The newest one says best what held on an earlier day: listings that ended stay in it with their dates.
    """
    pairs = set(beliefs(workspace, moment).values_list("owner", "name"))
    if not pairs:
        return ()
    rows = TrustEdition.objects.filter(workspace_id=workspace, owner__in={owner for owner, _ in pairs})
    return _opened(row for row in _newest(rows) if (row["owner"], row["name"]) in pairs)


def not_believed(workspace: int, moment: datetime) -> tuple[TrustList, ...]:
    """What the workspace has, and what is published here, without what it believes."""
    pairs = set(beliefs(workspace, moment).values_list("owner", "name"))
    rows = TrustEdition.objects.filter(Q(workspace_id=workspace) | Q(issuer__isnull=False))
    return _opened(row for row in _newest(rows) if (row["owner"], row["name"]) not in pairs)


def published() -> tuple[TrustList, ...]:
    """The newest edition of each list that somebody here publishes."""
    return _opened(_newest(TrustEdition.objects.filter(issuer__isnull=False)))


def tokens(lists: Iterable[TrustList]) -> list[str]:
    """The signed form of editions."""
    wanted = {(one.owner, one.name, one.number): None for one in lists}
    rows = TrustEdition.objects.filter(owner__in={owner for owner, _, _ in wanted})
    found = {(row.owner, row.name, row.number): bytes(row.token).decode() for row in rows}
    return [found[key] for key in wanted if key in found]


def _newest(rows: QuerySet[TrustEdition]) -> list[dict[str, Any]]:
    last = {(row["owner"], row["name"]): row for row in rows.order_by("number").values(*_HEAD)}
    return list(last.values())


def _opened(heads: Iterable[dict[str, Any]]) -> tuple[TrustList, ...]:
    """From memory where the same bytes were read before; they never change."""
    rows = list(heads)
    missing = [row["pk"] for row in rows if row["sha256"] not in _kept]
    if missing:
        if len(_kept) > KEPT:
            _kept.clear()
        for sha256, token in TrustEdition.objects.filter(pk__in=missing).values_list("sha256", "token"):
            _kept[sha256] = editions.glance(bytes(token).decode())
    return tuple(_kept[row["sha256"]] for row in rows)


def visible(actor: Actor) -> QuerySet[TrustEdition]:
    """What the actor's workspace has; a supplier sees the lists that its own organisation signs."""
    rows = TrustEdition.objects.select_related("issuer").filter(workspace_id=actor.workspace)
    return rows.filter(issuer__organisation_id=actor.organisation) if actor.only_own else rows


def by_id(actor: Actor, number: int) -> TrustEdition | None:
    return visible(actor).filter(pk=number).first() if 0 <= number < LARGEST else None


def all_newest(actor: Actor) -> list[TrustEdition]:
    """The newest edition of each list that the actor sees, without the tokens."""
    rows = visible(actor).defer("token").order_by("owner", "name", "number")
    return list({(row.owner, row.name): row for row in rows}.values())


def as_dicts(rows: Sequence[TrustEdition], workspace: int, now: datetime) -> list[dict[str, Any]]:
    """What is told about editions, their listings left out."""
    since = {(one.owner, one.name): one.since for one in beliefs(workspace, now)} if rows else {}
    return [
        {
            "id": row.pk,
            "name": row.name,
            "owner": row.owner,
            "number": row.number,
            "issued": dates.write(row.issued),
            "nextUpdate": dates.write(row.next_update) if row.next_update else None,
            "source": row.source,
            "sha256": row.sha256,
            "position": row.position,
            "address": addresses.start() + LIST_PATH.format(row.issuer.name) if row.issuer else None,
            "believedSince": (
                dates.write(since[row.owner, row.name]) if (row.owner, row.name) in since else None
            ),
        }
        for row in rows
    ]
