"""A case as its page shows it: what does not fit, both sides, the estimate, the story."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from attrs import frozen
from django.utils.translation import gettext as _

from lodeline.lots.mismatch import MG, amount
from lodeline.lots.values import milligrams
from lodeline_server.lots.answers import amount_text
from lodeline_server.lots.folding import label
from lodeline_server.lots.queries import lot_address
from lodeline_server.lots.reconciling import queries, wording

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from lodeline.access import Actor
    from lodeline_server.evidence.models import Fact
    from lodeline_server.lots.models import Touch
    from lodeline_server.lots.reconciling.models import Case

MOST = 100
SUSPECT = 300  # hundredths of a standard error
Row = dict[str, Any]


@frozen(kw_only=True)
class Shown:
    """Everything a case page says, with names for identifiers."""

    heading: str
    rule: str
    figures: list[tuple[str, str]]
    sides: tuple[str, str]
    here: list[Row]
    there: list[Row]
    more: int
    estimates: list[Row]
    parties: list[str]
    story: list[Row]
    owner: str
    site: str
    lot: str
    lot_href: str
    cause: str
    resolution: str


def case(row: Case, actor: Actor) -> Shown:
    """One case for one reader; a supplier is shown its own events and those of the lot in question."""
    names = queries.names(actor)
    people = queries.people(row.workspace_id)
    found: Mapping[str, Any] = row.finding
    here, there = found.get("here", []), found.get("there", [])
    wanted = list(dict.fromkeys([*here, *there]))[:MOST]
    touches = [one for one in queries.touches(row.workspace_id, wanted) if _may_see(actor, row, one)]
    facts = queries.stated(row.workspace_id, wanted)
    message = found.get("message", "")
    return Shown(
        heading=wording.plain(message, names) if message else _("What was found was erased."),
        rule=wording.rule(row.rule),
        figures=_figures(found),
        sides=wording.SIDES.get(row.rule, wording.OTHER_SIDES),
        here=_side(here, touches, facts, names),
        there=_side(there, touches, facts, names),
        more=max(len(set(here) | set(there)) - MOST, 0),
        estimates=[_estimate(one, found.get("unit", MG)) for one in found.get("estimates", [])],
        parties=[names.get(uri) or label(uri) for uri in found.get("parties", [])],
        story=[_line(entry, people) for entry in row.entries.all()],
        owner=queries.person(row.owner, people if not actor.only_own else {}),
        site=(names.get(row.site) or label(row.site)) if row.site else "",
        lot=label(row.lot) if row.lot else "",
        lot_href=lot_address(row.lot) if row.lot else "",
        cause=str(wording.CAUSES.get(row.cause, row.cause)),
        resolution=str(wording.CAUSES.get(row.resolution, row.resolution)),
    )


def _may_see(actor: Actor, row: Case, one: Touch) -> bool:
    return not actor.only_own or one.captured_by == actor.party or one.key == row.lot


def _figures(found: Mapping[str, Any]) -> list[tuple[str, str]]:
    if found.get("expected") is None or found.get("found") is None:
        return []
    unit, expected, there = found["unit"], int(found["expected"]), int(found["found"])
    gap = there - expected
    sign = "−" if gap < 0 else "+"
    return [
        (_("Expected"), amount(expected, unit)),
        (_("Found"), amount(there, unit)),
        (_("Difference"), f"{sign}{amount(abs(gap), unit)}"),
    ]


def _side(
    events: Sequence[str], touches: Sequence[Touch], facts: Sequence[Fact], names: Mapping[str, str]
) -> list[Row]:
    wanted = set(events)
    rows = [
        {
            "what": one.act,
            "step": one.step,
            "lot": label(one.key),
            "href": lot_address(one.key),
            "amount": _told(one) if one.amount else "",
            "at": one.time,
            "site": names.get(one.site) or (label(one.site) if one.site else ""),
            "by": names.get(one.captured_by) or label(one.captured_by),
            "position": one.position,
            "void": one.void,
        }
        for one in touches
        if one.event in wanted
    ]
    rows += [
        {
            "what": _("stated"),
            "step": one.kind,
            "lot": label(one.subject),
            "href": "",
            "amount": "",
            "at": one.logged_at,
            "site": "",
            "by": names.get(one.issuer) or label(one.issuer),
            "position": one.position,
            "void": False,
        }
        for one in facts
        if one.statement_id in wanted
    ]
    return rows


def _told(one: Touch) -> str:
    exact = Decimal(one.amount)
    return amount_text(exact, one.uom or None, milligrams(exact, one.uom or None, None))


def _estimate(one: Mapping[str, Any], unit: str) -> Row:
    measured, adjusted, off = int(one["measured"]), int(one["adjusted"]), int(one["off"])
    change = adjusted - measured
    sign = "−" if change < 0 else "+" if change else ""
    return {
        "name": one["name"],
        "measured": amount(measured, unit),
        "adjusted": amount(adjusted, unit),
        "change": f"{sign}{amount(abs(change), unit)}",
        "off": f"{abs(off) / 100:.1f}",
        "stands_out": abs(off) > SUSPECT,
    }


def _line(entry: Any, people: dict[str, str]) -> Row:
    moment: datetime = entry.at
    return {
        "at": moment,
        "what": str(wording.WHAT.get(entry.what, entry.what)),
        "by": queries.person(entry.by, people),
        "words": wording.plain(entry.words, {}) if entry.what in {"opened", "changed", "reopened"} else entry.words,
        "cause": str(wording.CAUSES.get(entry.cause, entry.cause)) if entry.what in {"resolved", "dismissed"} else "",
        "reference": entry.reference,
        "owner": queries.person(entry.owner, people) if entry.owner else "",
        "due": entry.due if entry.what == "assigned" else None,
        "position": entry.position,
    }  # fmt: skip
