"""Reading lots, and the lot graph in memory. Nothing crosses a workspace's border."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlencode

from attrs import frozen
from django.urls import reverse

from lodeline.identifiers import DOMAIN, IdentifierError, normalise
from lodeline.lots import nearby
from lodeline.lots.origin import Place
from lodeline.lots.values import SUBSTANCES
from lodeline_server.evidence.queries import parties, sites
from lodeline_server.log import projections
from lodeline_server.log.queries import checkpoint
from lodeline_server.lots import standing
from lodeline_server.lots.models import Lot, Touch
from lodeline_server.lots.record import Record

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from django.db.models import QuerySet

    from lodeline.access import Actor
    from lodeline.lots.graph import Graph
    from lodeline.lots.kernel.delta import State


FEW = 100
"""Trails that are read one by one before the whole record is."""


@frozen(kw_only=True, eq=False)
class Picture:
    """The lot graph of a workspace and the sites in it, at a log position."""

    workspace: int
    position: int
    graph: Graph
    places: dict[str, Place]
    names: dict[str, str]

    def site(self, uri: str) -> str:
        """The name of a site, else its identifier."""
        place = self.places.get(uri)
        return place.name if place else uri

    def party(self, uri: str) -> str:
        """The name of a party, else its identifier."""
        return self.names.get(uri, uri)


def position() -> int:
    """The log position below which lots know everything."""
    return projections.position("lots")


def picture(workspace: int) -> Picture:
    """The graph as of now, kept in this process until the log moves on. The checkpoint tells one log from another."""
    return _picture(workspace, position(), projections.position("evidence"), checkpoint())


@lru_cache(maxsize=4)
def _picture(workspace: int, at: int, _evidence: int, _checkpoint: str | None) -> Picture:
    return _pictured(workspace, at, graph(workspace, at))


def _pictured(workspace: int, at: int, graph: Graph) -> Picture:
    places = {
        one.uri: Place(name=one.name, country=one.country, kind=one.kind, party=one.party)
        for one in sites(workspace)
    }
    return Picture(
        workspace=workspace,
        position=at,
        graph=graph,
        places=places,
        names=dict(parties(workspace).values_list("uri", "name")),
    )


@lru_cache(maxsize=4)
def kernel(picture: Picture) -> State:
    """The graph of a picture as arrays, for questions over many lots; a lot version's number is its rank.

    Named after its content, and by the log position that it knows: the same two answer the same.
    """
    from lodeline.lots.kernel import snapshot
    from lodeline.lots.kernel.bridge import compressed
    from lodeline.lots.kernel.delta import State

    arrays = compressed(picture.graph, SUBSTANCES)
    return State(base=arrays, id=snapshot.name(arrays, picture.position), position=picture.position)


def graph(workspace: int, until: int | None = None) -> Graph:
    """The lot graph from the touches; with `until`, as it was known below that log position."""
    return standing.graph(Record(workspace=workspace, until=until))


def names(workspace: int) -> Picture:
    """What sites and parties are called; without any lots."""
    return around(workspace, (), onward=False)


def behind(workspace: int, keys: Collection[str]) -> Picture:
    """A picture that is right about what lies behind these: of their trails while they are few, else of everything."""
    return around(workspace, keys, onward=False) if len(keys) <= FEW else picture(workspace)


def around(workspace: int, keys: Iterable[str], *, onward: bool) -> Picture:
    """The picture of what lies behind some lots, or after them: it costs the trail, not the record.

    Right about the trail in that direction; what else went into its transformations is there, and cut off.
    """
    return _around(
        workspace, tuple(sorted(keys)), onward, position(), projections.position("evidence"), checkpoint()
    )


@lru_cache(maxsize=16)
def _around(
    workspace: int,
    keys: tuple[str, ...],
    onward: bool,  # noqa: FBT001 - a part of the cache's key
    at: int,
    _evidence: int,
    _checkpoint: str | None,
) -> Picture:
    near = nearby.around(Record(workspace=workspace, until=at), keys, onward=onward)
    return _pictured(workspace, at, near.graph)


def visible(actor: Actor) -> QuerySet[Lot]:
    """The lots an actor may open: all of the workspace; for a supplier those it made or holds."""
    rows = Lot.objects.filter(workspace_id=actor.workspace)
    if not actor.only_own:
        return rows
    own = rows.filter(party=actor.party) | rows.filter(holder=actor.party)
    return own if actor.party else rows.none()


def named(actor: Actor) -> frozenset[str] | None:
    """The lots that an actor may see by name in a trace; None: all. The others are "another party" to it."""
    return frozenset(visible(actor).values_list("key", flat=True)) if actor.only_own else None


def whereabouts(actor: Actor, row: Lot) -> tuple[str, str]:
    """Site and holder of a lot now. Who sees only its own is not told where others took it."""
    return ("", "") if actor.only_own and row.holder != actor.party else (row.current_site, row.holder)


def lot(workspace: int, key: str) -> Lot | None:
    """The lot with this canonical key."""
    return Lot.objects.filter(workspace_id=workspace, key=key).first()


def find(rows: QuerySet[Lot], word: str) -> list[Lot]:
    """Lots a person may mean: by key in any spelling, Digital Link path, or label. Several when it is not unique."""
    word = word.strip()
    if not word or not word.isprintable():  # databases refuse some of these, and no name holds them
        return []
    candidates = {word}
    for spelled in (word, DOMAIN + word if word.startswith("/") else word):
        try:
            candidates.add(normalise(spelled))
        except IdentifierError:
            continue
    found = list(rows.filter(key__in=candidates).order_by("key")[:2])
    return found or list(rows.filter(label=unquote(word)).order_by("key")[:20])


def lot_address(key: str) -> str:
    """The page that opens a lot by its key, whatever its row."""
    return f"{reverse('lot_open')}?{urlencode({'key': key})}"


def items(workspace: int) -> QuerySet[Lot]:
    """Batteries, modules and other serialised things."""
    return Lot.objects.filter(workspace_id=workspace, item=True).order_by("key")


def item_keys(workspace: int) -> frozenset[str]:
    return frozenset(items(workspace).values_list("key", flat=True))


def touches(workspace: int, key: str) -> QuerySet[Touch]:
    """What happened to a lot, oldest first; what was declared an error included."""
    return Touch.objects.filter(workspace_id=workspace, key=key).order_by("time", "position")
