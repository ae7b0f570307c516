"""Exploring the graph around a lot: what was asked, what is shown, and how things stood at a time."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import TYPE_CHECKING, Any

from attrs import Factory, define, evolve, frozen
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _

from lodeline.lots import nearby
from lodeline.lots.build import MIXTURE
from lodeline.lots.excerpt import MOST, Choice, excerpt
from lodeline.lots.origin import Place
from lodeline_server.evidence.queries import parties, sites
from lodeline_server.lots import queries, rows
from lodeline_server.lots.answers import Sight, exact, kilograms
from lodeline_server.lots.carrying import carried, with_parents
from lodeline_server.lots.folding import fold
from lodeline_server.lots.queries import Picture
from lodeline_server.lots.record import Record

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from lodeline.access import Actor
    from lodeline.lots.excerpt import Excerpt, Spot
    from lodeline.lots.graph import Node
    from lodeline_server.lots.models import Lot
    from lodeline_server.lots.rows import LotRow

MASS = "mass"
SUBSTANCES = ("Co", "Li", "Ni", "Mn", "C", "Cu", "Al")
SIDES = {"back": ("back",), "forward": ("forward",), "both": ("back", "forward")}
DEEPEST = 30
OPENED = 40
"""Lots opened in one address."""


@define(kw_only=True)
class Question:
    """What the address asks. `at`: how things stood then; `known`: as told below that log position."""

    substance: str = ""
    direction: str = "both"
    depth: int = 4
    limit: int = 60
    at: datetime | None = None
    known: int | None = None
    site: str = ""
    party: str = ""
    opened: tuple[str, ...] = ()
    wrong: list[str] = Factory(list)


def asked(values: Mapping[str, str], opened: Iterable[str], newest: int) -> Question:
    """The question of an address. What does not fit is said in `wrong`, and the usual is taken."""
    found = Question(opened=tuple(dict.fromkeys(one[:500] for one in opened))[:OPENED])
    found.substance = _one_of(found, values, "substance", ("", MASS, *SUBSTANCES))
    found.direction = _one_of(found, values, "direction", tuple(SIDES)) or "both"
    found.depth = _number(found, values, "depth", 4, DEEPEST)
    found.limit = _number(found, values, "limit", 60, MOST)
    if values.get("known"):
        found.known = _number(found, values, "known", newest, newest)
    if said := values.get("at", "").strip():
        found.at = instant(said)
        if found.at is None:
            found.wrong.append(_("“%(said)s” is not a date or a time (at)") % {"said": said[:40]})
    found.site, found.party = values.get("site", "")[:500], values.get("party", "")[:500]
    return found


def instant(said: str) -> datetime | None:
    """A time; a date is its end, in UTC. None when it is neither."""
    try:
        if (whole := parse_date(said)) is not None:
            return datetime.combine(whole, time.max, UTC)
        found = parse_datetime(said)
    except ValueError:
        return None
    return None if found is None else found.replace(tzinfo=found.tzinfo or UTC)


def _one_of(found: Question, values: Mapping[str, str], name: str, allowed: tuple[str, ...]) -> str:
    said = values.get(name, "")
    if said and said not in allowed:
        found.wrong.append(_("“%(said)s” is not one of %(allowed)s (%(name)s)") % {
            "said": said[:40], "allowed": ", ".join(filter(None, allowed)), "name": name,
        })  # fmt: skip
        return ""
    return said


def _number(found: Question, values: Mapping[str, str], name: str, usual: int, most: int) -> int:
    said = values.get(name, "")
    if not said:
        return usual
    if not (said.isascii() and said.isdigit() and len(said) < 19 and 0 < int(said) <= most):
        found.wrong.append(_("“%(said)s” is not a whole number from 1 to %(most)s (%(name)s)") % {
            "said": said[:40], "most": most, "name": name,
        })  # fmt: skip
        return usual
    return int(said)


@frozen(kw_only=True)
class Explored:
    """An answer. `states`: the lots as they stood, by key; a lot that is not among them was not there yet."""

    question: Question
    substance: str
    substances: tuple[str, ...]
    found: Excerpt
    sight: Sight
    states: Mapping[str, LotRow]
    first: datetime
    last: datetime

    def there(self, node: Node) -> bool:
        """Whether a lot was there at the time asked for."""
        return self.question.at is None or node.first.time <= self.question.at

    @property
    def present(self) -> int:
        """Lots shown that were there."""
        return sum(self.there(spot.node) for spot in self.found.spots)

    def inside(self, node: Node) -> str:
        """What it was packed or built in then, for a reader who may know."""
        state = self.states.get(node.key)
        return state.inside if state is not None and not self.sight.closed else ""

    def as_dict(self) -> dict[str, Any]:
        """For the API; the page shows the same figures."""
        ids = {spot.at: at for at, spot in enumerate(self.found.spots)}
        return {
            "position": self.sight.picture.position,
            "at": None if self.question.at is None else self.question.at.isoformat(),
            "substance": self.substance,
            "total": self.found.total,
            "shown": len(self.found.spots),
            "foldedByDepth": self.found.deeper,
            "foldedByLimit": self.found.over,
            "lots": [self._lot(spot, ids[spot.at]) for spot in self.found.spots],
            "edges": [
                {
                    "from": ids[line.source], "to": ids[line.target], "share": exact(line.share),
                    "massKg": kilograms(line.mass),
                }
                for line in self.found.lines
            ],
        }  # fmt: skip

    def _lot(self, spot: Spot, number: int) -> dict[str, Any]:
        node, open_ = spot.node, self.sight.open(spot.node.key)
        state = self.states.get(node.key) if open_ else None
        return {
            "id": number,
            "key": node.key if open_ else None,
            "label": self.sight.label(node),
            "version": node.version,
            "column": spot.column,
            "made": node.first.time.isoformat(),
            "there": self.there(node),
            "site": node.first.site if open_ else "",
            "party": node.first.party if open_ else "",
            "shareLow": exact(spot.low),
            "shareHigh": exact(spot.high),
            "unknownInput": exact(spot.unknown),
            "folded": spot.folded,
            "status": state.status if state else None,
            "inside": self.inside(node),
        }


def explore(row: Lot, question: Question, actor: Actor) -> Explored | None:
    """The part of the graph around a lot that was asked for; None when the lot was not known then."""
    workspace = row.workspace_id
    until = queries.position() if question.known is None else question.known
    record = Record(workspace=workspace, until=until)
    graphs = {
        side: nearby.around(record, [row.key], onward=side == "forward").graph
        for side in SIDES[question.direction]
    }
    sides = {side: graph.versions(row.key) for side, graph in graphs.items()}
    if not all(sides.values()):
        return None
    picture = Picture(
        workspace=workspace,
        position=until,
        graph=next(iter(graphs.values())),
        places={
            one.uri: Place(name=one.name, country=one.country, kind=one.kind, party=one.party)
            for one in sites(workspace)
        },
        names=dict(parties(workspace).values_list("uri", "name")),
    )
    sight = Sight(picture=picture, own=queries.named(actor), party_uri=actor.party)
    starts = next(iter(sides.values()))
    held = [name for name in SUBSTANCES if any(one.masses.get(name) or one.inflow(name) for one in starts)]
    substance = question.substance or (held[0] if held else MASS)

    def fits(node: Node) -> bool:
        made = node.first
        fitting = (not question.site or made.site == question.site) and (
            not question.party or made.party == question.party
        )
        return fitting and sight.open(node.key)

    found = excerpt(
        starts,
        Choice(
            substance=None if substance == MASS else substance,
            depth=question.depth,
            limit=question.limit,
            opened=frozenset(question.opened),
            fits=fits if question.site or question.party else None,
        ),
        sides,
    )
    times = [spot.node.first.time for spot in found.spots]
    return Explored(
        question=question,
        substance=substance,
        substances=(*held, MASS),
        found=found,
        sight=sight,
        states=_states(workspace, [spot.node.key for spot in found.spots], until, question.at),
        first=min(times),
        last=max(times),
    )


def _states(workspace: int, keys: list[str], until: int, at: datetime | None) -> dict[str, LotRow]:
    """What happened to the lots and their packages adds up to, as told below `until`, up to the time."""

    def read(some: set[str]) -> dict[str, list[rows.TouchRow]]:
        found: dict[str, list[rows.TouchRow]] = {}
        for touch in rows.touches(workspace, some, before=until):
            if at is None or touch.time <= at:
                later = touch.void and touch.ended is not None and touch.ended >= until
                found.setdefault(touch.key, []).append(evolve(touch, void=False) if later else touch)
        return found

    asked = {key for key in keys if not key.startswith(MIXTURE)}
    own = with_parents(asked, read)
    states = {key: fold(key, own[key], list(carried(key, own))) for key in asked}
    return {key: lot for key, lot in states.items() if lot is not None}
