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
from lodeline_server.web import balances

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lodeline_server.evidence.models import Fact
    from lodeline_server.web.scene import Scene
    from lodeline_server.web.task import Task

QUARTER = timedelta(days=91)
MOST = 4
LATEST = 3  # recalls on the dashboard
TARGET_DAYS, TARGET_HOURS = 2, 4  # from event to record; from alarm to list
Figure = dict[str, Any]


def figures(scene: Scene, tasks: Sequence[Task]) -> list[Figure]:
    """At most four; the first is always what is open."""
    found = [_open(tasks)]
    makers = (_traced, _delay, _drill, _rated, _lots)
    for make in makers:
        figure = make(scene)
        if figure is not None:
            found.append(figure)
    return found[:MOST]


def _open(tasks: Sequence[Task]) -> Figure:
    urgent, soon = (sum(1 for task in tasks if task.kind == kind) for kind in ("bad", "warn"))
    rest = len(tasks) - urgent - soon
    note = _("%(bad)s urgent, %(warn)s soon, %(rest)s to note") % {"bad": urgent, "warn": soon, "rest": rest}
    return {"label": _("Open findings"), "value": groups(len(tasks)), "unit": "", "note": note}


def _traced(scene: Scene) -> Figure | None:
    """Cobalt, or what the batteries hold instead of it."""
    actor = scene.actor
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


def _delay(scene: Scene) -> Figure | None:
    """Median days from event to record over the last quarter with data."""
    actor = scene.actor
    if not (actor.may(Permission.CAPTURE_VIEW) or actor.may(Permission.SCORES_VIEW)):
        return None
    rows = Record.objects.filter(workspace_id=actor.workspace)
    if actor.only_own:
        rows = rows.filter(party=actor.party)
    last = rows.filter(day__lte=scene.now.date()).order_by("-day").values_list("day", flat=True).first()
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


def drills(scene: Scene) -> list[Fact]:
    """Recall drills of the actor's own organisation, else of all; the newest first."""
    rows = evidence.statements(scene.workspace, kinds=["drill"]).order_by("-issued", "-position")
    own = list(rows.filter(party=scene.actor.party)[:6])
    return own if own or scene.own else list(rows[:6])


def _drill(scene: Scene) -> Figure | None:
    actor = scene.actor
    if not actor.may(Permission.RECALLS_VIEW):
        return None
    found = drills(scene)
    if not found:
        return None
    last = found[0]
    minutes = int(Decimal(str(last.content.get("hours", "0"))) * 60)
    announced = _("announced") if last.content.get("announced") else _("unannounced")
    value = f"{minutes // 60}{NARROW}h {minutes % 60}"
    if last.party != actor.party:
        announced += f", {scene.name(last.party)}"
    return {
        "label": _("Last recall drill"),
        "value": value,
        "unit": _("min"),
        "note": _("%(how)s, %(day)s, target %(target)s h")
        % {"how": announced, "day": last.content.get("date", last.issued), "target": TARGET_HOURS},
    }


def _rated(scene: Scene) -> Figure | None:
    actor = scene.actor
    if not actor.may(Permission.SCORES_VIEW):
        return None
    rows = scene.scores
    if actor.only_own and rows:
        own = rows[0]
        if not own.rated or own.score is None:
            return {"label": _("Your score"), "value": _("not rated"), "unit": "", "note": ""}
        said = {"low": points(own.low), "high": points(own.high)}
        return {
            "label": _("Your score"),
            "value": points(own.score),
            "unit": _("of 100"),
            "note": _("likely range %(low)s to %(high)s") % said,
        }
    rated = sum(1 for row in rows if row.rated)
    note = _("%(n)s are not rated") % {"n": groups(len(rows) - rated)}
    return {
        "label": _("Suppliers rated"),
        "value": groups(rated),
        "unit": _("of %(all)s") % {"all": groups(len(rows))},
        "note": note,
    }


def _lots(scene: Scene) -> Figure | None:
    actor = scene.actor
    if not (actor.may(Permission.LOTS_VIEW) or actor.may(Permission.PASSPORTS_VIEW)) or actor.only_own:
        return None
    rows = Lot.objects.filter(workspace_id=actor.workspace)
    items = rows.filter(item=True).count()
    note = _("made of %(lots)s lots on record") % {"lots": groups(rows.filter(item=False).count())}
    return {"label": _("Batteries on record"), "value": groups(items), "unit": "", "note": note}


def recalls(scene: Scene) -> dict[str, Any]:
    """Recall drills as a drawing and as rows."""
    found = drills(scene)
    marks = [
        {
            "label": str(fact.content.get("date", fact.issued))[:7],
            "value": Decimal(str(fact.content.get("hours", "0"))),
            "strong": number == 0,
        }
        for number, fact in enumerate(found)
    ]
    rows = recalled.visible(scene.actor)[:LATEST]
    return {
        "latest_recalls": list(rows),
        "drills": [(fact, scene.name(fact.party)) for fact in found],
        "drilled": charts.timeline(marks, target=TARGET_HOURS) if marks else "",
    }
