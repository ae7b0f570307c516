"""What several parts of the dashboard ask for, asked once."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from django.urls import reverse

from lodeline.access import Permission
from lodeline_server.evidence import queries as evidence
from lodeline_server.trust import queries as trust

if TYPE_CHECKING:
    from datetime import datetime

    from lodeline.access import Actor
    from lodeline_server.trust.models import Score


class Scene:
    """An actor's workspace at one instant."""

    def __init__(self, actor: Actor, now: datetime) -> None:
        self.actor, self.now = actor, now
        self.workspace = actor.workspace or 0
        self.own = actor.party if actor.only_own else None  # whose facts are looked at; None: everybody's

    @cached_property
    def _parties(self) -> dict[str, tuple[str, int]]:
        rows = evidence.parties(self.workspace).values_list("uri", "name", "pk")
        return {uri: (name, pk) for uri, name, pk in rows}

    @cached_property
    def scores(self) -> list[Score]:
        """The newest score of every party; none for who may not see scores."""
        return list(trust.latest(self.actor)) if self.actor.may(Permission.SCORES_VIEW) else []

    def name(self, party: str) -> str:
        """The party's name, else its identifier."""
        return self._parties[party][0] if party in self._parties else party

    def supplier(self, party: str) -> str:
        """The address of a party's page; empty when the actor may not open it."""
        if party not in self._parties or not self.actor.may(Permission.SCORES_VIEW):
            return ""
        return reverse("supplier", args=[self._parties[party][1]])
