"""Values that the events give: what made the battery, how heavy it is, where its materials come from."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from attrs import frozen

from lodeline.lots.values import SUBSTANCES
from lodeline.passports.countries import name as country_name
from lodeline.passports.datapoints import points
from lodeline.passports.record import ITEM, MODEL
from lodeline.passports.values import Content, Typed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lodeline.passports.datapoints import Point
    from lodeline.passports.record import Making, Record, Source

RECYCLED: Final = {20: "Co", 21: "Li", 22: "Ni"}
"""Points that the trace gives, and their substance. Lead is not traced."""
CRITICAL: Final = ("Ni", "Co", "Mn", "Li", "C", "Cu")
"""Tracked substances that are critical raw materials. Aluminium is left to the maker: the lists differ."""
CRITICAL_ABOVE: Final = Fraction(1, 1000)
OFFSETS: Final = timedelta(hours=14)
"""The largest distance of a local clock from UTC: events are kept in UTC, months are local."""
DIGITS: Final = 2


@frozen(kw_only=True)
class Value:
    """One value of a passport. `computed`: from events, not stated. `unknown`: percent of a share that nobody knows.

    `positions`: log positions of further statements a computed value rests on.
    """

    point: Point
    typed: Typed
    part: str
    source: Source
    computed: bool = False
    unknown: str = ""
    positions: tuple[int, ...] = ()


def address(record: Record) -> str:
    """Where the passport is published: the battery's GS1 Digital Link at our own domain."""
    return f"{record.base}/01/{record.gtin}/21/{quote(record.serial, safe='')}"


def percents(shares: Sequence[Fraction], digits: int = DIGITS) -> list[Decimal]:
    """Shares of one as percentages that add up to exactly 100, by largest remainder.

    The shares must add up to one.
    """
    unit = Decimal(1).scaleb(-digits)
    whole = 100 * 10**digits
    exact = [share * whole for share in shares]
    parts = [share.numerator // share.denominator for share in exact]
    by_remainder = sorted(range(len(parts)), key=lambda index: (parts[index] - exact[index], index))
    for index in by_remainder[: whole - sum(parts)]:
        parts[index] += 1
    return [part * unit for part in parts]


def kilograms(milligrams: int) -> str:
    """Milligrams as kg without loss: 462000000 -> 462."""
    text = f"{Decimal(milligrams) / 10**6:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def months(making: Making) -> set[str]:
    """The month of manufacture, by every clock on earth."""
    return {f"{making.time + offset:%Y-%m}" for offset in (-OFFSETS, timedelta(0), OFFSETS)}


def critical(making: Making) -> tuple[str, ...]:
    """Critical raw materials above 0.1 % of the weight, by the composition in the event."""
    return tuple(
        SUBSTANCES[name].capitalize()
        for name in CRITICAL
        if making.composition.get(name, Fraction(0)) > CRITICAL_ABOVE
    )


def recycled(record: Record, substance: str) -> tuple[Decimal, Decimal] | None:
    """Percent of a substance from recyclers, and percent unknown; None when it was not traced."""
    traced = record.making.traced.get(substance) if record.making else None
    if traced is None:
        return None
    shares = percents([*(one.share for one in traced.shares), traced.unknown])
    found = sum(
        (part for one, part in zip(traced.shares, shares[:-1], strict=True) if one.recycled), Decimal("0.00")
    )
    return found, shares[-1]


def derive(record: Record) -> dict[int, Value]:
    """Every value that needs no word of the maker about this battery, by point."""
    found: dict[int, Value] = {}

    def say(
        number: int,
        content: Content,
        source: Source,
        *,
        part: str = ITEM,
        unknown: str = "",
        positions: tuple[int, ...] = (),
    ) -> None:
        point = points()[number]
        found[number] = Value(
            point=point,
            typed=Typed(content=content, unit=point.units[0] if point.units else ""),
            part=part,
            source=source,
            computed=True,
            unknown=unknown,
            positions=positions,
        )

    maker, making = record.maker, record.making
    say(1, address(record), making.source if making else record.model)
    say(6, record.category, record.model, part=MODEL)
    if maker.source is not None:
        say(2, f"{maker.name} ({maker.uri})", maker.source, part=MODEL)
        say(3, maker.name, maker.source, part=MODEL)
        if maker.contact:
            say(5, maker.contact, maker.source, part=MODEL)
    if making is None:
        return found
    say(7, f"{making.product or 'GTIN ' + record.gtin}, serial {record.serial}", making.source)
    say(9, f"{making.time:%Y-%m}", making.source)
    place = record.facility
    if place is not None and place.source is not None:
        where = f"{place.name}, {country_name(place.country)}" if place.country else place.name
        say(8, where, making.source, positions=(place.source.position,))
    if making.mass is not None:
        say(10, kilograms(making.mass), making.source)
    if metals := critical(making):
        say(15, metals, making.source)
    for number, substance in RECYCLED.items():
        shares = recycled(record, substance)
        if shares is not None:
            unknown = str(shares[1]) if shares[1] else ""
            positions = making.traced[substance].positions
            say(number, str(shares[0]), making.source, unknown=unknown, positions=positions)
    return found
