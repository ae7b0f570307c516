"""What lots and events say about each party: the graph's measures and the hand-overs, read once for all."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from attrs import Factory, define, frozen

from lodeline.evidence import EvidenceLevel
from lodeline.lots.origin import Place
from lodeline.lots.values import milligrams
from lodeline.trust.chain import Survey, custody, linked, traceable
from lodeline.trust.snapshot import Inflow, Lots
from lodeline_server.lots import queries
from lodeline_server.lots.models import Touch

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date, datetime

    from lodeline.lots.graph import Node
    from lodeline.trust.snapshot import Attested
    from lodeline_server.evidence.models import Site

# A shipment this young may still be on its way; without a receipt it says nothing yet.
UNDERWAY = timedelta(days=45)
FIELDS = ("key", "act", "party", "captured_by", "time", "site", "amount", "uom", "position")


@frozen
class Move:
    """One lot shipped or received. `party`: who gets it; `captured_by`: who says so."""

    key: str
    act: str
    party: str
    captured_by: str
    time: datetime
    site: str
    amount: str
    uom: str
    position: int


@define
class Moves:
    """The hand-overs of one party in the period."""

    shipped: list[Move] = Factory(list)
    received: list[Move] = Factory(list)
    total: int = 0
    confirmed: int = 0


@define(kw_only=True)
class Chain:
    """The lot graph of a workspace as known at a position, with the period's lots and moves by party."""

    survey: Survey
    made: dict[str, list[Node]]
    moves: dict[str, Moves]
    attested: Mapping[str, Attested]
    levels: Mapping[str, EvidenceLevel]
    since: date
    until: date
    senders: Mapping[tuple[str, str], str] = Factory(dict)  # (lot, receiver) -> site it was sent from

    def lots(self, party: str) -> Lots | None:
        """The measures of one party; None when no lot and no hand-over of the period is on record."""
        moves = self.moves.get(party) or Moves()
        nodes = {node.rank: node for node in self.made.get(party, ())}
        sent = {node.rank: node for move in moves.shipped if (node := self.survey.graph.last(move.key))}
        rows = list({**nodes, **sent}.values())
        if not rows and not moves.total and not moves.received:
            return None
        found, unknown = self.survey.sources(rows, self.attested, self.levels)
        flows = linked(nodes.values())
        inflows = self._inflows(moves.received)
        upstream = self.survey.upstream(rows, party)
        for inflow in inflows:  # by day, so that the last one stays
            if inflow.party not in {"", party} and inflow.party not in self.made:
                upstream[inflow.party] = inflow.day  # only passed lots on, and so stands in no graph
        positions = [node.first.position for node in rows] + [
            move.position for move in (*moves.shipped, *moves.received)
        ]
        return Lots(
            since=self.since,
            until=self.until,
            lots=len(rows),
            events=len(set(positions)),
            position=max(positions, default=0),
            sources=found,
            unknown=unknown,
            inflows=inflows,
            upstream=upstream,
            stages=self.survey.stages(rows),
            input_mass=flows.taken_in,
            linked_mass=flows.identified,
            balances=flows.balances,
            custody=custody(rows),
            custody_level=self.levels.get(party, EvidenceLevel.E1),
            handovers=moves.total,
            confirmed=moves.confirmed,
            shipped=len(sent),
            traceable=traceable(sent.values(), self.survey.places),
        )

    def _inflows(self, received: Iterable[Move]) -> tuple[Inflow, ...]:
        """Mass by sending site and day. Without a shipping event the lot's own site counts as the sender."""
        masses: dict[tuple[str, str, date], int] = defaultdict(int)
        for move in received:
            node = self.survey.graph.last(move.key)
            if node is None:
                continue
            amount = Decimal(move.amount) if move.amount else None
            mass = milligrams(amount, move.uom or None, node.made[-1].description.unit_mass)
            site = self.senders.get((move.key, move.party)) or node.first.site
            place = self.survey.places.get(site)
            masses[site, place.party if place else "", move.time.date()] += mass or node.mass or 0
        return tuple(
            Inflow(site=site, party=party, day=day, mass=mass)
            for (site, party, day), mass in sorted(masses.items(), key=lambda row: (row[0][2], row[0]))
        )


def chain(
    workspace: int,
    *,
    places: Mapping[str, Site],
    since: date,
    now: datetime,
    end: int,
    attested: Mapping[str, Attested],
    levels: Mapping[str, EvidenceLevel],
) -> Chain:
    """`end`: the log position below which is looked."""
    graph = queries.graph(workspace, until=end)
    made: dict[str, list[Node]] = defaultdict(list)
    for node in graph.order:
        if since < node.first.time.date() <= now.date():
            made[node.first.party].append(node)
    moves, senders = _moves(workspace, since, now, end)
    return Chain(
        survey=Survey.of(graph, {uri: _place(site) for uri, site in places.items()}),
        made=dict(made),
        moves=moves,
        attested=attested,
        levels=levels,
        since=since,
        until=now.date(),
        senders=senders,
    )


def _place(site: Site) -> Place:
    return Place(name=site.name, country=site.country, kind=site.kind, party=site.party)


def _moves(
    workspace: int, since: date, now: datetime, end: int
) -> tuple[dict[str, Moves], dict[tuple[str, str], str]]:
    rows = Touch.objects.filter(
        workspace_id=workspace,
        act__in=[Touch.SHIPPED, Touch.RECEIVED],
        position__lt=end,
        time__date__gt=since,
        time__lte=now,
    ).exclude(ended__lt=end)  # declared an error by then
    all_moves = [Move(*row) for row in rows.order_by("time", "position").values_list(*FIELDS).iterator()]
    arrivals: dict[tuple[str, str], list[Any]] = defaultdict(list)
    departures: set[tuple[str, str]] = set()
    senders: dict[tuple[str, str], str] = {}
    found: dict[str, Moves] = defaultdict(Moves)
    for move in all_moves:
        if move.act == Touch.RECEIVED:
            arrivals[move.key, move.party].append(move.time)
            found[move.captured_by].received.append(move)
        else:
            departures.add((move.key, move.party))
            senders[move.key, move.party] = move.site
            found[move.captured_by].shipped.append(move)
    for move in all_moves:
        if move.act == Touch.SHIPPED:
            confirmed = any(later >= move.time for later in arrivals[move.key, move.party])
            if not confirmed and now - move.time < UNDERWAY:
                continue
            parties = {move.captured_by, move.party}
        elif (move.key, move.party) in departures:
            continue  # counted with its shipment
        else:
            confirmed, parties = False, {move.captured_by}
        for party in parties:
            found[party].total += 1
            found[party].confirmed += confirmed
    return dict(found), senders
