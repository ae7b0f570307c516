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
from lodeline.quantities import is_mass
from lodeline_server.lots.models import Touch
from lodeline_server.lots.rows import LotRow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lodeline_server.lots.rows import LotState, TouchRow

LARGEST = 2**63 - 1
SPENT, SPENT_OF = 995, 1000  # a lot of which this much was drawn is used up: scales differ
# Where two things happen at one instant: first it is made, last it ends.
RANK = {
    Touch.MADE: 0, Touch.UNPACKED: 1, Touch.RECEIVED: 2, Touch.SEEN: 3, Touch.PACKED: 4, Touch.SHIPPED: 5,
    Touch.SOLD: 6, Touch.USED: 7, Touch.ENDED: 8,
}  # fmt: skip
_MADE, _USED, _PACKED, _UNPACKED = Touch.MADE, Touch.USED, Touch.PACKED, Touch.UNPACKED  # looked up once
_HOLDING = frozenset({Touch.MADE, Touch.RECEIVED, Touch.SHIPPED, Touch.USED})
_ARRIVED = frozenset({Touch.RECEIVED, Touch.MADE})
_AMONG_OTHERS = frozenset({Touch.MADE, Touch.PACKED, Touch.UNPACKED})
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
    own = [one for one in touches if not one.void]
    made = sequence([one for one in own if one.act == _MADE])
    if not made:
        return None
    first, last = made[0], made[-1]
    description, composition = _described(orjson.dumps(last.ilmd))
    amounts = [Decimal(one.amount) if one.amount else None for one in made]
    masses = [
        _mass(
            amount,
            one.uom or None,
            (description if one is last else _described(orjson.dumps(one.ilmd))[0]).unit_mass,
        )
        for amount, one in zip(amounts, made, strict=True)
    ]
    mass = None if any(part is None for part in masses) else sum(part or 0 for part in masses)
    total = None if any(part is None for part in amounts) else sum((part or Decimal(0)) for part in amounts)
    lot = LotRow(
        key,
        label(key)[:200],
        is_item(key),
        gtin(key)[:14],
        description.product,
        first.captured_by,
        first.site,
        first.time,
        "" if total is None else str(total)[:60],
        last.uom,
        None if mass is None or mass > LARGEST else mass,
        composition,
        description.custody,
        "in stock",
        first.time,
        min(one.position for one in made) if len(made) > 1 else first.position,
    )
    used = 0
    for one in sequence([*own, *(other for other in carried if not other.void)] if carried else own):
        _follow(lot, one)
        if one.act == _USED:
            whole = one.key != key or not one.amount
            used += (mass or 0) if whole else _drawn(one, description.unit_mass)
            lot.status = _status(item=lot.item, mass=mass, used=used)
    lot.used = used if used <= LARGEST and (mass or 0) <= LARGEST else None
    return lot


def goes_on(lot: LotState, touches: Sequence[TouchRow]) -> bool:
    """Let a lot follow touches that all came after everything known of it; the same as `fold` of all.

    False, with the lot as it was, where they have to be put among the others.
    """
    if lot.used is None:
        return False
    for one in touches:
        if one.void or one.other or one.time <= lot.seen_at or one.act in _AMONG_OTHERS:
            return False
        if one.act == _USED and one.amount and not is_mass(one.uom):
            return False  # so many pieces: what one weighs stands with what was made
    for one in sequence(touches):
        _follow(lot, one)
        if one.act == _USED:
            lot.used += _drawn(one, None) if one.amount else lot.mass or 0
            lot.status = _status(item=lot.item, mass=lot.mass, used=lot.used)
    if lot.used > LARGEST:
        lot.used = None
    return True


def _status(*, item: bool, mass: int | None, used: int) -> str:
    spent = mass is not None and used * SPENT_OF >= mass * SPENT
    return "used" if item or spent else "in use"


@lru_cache(maxsize=4096)
def _described(ilmd: bytes) -> tuple[Description, dict[str, str]]:
    """Lots of one product say the same about themselves. With the composition as a lot keeps it."""
    found = describe(orjson.loads(ilmd))
    shares = found.composition.items()
    return found, {name: f"{share.numerator}/{share.denominator}" for name, share in shares}


@lru_cache(maxsize=32_768)
def _mass(amount: Decimal | None, uom: str | None, unit_mass: int | None) -> int | None:
    return milligrams(amount, uom, unit_mass)


def _drawn(one: TouchRow, unit_mass: int | None) -> int:
    return _mass(Decimal(one.amount), one.uom or None, unit_mass) or 0


def _follow(lot: LotRow | LotState, one: TouchRow) -> None:
    act = one.act
    lot.seen_at = max(lot.seen_at, one.time)
    if one.site:
        lot.current_site = one.site
    if act in _HOLDING:
        lot.holder = one.party
    if act == _PACKED and one.key == lot.key:
        lot.inside = one.other
    elif act == _UNPACKED and (one.key == lot.key or (one.key == lot.inside and not one.other)):
        lot.inside = ""
    if act in STATUS:
        lot.status = STATUS[act]
    elif lot.status == "in transit" and act in _ARRIVED:
        lot.status = "in stock"
