"""What the page of a supplier shows, as plain values for its template."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from lodeline.trust import method as methods
from lodeline_server.evidence import queries as evidence
from lodeline_server.kit import charts
from lodeline_server.trust import words
from lodeline_server.trust.tables import CAPS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from lodeline_server.evidence.models import Party
    from lodeline_server.trust.models import Score

MONTHS = 18
BEYOND_METHOD = ("wage_to_living_wage_ratio",)


def head(score: Score, result: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """The score head: score with range, proof, gates. `names`: parties that may be named."""
    chosen = methods.load(score.method)
    rated = score.rated
    point = score.score
    stop = score.withheld_by[0] if score.withheld_by else score.capped_by
    outside = rated and point is not None and not score.low <= point <= score.high
    gates = [
        {
            "id": gate["id"],
            "name": gate["name"],
            "kind": words.GATE_STATUS[gate["state"]],
            "words": words.gate(gate),
            "more": words.gate_more(gate, chosen, names),
        }
        for gate in result["gates"]
    ]
    return {
        "interval": charts.interval(
            score.bound_low,
            score.low if rated else None,
            point,
            score.high if rated else None,
            score.bound_high,
            cap=CAPS.get(score.capped_by),
        ),
        "outside": outside,
        "chance": _chance(score, result) if rated else None,
        "gates": gates,
        "stopping": next((gate for gate in gates if gate["id"] == stop), None),
    }


def _chance(score: Score, result: Mapping[str, Any]) -> dict[str, Any] | None:
    """How likely the next better band is; for band A, how likely it is held."""
    bands = methods.load(score.method).bands
    names = [name for name, _least in bands]
    at = names.index(score.band)
    name, least = bands[max(at - 1, 0)]
    share = result["interval"]["chances"].get(name)
    return None if share is None else {"band": name, "least": f"{least}", "share": Decimal(share)}


def waterfall(score: Score, result: Mapping[str, Any]) -> dict[str, Any]:
    """Rows of the table with their drawing; they add up to the estimate, before gates."""
    rows = [{"label": row["code"], **row["lost"]} for row in result["indicators"]]
    drawn = charts.waterfall_cells(
        rows,
        start=100,
        end=Decimal(result["estimate"]),
        interval=(score.low, score.high) if not score.capped_by else None,
    )
    for row, cell in zip(result["indicators"], drawn["rows"], strict=True):
        row["drawing"], row["why"] = cell, _main_reason(row)
    return {
        **drawn,
        "indicators": result["indicators"],
        "key": charts.legend(
            [
                (5, _("Value gap %(points)s") % {"points": result["lost"]["value"]}),
                ("hatch-accent", _("Evidence cap %(points)s") % {"points": result["lost"]["cap"]}),
                (2, _("Age %(points)s") % {"points": result["lost"]["age"]}),
                (None, _("Missing %(points)s") % {"points": result["lost"]["missing"]}),
            ]
        ),
        "estimate": result["estimate"],
        "gate_loss": Decimal(result["gateLoss"]),
    }


def _main_reason(group: Mapping[str, Any]) -> str:
    """The sentence of the sub-indicator that loses most."""
    worst = max(group["subs"], key=lambda sub: Decimal(sub["max"]) - Decimal(sub["points"]))
    return f"{worst['id']}: {words.reason(worst)}"


def steps(result: Mapping[str, Any], score: Score) -> list[dict[str, str]]:
    chosen = methods.load(score.method)
    found = []
    for row in result["steps"]:
        title, line = words.step(row, result, chosen)
        found.append({"gain": row["gain"], "up_to": row["upTo"], "title": title, "line": line})
    return found


def change(body: Mapping[str, Any]) -> dict[str, Any] | None:
    """What moved the points since the score before; None when there is nothing to compare."""
    found = body.get("change")
    if not found or not found["rated"]:
        return None
    names = {
        "data": _("New data"),
        "expiry": _("Age and expiry"),
        "peers": _("Peer estimate"),
        "method": _("Method"),
    }
    parts = [(names[key], signed(Decimal(found["parts"][key]))) for key in names]
    total = Decimal(found["to"]) - Decimal(found["from"])
    if all(Decimal(part) == 0 for part in found["parts"].values()):
        parts = []
    return {
        "since": found["since"][:10],
        "from": found["from"],
        "to": found["to"],
        "total": signed(total),
        "parts": parts,
    }


def signed(value: Decimal) -> str:
    return f"+{value}" if value > 0 else f"{value}".replace("-", words.MINUS)


def months(rows: Iterable[Score]) -> list[dict[str, Any]]:
    """The last score of each of the last months, oldest first."""
    last: dict[str, Score] = {}
    for row in rows:
        last[f"{row.computed_at:%Y-%m}"] = row
    return [
        {
            "label": label,
            "value": row.score,
            **_band(row),
            "row": row,
        }
        for label, row in sorted(last.items())[-MONTHS:]
    ]


def _band(row: Score) -> dict[str, Any]:
    """The likely range; the bounds while not rated; nothing while withheld."""
    if row.withheld_by:
        return {"low": None, "high": None}
    return {"low": row.low, "high": row.high} if row.rated else {"low": row.bound_low, "high": row.bound_high}


def history(points: Sequence[dict[str, Any]], score: Score) -> Any:
    """The step chart, with the floor of the next band as a line."""
    known = [float(point["high"]) for point in points if point["high"] is not None]
    lines = [
        (float(least), _("Band %(name)s %(least)s") % {"name": name, "least": least})
        for name, least in methods.load(score.method).bands
        if least and known and min(known) - 25 < float(least) < max(known) + 10
    ]
    return charts.steps(points, lines=lines)


def subs(result: Mapping[str, Any], names: Mapping[str, str]) -> list[dict[str, Any]]:
    """Every sub-indicator, largest loss first."""
    rows = []
    for group in result["indicators"]:
        for sub in group["subs"]:
            issuers = [names.get(uri, uri) for uri in sub["sources"]]
            rows.append(
                {
                    **sub,
                    "shown": words.value(sub),
                    "why": words.reason(sub),
                    "lowered": words.lowered(sub["lowered"]),
                    "capped": sub["goal"] is not None and Decimal(sub["goal"]) > Decimal(sub["cap"]),
                    "cap_percent": f"{Decimal(sub['cap']) * 100:.0f}",
                    "source": _source(sub, issuers),
                    "position": sub["evidence"][-1] if sub["evidence"] else None,
                    "more": max(len(sub["evidence"]) - 1, 0),
                    "loss": Decimal(sub["max"]) - Decimal(sub["points"]),
                }
            )
    return sorted(rows, key=lambda row: (-row["loss"], row["id"]))


def _source(sub: Mapping[str, Any], issuers: Sequence[str]) -> str:
    if len(issuers) > 2:
        return _("%(count)s issuers") % {"count": len(issuers)}
    if issuers:
        return ", ".join(issuers)
    return _("Computed from the log") if sub["level"] == "S" else "–"


def beside(party: Party) -> list[dict[str, Any]]:
    """On record, without points in this method: wages, and how customers found the deliveries."""
    rows = evidence.statements(
        party.workspace_id, kinds={"site.performance", "delivery.performance"}, party=party.uri
    ).order_by("-position")
    found: list[dict[str, Any]] = []
    seen: set[tuple[str, str, str]] = set()
    for row in rows.iterator():
        metric = row.content.get("metric", "")
        key = (row.kind, row.issuer, row.subject)
        if (row.kind == "site.performance" and metric not in BEYOND_METHOD) or key in seen:
            continue
        seen.add(key)
        found.append({"fact": row, **_said(row.kind, row.content)})
    return found[:12]


def issuers(rows: Sequence[dict[str, Any]], names: Mapping[str, str]) -> Sequence[dict[str, Any]]:
    """The rows with the names of those who stated them."""
    for row in rows:
        row["issuer"] = names.get(row["fact"].issuer, row["fact"].issuer)
    return rows


def _said(kind: str, content: Mapping[str, Any]) -> dict[str, str]:
    if kind == "site.performance":
        return {
            "what": _("Wages against the living wage"),
            "value": f"{content.get('value', '')} × {_('living wage')}",
            "period": str(content.get("period", "")),
        }
    share, defects = content.get("on_time_in_full", ""), content.get("defect_ppm", "")
    return {
        "what": _("Deliveries, as the customer states them"),
        "value": _("%(share)s on time in full, %(defects)s defects per million")
        % {"share": share, "defects": defects},
        "period": str(content.get("period", "")),
    }
