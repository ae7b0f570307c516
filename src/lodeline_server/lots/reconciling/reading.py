"""The record below a log position, as the rules of reconciliation read it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from lodeline.identifiers import is_item
from lodeline.lots import record as words
from lodeline.lots.lookalike import Assay, Held
from lodeline.lots.mismatch import MG, PIECES
from lodeline.lots.record import Moved, Record, Spot
from lodeline.lots.values import SUBSTANCES, Description, describe, milligrams
from lodeline.quantities import QuantityError, decimal, is_count, to_base
from lodeline_server.evidence import queries as evidence
from lodeline_server.lots.folding import gtin
from lodeline_server.lots.models import Touch

if TYPE_CHECKING:
    from collections.abc import Iterator
    from fractions import Fraction

    from lodeline_server.evidence.models import Fact

FIELDS: Final = (
    "key", "event", "time", "act", "amount", "uom", "step", "site", "party", "captured_by", "group", "other", "ilmd",
)  # fmt: skip
DOUBT, LEAST = Decimal("0.01"), Decimal("0.0005")
"""Standard uncertainty of a mass fraction where none is stated: 1 % of it, and never below 0.05 % of the mass."""
GEO: Final = re.compile(r"geo:(-?\d{1,2}(?:\.\d{1,12})?),(-?\d{1,3}(?:\.\d{1,12})?)(?:[,;].*)?")
Row = tuple[Any, ...]


def record(workspace: int, until: int) -> Record:
    """Everything the rules look at, as it was known below log position `until`."""
    stored = Touch.objects.filter(workspace_id=workspace, position__lt=until).exclude(ended__lt=until)
    rows = list(stored.order_by("position", "key", "act").values_list(*FIELDS))
    described = {row[0]: describe(row[12]) for row in rows if row[3] == words.MADE}
    units = _units(rows, described)
    sites = evidence.sites_at(workspace, until)
    parties = evidence.parties_at(workspace, until)
    measured = list(_measured(workspace, until))
    makers = {row[0]: row[9] for row in rows if row[3] == words.MADE}
    keys = {row[0] for row in rows}
    spots = {
        uri: spot for uri, one in sites.items() if (spot := _spot(one.name, one.latitude, one.longitude))
    }
    spots |= {row[7]: spot for row in rows if (spot := _geo(row[7]))}
    return Record(
        moved=tuple(_moved(row, described, units) for row in rows),
        units=units,
        materials={key: gtin(key) or key for key in keys},
        items=frozenset(key for key in keys if is_item(key)),
        spots=spots,
        sent_assays=(
            *_stated(rows),
            *(one for one in measured if makers.get(one.lot) == one.party),
        ),
        assays=tuple(one for one in measured if makers.get(one.lot, one.party) != one.party),
        certificates=tuple(_certificates(workspace, until)),
        names={uri: one.name for uri, one in (*parties.items(), *sites.items())},
    )


def _units(rows: list[Row], described: dict[str, Description]) -> dict[str, str]:
    """Lots that are counted, and of which no piece has a mass, are kept in pieces."""
    found: dict[str, str] = {}
    for row in rows:
        one = described.get(row[0])
        counted = is_count(row[5] or None) and row[4] and (one is None or one.unit_mass is None)
        if row[4]:
            found[row[0]] = PIECES if counted and found.get(row[0], PIECES) == PIECES else MG
    return {key: unit for key, unit in found.items() if unit == PIECES}


def _moved(row: Row, described: dict[str, Description], units: dict[str, str]) -> Moved:
    key, event, at, act, amount, uom, step, site, party, by, group, other, _ilmd = row
    about = described.get(key, Description())
    return Moved(
        key=key,
        event=event,
        at=at,
        act=act,
        amount=_amount(amount, uom, about.unit_mass, units.get(key, MG)),
        step=step,
        site=site,
        party=party,
        by=by,
        group=group,
        parent=other,
        content=about.composition if act == words.MADE else {},
    )


def _amount(amount: str, uom: str, unit_mass: int | None, unit: str) -> int | None:
    if not amount:
        return None
    if unit == MG:
        return milligrams(Decimal(amount), uom or None, unit_mass)
    try:
        pieces = to_base(Decimal(amount), uom or "C62")
    except QuantityError:
        return None
    return int(pieces) if pieces.denominator == 1 and is_count(uom or None) else None


def _stated(rows: list[Row]) -> Iterator[Assay]:
    """What the maker says its lot is made of."""
    for row in rows:
        if row[3] == words.MADE:
            for substance, share in describe(row[12]).composition.items():
                value = _decimal(share)
                yield Assay(
                    event=row[1], lot=row[0], substance=substance, value=value, sigma=_doubt(value), at=row[2],
                    party=row[9], site=row[7],
                )  # fmt: skip


def _measured(workspace: int, until: int) -> Iterator[Assay]:
    """What was measured: statements of kind `lot.assay`, each from the party that had it measured."""
    for row in evidence.statements(workspace, kinds={"lot.assay"}, position=until - 1):
        stated = row.content.get("composition")
        for entry in stated if isinstance(stated, list) else ():
            if not isinstance(entry, dict) or entry.get("substance") not in SUBSTANCES:
                continue
            value, sigma = _number(entry.get("massFraction")), _number(entry.get("uncertainty"))
            if value is not None and 0 <= value <= 1:
                yield Assay(
                    event=row.statement_id, lot=row.subject, substance=entry["substance"], value=value,
                    sigma=sigma if sigma is not None and sigma > 0 else _doubt(value), at=_day(row),
                    party=row.issuer,
                )  # fmt: skip


def _day(row: Fact) -> datetime:
    """When it was stated to be measured; else when it came."""
    day = row.issued
    return datetime(day.year, day.month, day.day, tzinfo=UTC) if day else row.logged_at


def _doubt(value: Decimal) -> Decimal:
    return max((value * DOUBT).normalize(), LEAST)


def _decimal(share: Fraction) -> Decimal:
    return Decimal(share.numerator) / Decimal(share.denominator)


def _number(value: object) -> Decimal | None:
    try:
        return decimal(value)
    except QuantityError:
        return None


def _spot(name: str, latitude: str, longitude: str) -> Spot | None:
    try:
        place = float(latitude), float(longitude)
    except ValueError:
        return None
    return Spot(name=name, latitude=place[0], longitude=place[1])


def _geo(uri: str) -> Spot | None:
    """A place that is named by its coordinates (RFC 5870)."""
    found = GEO.fullmatch(uri)
    return _spot(uri, found[1], found[2]) if found else None


def _certificates(workspace: int, until: int) -> Iterator[Held]:
    """Certificates as their holders show them; withdrawn ones are held by nobody."""
    last: dict[tuple[str, str, str], Held | None] = {}
    for row in evidence.statements(workspace, kinds={"certificate"}, position=until - 1):
        scheme, number = str(row.content.get("scheme")), str(row.content.get("number"))
        start: Any = row.valid_from or row.issued
        held = row.content.get("status") == "valid" and start is not None and row.party
        last[scheme, number, row.party] = (
            Held(
                name=row.statement_id, scheme=scheme, number=number, holder=row.party, since=start,
                until=row.valid_until,
            )
            if held
            else None
        )  # fmt: skip
    yield from (one for one in last.values() if one is not None)


def day_of(now: datetime) -> datetime:
    """The day a run looks from: two runs of one day over the same record find the same."""
    return now.replace(hour=0, minute=0, second=0, microsecond=0)
