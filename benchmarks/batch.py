"""The sweep as data frames on Sail beside the kernel: 20 columns of doubles, the largest difference, seconds of both.

    python -m benchmarks.batch [EDGES ...]

Nobody takes data frames for speed: one process of the kernel is faster by orders of magnitude, as long as the graph
fits one machine. The bar is that the answers are equal; the times tell when a cluster begins to pay.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from benchmarks.harness import bar
from benchmarks.kernel import COLUMNS, SUBSTANCE, own
from benchmarks.networks import network
from lodeline.lots import frames
from lodeline.lots.kernel.sweep import sweep

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benchmarks.networks import Network

SIZES, RUNS, TOLERANCE = (10**5, 10**6), 3, 1e-9


def measured(spark: Any, net: Network) -> dict[str, Any]:
    """Seconds of the kernel and of the rounds, on the clock, and the largest difference of any share."""
    graph = net.compressed(SUBSTANCE)
    start = own(net, graph)
    sweep(graph, SUBSTANCE, start, fast=True)  # compile
    kernel = float("inf")
    for _ in range(RUNS):
        began = time.perf_counter()
        true = sweep(graph, SUBSTANCE, start, fast=True)
        kernel = min(kernel, time.perf_counter() - began)
    with tempfile.TemporaryDirectory(prefix="lodeline-bars-") as room:
        into = np.repeat(np.arange(graph.size), np.diff(graph.indptr))
        edges = {"source": graph.sources, "target": into, "weight": graph.weights[SUBSTANCE]}
        begins = np.flatnonzero(start.any(axis=1))
        amounts = {"lot": begins} | {f"c{column}": start[begins, column] for column in range(COLUMNS)}
        for name, columns in (("edges", edges), ("own", amounts)):
            parquet.write_table(pa.table(columns), f"{room}/{name}.parquet")
        began = time.perf_counter()
        tables = [spark.read.parquet(f"{room}/{name}.parquet") for name in ("edges", "own")]
        swept = frames.propagate(*tables, f"{room}/work")
        rounds = time.perf_counter() - began
        answer = swept.values.toArrow()
        fetched = time.perf_counter() - began
        written = sum(path.stat().st_size for path in Path(room, "work").rglob("*") if path.is_file())
    found = np.zeros_like(start)
    lots = answer["lot"].to_numpy()
    for column in range(COLUMNS):
        found[lots, column] = answer[f"c{column}"].to_numpy()
    return {
        "edges": graph.edges,
        "rounds": swept.rounds,
        "kernel": kernel,
        "frames": rounds,
        "fetched": fetched,
        "written": written,
        "off": float(np.abs(found - true).max()),
        "whole": len(lots) == graph.size,
    }


def bars(sizes: Sequence[int] = SIZES) -> Iterator[dict[str, Any]]:
    began = time.perf_counter()
    with frames.session() as spark:
        up = time.perf_counter() - began
        for edges in sizes:
            for carry in (False, True):
                one = measured(spark, network(edges, carry=carry))
                how = "with" if carry else "without"
                yield bar(
                    f"data frames equal the kernel to {TOLERANCE:.0e}: {edges:.0e} edges, {how} carry-over",
                    f"largest difference {one['off']:.0e}",
                    met=one["whole"] and one["off"] <= TOLERANCE,
                    detail=(
                        f"{one['edges']} edges x {COLUMNS} columns, {one['rounds']} rounds: {one['frames']:.1f} s on "
                        f"Sail in one process ({one['fetched']:.1f} s with the answer fetched; started in {up:.1f} s; "
                        f"{one['written'] / 1e6:.0f} MB of rounds), kernel {one['kernel'] * 1000:.0f} ms, "
                        f"{one['frames'] / one['kernel']:.0f} times"
                    ),
                )


if __name__ == "__main__":
    for line in bars([int(float(word)) for word in sys.argv[1:]] or SIZES):
        print(f"{line['verdict']:8} {line['bar']}: {line['figure']}\n         {line['detail']}", flush=True)
