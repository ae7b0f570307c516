"""The record as the core's kernel asks for it: rows of some lots, of some transformations, of some containers."""

from __future__ import annotations

from decimal import Decimal
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import frozen
from django.db.models import F, Q

from lodeline.lots.containment import Packing
from lodeline.lots.values import Made, Used, describe
from lodeline_server.lots.models import Declared, Effect, Happening, Touch

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from datetime import datetime

    from django.db.models import QuerySet

    from lodeline.lots.nearby import Row

T = TypeVar("T", str, int)

FIELDS = (
    "id", "key", "time", "position", "act", "group", "other", "amount", "uom", "site", "captured_by", "ilmd",
)  # fmt: skip
ACTS = (Touch.MADE, Touch.USED, Touch.PACKED, Touch.UNPACKED)
FLOWS = (Touch.MADE, Touch.USED)
IN_ONE = 900
"""Values in one statement; databases limit their number."""


@frozen(kw_only=True)
class Record:
    """The touches of a workspace; with `until`, as they were known below that log position."""

    workspace: int
    until: int | None = None

    def of_lots(self, keys: Collection[str]) -> Iterator[tuple[int, Row]]:
        """What was made of these, drawn from them, and where they were packed."""
        for part in _parts(keys):
            yield from self._rows(Q(key__in=part, act__in=ACTS))

    def of_groups(self, groups: Collection[str]) -> Iterator[tuple[int, Row]]:
        """All inputs and outputs of these transformations. Most are called after their only event."""
        events = Happening.objects.filter(workspace_id=self.workspace)
        for part in _parts(groups):
            own = Q(event__in=part, group=F("event"))
            others = Q(group__in=part) & ~Q(group=F("event")) & ~Q(group="")
            for chosen in (own, others):  # each has an index of its own
                yield from self._at(events.filter(chosen).values_list("position", flat=True), FLOWS)

    def inside(self, parents: Collection[str]) -> Iterator[tuple[int, Row]]:
        """What was put into these and taken out of them."""
        for part in _parts(parents):
            packing = Q(act__in=(Touch.PACKED, Touch.UNPACKED))
            yield from self._rows(packing & Q(other__in=part) & ~Q(other=""))
            yield from self._rows(packing & Q(key__in=part, other=""))

    def every(self) -> Iterator[tuple[int, Row]]:
        """The whole record."""
        return self._rows(Q(act__in=ACTS))

    def changed(self, since: int) -> Iterator[Row]:
        """What came or ceased to count from `since` to below `until`."""
        came = Happening.objects.filter(position__gte=since)
        if self.until is not None:
            came = came.filter(position__lt=self.until)
        places = came.values_list("position", "workspace_id").iterator(2_000)
        for _, row in self._at((at for at, workspace in places if workspace == self.workspace), ACTS):
            yield row
        for row in self._ceased(since):
            yield _row(*row)[1]

    def _ceased(self, since: int) -> Iterator[tuple[Any, ...]]:
        declared = Declared.objects.filter(workspace_id=self.workspace, position__gte=since)
        if self.until is not None:
            declared = declared.filter(position__lt=self.until)
        events = set(declared.values_list("event", flat=True))
        for part in _parts(events):
            ended = Happening.objects.filter(
                workspace_id=self.workspace, event__in=part, position__lt=since, ended__gte=since
            )
            if self.until is not None:
                ended = ended.filter(ended__lt=self.until)
            for places in _parts(ended.values_list("position", flat=True)):
                yield from Touch.objects.filter(position__in=places, act__in=ACTS).values_list(*FIELDS)

    def _at(self, positions: Iterable[int], acts: tuple[str, ...]) -> Iterator[tuple[int, Row]]:
        """Rows of some statements. Naming the workspace, too, would mislead the planner: it has few values."""
        for part in _parts(positions):
            yield from self._chosen(Touch.objects.filter(position__in=part, act__in=acts))

    def _rows(self, chosen: Q) -> Iterator[tuple[int, Row]]:
        return self._chosen(Touch.objects.filter(chosen, workspace_id=self.workspace))

    def _chosen(self, rows: QuerySet[Touch]) -> Iterator[tuple[int, Row]]:
        if self.until is None:
            rows = rows.filter(void=False)
        else:
            rows = rows.filter(Q(ended=None) | Q(ended__gte=self.until), position__lt=self.until)
        for row in rows.values_list(*FIELDS).iterator(2_000):
            yield _row(*row)


def edition() -> int:
    """A number that is another one after the projection was derived anew."""
    return Effect.objects.order_by("pk").values_list("pk", flat=True).first() or 0


def next_position(since: int, events: int) -> int | None:
    """The log position behind the next so many events from `since`; None when there are not that many."""
    rows = Happening.objects.filter(position__gte=since).order_by("position")
    found: int | None = rows.values_list("position", flat=True)[events : events + 1].first()
    return found


def _row(
    number: int,
    key: str,
    time: datetime,
    position: int,
    act: str,
    group: str,
    other: str,
    amount: str,
    uom: str,
    site: str,
    party: str,
    ilmd: dict[str, Any],
) -> tuple[int, Row]:
    mass = Decimal(amount) if amount else None
    if act == Touch.MADE:
        return number, Made(
            key=key, time=time, position=position, group=group, amount=mass, uom=uom or None,
            site=site, party=party, description=describe(ilmd),
        )  # fmt: skip
    if act == Touch.USED:
        return number, Used(key=key, time=time, position=position, group=group, amount=mass, uom=uom or None)
    return number, Packing(  # without `other`, the thing itself was emptied
        key=key if other else "", parent=other or key, time=time, position=position, put=act == Touch.PACKED,
        amount=mass, uom=uom or None,
    )  # fmt: skip


def _parts(values: Iterable[T]) -> Iterator[list[T]]:
    rest = iter(sorted(values))
    while part := list(islice(rest, IN_ONE)):
        yield part
