"""The sweep over a lot graph of 10^7 edges: against copying the same bytes, against DuckDB, its size, its opening.

    python -m benchmarks.kernel [EDGES]

One thread, 20 columns of doubles: from which of 20 groups of mines each lot's cobalt comes. Every figure is the best
of a few runs, kernel and copy in turn, in processor time where nothing else is said.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.harness import bar
from benchmarks.networks import STAGES, network
from lodeline.lots.kernel import loops, snapshot
from lodeline.lots.kernel.running import run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmarks.networks import Network
    from lodeline.lots.kernel.compressed import Compressed

EDGES, COLUMNS, RUNS, SUBSTANCE = 10**7, 20, 4, "Co"
COPIES, DUCKS, STRUCTURE_BYTES, FURTHER_BYTES, OPEN_MS, CARRY_OVER = 3, 30, 35, 8, 20, 1.2
PART = 64 * 1024 * 1024  # doubles copied at a time


def best(work: Callable[[], object], runs: int = RUNS) -> float:
    """Seconds of processor time."""
    took = []
    for _ in range(runs):
        started = time.process_time()
        work()
        took.append(time.process_time() - started)
    return min(took)


def own(net: Network, graph: Compressed, dtype: Any = np.float64) -> Any:
    """A column for each of 20 groups of mines."""
    values = np.zeros((graph.size, COLUMNS), dtype)
    mines = np.flatnonzero(net.stage == 0)
    values[graph.rows[mines], net.plant[mines] % COLUMNS] = 1
    return values


def swept(net: Network, graph: Compressed, dtype: Any = np.float64) -> tuple[float, float, Any]:
    """(seconds of a sweep, seconds of copying as many bytes, the result)"""
    start = own(net, graph, dtype)
    values, weights = start.copy(), graph.weights[SUBSTANCE].astype(dtype)
    weights.flags.writeable = False
    size = graph.edges * (8 + COLUMNS * start.itemsize) + graph.size * COLUMNS * start.itemsize
    source, target = np.ones(PART), np.zeros(PART)
    sweeps, copies = [], []

    def copy() -> None:
        left = size // 8
        while left:
            part = min(left, PART)
            np.copyto(target[:part], source[:part])
            left -= part

    run(loops.blend, graph.edges, graph.indptr[:2], graph.sources, weights, values, fast=True)  # compile
    for _ in range(RUNS):
        values[:] = start
        sweeps.append(
            best(
                lambda: run(
                    loops.blend, graph.edges, graph.indptr, graph.sources, weights, values, fast=True
                ),
                1,
            )
        )
        copies.append(best(copy, 1))
    return min(sweeps), min(copies), values


def duck(net: Network, graph: Compressed) -> tuple[float, Any]:
    """(seconds, result by number) of the same question as joins, stage by stage, one thread, columns side by side."""
    import duckdb

    into = np.repeat(np.arange(graph.size, dtype=np.int32), np.diff(graph.indptr))
    edge = {
        "src": graph.sources,
        "dst": into,
        "w": graph.weights[SUBSTANCE],
        "stage": net.stage[graph.nodes[into]],
    }
    start = own(net, graph)
    mines = graph.rows[np.flatnonzero(net.stage == 0)]
    names = [f"c{n}" for n in range(COLUMNS)]
    x = {"id": mines} | {name: start[mines, n] for n, name in enumerate(names)}
    with duckdb.connect(config={"threads": 1, "memory_limit": "6GB"}) as base:
        base.register("edge_in", edge)
        base.execute("CREATE TABLE edge AS SELECT src, dst, w, stage FROM edge_in ORDER BY stage")
        base.register("x_in", x)
        base.execute("CREATE TABLE x0 AS SELECT * FROM x_in")
        sums = ", ".join(f"sum(w * {name}) AS {name}" for name in names)
        started = time.process_time()
        for stage in range(1, len(STAGES)):
            base.execute(
                f"CREATE TABLE x{stage} AS SELECT dst AS id, {sums} FROM edge JOIN x{stage - 1} ON id = src "
                f"WHERE stage = {stage} GROUP BY dst"
            )
        took = time.process_time() - started
        last = base.execute(f"SELECT * FROM x{len(STAGES) - 1}").fetchnumpy()
    return took, last


def opened(graph: Compressed) -> tuple[float, float]:
    """(median ms to open a snapshot, MB on disk)"""
    with tempfile.TemporaryDirectory(prefix="lodeline-bars-") as room:
        path = snapshot.write(graph, Path(room), position=1)
        took = []
        for _ in range(9):
            started = time.perf_counter()
            snapshot.open_(path)
            took.append(time.perf_counter() - started)
        return sorted(took)[4] * 1000, sum(one.stat().st_size for one in path.iterdir()) / 1e6


def bars(edges: int = EDGES) -> Iterator[dict[str, Any]]:
    net = network(edges, carry=False)
    graph = net.compressed()
    plain, copy, values = swept(net, graph)
    size = f"{graph.edges:,} edges, {graph.size:,} lots"
    shown = f"{plain / graph.edges * 1e9:.1f} ns an edge"
    yield bar(
        f"kernel, {COLUMNS} columns of doubles, one thread: at most {COPIES} times copying the bytes it must move",
        f"{plain / copy:.2f} times",
        met=plain / copy <= COPIES,
        detail=f"{size}, depth {graph.depth}: {plain * 1000:.0f} ms, {shown}; copy {copy * 1000:.0f} ms",
    )
    took, last = duck(net, graph)
    same = max(np.abs(last[f"c{n}"] - values[last["id"], n]).max() for n in range(COLUMNS))
    del values
    yield bar(
        f"kernel at least {DUCKS} times faster than DuckDB's joins stage by stage, one thread each",
        f"{took / plain:.0f} times",
        met=took / plain >= DUCKS and same < 1e-9,
        detail=f"DuckDB {took:.1f} s; largest difference of the {len(last['id']):,} packs' shares {same:.0e}",
    )
    narrow, copied, _ = swept(net, graph, np.float32)
    yield from _sizes(
        graph, f"in single precision {narrow * 1000:.0f} ms, {narrow / copied:.2f} times its copy"
    )
    ms, megabytes = opened(graph)
    yield bar(
        f"opening a snapshot under {OPEN_MS} ms", f"{ms:.1f} ms", met=ms < OPEN_MS,
        detail=f"median of 9; {megabytes:.0f} MB on disk, two substances",
    )  # fmt: skip
    del net, graph
    net = network(edges, carry=True)
    graph = net.compressed(SUBSTANCE)
    deep, copy, _ = swept(net, graph)
    ratio = (deep / graph.edges) / (plain / edges)
    yield bar(
        f"cost of an edge with carry-over at most {CARRY_OVER} times that without",
        f"{ratio:.2f} times",
        met=ratio <= CARRY_OVER and graph.depth > 80,
        detail=f"depth {graph.depth}; {deep / graph.edges * 1e9:.1f} ns an edge, {deep / copy:.2f} times its copy",
    )


def _sizes(graph: Compressed, more: str) -> Iterator[dict[str, Any]]:
    found = graph.bytes()
    lots = found["lots"] - graph.masses["Ni"].nbytes
    one = found["structure"] + found[f"weights {SUBSTANCE}"] + lots
    per_edge = one / graph.edges
    further = found["weights Ni"] / graph.edges
    yield bar(
        f"structure and one column of weights at most {STRUCTURE_BYTES} bytes an edge",
        f"{per_edge:.1f} bytes",
        met=per_edge <= STRUCTURE_BYTES,
        detail=f"structure {found['structure'] / graph.edges:.1f}, weights {further:.1f}, facts of lots (mass of the "
        f"substance, share left) {lots / graph.edges:.1f}; {more}",
    )
    yield bar(
        f"a further substance at most {FURTHER_BYTES} bytes an edge",
        f"{further:.1f} bytes",
        met=further <= FURTHER_BYTES,
        detail="weights; with the mass of the substance in each lot 8 bytes a lot more",
    )


def main() -> None:
    for one in bars(int(float(sys.argv[1])) if len(sys.argv) > 1 else EDGES):
        print(f"{one['verdict']:8} {one['bar']}: {one['figure']}\n         {one['detail']}", flush=True)


if __name__ == "__main__":
    main()
