"""The only writer of answers. Who answers is the owner of the numbers, or whom the owners granted their openings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from lodeline.access import Permission
from lodeline_server.credentials import acting as issuing
from lodeline_server.credentials.thresholds import answering
from lodeline_server.credentials.thresholds.acting import told
from lodeline_server.credentials.thresholds.models import CommittedNumber, ThresholdQuestion
from lodeline_server.kit.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from lodeline.access import Actor
    from lodeline.credentials.thresholds.commitment import Opening
    from lodeline_server.parties.models import Organisation


def answer(
    *,
    actor: Actor,
    organisation: Organisation,
    question: int,
    now: datetime,
    openings: Mapping[str, Opening] | None = None,
    decline: bool = False,
) -> ThresholdQuestion:
    """Prove, or refuse. `openings`: those that the owner keeps in a file; they are used and not kept.

    `Problem` 404 for a question that is not put to the organisation, 409 for one that is answered.
    """
    actor.require(Permission.CREDENTIALS_ISSUE)
    issuing.own(actor, organisation)
    with transaction.atomic():
        rows = ThresholdQuestion.objects.select_for_update().filter(pk=question, prover=organisation)
        row = rows.first()
        if row is None:
            raise Problem(404, "There is no such question")
        if row.state != row.State.WAITING:
            raise Problem(409, "This question is answered already")
        about = CommittedNumber.objects.select_related("credential__issuer", "owner").filter(
            asked_in__question=row
        )
        if decline:
            answering.refuse(actor, row, "declined", now)
        else:
            answering.settle(actor, row, list(about.order_by("asked_in__place")), openings or {}, now)
        told(actor, organisation, f"threshold.{row.state}", now, question=row.pk)
    return row
