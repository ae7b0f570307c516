"""What an indicator hands back: a value with its state, its evidence and its reason, or why there is none."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any

from attrs import Factory, frozen

from lodeline.evidence import CAPS, EvidenceLevel, weakest
from lodeline.trust.normalise import ONE, ZERO

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date
    from fractions import Fraction

    from lodeline.trust.method import Method, Sub


class State(StrEnum):
    """Of one cell. Only `MEASURED` and `CONTRADICTED` carry a value."""

    MEASURED = "measured"
    CONTRADICTED = "contradicted"
    MISSING = "missing"
    EXPIRED = "expired"
    NOT_APPLICABLE = "not applicable"


@frozen(kw_only=True)
class Params:
    """What an indicator may know beside the snapshot: its own row of the method, and the method's rules."""

    method: Method
    sub: Sub
    low: Fraction
    high: Fraction


@frozen(kw_only=True)
class Measured:
    """`cap` and `age` are shares 0..1. `detail` holds the figures of the reason's sentence, as text.

    `evidence`: log positions of the statements used. `sources`: who issued them. `lowered`: why the level is no
    higher.
    """

    state: State
    reason: str
    value: Fraction | None = None
    level: EvidenceLevel = EvidenceLevel.E0
    cap: Fraction = ZERO
    age: Fraction = ONE
    detail: dict[str, str] = Factory(dict)
    evidence: tuple[int, ...] = ()
    sources: tuple[str, ...] = ()
    lowered: tuple[str, ...] = ()
    effective: date | None = None
    expires: date | None = None

    @property
    def known(self) -> bool:
        return self.value is not None


@frozen(kw_only=True)
class Part:
    """One piece of evidence behind a value, with its weight."""

    level: EvidenceLevel
    weight: Fraction = ONE
    age: Fraction = ONE
    position: int = 0
    source: str = ""
    lowered: tuple[str, ...] = ()
    effective: date | None = None
    expires: date | None = None


def missing(reason: str, **detail: str) -> Measured:
    return Measured(state=State.MISSING, reason=reason, detail=detail)


def expired(reason: str, parts: Sequence[Part], **detail: str) -> Measured:
    """Something was on record and ran out. Treated as missing; the sources stay visible."""
    return Measured(state=State.EXPIRED, reason=reason, detail=detail, **_provenance(parts))


def computed(value: Fraction, reason: str, *, position: int = 0, **detail: str) -> Measured:
    """A pure check of the log: level S, full cap."""
    return Measured(
        state=State.MEASURED,
        reason=reason,
        value=value,
        level=EvidenceLevel.S,
        cap=ONE,
        detail=detail,
        evidence=(position,) if position else (),
    )


def measured(
    value: Fraction,
    parts: Sequence[Part],
    reason: str,
    *,
    of_weight: Fraction | None = None,
    state: State = State.MEASURED,
    **detail: str,
) -> Measured:
    """A value that rests on statements.

    Cap and age are the weighted means over `parts`; with `of_weight` (the weight of all that should have been
    covered) what is not covered counts as no evidence. The level shown is the weakest.
    """
    weight = sum((part.weight for part in parts), ZERO)
    whole = weight if of_weight is None else max(of_weight, weight)
    if not whole or not weight:
        return missing(reason, **detail)
    cap = sum((part.weight * CAPS[part.level] for part in parts), ZERO) / whole
    age = sum((part.weight * part.age for part in parts), ZERO) / weight
    return Measured(
        state=state,
        reason=reason,
        value=value,
        level=weakest(part.level for part in parts),
        cap=cap,
        age=age,
        detail=detail,
        **_provenance(parts),
    )


def _provenance(parts: Sequence[Part]) -> dict[str, Any]:
    return {
        "evidence": tuple(sorted({part.position for part in parts if part.position})),
        "sources": tuple(dict.fromkeys(part.source for part in parts if part.source)),
        "lowered": tuple(dict.fromkeys(reason for part in parts for reason in part.lowered)),
        "effective": _least(part.effective for part in parts),
        "expires": _least(part.expires for part in parts),
    }


def _least(days: Iterable[date | None]) -> date | None:
    return min((day for day in days if day is not None), default=None)
