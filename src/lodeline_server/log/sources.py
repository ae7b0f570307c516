"""Tables whose rows each stand for a statement: what the monitor holds against the log, in both directions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from lodeline_server.log import projections, queries
from lodeline_server.log.models import Entry

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from django.db.models import Model

CHUNK = 5_000


@frozen(kw_only=True)
class Source:
    """Rows of `model` name, in `position`, statements of these `types`; of the same workspace, where they name one.

    `complete`: every such statement has its row, once `projection` (if any) has seen it. An erased one needs none.
    """

    name: str
    model: type[Model]
    types: frozenset[str]
    projection: str = ""
    complete: bool = True

    def upto(self, size: int) -> int:
        """Below this position rows can be expected."""
        return min(size, projections.position(self.projection)) if self.projection else size


_offered: dict[str, Source] = {}


def offer(
    name: str, model: type[Model], types: Collection[str], *, projection: str = "", complete: bool = True
) -> None:
    """Called from an app's `ready()`."""
    _offered[name] = Source(
        name=name, model=model, types=frozenset(types), projection=projection, complete=complete
    )


def compare(size: int) -> Iterator[tuple[str, int, str]]:
    """Differences between the log's first `size` statements and the tables: rule, position, words."""
    for source in _offered.values():
        yield from _compare(source, size)


def _compare(source: Source, size: int) -> Iterator[tuple[str, int, str]]:
    rows = source.model._default_manager.all()  # noqa: SLF001 - Django's documented access
    fields = {one.attname for one in source.model._meta.fields}  # noqa: SLF001 - as above
    named = "workspace_id" if "workspace_id" in fields else None
    upto = source.upto(size)
    for start in range(0, size, CHUNK):
        stop = min(start + CHUNK, size)
        here = rows.filter(position__gte=start, position__lt=stop)
        held = {row[0]: row[-1] for row in here.values_list("position", *([named] if named else []))}
        known = {
            position: (kind, workspace)
            for position, kind, workspace in Entry.objects.filter(position__gte=start, position__lt=stop)
            .filter(type__in=sorted(source.types))
            .values_list("position", "type", "workspace")
        }
        for position, workspace in sorted(held.items()):
            if position not in known:
                yield (
                    "M-NO-STATEMENT",
                    position,
                    f"{source.name}: a row names a statement that is not in the log",
                )
            elif named and workspace != known[position][1]:
                yield (
                    "M-NO-STATEMENT",
                    position,
                    f"{source.name}: a row names a statement of another workspace",
                )
        for position in sorted(known.keys() - held.keys()) if source.complete else ():
            if position < upto and not _erased(position):
                yield "M-NO-ROW", position, f"{source.name}: no row for this {known[position][0]}"
    last = queries.size()
    for position in rows.filter(position__gte=max(size, last)).values_list("position", flat=True)[:CHUNK]:
        yield "M-NO-STATEMENT", position, f"{source.name}: a row names a position beyond the log"


def _erased(position: int) -> bool:
    found = queries.get(position)
    return found is not None and found.erased
