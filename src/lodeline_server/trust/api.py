"""Scores over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from django.http import HttpRequest  # noqa: TC002 - ninja reads the annotation
from ninja import Query, Router

from lodeline.access import Permission
from lodeline.identifiers import IdentifierError, normalise
from lodeline.trust import bundle, method
from lodeline_server.kit.permissions import endpoint
from lodeline_server.kit.problems import Problem
from lodeline_server.trust import queries
from lodeline_server.trust.answers import explained, head

if TYPE_CHECKING:
    from lodeline.access import Actor
    from lodeline_server.trust.models import Score

router = Router()
MOST = 500


@router.get("/suppliers", summary="The newest score of every supplier")
@endpoint(Permission.SCORES_VIEW)
def suppliers(
    request: HttpRequest,
    segment: Annotated[
        str, Query(description="mine, trader, refiner, active_material, cell, pack, recycler")
    ] = "",
    country: Annotated[str, Query(description="ISO 3166, two letters")] = "",
    material: Annotated[str, Query(description="substance, for example Co")] = "",
    band: Annotated[str, Query(description="A, B, C or D")] = "",
) -> dict[str, Any]:
    """Rated ones by score, then the others. Score, coverage and gates belong together."""
    rows = queries.latest(request.auth).order_by("-rated", "-score", "name")  # type: ignore[attr-defined]
    for field, wanted in (("segment", segment), ("country", country), ("band", band)):
        if wanted:
            rows = rows.filter(**{field: _plain(wanted)})
    found = [head(row) for row in rows if not material or material in row.materials]
    return {"suppliers": found}


@router.get("/scores/{path:supplier}/history", summary="All scores of a supplier")
@endpoint(Permission.SCORES_VIEW)
def history(request: HttpRequest, supplier: str) -> dict[str, Any]:
    """Oldest first."""
    score = _newest(request.auth, supplier)  # type: ignore[attr-defined]
    rows = queries.history(request.auth, score.party).order_by("-computed_at", "-position")[:MOST]  # type: ignore[attr-defined]
    return {"party": score.party, "scores": [head(row) for row in reversed(rows)]}


@router.get("/scores/{path:supplier}", summary="The newest score of a supplier, explained")
@endpoint(Permission.SCORES_VIEW)
def score(
    request: HttpRequest,
    supplier: str,
    evidence: Annotated[bool, Query(description="with the evidence bundle, to recompute it")] = False,  # noqa: FBT002
) -> dict[str, Any]:
    """`supplier`: its identifier (URI), or the 13 digits of its GLN.

    Indicators, losses and steps, and the bundle, are for those who may see evidence.
    """
    actor: Actor = request.auth  # type: ignore[attr-defined]
    found = _newest(actor, supplier)
    body = queries.body(found)
    allowed = actor.may(Permission.EVIDENCE_VIEW)
    answer = explained(found, body, evidence=allowed)
    if evidence:
        actor.require(Permission.EVIDENCE_VIEW)
        answer |= {"result": body.get("result"), "bundle": body.get("bundle")}
    return answer


@router.get("/methods/{version}", summary="A method: points, goalposts, gates, as data")
@endpoint(Permission.SCORES_VIEW)
def methods(request: HttpRequest, version: str) -> dict[str, Any]:  # noqa: ARG001
    """With the hash of its data file, which stands in every score."""
    try:
        chosen = method.load(version)
    except method.MethodError as error:
        raise Problem(404, "There is no such method", detail=str(error)) from None
    return bundle.plain(chosen)


def _newest(actor: Actor, supplier: str) -> Score:
    try:
        key = normalise(f"https://id.gs1.org/417/{supplier}" if _is_gln(supplier) else supplier)
    except IdentifierError as error:
        raise Problem(404, "There is no score for this supplier", detail=str(error)) from None
    found = queries.latest(actor).filter(party=key).first()
    if found is None:
        raise Problem(404, "There is no score for this supplier", detail=key)
    return found


def _is_gln(word: str) -> bool:
    return len(word) == 13 and word.isascii() and word.isdigit()


def _plain(word: str) -> str:
    """NUL cannot be asked of every database; it fits nothing."""
    return word.replace("\x00", "\N{REPLACEMENT CHARACTER}")
