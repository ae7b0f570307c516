"""What the lot graph says about one party's lots: the graph's part of a snapshot.

Work that is the same for all parties (stages, ancestors) is done once in `Survey`. Masses in mg.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from attrs import define, frozen

from lodeline.evidence import EvidenceLevel
from lodeline.lots.sweep import backward
from lodeline.lots.values import ORIGIN_SITES, SUBSTANCES
from lodeline.trust.snapshot import Attested, Balance, Source

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from lodeline.lots.graph import Graph, Node
    from lodeline.lots.origin import Place

STAGES: Mapping[str, int] = {
    "mine": 0,
    "recycler": 0,
    "refinery": 1,
    "active_material_plant": 2,
    "cell_plant": 3,
    "pack_plant": 4,
}
"""Site kinds by stage: extraction (or recycling), refining, active material, cell, module or pack."""


@frozen(kw_only=True)
class Linked:
    """Masses of tracked substances into the party's transformations: in all, and from identified lots."""

    taken_in: int
    identified: int
    balances: tuple[Balance, ...]


@define
class Survey:
    """The graph with what every party's measures share. `covered`: stages behind a lot version, as bits."""

    graph: Graph
    places: Mapping[str, Place]
    covered: dict[int, int]
    behind: dict[
        int, dict[str, date]
    ]  # parties at the lot version or behind it, with the day of their last lot

    @classmethod
    def of(cls, graph: Graph, places: Mapping[str, Place]) -> Survey:
        """One pass in topological order."""
        covered: dict[int, int] = {}
        behind: dict[int, dict[str, date]] = {}
        for node in graph.order:
            place = places.get(node.first.site)
            stage = STAGES.get(place.kind) if place else None
            bits = 0 if stage is None else 1 << stage
            party = node.first.party or (place.party if place else "")
            parties = {party: node.first.time.date()} if party else {}
            for edge in node.incoming:
                bits |= covered.get(edge.source.rank, 0)
                _later(parties, behind.get(edge.source.rank, {}))
            covered[node.rank] = bits
            behind[node.rank] = parties
        return cls(graph=graph, places=places, covered=covered, behind=behind)

    def stages(self, lots: Iterable[Node]) -> dict[str, int]:
        """Number of covered stages to mass of the lots that cover so many."""
        found: dict[str, int] = defaultdict(int)
        for node in lots:
            found[str(self.covered[node.rank].bit_count())] += node.mass or 0
        return dict(found)

    def upstream(self, lots: Iterable[Node], party: str) -> dict[str, date]:
        """The parties behind the lots with the day of their last lot in them, without the party itself."""
        found: dict[str, date] = {}
        for node in lots:
            _later(found, self.behind[node.rank])
        found.pop(party, None)
        return found

    def sources(
        self,
        lots: Sequence[Node],
        attested: Mapping[str, Attested],
        levels: Mapping[str, EvidenceLevel],
    ) -> tuple[tuple[Source, ...], dict[str, int]]:
        """The lots at the beginning of the trace with the mass of each substance that came from them; the unknown rest.

        `attested`: origin attestations by lot; `levels`: evidence level of a party's own events.
        """
        reached: dict[int, tuple[Node, dict[str, int]]] = {}
        unknown: dict[str, int] = {}
        for substance in SUBSTANCES:
            start = {node.rank: (node, node.masses[substance]) for node in lots if node.masses.get(substance)}
            if not start:
                continue
            found, ended = backward(substance, start)
            if rest := sum(ended.values()):
                unknown[substance] = rest
            for rank, (node, amount) in found.items():
                if node.source and amount:
                    reached.setdefault(rank, (node, {}))[1][substance] = amount
        rows = [self._source(node, masses, attested, levels) for node, masses in reached.values()]
        return tuple(sorted(rows, key=lambda row: (row.lot, row.position))), unknown

    def _source(
        self,
        node: Node,
        masses: dict[str, int],
        attested: Mapping[str, Attested],
        levels: Mapping[str, EvidenceLevel],
    ) -> Source:
        place = self.places.get(node.first.site)
        return Source(
            lot=node.key,
            site=node.first.site,
            country=place.country if place else "",
            named=place is not None and place.kind in ORIGIN_SITES,
            level=levels.get(node.first.party, EvidenceLevel.E1),
            position=node.first.position,
            masses=masses,
            attestation=attested.get(node.key),
        )


def _later(found: dict[str, date], more: Mapping[str, date]) -> None:
    """Add parties; of two days the later one stays."""
    for party, day in more.items():
        held = found.get(party)
        if held is None or held < day:
            found[party] = day


def custody(lots: Iterable[Node]) -> dict[str, int]:
    """Custody model to mass; "unknown" where none is stated."""
    found: dict[str, int] = defaultdict(int)
    for node in lots:
        found[node.made[-1].description.custody or "unknown"] += node.mass or 0
    return dict(found)


def linked(lots: Iterable[Node]) -> Linked:
    """Input linked to lots and balances, over the transformations that made the lots.

    Inputs count once per transformation, however many lots came out of it.
    """
    groups: dict[str, list[Node]] = defaultdict(list)
    for node in lots:
        if node.first.group:
            groups[node.first.group].append(node)
    taken_in = identified = 0
    rows: dict[tuple[str, str, str], list[int]] = defaultdict(lambda: [0, 0])
    for group, nodes in groups.items():
        first = nodes[0].first
        quarter = f"{first.time.year}-Q{(first.time.month - 1) // 3 + 1}"
        for substance in SUBSTANCES:
            given = sum(node.masses.get(substance, 0) for node in nodes)
            known = sum(edge.masses.get(substance, 0) for edge in nodes[0].incoming if edge.group == group)
            identified += known
            taken_in += known + max(node.unknown.get(substance, 0) for node in nodes)
            if known:
                row = rows[first.site, substance, quarter]
                row[0] += known
                row[1] += given
    balances = tuple(
        Balance(site=site, substance=substance, quarter=quarter, taken_in=row[0], given_out=row[1])
        for (site, substance, quarter), row in sorted(rows.items())
    )
    return Linked(taken_in=taken_in, identified=identified, balances=balances)


def traceable(lots: Iterable[Node], places: Mapping[str, Place]) -> int:
    """How many lots lead to lots before them, or began at a mine or a recycler."""
    count = 0
    for node in lots:
        place = places.get(node.first.site)
        if node.incoming or (place is not None and place.kind in ORIGIN_SITES):
            count += 1
    return count
