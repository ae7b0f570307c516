"""The map of where one lot or item began."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING

from django.http import Http404
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from lodeline.access import Permission
from lodeline.lots import trace
from lodeline_server.kit.clock import now
from lodeline_server.kit.permissions import page
from lodeline_server.lots import queries
from lodeline_server.lots.answers import Sight
from lodeline_server.lots.origin_map import Mapped

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase


@require_safe
@page(Permission.LOTS_VIEW)
def origin_map(request: HttpRequest, pk: int) -> HttpResponseBase:
    actor = request.actor  # type: ignore[attr-defined]
    row = get_object_or_404(queries.visible(actor), pk=pk)
    started = perf_counter()
    picture = queries.around(row.workspace_id, [row.key], onward=False)
    node = picture.graph.last(row.key)
    if node is None:
        raise Http404(_("this lot is not in the graph yet"))
    found = trace.back(picture.graph, node, picture.places)
    sight = Sight(picture=picture, own=queries.named(actor), party_uri=actor.party)
    view = Mapped(row, found, sight, request.GET.get("substance", ""), now().date()).read()
    took = perf_counter() - started
    context = {"lot": row, "view": view, "milliseconds": f"{took * 1000:.1f}"}
    return render(request, "lots/origin_map.html", context)
