"""The kernel from 10^5 to 10^7 edges, with carry-over and without, as a table with ratios.

    python -m benchmarks.scale [EDGES ...]

Networks, questions and rules of measuring are those of `kernel` and `recall`. Where consecutive lots carry over, stages
are no levels any more, so the joins stage by stage have nothing to compare with; the recursive query is asked of fewer
lots.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import asdict, frozen

from benchmarks.harness import bar
from benchmarks.kernel import COPIES, DUCKS, best, duck, swept
from benchmarks.networks import network
from benchmarks.recall import SUBSTANCE, asked, recursive
from lodeline.lots.kernel import snapshot
from lodeline.lots.kernel.delta import State

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SIZES = (101_000, 10**6, 10**7)
"""The generator makes a few edges less than asked for; loops are compiled from 10^5 on."""
LOTS = 50


@frozen(kw_only=True)
class Row:
    """One network. Ratios: the other way's time by ours, but `copies`: ours by that of copying the bytes."""

    edges: int
    carry: bool
    depth: int
    build: float
    """Seconds from a list of edges to the compressed graph."""
    each: float
    """Nanoseconds an edge of a sweep with 20 columns."""
    copies: float
    ducks: float | None
    lots: int
    """Reached from a lot of a mine, median."""
    reach: float
    """Milliseconds."""
    dose: float
    """Milliseconds."""
    sql: float | None
    """The recursive query, all lots in one, against reach."""


def measured(edges: int, *, carry: bool) -> Row:
    net = network(edges, carry=carry)
    build = best(lambda: net.compressed(SUBSTANCE), 1)
    graph = net.compressed(SUBSTANCE)
    sweep, copy, _ = swept(net, graph)
    ducks = None if carry else duck(net, graph)[0] / sweep
    with tempfile.TemporaryDirectory(prefix="lodeline-bars-") as room:
        found = snapshot.open_(snapshot.write(graph, Path(room), position=1))
        state = State(base=found.graph, id=found.id, position=found.position)
        used = graph.nodes[graph.sources]
        mines = np.intersect1d(np.flatnonzero(net.stage == 0), used)
        lots = np.random.default_rng(7).choice(mines, min(LOTS, len(mines) - 1) + 1, replace=False).tolist()
        reaches, doses, reached, _ = asked(state, lots)
        sql = None if carry else recursive(state, lots[:-1])[0] * 1000 / sum(reaches)
    return Row(
        edges=graph.edges, carry=carry, depth=graph.depth, build=build, each=sweep / graph.edges * 1e9,
        copies=sweep / copy, ducks=ducks, lots=int(np.median([len(one.lots) for one in reached])),
        reach=float(np.median(reaches)), dose=float(np.median(doses)), sql=sql,
    )  # fmt: skip


TITLES = (
    "edges", "carry-over", "depth", "build, s", "sweep, ns an edge", "times copying", "DuckDB's joins, times",
    "lots reached", "reach, ms", "doses, ms", "SQL, times reach",
)  # fmt: skip


def table(rows: Sequence[Row]) -> str:
    """In Markdown, as it stands in docs/explanation/kernel.md."""
    lines = [f"| {' | '.join(TITLES)} |", f"|{'---|' * len(TITLES)}"]
    for row in rows:
        cells = (
            f"{row.edges:,}", "yes" if row.carry else "no", str(row.depth), f"{row.build:.2f}", f"{row.each:.1f}",
            f"{row.copies:.2f}", _times(row.ducks), f"{row.lots:,}", f"{row.reach:.2f}", f"{row.dose:.2f}",
            _times(row.sql),
        )  # fmt: skip
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _times(ratio: float | None) -> str:
    return "–" if ratio is None else f"{ratio:,.0f}"


def bars(sizes: Sequence[int] = SIZES) -> Iterator[dict[str, Any]]:
    rows = [measured(size, carry=carry) for size in sizes for carry in (False, True)]
    copies = max(row.copies for row in rows)
    ducks = min(row.ducks for row in rows if row.ducks is not None)
    yield bar(
        f"kernel from {min(sizes):,} to {max(sizes):,} edges: at most {COPIES} times copying, at least {DUCKS} times "
        "faster than DuckDB's joins",
        f"at most {copies:.2f} times copying, at least {ducks:.0f} times DuckDB",
        met=copies <= COPIES and ducks >= DUCKS,
        detail=table(rows),
    )


def main() -> None:
    sizes = [int(float(word)) for word in sys.argv[1:]] or SIZES
    rows = []
    for size in sizes:
        for carry in (False, True):
            rows.append(measured(size, carry=carry))
            print(asdict(rows[-1]), file=sys.stderr, flush=True)
    print(table(rows))


if __name__ == "__main__":
    main()
