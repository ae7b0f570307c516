"""What is on record about lots, as the rules of reconciliation read it: movements, certificates, places.

`Moved` is one event's effect on one lot. Amounts are whole base units (mg, or pieces where no piece has a mass).
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

from attrs import Factory, field, frozen

from lodeline.lots.mismatch import MG

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime
    from fractions import Fraction

    from lodeline.lots.lookalike import Assay, Held

MADE, USED, SEEN, SHIPPED, RECEIVED = "made", "used", "seen", "shipped", "received"
PACKED, UNPACKED, ENDED = "packed", "unpacked", "ended"
COUNTING: Final = frozenset({"cycle_counting", "stock_taking"})
NESTING: Final = 8


@frozen(kw_only=True)
class Moved:
    """`party`: who gets it, for what is shipped or received. `by`: who recorded it. `parent`: what it was packed in."""

    key: str
    event: str
    at: datetime
    act: str
    amount: int | None = None
    step: str = ""
    site: str = ""
    party: str = ""
    by: str = ""
    group: str = ""
    parent: str = ""
    content: Mapping[str, Fraction] = Factory(dict)


@frozen(kw_only=True)
class Spot:
    """Where a site is, in degrees (WGS 84), and what it is called."""

    name: str
    latitude: float
    longitude: float


@frozen(kw_only=True, eq=False)
class Record:
    """Everything the rules look at. `units`: the base unit of a lot; `materials`: what kind of thing a lot is."""

    moved: tuple[Moved, ...]
    units: Mapping[str, str] = Factory(dict)
    materials: Mapping[str, str] = Factory(dict)
    items: frozenset[str] = frozenset()
    spots: Mapping[str, Spot] = Factory(dict)
    sent_assays: tuple[Assay, ...] = ()
    assays: tuple[Assay, ...] = ()
    certificates: tuple[Held, ...] = ()
    names: Mapping[str, str] = Factory(dict)
    _by_key: dict[str, list[Moved]] = field(init=False, factory=lambda: defaultdict(list))

    def __attrs_post_init__(self) -> None:
        for one in sorted(self.moved, key=lambda one: (one.at, one.event, one.act)):
            self._by_key[one.key].append(one)

    def lots(self) -> list[str]:
        return sorted(self._by_key)

    def of(self, key: str, *acts: str) -> list[Moved]:
        """What happened to a lot, oldest first."""
        found = self._by_key.get(key, [])
        return [one for one in found if one.act in acts] if acts else found

    def unit(self, key: str) -> str:
        return self.units.get(key, MG)

    def name(self, uri: str) -> str:
        """What people call a party, site or lot."""
        return self.names.get(uri, uri)

    def parents(self, key: str, depth: int = NESTING) -> set[str]:
        """Everything the lot was ever packed in, directly or not."""
        found: set[str] = set()
        layer = {key}
        for _ in range(depth):
            layer = {one.parent for inner in layer for one in self.of(inner, PACKED) if one.parent} - found
            if not layer:
                break
            found |= layer
        return found


def without_doubles(moved: Iterable[Moved]) -> tuple[list[Moved], list[tuple[Moved, Moved]]]:
    """What is left when one and the same movement counts once, and each pair: the first and its repetition."""
    seen: dict[tuple[object, ...], Moved] = {}
    kept, twice = [], []
    for one in sorted(moved, key=lambda one: (one.at, one.event)):
        if one.act not in {MADE, SHIPPED, RECEIVED} or one.amount is None:
            kept.append(one)
            continue
        known = seen.setdefault((one.key, one.act, one.site, one.at, one.amount, one.party), one)
        if known is one or known.event == one.event:
            kept.append(one)
        else:
            twice.append((known, one))
    return kept, twice
