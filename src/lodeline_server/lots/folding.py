"""From all touches of a lot to the lot: what it is, where it is, who has it. The order of arrival plays no part."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import unquote

import orjson

from lodeline.identifiers import DOMAIN, IdentifierError, check_digit, is_item, parse_digital_link
from lodeline.lots.values import Description, describe, milligrams
from lodeline_server.lots.models import Touch
from lodeline_server.lots.rows import LotRow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lodeline_server.lots.rows import TouchRow

LARGEST = 2**63 - 1
SPENT, SPENT_OF = 995, 1000  # a lot of which this much was drawn is used up: scales differ
# Where two things happen at one instant: first it is made, last it ends.
RANK = {
    Touch.MADE: 0, Touch.UNPACKED: 1, Touch.RECEIVED: 2, Touch.SEEN: 3, Touch.PACKED: 4, Touch.SHIPPED: 5,
    Touch.SOLD: 6, Touch.USED: 7, Touch.ENDED: 8,
}  # fmt: skip
_PLAIN = re.compile(re.escape(DOMAIN) + r"/01/([0-9]{14})(?:/(?:10|21)/[A-Za-z0-9._~-]{1,20})?")
STATUS = {Touch.SHIPPED: "in transit", Touch.SOLD: "sold", Touch.ENDED: "ended"}


def sequence(touches: Sequence[TouchRow]) -> list[TouchRow]:
    """Touches in the order of what happened."""
    if len(touches) < 2:
        return list(touches)
    return sorted(touches, key=lambda one: (one.time, RANK[one.act], one.event, one.group))


def label(key: str) -> str:
    """What people call the lot: its lot number or serial."""
    return unquote(key.rstrip("/").rsplit("/", 1)[-1]) if "/" in key else key.rsplit(":", 1)[-1]


@lru_cache(maxsize=4096)
def _right(digits: str) -> bool:
    return check_digit(digits[:-1]) == digits[-1]


def gtin(key: str) -> str:
    """The GTIN in a Digital Link, else nothing."""
    if not key.startswith(DOMAIN):
        return ""
    if plain := _PLAIN.fullmatch(key):
        return plain[1] if _right(plain[1]) else ""
    try:
        return parse_digital_link(key.removeprefix(DOMAIN)).keys.get("01", "")
    except IdentifierError:
        return ""


def fold(key: str, touches: Sequence[TouchRow], carried: Sequence[TouchRow]) -> LotRow | None:
    """The lot of `touches`; `carried` are those of what it was packed in, while it was. None when nothing is left."""
    if not any(one.act == Touch.MADE and not one.void for one in touches):
        return None
    own = [one for one in touches if not one.void]
    made = [one for one in sequence(own) if one.act == Touch.MADE]
    last = made[-1]
    description = _described(orjson.dumps(last.ilmd))
    amounts = [Decimal(one.amount) if one.amount else None for one in made]
    masses = [
        _mass(
            amount,
            one.uom or None,
            (description if one is last else _described(orjson.dumps(one.ilmd))).unit_mass,
        )
        for amount, one in zip(amounts, made, strict=True)
    ]
    mass = None if any(part is None for part in masses) else sum(part or 0 for part in masses)
    total = None if any(part is None for part in amounts) else sum((part or Decimal(0)) for part in amounts)
    lot = LotRow(
        key=key,
        label=label(key)[:200],
        item=is_item(key),
        gtin=gtin(key)[:14],
        product=description.product,
        party=made[0].captured_by,
        site=made[0].site,
        made_at=made[0].time,
        amount="" if total is None else str(total)[:60],
        uom=last.uom,
        mass=None if mass is None or mass > LARGEST else mass,
        composition={
            name: f"{share.numerator}/{share.denominator}" for name, share in description.composition.items()
        },
        custody=description.custody,
        status="in stock",
        position=min(one.position for one in made),
        seen_at=made[0].time,
    )
    used = 0
    for one in sequence([*own, *(other for other in carried if not other.void)]):
        _follow(lot, one)
        if one.act == Touch.USED:
            whole = one.key != key or not one.amount
            used += (mass or 0) if whole else _drawn(one, description.unit_mass)
            spent = mass is not None and used * SPENT_OF >= mass * SPENT
            lot.status = "used" if lot.item or spent else "in use"
    return lot


@lru_cache(maxsize=4096)
def _described(ilmd: bytes) -> Description:
    """Lots of one product say the same about themselves."""
    return describe(orjson.loads(ilmd))


@lru_cache(maxsize=32_768)
def _mass(amount: Decimal | None, uom: str | None, unit_mass: int | None) -> int | None:
    return milligrams(amount, uom, unit_mass)


def _drawn(one: TouchRow, unit_mass: int | None) -> int:
    return _mass(Decimal(one.amount), one.uom or None, unit_mass) or 0


def _follow(lot: LotRow, one: TouchRow) -> None:
    lot.seen_at = max(lot.seen_at, one.time)
    if one.site:
        lot.current_site = one.site
    if one.act in {Touch.MADE, Touch.RECEIVED, Touch.SHIPPED, Touch.USED}:
        lot.holder = one.party
    if one.act == Touch.PACKED and one.key == lot.key:
        lot.inside = one.other
    elif one.act == Touch.UNPACKED and (one.key == lot.key or (one.key == lot.inside and not one.other)):
        lot.inside = ""
    if one.act in STATUS:
        lot.status = STATUS[one.act]
    elif one.act in {Touch.RECEIVED, Touch.MADE} and lot.status == "in transit":
        lot.status = "in stock"
