"""The four key figures of the dashboard, by what the role may see."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from lodeline.access import Permission
from lodeline_server.evidence import queries as evidence
from lodeline_server.evidence.models import Record
from lodeline_server.kit import charts
from lodeline_server.kit.charts.numbers import NARROW, percent, points
from lodeline_server.kit.templatetags.lode import groups
from lodeline_server.lots.models import Lot
from lodeline_server.recalls import queries as recalled
from lodeline_server.trust import queries as trust
from lodeline_server.web import balances

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from lodeline.access import Actor
    from lodeline_server.evidence.models import Fact
    from lodeline_server.web.inbox import Task

QUARTER = timedelta(days=91)
MOST = 4
LATEST = 3  # recalls on the dashboard
TARGET_DAYS, TARGET_HOURS = 2, 4  # from event to record; from alarm to list
Figure = dict[str, Any]


def figures(actor: Actor, tasks: Sequence[Task], now: datetime) -> list[Figure]:
    """At most four; the first is always what is open."""
    found = [_open(tasks)]
    makers = (_traced, _delay, _drill, _rated, _lots)
    for make in makers:
        figure = make(actor, now)
        if figure is not None:
            found.append(figure)
    return found[:MOST]


def _open(tasks: Sequence[Task]) -> Figure:
    urgent, soon = (sum(1 for task in tasks if task.kind == kind) for kind in ("bad", "warn"))
    rest = len(tasks) - urgent - soon
    note = _("%(bad)s urgent, %(warn)s soon, %(rest)s to note") % {"bad": urgent, "warn": soon, "rest": rest}
    return {"label": _("Open findings"), "value": groups(len(tasks)), "unit": "", "note": note}


def _traced(actor: Actor, _now: datetime) -> Figure | None:
    """Cobalt, or what the batteries hold instead of it."""
    rows = balances.traced(actor) if actor.may(Permission.LOTS_VIEW) else []
    if not rows:
        return None
    row = next((one for one in rows if one.substance == "Co"), rows[0])
    name = balances.NAMES[row.substance]
    return {
        "label": _("%(substance)s in batteries traced to its source") % {"substance": name.capitalize()},
        "value": percent(row.share, 0).removesuffix(f"{NARROW}%"),
        "unit": "%",
        "note": _("%(rest)s unknown, over all batteries on record") % {"rest": percent(1 - row.share, 0)},
    }


def _delay(actor: Actor, now: datetime) -> Figure | None:
    """Median days from event to record over the last quarter with data."""
    if not (actor.may(Permission.CAPTURE_VIEW) or actor.may(Permission.SCORES_VIEW)):
        return None
    rows = Record.objects.filter(workspace_id=actor.workspace)
    if actor.only_own:
        rows = rows.filter(party=actor.party)
    last = rows.filter(day__lte=now.date()).order_by("-day").values_list("day", flat=True).first()
    if last is None:
        return None
    counts: dict[int, int] = {}
    for delays in rows.filter(day__gt=last - QUARTER, day__lte=last).values_list("delays", flat=True):
        for days, number in delays.items():
            counts[int(days)] = counts.get(int(days), 0) + number
    total, seen = sum(counts.values()), 0
    if not total:
        return None
    for days in sorted(counts):
        seen += counts[days]
        if 2 * seen >= total:
            break
    return {
        "label": _("Median delay, event to record"),
        "value": groups(days),
        "unit": ngettext("day", "days", days),
        "note": _("target at most %(target)s days; %(n)s events to %(last)s")
        % {"target": TARGET_DAYS, "n": groups(total), "last": last},
    }


def drills(actor: Actor) -> list[Fact]:
    """Recall drills of the actor's own organisation, else of all; the newest first."""
    rows = evidence.statements(actor.workspace or 0, kinds=["drill"]).order_by("-issued", "-position")
    own = list(rows.filter(party=actor.party)[:6])
    return own if own or actor.only_own else list(rows[:6])


def _drill(actor: Actor, _now: datetime) -> Figure | None:
    if not actor.may(Permission.RECALLS_VIEW):
        return None
    found = drills(actor)
    if not found:
        return None
    last = found[0]
    minutes = int(Decimal(str(last.content.get("hours", "0"))) * 60)
    announced = _("announced") if last.content.get("announced") else _("unannounced")
    value = f"{minutes // 60}{NARROW}h {minutes % 60}"
    if last.party != actor.party:
        party = evidence.party(actor.workspace or 0, last.party)
        announced += f", {party.name if party else last.party}"
    return {
        "label": _("Last recall drill"),
        "value": value,
        "unit": _("min"),
        "note": _("%(how)s, %(day)s, target %(target)s h")
        % {"how": announced, "day": last.content.get("date", last.issued), "target": TARGET_HOURS},
    }


def _rated(actor: Actor, _now: datetime) -> Figure | None:
    if not actor.may(Permission.SCORES_VIEW):
        return None
    rows = list(trust.latest(actor).values_list("rated", "score", "low", "high", "name"))
    if actor.only_own and rows:
        rated, score, low, high, _name = rows[0]
        if not rated:
            return {"label": _("Your score"), "value": _("not rated"), "unit": "", "note": ""}
        said = {"low": points(low), "high": points(high)}
        return {
            "label": _("Your score"),
            "value": points(score),
            "unit": _("of 100"),
            "note": _("likely range %(low)s to %(high)s") % said,
        }
    rated = sum(1 for row in rows if row[0])
    note = _("%(n)s are not rated") % {"n": groups(len(rows) - rated)}
    return {
        "label": _("Suppliers rated"),
        "value": groups(rated),
        "unit": _("of %(all)s") % {"all": groups(len(rows))},
        "note": note,
    }


def _lots(actor: Actor, _now: datetime) -> Figure | None:
    if not (actor.may(Permission.LOTS_VIEW) or actor.may(Permission.PASSPORTS_VIEW)) or actor.only_own:
        return None
    rows = Lot.objects.filter(workspace_id=actor.workspace)
    items = rows.filter(item=True).count()
    note = _("made of %(lots)s lots on record") % {"lots": groups(rows.filter(item=False).count())}
    return {"label": _("Batteries on record"), "value": groups(items), "unit": "", "note": note}


def recalls(actor: Actor) -> dict[str, Any]:
    """Recall drills as a drawing and as rows."""
    found = drills(actor)
    names = dict(evidence.parties(actor.workspace or 0).values_list("uri", "name"))
    marks = [
        {
            "label": str(fact.content.get("date", fact.issued))[:7],
            "value": Decimal(str(fact.content.get("hours", "0"))),
            "strong": number == 0,
        }
        for number, fact in enumerate(found)
    ]
    rows = recalled.visible(actor)[:LATEST]
    return {
        "latest_recalls": list(rows),
        "drills": [(fact, names.get(fact.party, fact.party)) for fact in found],
        "drilled": charts.timeline(marks, target=TARGET_HOURS) if marks else "",
    }
