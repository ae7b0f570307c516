"""Projections follow the log with a cursor and can be dropped and rebuilt to the same content."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import structlog
from attrs import frozen
from django.db import transaction

from lodeline_server.kit.collecting import uncollected
from lodeline_server.log import backend, fresh, queries
from lodeline_server.log.models import Cursor

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from lodeline_server.log.queries import Statement

BATCH = 1_000
SHORT = 2_500
"""Positions of the log that are followed in one transaction: a document, or a few."""
logger = structlog.get_logger(__name__)


class Projection(Protocol):
    """What an app registers. `types`: the statement types it reads; `order`: lower ones are brought up first."""

    name: str
    types: frozenset[str]
    order: int

    def reset(self) -> None:
        """Drop everything."""

    def apply(self, statements: Sequence[Statement]) -> None:
        """Take the next statements, in log order, inside a transaction."""

    def dump(self) -> Iterator[str]:
        """Canonical ordered lines of the content, without row ids."""


@frozen
class Failure:
    """A projection that could not go on; its cursor stays where it was."""

    projection: str
    position: int
    error: Exception


_registered: dict[str, Projection] = {}


def register(projection: Projection) -> None:
    """Called from an app's `ready()`."""
    _registered[projection.name] = projection


def registered() -> tuple[Projection, ...]:
    """All projections, in the order they are brought up."""
    return tuple(sorted(_registered.values(), key=lambda one: (one.order, one.name)))


def position(name: str) -> int:
    """The next position the projection will read: it has seen everything below."""
    return Cursor.objects.filter(projection=name).values_list("position", flat=True).first() or 0


def follow_all(batch: int = BATCH, between: Callable[[], object] = bool) -> list[Failure]:
    """Bring every projection to the log's end. One that fails keeps its place and stops no other.

    `between` is called after each batch, outside any transaction: a long catch-up lets others write there. A short way
    is gone in one transaction, with one flush for all.
    """
    end = queries.size()  # one end for all: none sees what those below it have not seen
    places = _places()
    behind = [one for one in registered() if places.get(one.name, 0) < end]
    if not behind:
        return []
    if len(behind) > 1 and end - min(places.get(one.name, 0) for one in behind) <= SHORT:
        with uncollected(), transaction.atomic():
            failures = _bring_up(behind, batch, end, bool)
    else:
        failures = _bring_up(behind, batch, end, between)
    if not failures:
        fresh.HELD.forget(end)
    return failures


def _bring_up(
    projections: Sequence[Projection], batch: int, end: int, between: Callable[[], object]
) -> list[Failure]:
    failures = []
    for projection in projections:
        try:
            while _step(projection, batch, end):
                between()
        except Exception as error:
            logger.exception("projection failed", projection=projection.name)
            failures.append(Failure(projection.name, position(projection.name), error))
    return failures


def _places() -> dict[str, int]:
    return dict(Cursor.objects.values_list("projection", "position"))


def _step(projection: Projection, batch: int, end: int, *, again: bool = False) -> bool:
    """Apply one batch below `end` and move the cursor in the same transaction; True while there may be more.

    `again`: what was derived before is being derived anew, and from the log itself.
    """
    with uncollected(), transaction.atomic():
        backend.lock(backend.FOLLOW)
        cursor, _ = Cursor.objects.get_or_create(projection=projection.name)
        if cursor.position >= end:
            return False
        found = None if again else fresh.read(cursor.position, end, projection.types, batch)
        if found is None:
            found = list(queries.read(cursor.position, types=projection.types, limit=batch, stop=end))
        seen = [one for one in found if not one.erased]
        if seen:
            projection.apply(seen)
        full = len(found) == batch
        cursor.position = found[-1].position + 1 if full else end
        cursor.save(update_fields=["position"])
    return full


def rebuild(names: Collection[str] | None = None) -> None:
    """Drop and derive again, in one transaction: readers see the old content until the new one stands."""
    chosen = [one for one in registered() if names is None or one.name in names]
    with transaction.atomic():
        backend.lock(backend.FOLLOW)
        end = queries.size()
        for projection in reversed(chosen):
            projection.reset()
            Cursor.objects.filter(projection=projection.name).delete()
        for projection in chosen:
            while _step(projection, BATCH, end, again=True):
                pass


def dump_all(names: Collection[str] | None = None) -> Iterator[str]:
    """The content of the projections, as `name: line`."""
    for projection in registered():
        if names is None or projection.name in names:
            for line in projection.dump():
                yield f"{projection.name}: {line}"
