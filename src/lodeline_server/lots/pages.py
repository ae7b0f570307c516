"""The list of lots, and the trace of one lot or item."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from lodeline.access import Permission
from lodeline.lots import trace
from lodeline_server.kit.clock import now
from lodeline_server.kit.permissions import page
from lodeline_server.kit.tables import csv_response, table_page
from lodeline_server.lots import queries, views
from lodeline_server.lots.answers import Sight
from lodeline_server.lots.tables import LONGEST as SEARCHED
from lodeline_server.lots.tables import LotFilter, LotTable, listed

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    from lodeline.access import Actor
    from lodeline_server.lots.models import Lot

LONGEST = 500  # characters of an identifier


@require_safe
@page(Permission.LOTS_VIEW)
def lots(request: HttpRequest) -> HttpResponseBase:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    rows = queries.visible(actor)
    items = rows.filter(item=True).count()
    return table_page(
        request,
        template="lots/lots.html",
        table_class=LotTable,
        queryset=listed(actor),
        filterset_class=LotFilter,
        context={
            "lots": rows.count() - items,
            "items": items,
            "position": queries.position(),
            "may_read_books": actor.may(Permission.CUSTODY_READ),
            "may_reconcile": actor.may(Permission.CASES_VIEW),
        },
        filename="lots",
    )


@require_safe
@page(Permission.LOTS_VIEW)
def lot_open(request: HttpRequest) -> HttpResponseBase:
    """To the page of a lot by its key or label; to the list when there is not exactly one."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    word = request.GET.get("key", "")[:LONGEST]
    found = queries.find(queries.visible(actor), word)
    if len(found) == 1:
        return redirect(found[0].get_absolute_url())
    return redirect(f"{reverse('trace')}?{urlencode({'q': word[:SEARCHED]})}")


@require_safe
@page(Permission.LOTS_VIEW)
def lot(request: HttpRequest, pk: int) -> HttpResponseBase:
    return _page(request, pk)


@require_safe
@page(Permission.LOTS_VIEW)
def item(request: HttpRequest, pk: int) -> HttpResponseBase:
    return _page(request, pk, item=True)


def _page(request: HttpRequest, pk: int, *, item: bool = False) -> HttpResponseBase:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    row: Lot = get_object_or_404(queries.visible(actor), pk=pk)
    if row.item != item:
        return redirect(row.get_absolute_url())
    started = perf_counter()
    forward = request.GET.get("direction") == "forward"
    picture = queries.around(row.workspace_id, [row.key], onward=forward)
    sight = Sight(picture=picture, own=queries.named(actor), party_uri=actor.party)
    graph = picture.graph
    node = graph.last(row.key)
    if node is None:
        raise Http404(_("this lot is not in the graph yet"))
    found = trace.onward(graph, node) if forward else trace.back(graph, node, sight.picture.places)
    took = perf_counter() - started
    view = views.Onward if forward else views.Back
    shown = view(row, found, sight, request.GET.get("substance", ""), now().date())
    if request.GET.get("format") == "csv":
        return csv_response(shown.csv(), f"{row.label}-{found.direction}")
    context: dict[str, Any] = {
        "lot": row,
        "view": shown,
        "milliseconds": f"{took * 1000:.1f}",
        "movements": views.movements(row, sight),
        **views.about(row, sight, actor),
        "may_recall": actor.may(Permission.RECALLS_RUN),
    }
    return render(request, f"lots/{found.direction}.html", context)
