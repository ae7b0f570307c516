"""Where the substances of a lot come from: per mine and country, with the unknown share."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from attrs import frozen

from lodeline.lots.sweep import backward
from lodeline.lots.values import ORIGIN_SITES, SUBSTANCES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lodeline.lots.graph import Node

# A lot's content is divided into this many parts when its mass of the substance is not stated.
WHOLE = 10**15
# Parts of a milligram, so that small lots divide finely too.
PARTS = 10**6


@frozen(kw_only=True)
class Place:
    """A site as the trace needs it."""

    name: str
    country: str
    kind: str
    party: str = ""


@frozen(kw_only=True)
class Source:
    """A named origin: lots that began at one mine or recycler. `share` of the substance, `lots` by key."""

    site: str
    place: Place
    share: Fraction
    lots: tuple[str, ...]
    position: int

    @property
    def recycled(self) -> bool:
        return self.place.kind == "recycler"


@frozen(kw_only=True)
class Gap:
    """Where the trail of a part ends without a named origin."""

    key: str
    share: Fraction
    position: int


@frozen(kw_only=True)
class Origin:
    """The origin of one substance in one lot. `mass`: mg or None. Shares of sources and `unknown` sum to one."""

    substance: str
    mass: int | None
    sources: tuple[Source, ...]
    unknown: Fraction
    gaps: tuple[Gap, ...]
    shares: Mapping[int, Fraction]

    def countries(self) -> dict[str, Fraction]:
        """Share by country, the largest first."""
        found: dict[str, Fraction] = {}
        for source in self.sources:
            found[source.place.country] = found.get(source.place.country, Fraction(0)) + source.share
        return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))

    @property
    def recycled(self) -> Fraction:
        """Share that comes from recyclers."""
        return sum((source.share for source in self.sources if source.recycled), Fraction(0))


def origins(node: Node, places: Mapping[str, Place]) -> dict[str, Origin]:
    """The origin of every tracked substance the lot holds or its inputs bring."""
    found = {}
    for substance in SUBSTANCES:
        if node.masses.get(substance) or (substance not in node.masses and node.inflow(substance)):
            found[substance] = origin(node, substance, places)
    return found


def begins_anew(lot: Node, asked: Node, places: Mapping[str, Place]) -> bool:
    """True where a trail back from `asked` ends: at a source, and at a recycler.

    What a recycler recovers begins anew as recycled; the trail does not go on into the old battery.
    """
    place = places.get(lot.first.site)
    return lot.source or (lot is not asked and place is not None and place.kind == "recycler")


def origin(node: Node, substance: str, places: Mapping[str, Place]) -> Origin:
    """The origin of one substance."""
    mass = node.masses.get(substance)
    whole = mass * PARTS if mass else WHOLE

    def ends(lot: Node) -> bool:
        return begins_anew(lot, node, places)

    reached, ended = backward(substance, {node.rank: (node, whole)}, ends)
    sites: dict[str, list[tuple[Node, int]]] = {}
    gaps = {rank: amount for rank, amount in ended.items() if amount}
    for rank, (lot, amount) in reached.items():
        if not amount or not ends(lot):
            continue
        place = places.get(lot.first.site)
        if place is not None and place.kind in ORIGIN_SITES:
            sites.setdefault(lot.first.site, []).append((lot, amount))
        else:
            gaps[rank] = gaps.get(rank, 0) + amount
    sources = [
        Source(
            site=site,
            place=places[site],
            share=Fraction(sum(amount for _, amount in lots), whole),
            lots=tuple(sorted(lot.key for lot, _ in lots)),
            position=max(lots, key=lambda item: (item[1], item[0].key))[0].first.position,
        )
        for site, lots in sites.items()
    ]
    return Origin(
        substance=substance,
        mass=mass,
        sources=tuple(sorted(sources, key=lambda one: (-one.share, one.site))),
        unknown=Fraction(sum(gaps.values()), whole),
        gaps=tuple(
            sorted(
                (
                    Gap(
                        key=reached[rank][0].key,
                        share=Fraction(amount, whole),
                        position=reached[rank][0].first.position,
                    )
                    for rank, amount in gaps.items()
                ),
                key=lambda one: (-one.share, one.key),
            )
        ),
        shares={rank: Fraction(amount, whole) for rank, (_, amount) in reached.items()},
    )
