"""Questions before a recall, over HTTP. They put nothing on record."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Annotated, Any, Literal

from ninja import Router, Schema
from pydantic import Field

from lodeline.access import Permission
from lodeline_server.kit.permissions import endpoint
from lodeline_server.recalls import causing, contributing, exploring
from lodeline_server.recalls.spelling import chosen

if TYPE_CHECKING:
    from django.http import HttpRequest

router = Router()
Share = Annotated[Decimal, Field(ge=0, le=1, max_digits=13, decimal_places=12)]
Word = Annotated[str, Field(min_length=1, max_length=500)]
Substance = Literal["", "Ni", "Co", "Mn", "Li", "C", "Cu", "Al", "mass"]


class WhatIf(Schema):
    lots: Annotated[list[Word], Field(min_length=1, max_length=exploring.MOST_SUSPECTS)]
    threshold: Share = Decimal(0)
    substance: Substance = ""


class Suspect(Schema):
    key: str
    label: str
    reached: int
    affected: int
    only: int


class Dosed(Schema):
    key: str
    label: str
    product: str
    dose: str
    massKg: str  # noqa: N815
    holder: str
    holderName: str  # noqa: N815
    site: str
    siteName: str  # noqa: N815
    status: str


class WhatIfMasses(Schema):
    kept: str
    listed: str
    below: str
    lost: str


class WhatIfAnswer(Schema):
    method: str
    snapshot: str
    position: int
    substance: str
    threshold: str
    items: int
    suspectMassKg: str  # noqa: N815
    massKg: WhatIfMasses  # noqa: N815
    alone: list[Suspect]
    listed: list[Dosed]


class Failures(Schema):
    failed: Annotated[list[Word], Field(min_length=1, max_length=causing.MOST_FAILED)]
    sound: Annotated[
        list[Word],
        Field(max_length=causing.MOST_SOUND, description="without any: all others of the same products"),
    ] = []


class Factor(Schema):
    kind: str
    name: str
    label: str


class Finding(Schema):
    factors: list[Factor]
    failed: int
    sound: int
    odds: str
    oddsLow: str  # noqa: N815
    oddsHigh: str  # noqa: N815
    p: str
    adjusted: str
    significant: bool
    words: str


class CausesAnswer(Schema):
    method: str
    snapshot: str
    position: int
    failed: int
    sound: int
    soundChosen: str  # noqa: N815
    tested: int
    significant: int
    words: str
    findings: list[Finding]


class Fed(Schema):
    items: Annotated[list[Word], Field(min_length=1, max_length=contributing.MOST_ITEMS)]
    threshold: Share = Decimal(0)
    substance: Substance = ""


class Feeding(Schema):
    key: str
    label: str
    product: str
    site: str
    siteName: str  # noqa: N815
    party: str
    made: str
    share: str
    massKg: str  # noqa: N815
    begins: bool


class Sources(Schema):
    listed: str
    below: str
    unknown: str


class ContributionAnswer(Schema):
    method: str
    snapshot: str
    position: int
    substance: str
    threshold: str
    items: int
    wantedKg: str  # noqa: N815
    lots: int
    lotsBelow: int  # noqa: N815
    largestBelowKg: str  # noqa: N815
    sourcesKg: Sources  # noqa: N815
    listed: list[Feeding]


@router.post(
    "/recalls/what-if",
    response=WhatIfAnswer,
    summary="What several lots would reach; nothing is put on record",
)
@endpoint(Permission.RECALLS_RUN)
def ask_what_if(request: HttpRequest, wanted: WhatIf) -> dict[str, Any]:
    """Items by dose (the first 1,000), and what each lot adds to the others."""
    actor = request.auth  # type: ignore[attr-defined]
    keys = chosen(actor, wanted.lots)
    substance = exploring.column(wanted.substance, keys, actor.workspace)
    return exploring.what_if(actor.workspace, keys, threshold=Fraction(wanted.threshold), substance=substance)


@router.post(
    "/recalls/common-cause",
    response=CausesAnswer,
    summary="Which lots, machines, sites and days explain failed items",
)
@endpoint(Permission.RECALLS_RUN)
def ask_common_cause(request: HttpRequest, wanted: Failures) -> dict[str, Any]:
    """Fisher's exact test over all that flowed into the items, the best explanation first; it proves no cause."""
    actor = request.auth  # type: ignore[attr-defined]
    failed, sound = chosen(actor, wanted.failed), chosen(actor, wanted.sound)
    return causing.common_cause(actor.workspace, failed, sound)


@router.post(
    "/recalls/contribution", response=ContributionAnswer, summary="Which lots feed some items, by share"
)
@endpoint(Permission.RECALLS_RUN)
def ask_contribution(request: HttpRequest, wanted: Fed) -> dict[str, Any]:
    """Lots behind the items at the threshold or above (the first 1,000), and the mass left below it."""
    actor = request.auth  # type: ignore[attr-defined]
    keys = chosen(actor, wanted.items)
    substance = exploring.column(wanted.substance, keys, actor.workspace)
    return contributing.contribution(
        actor.workspace, keys, threshold=Fraction(wanted.threshold), substance=substance
    )
