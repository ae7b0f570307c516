"""Where the substances of a lot come from: per mine and country, with the unknown share."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from attrs import frozen

from lodeline.lots.sweep import backward
from lodeline.lots.values import ORIGIN_SITES, SUBSTANCES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

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


def begins_anew(lot: Node, asked: Node | None, places: Mapping[str, Place]) -> bool:
    """True where a trail back from `asked` ends: at a source, and at a recycler.

    What a recycler recovers begins anew as recycled; the trail does not go on into the old battery.
    """
    place = places.get(lot.first.site)
    return lot.source or (lot is not asked and place is not None and place.kind == "recycler")


def origin(node: Node, substance: str, places: Mapping[str, Place]) -> Origin:
    """The origin of one substance."""
    mass = node.masses.get(substance)
    return _told(substance, mass, [{node.rank: (node, mass * PARTS if mass else WHOLE)}], places)


def pooled(
    substance: str, held: Sequence[tuple[Node, int]], places: Mapping[str, Place], mass: int
) -> Origin:
    """The origin of one substance in several lots together: the mean of their origins, weighed by what each holds, mg.

    `mass`: mg of it in all, those that are not in `held` included; what they hold is unknown.
    """
    plain: dict[int, tuple[Node, int]] = {}
    groups = [plain]
    for node, weight in held:
        place = places.get(node.first.site)
        if (
            place is not None and place.kind == "recycler"
        ):  # the trail goes on behind it when it is asked for itself
            groups.append({node.rank: (node, weight * PARTS)})
        else:
            plain[node.rank] = (node, weight * PARTS)
    return _told(substance, mass, groups, places, whole=mass * PARTS)


def _told(
    substance: str,
    mass: int | None,
    groups: Sequence[Mapping[int, tuple[Node, int]]],
    places: Mapping[str, Place],
    whole: int = 0,
) -> Origin:
    """Sweep back from each group; parts of what they hold together, or of `whole`, the rest of which is unknown."""
    whole = whole or sum(amount for starts in groups for _, amount in starts.values())
    reached: dict[int, tuple[Node, int]] = {}
    sites: dict[str, dict[int, int]] = {}
    gaps: dict[int, int] = {}
    for starts in groups:
        for rank, amount, lot, site in _swept(substance, starts, places):
            reached[rank] = (lot, reached.get(rank, (lot, 0))[1] + (amount if site is None else 0))
            if site:
                lots = sites.setdefault(site, {})
                lots[rank] = lots.get(rank, 0) + amount
            elif site is not None:
                gaps[rank] = gaps.get(rank, 0) + amount
    sources = [
        Source(
            site=site,
            place=places[site],
            share=Fraction(sum(lots.values()), whole),
            lots=tuple(sorted(reached[rank][0].key for rank in lots)),
            position=reached[max(lots, key=lambda rank: (lots[rank], reached[rank][0].key))][
                0
            ].first.position,
        )
        for site, lots in sites.items()
    ]
    named = sum(sum(lots.values()) for lots in sites.values())
    return Origin(
        substance=substance,
        mass=mass,
        sources=tuple(sorted(sources, key=lambda one: (-one.share, one.site))),
        unknown=Fraction(whole - named, whole),
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


def _swept(
    substance: str, starts: Mapping[int, tuple[Node, int]], places: Mapping[str, Place]
) -> Iterator[tuple[int, int, Node, str | None]]:
    """Rank, amount, lot: of what was reached with None, of where the trail ends with the site, or "" for a gap."""

    def ends(lot: Node) -> bool:
        return begins_anew(lot, lot if lot.rank in starts else None, places)

    reached, ended = backward(substance, starts, ends)
    for rank, (lot, amount) in reached.items():
        yield rank, amount, lot, None
    for rank, amount in ended.items():
        if amount:
            yield rank, amount, reached[rank][0], ""
    for rank, (lot, amount) in reached.items():
        if amount and ends(lot):
            place = places.get(lot.first.site)
            yield (
                rank,
                amount,
                lot,
                lot.first.site if place is not None and place.kind in ORIGIN_SITES else "",
            )
