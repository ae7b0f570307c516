"""Queries with names, for the page of queries: nobody is told of them, so that a demonstration calls nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lodeline.access import Actor, Role
from lodeline_server.events.subscriptions import actions, queries
from lodeline_server.parties.models import Organisation

if TYPE_CHECKING:
    from datetime import datetime

    from lodeline_server.parties.models import Workspace

MAKER: Final = "norrsund"
NAMED: Final = {
    "Packs that are assembled": {"eventType": ["TransformationEvent"], "EQ_bizStep": ["assembling"]},
    "What is shipped": {"eventType": ["ObjectEvent"], "EQ_bizStep": ["shipping"]},
}


def name(workspace: Workspace, now: datetime) -> None:
    """All of them; what is there stays."""
    maker = Organisation.objects.get(workspace=workspace, slug=MAKER)
    actor = Actor(
        kind="platform", id="platform", name="Lodeline", workspace=workspace.pk, organisation=maker.pk,
        party=maker.party, role=Role.MAKER,
    )  # fmt: skip
    there = set(queries.named(actor).values_list("name", flat=True))
    for called, definition in NAMED.items():
        if called not in there:
            actions.define(actor=actor, name=called, definition=definition, now=now)
