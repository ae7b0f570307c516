"""Reconciliation: thirty planted faults in a month of a network, over twenty seeds; and how long a look takes."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from attrs import evolve
from tests.core.lots.planted import NOW, judged, month, plant

from benchmarks.harness import bar
from lodeline.lots.discrepancies import find
from lodeline.lots.record import Record

if TYPE_CHECKING:
    from collections.abc import Iterator

SEEDS, COPIES = 20, 100
MOST_MICROSECONDS = 100


def bars() -> Iterator[dict[str, Any]]:
    planted = missed = followed = false = wrong = quiet = 0
    for seed in range(1, SEEDS + 1):
        made = month(seed)
        quiet += len(find(made.record(), NOW))
        faults = plant(made)
        found = find(made.record(), NOW)
        lost, follow, nothing = judged(found, faults)
        planted, missed = planted + len(faults), missed + len(lost)
        followed, false = followed + len(follow), false + len(nothing)
        told = {(one.rule, about): one.cause for one in found for about in (one.lot, one.site, one.subject)}
        wrong += sum(bool(one.cause) and told.get((one.rule, one.about)) != one.cause for one in faults)
    yield bar(
        f"planted faults found, {SEEDS} months of 30",
        f"{planted - missed} of {planted}; false: {false} in months with faults, {quiet} in the same months without",
        met=not missed and not false and not quiet,
        detail=f"{followed} further findings follow from a planted fault (a stock that does not fit without the "
        f"receipt that was taken away); the likely cause was another one for {wrong}",
    )
    yield _speed()


def _speed() -> dict[str, Any]:
    """Microseconds per movement, over many copies of the month."""
    one = month(1).record()
    moved = tuple(
        evolve(
            row,
            key=f"{row.key}#{copy}",
            event=f"{row.event}#{copy}",
            site=f"{row.site}#{copy}",
            group=f"{row.group}#{copy}" if row.group else "",
        )
        for copy in range(COPIES)
        for row in one.moved
    )
    materials = {f"{key}#{copy}": value for copy in range(COPIES) for key, value in one.materials.items()}
    record = Record(moved=moved, materials=materials)
    started = time.process_time()
    found = find(record, NOW)
    each = (time.process_time() - started) * 1e6 / len(moved)
    return bar(
        f"a look at {len(moved):,} movements",
        f"{each:.0f} us each, {each * len(moved) / 1e6:.2f} s",
        met=each <= MOST_MICROSECONDS and not found,
        detail="all rules, one thread; without reading the database",
    )
