"""The league table, the page of a supplier, the method."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import condition, require_POST, require_safe

from lodeline.access import Permission
from lodeline.strictjson import canonical
from lodeline.trust import method as methods
from lodeline.trust import publish
from lodeline_server.evidence import queries as evidence
from lodeline_server.evidence.models import Party
from lodeline_server.kit.clock import now
from lodeline_server.kit.permissions import page, public
from lodeline_server.kit.tables import table_page
from lodeline_server.trust import actions, queries, sentences, showing
from lodeline_server.trust.tables import ScoreFilter, ScoreTable, gates_of, segment_name

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    from lodeline.access import Actor

YEAR = 365 * 24 * 3600


@require_safe
@page(Permission.SCORES_VIEW)
def suppliers(request: HttpRequest) -> HttpResponseBase:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    rows = queries.latest(actor)
    chosen = ScoreFilter(request.GET, queryset=rows, request=request).qs
    rated = list(chosen.filter(rated=True).order_by("-score", "name"))
    others = list(chosen.filter(rated=False).order_by("name"))
    links = dict(evidence.parties(actor.workspace or 0).values_list("uri", "pk"))
    export = request.GET.get("format") == "csv"
    return table_page(
        request,
        template="trust/suppliers.html",
        table_class=lambda data, request: ScoreTable(data, request=request, links=links),  # type: ignore[arg-type]
        queryset=rows if export else rows.filter(rated=True),
        filterset_class=ScoreFilter,
        context={
            "heading": sentences.league(rated, len(others)),
            "rated": len(rated),
            "all": len(rated) + len(others),
            "others": [
                {
                    "score": row,
                    "pk": links.get(row.party),
                    "gates": gates_of(row),
                    "stage": segment_name(row.segment),
                }
                for row in others
            ],
            "newest": max([*rated, *others], key=lambda row: row.position, default=None),
            "method": methods.load(),
        },
        filename="suppliers",
    )


@require_safe
@page(Permission.SCORES_VIEW)
def supplier(request: HttpRequest, pk: int) -> HttpResponse:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    party = _party(actor, pk)
    score = queries.latest(actor).filter(party=party.uri).first()
    body = queries.body(score) if score else {}
    result = body.get("result", {})
    shown = actor.may(Permission.EVIDENCE_VIEW)
    context = {
        "party": party,
        "score": score,
        "result": result,
        "heading": sentences.supplier(party.name, score, result),
        "stage": segment_name(score.segment) if score else "",
        "sites": list(evidence.sites(party.workspace_id).filter(party=party.uri)),
        "scored": bool(methods.load().segment(party.roles)),
        "may_compute": actor.may(Permission.SCORES_RUN),
        "may_see": shown,
    }
    if score is not None and result:
        points = showing.months(queries.history(actor, party.uri))
        names = dict(evidence.parties(party.workspace_id).values_list("uri", "name")) if shown else {}
        context |= showing.head(score, result, names) | {
            "points": points,
            "chart": showing.history(points, score),
            "change": showing.change(body),
            "lots": body["bundle"]["lots"],
        }
        if shown:
            context |= {
                "fall": showing.waterfall(score, result),
                "steps": showing.steps(result, score),
                "subs": showing.subs(result, names),
                "beside": showing.issuers(showing.beside(party), names),
            }
    return render(request, "trust/supplier.html", context)


@require_POST
@page(Permission.SCORES_RUN)
def supplier_compute(request: HttpRequest, pk: int) -> HttpResponse:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    party = _party(actor, pk)
    score = actions.score(actor=actor, party=party.uri, now=now())
    messages.success(
        request, _("Computed and put on record at log position %(at)s.") % {"at": score.position}
    )
    return redirect("supplier", pk=pk)


@require_safe
@page(Permission.EVIDENCE_VIEW)
def supplier_bundle(request: HttpRequest, pk: int) -> HttpResponse:
    """Result and evidence of the newest score, to recompute it anywhere."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    party = _party(actor, pk)
    score = queries.latest(actor).filter(party=party.uri).first()
    body = queries.body(score) if score else {}
    if score is None or not body:
        raise Http404("no score")
    response = HttpResponse(
        canonical({"result": body["result"], "bundle": body["bundle"]}), content_type="application/json"
    )
    response["Content-Disposition"] = f'attachment; filename="score-{score.position}.json"'
    return response


@require_safe
@page(Permission.SCORES_VIEW)
def method_page(request: HttpRequest, version: str) -> HttpResponse:
    chosen = _method(version)
    groups = [
        {
            "indicator": indicator,
            "subs": [{"sub": sub, "goalposts": publish.goalposts(sub)} for sub in chosen.of(indicator.code)],
        }
        for indicator in chosen.indicators
    ]
    levels = [
        {"level": level.value, "words": said, "cap": publish.percent(publish.CAPS[level])}
        for level, said in publish.LEVELS.items()
    ]
    return render(request, "trust/method.html", {"method": chosen, "groups": groups, "levels": levels})


def _etag(_request: HttpRequest, version: str) -> str:
    return f'"{_method(version).hash}"'


@require_safe
@public
@condition(etag_func=_etag)
def method_file(_request: HttpRequest, version: str) -> HttpResponse:
    """The bytes whose hash stands in every score."""
    _method(version)
    response = HttpResponse(methods.source(version), content_type="application/toml")
    response["Cache-Control"] = f"public, max-age={YEAR}"
    return response


def _party(actor: Actor, pk: int) -> Party:
    """A party of the actor's workspace; a supplier finds its own only."""
    rows = Party.objects.filter(workspace_id=actor.workspace)
    if actor.only_own:
        rows = rows.filter(uri=actor.party)
    party = rows.filter(pk=pk).first()
    if party is None:
        raise Http404("no such party")
    return party


def _method(version: str) -> methods.Method:
    try:
        return methods.load(version)
    except methods.MethodError as error:
        raise Http404(str(error)) from None
