"""What asks for somebody: findings of all stations as one list, most urgent first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lodeline.access import Permission
from lodeline_server.web import proof, work

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lodeline_server.web.scene import Scene
    from lodeline_server.web.task import Task

ORDER: Final = {"bad": 0, "warn": 1, "waiting": 2, "none": 3}


def inbox(scene: Scene) -> list[Task]:
    """All tasks the actor may see, the most urgent first."""
    found = [task for permission, source in SOURCES if scene.actor.may(permission) for task in source(scene)]
    return sorted(found, key=lambda task: (ORDER[task.kind], task.days, task.title))


SOURCES: tuple[tuple[Permission, Callable[[Scene], Iterator[Task]]], ...] = (
    (Permission.RECALLS_VIEW, work.recalls),
    (Permission.CAPTURE_VIEW, work.captures),
    (Permission.EVIDENCE_VIEW, proof.certificates),
    (Permission.SCORES_VIEW, proof.gates),
    (Permission.EVIDENCE_VIEW, proof.incidents),
    (Permission.EVIDENCE_VIEW, proof.contradictions),
    (Permission.PASSPORTS_ISSUE, work.passports),
    (Permission.OPERATE, work.jobs_failed),
)
