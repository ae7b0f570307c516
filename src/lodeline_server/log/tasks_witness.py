"""Queued work of the log: having checkpoints cosigned."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_tasks import TaskResultStatus, task
from django_tasks_db.models import DBTaskResult

from lodeline_server.kit.clock import now
from lodeline_server.log import witnessing
from lodeline_server.log.books import BOOKS

if TYPE_CHECKING:
    from lodeline_server.log.books import Book


@task
def ask_witnesses(at: str) -> str:  # noqa: ARG001 - clocks pass the instant they ring for
    """Ask for both books. Fails, and so is listed, when a policy is malformed."""
    if not witnessing.wanted():
        return "no witnesses to ask"
    said = []
    for book in BOOKS.values():
        done = witnessing.ask(book, now())
        verdict = "quorum reached" if done.reached else "quorum not reached"
        said.append(f"{book.name} {done.size}: {verdict}")
    return ", ".join(said)


def after_moved(book: Book) -> None:  # noqa: ARG001 - the task looks after both
    """Have the new checkpoint cosigned, unless that waits in the queue already."""
    if not witnessing.wanted():
        return
    waiting = DBTaskResult.objects.filter(task_path=ask_witnesses.module_path, status=TaskResultStatus.READY)
    if not waiting.exists():
        ask_witnesses.enqueue(now().isoformat())
