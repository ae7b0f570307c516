"""Recalls over 10^7 edges against recursive SQL, appends, and how many lots are left at a threshold with carry-over.

    python -m benchmarks.recall [EDGES]

The graph is a snapshot mapped from disk, in the file cache; loops are compiled; every timed question is asked for the
first time. Times are processor time, medians over the lots; one thread.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.harness import bar
from benchmarks.kernel import COLUMNS, own
from benchmarks.networks import network
from lodeline.lots.kernel import snapshot
from lodeline.lots.kernel.cone import update
from lodeline.lots.kernel.delta import State
from lodeline.lots.kernel.sweep import shares
from lodeline.recalls.reach import Ranking, rank, reached

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.networks import Network

EDGES, LOTS, NEW, SUBSTANCE = 10**7, 200, 5_000, "Co"
REACH_MS, DOSE_MS, APPEND_MS = 5, 15, 50
THRESHOLDS = (0.0, 1e-4, 1e-3, 1e-2)
FINER = 10  # a quick ranking is cut at its threshold divided by this


def timed(work: Any) -> tuple[float, Any]:
    """(milliseconds of processor time, result)"""
    started = time.process_time()
    found = work()
    return (time.process_time() - started) * 1000, found


def spread(took: list[float]) -> str:
    low, middle, high = np.percentile(took, [5, 50, 95])
    return f"median {middle:.2f} ms, 5 to 95 % {low:.2f} to {high:.2f} ms"


def recursive(state: State, lots: list[int]) -> tuple[float, dict[int, set[int]], dict[int, Any]]:
    """By SQL: (seconds, what each lot reached, {(lot: {reached: dose})}), all lots in one query."""
    import duckdb

    graph = state.base
    into = np.repeat(np.arange(graph.size, dtype=np.int32), np.diff(graph.indptr))
    edge = {"src": graph.nodes[graph.sources], "dst": graph.nodes[into], "w": graph.weights[SUBSTANCE]}
    with duckdb.connect(config={"memory_limit": "6GB"}) as base:
        base.register("edge_in", edge)
        base.execute("CREATE TABLE edge AS SELECT * FROM edge_in")
        base.register("lot_in", {"lot": np.array(lots, np.int32)})
        base.execute("CREATE TABLE lot AS SELECT lot FROM lot_in")
        started = time.perf_counter()
        rows = base.execute(
            "WITH RECURSIVE r(lot, id) AS (SELECT lot, lot FROM lot UNION "
            "SELECT r.lot, e.dst FROM edge e JOIN r ON e.src = r.id) SELECT lot, id FROM r WHERE lot <> id"
        ).fetchnumpy()
        took = time.perf_counter() - started
        base.execute("CREATE TABLE d AS SELECT lot, lot AS id, 1.0::DOUBLE AS dose FROM lot")
        doses: dict[int, dict[int, float]] = {lot: {} for lot in lots}
        for _ in range(graph.depth):
            base.execute(
                "CREATE OR REPLACE TABLE d AS SELECT lot, dst AS id, sum(w * dose) AS dose "
                "FROM edge JOIN d ON src = id GROUP BY lot, dst"
            )
            one = base.execute("SELECT lot, id, dose FROM d").fetchnumpy()
            for lot, at, dose in zip(
                one["lot"].tolist(), one["id"].tolist(), one["dose"].tolist(), strict=True
            ):
                doses[lot][at] = doses[lot].get(at, 0.0) + dose
    sets: dict[int, set[int]] = {lot: set() for lot in lots}
    for lot, at in zip(rows["lot"].tolist(), rows["id"].tolist(), strict=True):
        sets[lot].add(at)
    return took, sets, doses


def asked(state: State, lots: list[int]) -> tuple[list[float], list[float], list[Any], list[Ranking]]:
    """Every lot once for reach, once for doses: times and answers."""
    reached(state, lots[-1:], fast=True)
    rank(state, lots[-1:], SUBSTANCE, fast=True)  # compiles
    reaches, doses, found, ranked = [], [], [], []
    for lot in lots[:-1]:
        took, one = timed(lambda lot=lot: reached(state, [lot]))
        reaches.append(took)
        found.append(one)
    for lot in lots[:-1]:
        took, answer = timed(lambda lot=lot: rank(state, [lot], SUBSTANCE))
        doses.append(took)
        ranked.append(answer)
    return reaches, doses, found, ranked


def single(state: State, lots: list[int]) -> Iterator[dict[str, Any]]:
    reaches, doses, found, ranked = asked(state, lots)
    took, sets, true = recursive(state, lots[:-1])
    size = (
        f"{state.base.edges:,} edges; reached lots: median {np.median([len(one.lots) for one in found]):,.0f}"
    )
    equal = sum(set(one.lots.tolist()) == sets[lot] for lot, one in zip(lots, found, strict=False))
    worst = max(
        abs(true[lot][at] - dose)
        for lot, one in zip(lots, ranked, strict=False)
        for at, dose in zip(one.lots.tolist(), one.doses.tolist(), strict=True)
    )
    sized = all(len(true[lot]) == len(one.lots) for lot, one in zip(lots, ranked, strict=False))
    yield bar(
        f"reach of a lot under {REACH_MS} ms", f"{np.median(reaches):.2f} ms",
        met=bool(np.median(reaches) < REACH_MS), detail=f"{size}; {spread(reaches)}",
    )  # fmt: skip
    yield bar(
        f"exact doses of all that a lot reached, ranked, under {DOSE_MS} ms", f"{np.median(doses):.2f} ms",
        met=bool(np.median(doses) < DOSE_MS), detail=f"{size}; {spread(doses)}",
    )  # fmt: skip
    yield bar(
        f"reach and doses equal the recursive query on {LOTS} random lots of mines",
        f"{equal} of {len(found)}; largest difference of a dose {worst:.0e}",
        met=equal == len(found) == LOTS and sized and worst < 1e-12,
        detail=f"DuckDB answers all {LOTS} in one query: reach in {took:.1f} s, {took / LOTS * 1000:.0f} ms a lot",
    )


def appended(state: State, net: Network) -> Iterator[dict[str, Any]]:
    """5,000 packs from cells: put them in, tell where their cobalt comes from, recall a lot that is in some."""
    rng = np.random.default_rng(3)
    cells = np.flatnonzero(net.stage == net.stage.max() - 1)[-3 * NEW :]
    first = state.size
    warm = state.append(2, [cells[0]] * 2, [first, first + 1], {SUBSTANCE: np.ones(2)})
    known = own(net, state.base)
    shares(state.base, SUBSTANCE, known)
    update(warm, SUBSTANCE, known, np.zeros_like(known), fast=True)
    rank(warm, [int(cells[0])], SUBSTANCE)
    nothing = np.zeros((state.base.size, COLUMNS))
    took = []
    for _ in range(9):
        sources = rng.choice(cells, (NEW, 2))
        targets = np.repeat(np.arange(first, first + NEW), 2)
        weights = rng.random((NEW, 1)) * [1, -1] + [0, 1]
        lot = int(sources[0, 0])

        def answer(
            sources: Any = sources, targets: Any = targets, weights: Any = weights, lot: int = lot
        ) -> Any:
            later = state.append(NEW, sources.ravel(), targets, {SUBSTANCE: weights.ravel()}, position=2)
            return later, update(later, SUBSTANCE, known, nothing), rank(later, [lot], SUBSTANCE)

        ms, (later, changed, ranked) = timed(answer)
        took.append(ms)
    exact = (
        weights[:, :1] * known[state.rows(sources[:, 0])] + weights[:, 1:] * known[state.rows(sources[:, 1])]
    )
    wrong = np.abs(changed.values - exact).max()
    started = time.perf_counter()
    again = rank(State(base=later.rebuilt()), [int(sources[0, 0])], SUBSTANCE)
    rebuilding = time.perf_counter() - started
    same = dict(zip(again.lots.tolist(), again.doses.tolist(), strict=True))
    here = dict(zip(ranked.lots.tolist(), ranked.doses.tolist(), strict=True))
    yield bar(
        f"{NEW:,} lots appended and answered for under {APPEND_MS} ms",
        f"{np.median(took):.1f} ms",
        met=bool(np.median(took) < APPEND_MS) and wrong < 1e-12 and same == here and max(here) >= first,
        detail=f"{COLUMNS} columns of origin for each and a recall through them; slowest of 9 {max(took):.1f} ms; "
        f"rebuilding the snapshot instead {rebuilding:.1f} s, same recall",
    )


def thresholds(state: State, lots: list[int]) -> Iterator[dict[str, Any]]:
    """With carry-over: how many lots, which mass is left below, and what a cut saves."""
    rank(state, lots[-1:], SUBSTANCE, threshold=0.5, cut=0.5, fast=True)
    for threshold in THRESHOLDS:
        counts, below, unfollowed, missing, full, quick = [], [], [], [], [], []
        for lot in lots[:-1]:
            took, one = timed(lambda lot=lot, at=threshold: rank(state, [lot], SUBSTANCE, threshold=at))
            full.append(took)
            cut = threshold / FINER
            took, fast = timed(
                lambda lot=lot, at=threshold, cut=cut: rank(state, [lot], SUBSTANCE, threshold=at, cut=cut)
            )
            quick.append(took)
            counts.append(len(one.lots))
            below.append(one.below / one.suspect)
            unfollowed.append(fast.unfollowed / one.suspect)
            missing.append(len(one.lots) - len(fast.lots))
        yield bar(
            f"with carry-over, lots at a dose of {threshold:g} or more",
            f"{np.median(counts):,.0f} lots; {np.median(below):.2%} of the mass left below",
            met=max(missing) <= 0 or float(np.median(missing)) <= 0.001 * float(np.median(counts)),
            detail=f"median of {len(counts)} lots of mines, depth {state.base.depth}: {np.median(full):.1f} ms; cut at "
            f"{threshold / FINER:g}: {np.median(quick):.1f} ms, {sum(missing)} of {sum(counts):,} lots missed, "
            f"{np.median(unfollowed):.3%} of the mass not followed",
        )


def bars(edges: int = EDGES) -> Iterator[dict[str, Any]]:
    rng = np.random.default_rng(7)
    with tempfile.TemporaryDirectory(prefix="lodeline-bars-") as room:
        for carry in (False, True):
            net = network(edges, carry=carry)
            path = snapshot.write(net.compressed(SUBSTANCE), Path(room), position=1)
            found = snapshot.open_(path)
            state = State(base=found.graph, id=found.id, position=found.position)
            lots = rng.choice(np.flatnonzero(net.stage == 0), LOTS + 1, replace=False).tolist()
            if carry:
                yield from thresholds(state, lots[:21])
            else:
                yield from single(state, lots)
                yield from appended(state, net)


def main() -> None:
    for one in bars(int(float(sys.argv[1])) if len(sys.argv) > 1 else EDGES):
        print(f"{one['verdict']:8} {one['bar']}: {one['figure']}\n         {one['detail']}", flush=True)


if __name__ == "__main__":
    main()
