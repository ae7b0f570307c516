"""The list of notices as rows for CSV, and the closure report as data for the printed sheet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from lodeline_server.kit.charts.numbers import dose, percent
from lodeline_server.kit.templatetags.lode import groups, moment
from lodeline_server.lots.answers import kilograms
from lodeline_server.recalls.closing.models import MARKS, OUTCOMES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lodeline_server.recalls.closing.models import Closure
    from lodeline_server.recalls.closing.queries import Addressee
    from lodeline_server.recalls.models import Recall

HEAD = (
    "holder", "name", "country", "contact", "kind", "label", "identifier", "product", "dose", "lot_mass_kg", "place",
    "status", "outcome", "sent", "acknowledged", "answered",
)  # fmt: skip


def rows(people: list[Addressee]) -> Iterator[list[Any]]:
    """One row for each thing, with whom to tell and when they were told."""
    yield list(HEAD)
    for one in people:
        marks = [one.marks[mark].on.isoformat() if mark in one.marks else "" for mark in MARKS]
        for case in one.cases:
            yield [
                one.party, one.name, one.country, one.contact, "item" if case.thing.item else "lot", case.label,
                case.thing.key, case.product, case.dose, kilograms(case.thing.mass) or "", case.site, case.status,
                case.thing.outcome.value if case.thing.outcome else "", *marks,
            ]  # fmt: skip


def heading(closure: Closure) -> str:
    """What the closing says, in one sentence."""
    said = closure.report
    return _("Of %(n)s things that lot %(lot)s reached, it is known of %(share)s what became of them.") % {
        "n": groups(said["reached"]["things"]),
        "lot": said["label"],
        "share": percent(said["settledShare"]),
    }


def pairs(closure: Closure) -> list[tuple[str, str]]:
    """The figures of the report in words."""
    said = closure.report
    reached, told = said["reached"], said["notified"]
    reconciled = said["reconciledShare"]
    return [
        (_("Lot"), said["label"]),
        (_("Reason of the recall"), said["reason"] or _("not stated")),
        (_("Threshold"), dose(said["threshold"])),
        (_("Time from order to list"), f"{said['recallMilliseconds']} ms"),
        (_("Time from list to closing"), f"{said['hours']} h"),
        (_("Items reached"), groups(reached["items"])),
        (_("Lots on the way"), groups(reached["lots"])),
        (_("Lot mass in them"), f"{reached['massKg']} kg"),
        (_("Items below the threshold"), f"{groups(reached['itemsBelow'])}, {reached['massBelowKg']} kg"),
        (_("Mass reconciled"), _("unknown") if reconciled is None else percent(reconciled)),
        (_("Known what became of it"), percent(said["settledShare"])),
        (_("Holders"), groups(told["holders"])),
        (_("told"), groups(told["sent"])),
        (_("acknowledged"), groups(told["acknowledged"])),
        (_("answered"), groups(told["answered"])),
        (_("Signed off by"), said["signedOffBy"]),
        (_("Closed"), moment(closure.closed_at)),
    ]


def outcomes(closure: Closure) -> list[tuple[str, str, str]]:
    return [
        (str(OUTCOMES.get(name, name)), groups(one["things"]), f"{one['massKg']} kg")
        for name, one in closure.report["outcomes"].items()
    ]


def left(closure: Closure) -> list[tuple[str, str, str, str]]:
    return [
        (one["name"] or _("holder not known"), groups(one["things"]), f"{one['massKg']} kg", one["reason"])
        for one in closure.report["open"]
    ]


def printed(recall: Recall, closure: Closure, told: dict[str, Any]) -> dict[str, Any]:
    """Data of the printed report."""
    return {
        "title": f"{recall.number}: {_('closing of the recall')}",
        "lead": heading(closure),
        "foot": f"{_('log position')} {groups(closure.position)} · {closure.report['method']} · {recall.number}",
        "pairs": [list(one) for one in pairs(closure)],
        "outcomes": [list(one) for one in outcomes(closure)],
        "open": [list(one) for one in left(closure)],
        "evidence": [[groups(one["position"]), one["type"], one["leafHash"]] for one in told["evidence"]],
        "bundle": closure.bundle,
        "heads": {
            "figures": _("Figures"),
            "outcomes": _("What became of it"),
            "open": _("Still open, and why that may stay so"),
            "evidence": _("What this rests on"),
            "bundle": _("SHA-256 of this report and its evidence, as it stands in the log:"),
            "nothing": _("Nothing."),
            "columns": [_("Outcome"), _("Things"), _("Lot mass"), _("Holder"), _("Reason"), _("Log position"),
                        _("Statement"), _("Leaf hash")],
        },
    }  # fmt: skip
