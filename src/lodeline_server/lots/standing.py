"""The kernel's graph of a workspace, as of now: a snapshot in the data folder, and what came after it.

Each process keeps the newest state and takes from the record only what changed since. The background job writes a new
snapshot when the changes have grown, so that a process that starts reads files and not the whole record. Snapshots are
derived: they may be deleted at any time, and what does not fit this log any more is not used.
"""

from __future__ import annotations

import shutil
from threading import Lock
from typing import TYPE_CHECKING

import structlog
from attrs import evolve, frozen
from django.conf import settings

from lodeline.lots.build import build
from lodeline.lots.values import Made, Used
from lodeline_server.log import projections
from lodeline_server.log.queries import leaf_hash
from lodeline_server.lots.record import Record, edition, next_position

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lodeline.lots.containment import Packing
    from lodeline.lots.graph import Graph
    from lodeline.lots.kernel.advance import Standing

logger = structlog.get_logger(__name__)
STEP = 5_000
"""Events taken up at once; memory is bounded by it."""
AT_ONCE = 100_000
"""Events up to which a record is read whole where there is no snapshot."""
KEPT = 2
_held: dict[int, _Mark] = {}
_lock = Lock()


@frozen(kw_only=True, eq=False)
class _Mark:
    """A standing, and what tells its log from another one: the leaf before its position, the projection's edition."""

    standing: Standing
    leaf: bytes
    edition: int

    @classmethod
    def of(cls, standing: Standing) -> _Mark:
        position = standing.state.position
        return cls(standing=standing, leaf=leaf_hash(position - 1), edition=edition())

    def fits(self, position: int) -> bool:
        """Whether this is an earlier state, or the state, of the log as it is."""
        mine = self.standing.state.position
        return mine <= position and self.edition == edition() and self.leaf == leaf_hash(mine - 1)


def folder(workspace: int) -> Path:
    """Where the snapshots of a workspace are."""
    return settings.DATA / "graph" / str(workspace)


def now(workspace: int) -> Standing:
    """The graph as the log tells it now."""
    position = projections.position("lots")
    with _lock:
        held = _held.get(workspace)
    if held is None or not held.fits(position):
        held = opened(workspace, position)
    if held is None or held.standing.state.position != position:
        held = _Mark.of(_followed(held.standing if held else None, workspace, position))
        with _lock:
            _held[workspace] = held
    return held.standing


def graph(record: Record) -> Graph:
    """The lot graph of objects from the whole record."""
    made: list[Made] = []
    used: list[Used] = []
    packings: list[Packing] = []
    for _, row in record.every():
        if isinstance(row, Made):
            made.append(row)
        elif isinstance(row, Used):
            used.append(row)
        else:
            packings.append(row)
    return build(made, used, packings)


def opened(workspace: int, position: int) -> _Mark | None:
    """The newest snapshot on disk that fits the log."""
    from lodeline.lots.kernel import snapshot
    from lodeline.lots.kernel.advance import Standing
    from lodeline.lots.kernel.delta import State
    from lodeline.lots.kernel.names import ARRAYS, Names

    for path in _newest_first(folder(workspace)):
        try:
            found = snapshot.open_(path)
            names = Names(arrays={name: found.beside[name] for name in ARRAYS})
            mark = _Mark(
                standing=Standing(
                    state=State(base=found.graph, id=found.id, position=found.position), names=names
                ),
                leaf=found.beside["leaf"].tobytes(),
                edition=int(found.beside["edition"][0]),
            )
        except (snapshot.SnapshotUnusable, KeyError, IndexError) as wrong:
            logger.warning("snapshot cannot be used", snapshot=path.name, error=str(wrong))
            continue
        if mark.fits(position):
            return mark
    return None


def _newest_first(place: Path) -> list[Path]:
    if not place.is_dir():
        return []
    whole = [path for path in place.iterdir() if path.is_dir() and not path.name.startswith(".")]
    return sorted(whole, key=lambda path: (path.stat().st_mtime_ns, path.name), reverse=True)


def _followed(standing: Standing | None, workspace: int, position: int) -> Standing:
    """Taken up to `position`, in steps. Where lots flow into themselves, the whole record is read."""
    from lodeline.lots.kernel import advance
    from lodeline.lots.kernel.compressed import Circle

    if standing is None and next_position(0, AT_ONCE) is None:
        return _whole(workspace, position)
    found = standing or advance.empty()
    try:
        for until in _steps(found.state.position, position):
            record = Record(workspace=workspace, until=until)
            found = advance.advance(found, record, list(record.changed(found.state.position)), until)
            if found.worn:
                found = _settled(found)
    except (advance.Entangled, Circle) as wrong:
        logger.info("graph is read whole", workspace=workspace, why=str(wrong))
        return _whole(workspace, position)
    return found


def _steps(since: int, position: int) -> Iterator[int]:
    while (until := next_position(since, STEP)) is not None and until < position:
        yield until
        since = until
    if since < position:
        yield position


def _whole(workspace: int, position: int) -> Standing:
    from lodeline.lots.kernel import advance

    return _named(advance.whole(graph(Record(workspace=workspace, until=position)), position))


def _settled(standing: Standing) -> Standing:
    return _named(standing.settled())


def _named(standing: Standing) -> Standing:
    """Called after its content, as the snapshot of it will be."""
    from lodeline.lots.kernel import snapshot

    state = standing.state
    return evolve(standing, state=evolve(state, id=snapshot.name(state.base, state.position)))


def behind(workspace: int) -> int:
    """Lot versions and edges that the newest snapshot on disk does not have."""
    found = now(workspace).state
    newest = opened(workspace, found.position)
    base = newest.standing.state.base if newest else None
    return found.size + found.edges - (base.size + base.edges if base else 0)


def write(workspace: int) -> Path | None:
    """Write a snapshot of the graph as of now, if what is on disk is behind; older ones go. None: it was not behind,
    or lots flow into themselves, and it is read whole each time.
    """
    import numpy as np

    from lodeline.lots.kernel import snapshot

    found = now(workspace)
    position = found.state.position
    newest = opened(workspace, position)
    if found.tangled or (newest is not None and newest.standing.state.position == position):
        return None
    whole = found if found.clean else found.settled()
    mark = _Mark.of(whole)
    path = snapshot.write(
        whole.state.base,
        folder(workspace),
        position=position,
        beside={
            **whole.names.settled(),
            "leaf": np.frombuffer(mark.leaf, np.uint8),
            "edition": np.array([mark.edition], np.int64),
        },
    )
    for old in _newest_first(folder(workspace))[KEPT:]:
        shutil.rmtree(old, ignore_errors=True)
    with _lock:
        _held.pop(workspace, None)  # the next question opens the files, which all processes share
    return path
