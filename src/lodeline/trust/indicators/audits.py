"""What assessments found: shared by the labour, environment and certification measures and by the gates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lodeline.trust import standing
from lodeline.trust.measured import Measured, Params, Part, expired, measured, missing
from lodeline.trust.normalise import ZERO

if TYPE_CHECKING:
    from collections.abc import Iterable
    from fractions import Fraction

    from lodeline.trust.snapshot import Fact, Snapshot


def latest(snapshot: Snapshot, area: str | None = None) -> list[Fact]:
    """The last word per scheme, area and site, of the day and in log order."""
    rows: dict[tuple[str, str, str], Fact] = {}
    for fact in snapshot.own("assessment.result"):
        start = standing.effective(fact)
        if (area is None or fact.text("area") == area) and start is not None and start <= snapshot.today:
            rows[fact.text("scheme"), fact.text("area"), fact.text("site") or fact.subject] = fact
    return list(rows.values())


def count(fact: Fact, name: str) -> int:
    """Findings of a severity, as stated; what is no whole number of findings counts none."""
    findings = fact.content.get("findings")
    value = findings.get(name) if isinstance(findings, dict) else None
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def still_open(fact: Fact) -> int:
    """Major findings that are open: as stated, else all of them."""
    value = fact.content.get("openMajor")
    return (
        value
        if isinstance(value, int) and not isinstance(value, bool) and value >= 0
        else count(fact, "major")
    )


def overdue(fact: Fact) -> int:
    value = fact.content.get("overdueMajor")
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def in_force(
    facts: Iterable[Fact], snapshot: Snapshot, params: Params
) -> tuple[list[tuple[Fact, Part]], list[Part]]:
    """Those that still count, with their evidence, and those that ran out."""
    held: list[tuple[Fact, Part]] = []
    gone: list[Part] = []
    for fact in facts:
        left = standing.age(fact, snapshot.today, params.method, fades=True)
        if left is None:
            gone.append(standing.part(fact, ZERO, params.method))
        else:
            held.append((fact, standing.part(fact, left, params.method)))
    return held, gone


def weighted(
    snapshot: Snapshot,
    params: Params,
    area: str,
    *,
    major: Fraction,
    minor: Fraction,
) -> Measured:
    """Weighted open findings of the latest assessments of an area, summed over sites and schemes."""
    held, gone = in_force(latest(snapshot, area), snapshot, params)
    if not held:
        return expired("audit-expired", gone, area=area) if gone else missing("no-audit", area=area)
    value = sum((major * still_open(fact) + minor * count(fact, "minor") for fact, _ in held), ZERO)
    return measured(
        value,
        [part for _, part in held],
        "audit",
        area=area,
        major=str(sum(still_open(fact) for fact, _ in held)),
        minor=str(sum(count(fact, "minor") for fact, _ in held)),
    )
