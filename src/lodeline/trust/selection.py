"""Which facts go into a bundle: the last word on each matter, and of others what the method asks of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lodeline.trust import standing
from lodeline.trust.indicators.site import value_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Hashable, Iterable, Sequence
    from datetime import date

    from lodeline.trust.snapshot import Fact

DRILLS_KEPT = 2


def own(facts: Sequence[Fact], today: date) -> list[Fact]:
    """The last words about the party itself, in log order."""
    last: dict[Hashable, Fact] = {}
    kept: list[Fact] = []
    for fact in facts:
        matter = _MATTER.get(fact.kind)
        start = standing.effective(fact)
        if matter is None or start is None or start > today:
            continue
        if fact.kind == "site.performance" and fact.text("metric") == "fatalities" and value_of(fact):
            kept.append(fact)
            continue
        key = (fact.kind, *matter(fact))
        held = last.get(key)
        if held is None or not _older(fact, held):
            last[key] = fact
    drills = sorted(
        (f for f in last.values() if f.kind == "drill"), key=lambda f: (f.text("date"), f.position)
    )
    dropped = {fact.position for fact in drills[:-DRILLS_KEPT]}
    kept += screenings(fact for fact in facts if fact.kind == "screening")
    rows = [*kept, *(fact for fact in last.values() if fact.position not in dropped)]
    return sorted(rows, key=lambda fact: fact.position)


def upstream(
    facts: Sequence[Fact], parties: Collection[str], sites: Collection[str], since: date
) -> list[Fact]:
    """What is asked of others: screenings of upstream parties, the standing of the sites that sent material.

    Standing is asked for past days, so all statements about it stay that could hold on or after `since`.
    """
    rows = screenings(fact for fact in facts if fact.kind == "screening" and fact.subject in parties)
    for fact in facts:
        if fact.kind in {"certificate", "assessment.result"} and (
            fact.subject in sites
            or fact.text("site") in sites
            or not set(sites).isdisjoint(fact.strings("sites"))
        ):
            ended = fact.valid_until is not None and fact.valid_until < since
            if not ended:
                rows.append(fact)
    return sorted(rows, key=lambda fact: fact.position)


def screenings(facts: Iterable[Fact]) -> list[Fact]:
    """Per party and list the last word, and where it is a confirmed hit the first word of that hit."""
    last: dict[tuple[str, str], Fact] = {}
    first: dict[tuple[str, str], Fact] = {}
    for fact in facts:
        key = (fact.subject, fact.text("list"))
        last[key] = fact
        if fact.text("hit") == "confirmed":
            first.setdefault(key, fact)
        else:
            first.pop(key, None)
    return list({fact.position: fact for fact in (*first.values(), *last.values())}.values())


def _older(fact: Fact, than: Fact) -> bool:
    """True when `fact` speaks of an earlier period than the one held, though it was logged later."""
    new, held = standing.effective(fact), standing.effective(than)
    return fact.kind == "site.performance" and new is not None and held is not None and new < held


_MATTER: dict[str, Callable[[Fact], tuple[str, ...]]] = {
    "certificate": lambda fact: (fact.text("scheme"), fact.text("number")),
    "assessment.result": lambda fact: (
        fact.text("scheme"),
        fact.text("area"),
        fact.text("site") or fact.subject,
    ),
    "site.performance": lambda fact: (fact.text("site") or fact.subject, fact.text("metric"), fact.issuer),
    "policy.signature": lambda fact: (fact.text("policy"),),
    "incident": lambda fact: (
        fact.text("area"),
        fact.text("severity"),
        fact.text("opened"),
        fact.text("site"),
    ),
    "drill": lambda fact: (str(fact.position),),
    "market.evidence": lambda fact: (fact.text("market"), fact.text("duty")),
}
