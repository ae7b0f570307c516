"""Policies and plans that somebody signed for: shared by data governance and recall readiness."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from lodeline.trust import standing
from lodeline.trust.measured import Measured, Part, measured, missing
from lodeline.trust.standing import day_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import date

    from lodeline.trust.measured import Params
    from lodeline.trust.snapshot import Fact, Snapshot


def signed_on(fact: Fact) -> date | None:
    return day_of(fact.content.get("signed")) or fact.valid_from or fact.issued


def current(snapshot: Snapshot, policy: str) -> Fact | None:
    """The last signature of a policy that is not past its stated end. A signature without an end stays."""
    held = None
    for fact in snapshot.own("policy.signature"):
        day = signed_on(fact)
        if (
            fact.text("policy") == policy
            and fact.text("signatory")
            and day is not None
            and day <= snapshot.today
        ):
            held = fact
    if held is not None and held.valid_until is not None and held.valid_until < snapshot.today:
        return None
    return held


def signed(snapshot: Snapshot, params: Params, wanted: Collection[str]) -> dict[str, Part]:
    """Which of the wanted policies are signed and current, with the evidence; signatures fade with age."""
    found: dict[str, Part] = {}
    for policy in wanted:
        fact = current(snapshot, policy)
        left = standing.age(fact, snapshot.today, params.method, fades=True) if fact is not None else None
        if fact is not None and left is not None:
            found[policy] = standing.part(fact, left, params.method)
    return found


def share(found: Mapping[str, Part], wanted: Collection[str], reason: str) -> Measured:
    """The share of the wanted ones; nothing at all on record is missing, not zero."""
    if not found:
        return missing(f"no-{reason}")
    value = Fraction(len(found), len(wanted))
    absent = ", ".join(word.replace("_", " ") for word in wanted if word not in found)
    parts = list(found.values())
    return measured(value, parts, reason, found=str(len(found)), of=str(len(wanted)), absent=absent)
