"""The page on which people look around in the graph."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.http import Http404
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from lodeline.access import Permission
from lodeline.lots.build import MIXTURE
from lodeline_server.kit import charts
from lodeline_server.kit.charts.numbers import percent
from lodeline_server.kit.permissions import page
from lodeline_server.kit.templatetags.lode import day, groups
from lodeline_server.lots import explorer, origins, queries
from lodeline_server.lots.folding import label
from lodeline_server.lots.views import STATUS

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    from lodeline.lots.excerpt import Spot
    from lodeline_server.lots.explorer import Explored
    from lodeline_server.lots.models import Lot

DEPTHS = (1, 2, 3, 4, 6, 10, 30)
LIMITS = (30, 60, 120, 200)


@require_safe
@page(Permission.LOTS_VIEW)
def explore(request: HttpRequest, pk: int) -> HttpResponseBase:
    actor = request.actor  # type: ignore[attr-defined]
    row: Lot = get_object_or_404(queries.visible(actor), pk=pk)
    question = explorer.asked(request.GET.dict(), request.GET.getlist("open"), queries.position())
    started = perf_counter()
    found = explorer.explore(row, question, actor)
    took = perf_counter() - started
    if found is None:
        raise Http404(_("this lot is not in the graph at that log position"))
    context: dict[str, Any] = {
        "lot": row,
        "view": View(row, found),
        "milliseconds": f"{took * 1000:.0f}",
        "depths": DEPTHS,
        "limits": LIMITS,
        "directions": [("both", _("both ways")), ("back", _("back to origin")), ("forward", _("forward"))],
    }
    return render(request, "lots/explore.html", context)


def substance_name(name: str) -> str:
    """Cobalt; mass."""
    return _("mass") if name == explorer.MASS else origins.substance_name(name)


class View:
    """Words for an answer."""

    def __init__(self, row: Lot, found: Explored) -> None:
        self.row, self.found, self.sight, self.question = row, found, found.sight, found.question
        self.excerpt, self.position = found.found, found.sight.picture.position
        self.name = substance_name(found.substance)
        spots = [spot for spot in self.excerpt.spots if self.sight.open(spot.node.key)]
        self.sites = sorted(
            {(one.node.first.site, self.sight.site(one.node)) for one in spots if one.node.first.site}
        )
        self.parties = sorted(
            {(one.node.first.party, self.sight.party(one.node)) for one in spots if one.node.first.party}
        )

    @property
    def heading(self) -> str:
        """The answer in one sentence."""
        words = {
            "lot": self.row.label,
            "shown": groups(len(self.excerpt.spots)),
            "total": groups(self.excerpt.total),
        }
        if self.question.at is not None:
            words |= {"day": day(self.question.at), "there": groups(self.found.present)}
            return _("On %(day)s, %(there)s of the %(shown)s lots shown around %(lot)s existed.") % words
        if self.excerpt.total == 1:
            return _("%(lot)s stands alone: nothing flowed in or out.") % words
        if len(self.excerpt.spots) == self.excerpt.total:
            return _("All %(total)s lots around %(lot)s are shown.") % words
        return _("%(shown)s of %(total)s lots around %(lot)s are shown.") % words

    @property
    def folded(self) -> str:
        """How many are not shown, and why."""
        said = []
        if deeper := self.excerpt.deeper:
            why = (
                _("beyond %(depth)s steps or left out by the filter") if self.question.site or self.question.party
                else _("beyond %(depth)s steps")
            ) % {"depth": self.question.depth}  # fmt: skip
            said.append(
                ngettext("%(n)s lot is folded: %(why)s", "%(n)s lots are folded: %(why)s", deeper)
                % {"n": groups(deeper), "why": why}
            )
        if over := self.excerpt.over:
            said.append(
                ngettext(
                    "%(n)s lot is folded: at most %(limit)s are shown at once",
                    "%(n)s lots are folded: at most %(limit)s are shown at once",
                    over,
                )
                % {"n": groups(over), "limit": self.question.limit}
            )
        return "; ".join(said)

    @property
    def tabs(self) -> list[dict[str, Any]]:
        return [
            {"symbol": one, "name": substance_name(one), "here": one == self.found.substance}
            for one in self.found.substances
        ]

    def address(self, **changes: Any) -> str:
        """This page's address with other values."""
        asked = self.question
        values: dict[str, Any] = {
            "substance": asked.substance, "direction": asked.direction, "depth": asked.depth, "limit": asked.limit,
            "at": "" if asked.at is None else day(asked.at), "known": asked.known or "", "site": asked.site,
            "party": asked.party, "open": list(asked.opened), **changes,
        }  # fmt: skip
        usual = {"direction": "both", "depth": 4, "limit": 60}
        kept = {name: value for name, value in values.items() if value and usual.get(name) != value}
        return "?" + urlencode(kept, doseq=True)

    def rows(self) -> list[dict[str, Any]]:
        """The lots shown, from left to right."""
        return [self._row(spot) for spot in self.excerpt.spots]

    def _row(self, spot: Spot) -> dict[str, Any]:
        node = spot.node
        state = self.found.states.get(node.key) if self.sight.open(node.key) else None
        there = self.found.there(node)
        return {
            "label": self.sight.label(node) + (f" ({node.version})" if node.version > 1 else ""),
            "href": self._href(spot),
            "product": node.first.description.product if self.sight.open(node.key) else "",
            "site": self.sight.site(node),
            "party": self.sight.party(node),
            "made": node.first.time,
            "step": spot.column,
            "share": bounds(spot),
            "unknown": spot.unknown,
            "status": STATUS.get(state.status, state.status)
            if state and there
            else ""
            if there
            else _("not made yet"),
            "inside": label(self.found.inside(node)) if there and self.found.inside(node) else "",
            "place": self.sight.picture.site(state.current_site)
            if state and there and state.current_site and not self.sight.closed
            else "",
            "folded": spot.folded,
            "open": self._open(spot),
            "asked": not spot.column,
        }

    def _href(self, spot: Spot) -> str:
        key = spot.node.key
        if key.startswith(MIXTURE) or not self.sight.open(key):
            return ""
        return queries.lot_address(key)

    def _open(self, spot: Spot) -> str:
        """The address that shows what is folded behind a lot. Other parties' lots are not named in it."""
        if not spot.folded or not self.sight.open(spot.node.key):
            return ""
        if spot.node.key in self.question.opened or not spot.column:
            return (
                self.address(limit=LIMITS[-1])
                if self.question.limit < LIMITS[-1]
                else reverse("lot_open") + "?" + urlencode({"key": spot.node.key})
            )
        return self.address(open=[*self.question.opened, spot.node.key][-explorer.OPENED :])

    def graph(self) -> Any:
        """The drawing."""
        cards = []
        for spot in self.excerpt.spots:
            row = self._row(spot)
            where = row["site"] or row["party"]
            cards.append({
                "id": _name(spot.at), "column": spot.column, "title": row["label"], "share": row["share"],
                "line": (row["inside"] and _("in %(lot)s") % {"lot": row["inside"]}) or where,
                "href": row["href"], "asked": row["asked"], "later": not self.found.there(spot.node),
                "unknown": spot.unknown, "more": spot.folded if row["open"] else 0, "more_href": row["open"],
                "more_name": _("unfold %(n)s behind %(lot)s") % {"n": spot.folded, "lot": row["label"]},
            })  # fmt: skip
        there = {spot.at: self.found.there(spot.node) for spot in self.excerpt.spots}
        links = [
            {
                "source": _name(line.source), "target": _name(line.target), "share": line.share,
                "later": not there[line.target],
            }
            for line in self.excerpt.lines
        ]  # fmt: skip
        return charts.lot_graph(cards, links)

    @property
    def first(self) -> str:
        return day(self.found.first)

    @property
    def last(self) -> str:
        return day(self.found.last)

    @property
    def at(self) -> str:
        return "" if self.question.at is None else day(self.question.at)


def _name(at: tuple[str, int]) -> str:
    return f"{at[0]}#{at[1]}"


def bounds(spot: Spot) -> str:
    """12.4 %, or 12.4 to 31.0 % where something is unknown."""
    low, high = percent(spot.low), percent(spot.high)
    return low if low == high else f"{low.removesuffix('%').rstrip()} to {high}"
