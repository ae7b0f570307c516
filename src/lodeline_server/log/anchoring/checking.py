"""Checking stored anchors again, as of today's trust."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lodeline.log.anchors.states import State
from lodeline_server.log.anchoring import queries, targets
from lodeline_server.log.anchoring.actions import require_ours, subject_of
from lodeline_server.log.anchoring.kinds import AnchorError, opened
from lodeline_server.log.backend import LogInconsistent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lodeline_server.log.anchoring.kinds import Kind
    from lodeline_server.log.anchoring.models import Anchor


def check_all(only: str = "") -> Iterator[tuple[Anchor, str]]:
    """Every final anchor, oldest first, with what is wrong with it; empty when it holds.

    Compared: our signature on the checkpoint, the evidence under the target's roots or on its chain, the stored time.
    """
    known = {one.name: one for one in targets.load() if only in ("", one.name)}
    if only and not known:
        raise targets.TargetsRefused(f"{targets.FILE} names no anchor {only!r}")
    kinds: dict[str, Kind | str] = {}
    rows = queries.listed().filter(state=State.FINAL).order_by("queued_at", "pk")
    for row in rows.filter(target=only) if only else rows:
        target = known.get(row.target)
        if target is None or target.kind != row.kind:
            yield row, f"{targets.FILE} no longer names this place, so nothing says what to trust"
            continue
        if row.target not in kinds:
            try:
                kinds[row.target] = opened(target)
            except AnchorError as error:
                kinds[row.target] = str(error)
        kind = kinds[row.target]
        yield row, kind if isinstance(kind, str) else _fault(row, kind)


def _fault(row: Anchor, kind: Kind) -> str:
    try:
        require_ours(row, row.book)
        time = kind.verify(subject_of(row), bytes(row.receipt), row.detail)
    except (AnchorError, LogInconsistent, ValueError, KeyError, TypeError) as error:
        return str(error) or type(error).__name__
    return "" if time == row.attested_at else "the evidence names another time than is stored"
