"""What moved at sites, by material group, as events tell it: the third book, against which the other two are held.

Mass of the group's substance, from amounts and stated compositions, in whole mg; what has no amount or no
composition counts as nothing.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from attrs import frozen

from lodeline.lots.balances import Flow
from lodeline.lots.custody import Model
from lodeline.lots.origin import origin
from lodeline.lots.values import milligrams
from lodeline.quantities import is_count
from lodeline_server.lots.models import Lot, Touch
from lodeline_server.lots.queries import picture

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from datetime import datetime

    from lodeline.lots.schemes import Group
    from lodeline_server.lots.queries import Picture

INWARD: Final = frozenset({Touch.MADE, Touch.RECEIVED})
OUTWARD: Final = frozenset({Touch.USED, Touch.SHIPPED})
IN_ONE: Final = 900
RECYCLED, ORIGIN = "recycled", "origin:"


@frozen(kw_only=True)
class Moved:
    """One lot in one event at one site. `mass` of the lot itself, `substance` of it, mg; None when unknown."""

    key: str
    event: str
    at: datetime
    act: str
    site: str
    mass: int | None
    product: str
    gtin: str
    composition: dict[str, Fraction]
    custody: Model | None

    def substance(self, group: Group) -> int | None:
        share = self.composition.get(group.substance)
        return None if self.mass is None or share is None else round(self.mass * share)

    def fits(self, group: Group) -> bool:
        return bool({self.product, self.gtin} & group.products)


def moved(workspace: int, sites: Collection[str], events: Collection[str] = ()) -> list[Moved]:
    """What was made, used, received and shipped at these sites, and in these events wherever they were; in time."""
    stands = Touch.objects.filter(happened_in=workspace, void=False, act__in=[*INWARD, *OUTWARD])
    fields = ("key", "event", "time", "act", "site", "amount", "uom")
    rows = {row for part in _parts(sites) for row in stands.filter(site__in=part).values_list(*fields)}
    rows |= {row for part in _parts(events) for row in stands.filter(event__in=part).values_list(*fields)}
    lots: dict[str, Lot] = {}
    for part in _parts({row[0] for row in rows}):
        lots.update({lot.key: lot for lot in Lot.objects.filter(workspace_id=workspace, key__in=part)})
    found = [_moved(row, lots[row[0]]) for row in rows if row[0] in lots]
    return sorted(found, key=lambda one: (one.at, one.event, one.key, one.act))


def shipments(workspace: int, key: str) -> list[str]:
    """The events in which a lot was shipped."""
    rows = Touch.objects.filter(workspace_id=workspace, key=key, act=Touch.SHIPPED, void=False)
    return sorted(set(rows.values_list("event", flat=True)))


def _parts(values: Iterable[str]) -> Iterator[list[str]]:
    rest = sorted(set(values))
    for start in range(0, len(rest), IN_ONE):
        yield rest[start : start + IN_ONE]


def _moved(row: tuple[str, str, datetime, str, str, str, str], lot: Lot) -> Moved:
    key, event, at, act, site, amount, uom = row
    return Moved(
        key=key,
        event=event,
        at=at,
        act=act,
        site=site,
        mass=_mass(lot, amount, uom),
        product=lot.product,
        gtin=lot.gtin,
        composition={name: Fraction(share) for name, share in lot.composition.items()},
        custody=model_of(lot.custody),
    )


def _mass(lot: Lot, amount: str, uom: str) -> int | None:
    """Of what moved: the whole lot where no amount is stated."""
    if not amount:
        return lot.mass
    if is_count(uom or None):
        if lot.mass is None or not lot.amount or not Decimal(lot.amount):
            return None
        return round(lot.mass * Fraction(Decimal(amount)) / Fraction(Decimal(lot.amount)))
    return milligrams(Decimal(amount), uom, None)


def model_of(words: str) -> Model | None:
    """The chain-of-custody model that a lot's description names; None for other words."""
    said = words.strip().lower().replace("_", "-").replace(" ", "-")
    return Model(said) if said in set(Model) else None


def flows(found: Iterable[Moved], site: str, group: Group) -> list[Flow]:
    """Receipts and shipments of a group at a site: one for each event."""
    sums: dict[tuple[str, bool], tuple[datetime, int]] = {}
    for one in found:
        if one.site != site or one.act not in {Touch.RECEIVED, Touch.SHIPPED} or not one.fits(group):
            continue
        name = one.event, one.act == Touch.RECEIVED
        _, mass = sums.get(name, (one.at, 0))
        sums[name] = one.at, mass + (one.substance(group) or 0)
    return [
        Flow(event=event, site=site, group=group.name, at=at, mass=mass, inward=inward)
        for (event, inward), (at, mass) in sums.items()
    ]


def stock(found: Iterable[Moved], site: str, group: Group, before: datetime) -> int:
    """What is left at a site of a group's substance: made and received, less used and shipped."""
    left = 0
    for one in found:
        if one.site == site and one.at < before and one.fits(group):
            mass = one.substance(group) or 0
            left += mass if one.act in INWARD else -mass
    return left


def carried(
    workspace: int, found: Iterable[Moved], group: Group, characteristic: str
) -> tuple[int, int] | None:
    """How much of what these lots brought bears a characteristic, by the lot graph: at least and at most, mg.

    None when the graph says nothing about such a characteristic: it knows recycled content ("recycled", also with
    more behind a colon) and countries of origin ("origin:FI").
    """
    name, _, more = characteristic.partition(":")
    if name != RECYCLED and not (characteristic.startswith(ORIGIN) and more):
        return None
    seen, low, high = picture(workspace), 0, 0
    for one in found:
        mass = one.substance(group) or 0
        least, most = _share(seen, one.key, group.substance, "" if name == RECYCLED else more)
        low += int(mass * least)
        high += -int(-mass * most // 1)
    return low, high


@lru_cache(maxsize=2048)
def _share(seen: Picture, key: str, substance: str, country: str) -> tuple[Fraction, Fraction]:
    """Of a lot's substance: recycled, or from a country; at least, and with all that is unknown."""
    node = seen.graph.last(key)
    if node is None:
        return Fraction(0), Fraction(1)
    found = origin(node, substance, seen.places)
    least = found.countries().get(country, Fraction(0)) if country else found.recycled
    return least, least + found.unknown
