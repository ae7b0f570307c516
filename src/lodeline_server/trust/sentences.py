"""Headings of the score pages: the answer as one sentence."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from lodeline_server.trust import words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lodeline_server.trust.models import Score


def whole(value: Any) -> str:
    """Points in a sentence: no decimals that the evidence does not carry."""
    return f"{Decimal(str(value)):.0f}"


def supplier(name: str, score: Score | None, result: Mapping[str, Any]) -> str:
    """What the page of a supplier says first."""
    if score is None or not result:
        return _("%(name)s has no score yet.") % {"name": name}
    gates = {gate["id"]: gate for gate in result["gates"]}
    if score.withheld_by:
        gate = gates[score.withheld_by[0]]
        said = {"name": name, "gate": gate["id"], "why": words.gate(gate)}
        return _("No score is shown for %(name)s while gate %(gate)s is closed: %(why)s.") % said
    if not score.rated:
        said = {"name": name, "coverage": whole(score.coverage * 100)}
        return _("%(name)s is not rated: the evidence covers %(coverage)s\u202f%% of the weight.") % said
    points = {"name": name, "score": whole(score.score)}
    if score.capped_by:
        gate = gates[score.capped_by]
        return _("%(name)s scores %(score)s, and gate %(gate)s keeps it there: %(why)s.") % {
            **points,
            "gate": gate["id"],
            "why": words.gate(gate),
        }
    loss = result.get("nextLoss")
    if loss:
        days = max((date.fromisoformat(loss["date"]) - score.computed_at.date()).days, 0)
        if not days:
            said = {**points, "points": f"{Decimal(loss['points']):.1f}"}
            return _("%(name)s scores %(score)s. After today %(points)s points run out.") % said
        template = ngettext(
            "%(name)s scores %(score)s. In %(days)s day %(points)s points run out.",
            "%(name)s scores %(score)s. In %(days)s days %(points)s points run out.",
            days,
        )
        return template % {**points, "days": days, "points": f"{Decimal(loss['points']):.1f}"}
    return _("%(name)s scores %(score)s of 100, band %(band)s.") % {**points, "band": score.band}


def league(rated: Sequence[Score], others: int) -> str:
    """What the league table says first. `rated`: best first."""
    if not rated:
        if not others:
            return _("No supplier has a score yet.")
        return ngettext(
            "The one supplier here is not rated.", "None of the %(count)s suppliers here is rated.", others
        ) % {"count": others}
    first = rated[0]
    if len(rated) == 1:
        return _("%(name)s scores %(score)s.") % {"name": first.name, "score": whole(first.score)}
    said = {"name": first.name, "score": whole(first.score), "count": len(rated)}
    beside = [row for row in rated[1:] if row.high > first.low]
    if not beside:
        return _("%(name)s leads %(count)s rated suppliers with %(score)s.") % said
    if len(beside) == 1:
        return _("%(name)s and %(other)s lead. Their likely ranges overlap.") % {
            **said,
            "other": beside[0].name,
        }
    return _("%(name)s leads with %(score)s, but %(beside)s likely ranges overlap with it.") % {
        **said,
        "beside": len(beside),
    }
