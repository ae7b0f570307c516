"""The landing page, the dashboard and the search."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.views.decorators.http import require_safe

from lodeline.access import Permission
from lodeline_server.kit import charts
from lodeline_server.kit.clock import now as clock
from lodeline_server.kit.permissions import page, public
from lodeline_server.web import capturing, figures, inbox, sentences, standing
from lodeline_server.web import search as finding
from lodeline_server.web.scene import Scene

if TYPE_CHECKING:
    from django.http import HttpRequest

    from lodeline.access import Actor

FIRST = 7  # tasks shown before "show all"
CACHED = "public, max-age=300"


@require_safe
@public
def landing(_request: HttpRequest) -> HttpResponse:
    """What this is. The same bytes for everybody, signed in or not: no session is looked at."""
    response = HttpResponse(render_to_string("web/landing.html", {"messages": ()}))
    response["Cache-Control"] = CACHED
    return response


@require_safe
@page(Permission.HOME_VIEW)
def home(request: HttpRequest) -> HttpResponse:
    """What cannot wait, how capture and log fare."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    now = clock()
    scene = Scene(actor, now)
    tasks = inbox.inbox(scene)
    everything = "all" in request.GET
    context: dict[str, Any] = {
        "now": now,
        "heading": sentences.heading(tasks),
        "tasks": tasks if everything else tasks[:FIRST],
        "all_tasks": len(tasks),
        "hidden": 0 if everything else max(len(tasks) - FIRST, 0),
        "figures": figures.figures(scene, tasks),
        "health": standing.health(actor, now),
        "may_recall": actor.may(Permission.RECALLS_RUN),
        "may_capture": actor.may(Permission.CAPTURE_SUBMIT) and actor.may(Permission.CAPTURE_VIEW),
    }
    if actor.may(Permission.CAPTURE_VIEW):
        days = capturing.days(actor, now)
        context |= {
            "days": days,
            "captured": charts.columns(days, unit="events") if days else "",
            "documents": capturing.newest(actor),
        }
    if actor.may(Permission.RECALLS_VIEW):
        context |= figures.recalls(scene)
    return render(request, "web/home.html", context)


@require_safe
@page(Permission.HOME_VIEW)
def search(request: HttpRequest) -> HttpResponse:
    """`?q=`: whatever it names, in this workspace and as far as the role may see."""
    words = request.GET.get("q", "").strip()[: finding.LONGEST]
    hits = finding.search(request.actor, words) if words else []  # type: ignore[attr-defined]
    return render(request, "web/search.html", {"search_words": words, "hits": hits})
