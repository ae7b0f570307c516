"""Things that pose as others: a received lot that is not the one that was sent, one number at two places at once."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise
from math import asin, cos, radians, sin, sqrt
from typing import TYPE_CHECKING, Final

from attrs import frozen

from lodeline.lots.mismatch import Cause, Mismatch, month

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date, datetime
    from decimal import Decimal

EARTH_KM: Final = 6371.0088  # mean radius (IUGG)
FASTEST_KMH: Final = 1000.0
"""No freight is faster than an airliner."""
BLUR_KM: Final = 50.0
"""Places by country or town are that uncertain, and clocks differ."""
SIGMAS: Final = 3


@frozen(kw_only=True)
class Assay:
    """A measured mass fraction with its standard uncertainty, both in the same unit. `at` and `party`: who, when."""

    event: str
    lot: str
    substance: str
    value: Decimal
    sigma: Decimal
    at: datetime | None = None
    party: str = ""
    site: str = ""


@frozen(kw_only=True)
class Sighting:
    """A number (serial, certificate) that was read at a place. `where` names it for people."""

    event: str
    number: str
    at: datetime
    latitude: float
    longitude: float
    where: str
    party: str = ""
    site: str = ""


@frozen(kw_only=True)
class Held:
    """A certificate as a holder shows it. `until` None: no end is stated. `name`: the statement."""

    name: str
    scheme: str
    number: str
    holder: str
    since: date
    until: date | None


def assays(sent: Iterable[Assay], received: Iterable[Assay], *, sigmas: int = SIGMAS) -> Iterator[Mismatch]:
    """Substances in which a received lot differs from the one sent by more than measuring can explain."""
    known = {(one.lot, one.substance): one for one in sent}
    for one in received:
        before = known.get((one.lot, one.substance))
        if before is None:
            continue
        off = abs(one.value - before.value)
        # Squared, so that decimals stay exact.
        if off * off > sigmas * sigmas * (one.sigma * one.sigma + before.sigma * before.sigma):
            yield Mismatch(
                rule="RC-ASSAY",
                subject=f"{one.lot} {one.substance} {one.party}".strip(),
                period=month(one.at) if one.at else "",
                pointer=one.event,
                message=f"{one.substance} in {one.lot}: {one.value} ± {one.sigma} received, "
                f"{before.value} ± {before.sigma} sent",
                cause=Cause.SUBSTITUTED,
                here=(before.event,),
                there=(one.event,),
                lot=one.lot,
                site=one.site,
                parties=tuple(dict.fromkeys(filter(None, (before.party, one.party)))),
            )


def clones(
    sightings: Iterable[Sighting], *, fastest: float = FASTEST_KMH, blur: float = BLUR_KM
) -> Iterator[Mismatch]:
    """Numbers that were read at two places sooner than anything travels from one to the other."""
    seen: dict[str, list[Sighting]] = defaultdict(list)
    for one in sightings:
        seen[one.number].append(one)
    for number, found in sorted(seen.items()):
        found.sort(key=lambda one: (one.at, one.event))
        for before, after in pairwise(found):
            apart = distance(before, after)
            hours = (after.at - before.at).total_seconds() / 3600
            if apart - blur > fastest * hours:
                yield Mismatch(
                    rule="RC-CLONE",
                    subject=number,
                    period=month(after.at),
                    pointer=after.event,
                    message=f"{number} was read at {before.where} and {apart:.0f} km away at {after.where} within "
                    f"{hours * 60:.0f} minutes",
                    cause=Cause.COPIED,
                    here=(before.event,),
                    there=(after.event,),
                    lot=number,
                    site=after.site,
                    parties=tuple(dict.fromkeys(filter(None, (before.party, after.party)))),
                )


def certificates(shown: Iterable[Held]) -> Iterator[Mismatch]:
    """Certificate numbers that two holders show for the same days."""
    known: dict[tuple[str, str], list[Held]] = defaultdict(list)
    for one in shown:
        known[one.scheme, one.number].append(one)
    for (scheme, number), found in sorted(known.items()):
        found.sort(key=lambda one: (one.since, one.name))
        for place, later in enumerate(found):
            before = next(
                (
                    one
                    for one in found[:place]
                    if one.holder != later.holder and (one.until is None or one.until >= later.since)
                ),
                None,
            )
            if before is not None:
                yield Mismatch(
                    rule="RC-CERTIFICATE",
                    subject=f"{scheme} {number}",
                    period=f"{later.since:%Y-%m}",
                    pointer=later.name,
                    message=f"{scheme} {number} is shown by {before.holder} and by {later.holder} for the same days",
                    cause=Cause.COPIED,
                    here=(before.name,),
                    there=(later.name,),
                    parties=(before.holder, later.holder),
                )


def distance(one: Sighting, other: Sighting) -> float:
    """Kilometres along a great circle (haversine)."""
    lat, lat2 = radians(one.latitude), radians(other.latitude)
    h = (
        sin((lat2 - lat) / 2) ** 2
        + cos(lat) * cos(lat2) * sin(radians(other.longitude - one.longitude) / 2) ** 2
    )
    return 2 * EARTH_KM * asin(min(1.0, sqrt(h)))
