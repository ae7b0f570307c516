"""Traces and recalls: whole processes and answers in memory on the demo world, and how the sweep grows."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from attrs import evolve

from benchmarks.harness import LODELINE, ROOT, bar, command, data_folder, environment, median_of
from lodeline.lots.build import build
from lodeline.lots.sweep import BOUNDED, forward
from lodeline.lots.values import Description, Made, Used
from lodeline.recalls.dose import reach

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lodeline.lots.graph import Graph

RUNS = 9
START = datetime(2026, 1, 1, tzinfo=UTC)
SIZES = (10_000, 100_000)
STAGES, INPUTS = 5, 3
CONTENT = Description(composition={"Co": Fraction(1, 5), "Ni": Fraction(3, 10)})


def network(edges: int) -> tuple[Graph, frozenset[str]]:
    """Five stages of lots from three inputs each, with carry-over from the lot before; the last stage are items."""
    rng = random.Random(1)
    made, used, before = [], [], []
    for stage in range(STAGES + 1):
        lots = []
        for number in range(edges // (STAGES * INPUTS)):
            key, at = f"{stage}.{number}", START + timedelta(days=100 * stage, minutes=number)
            common = {"time": at, "position": number, "group": f"g{key}" if stage else "", "uom": "KGM"}
            sources = rng.sample(before[max(0, number - 20) :][:40], INPUTS) if stage else []
            used += [Used(key=one, amount=Decimal(rng.randint(200, 400)), **common) for one in sources]
            if stage and lots and stage < STAGES:
                used.append(Used(key=lots[-1], amount=Decimal(60), **common))
            made.append(
                Made(key=key, amount=Decimal(1000), site="s", party="p", description=CONTENT, **common)
            )
            lots.append(key)
        before = lots
    return build(made, used), frozenset(before)


def counted(graph: Graph, key: str) -> tuple[int, int]:
    """(times a value was carried along an edge, edges after the lot)."""
    carried = [0]

    def along(value: tuple[int, int], part: int, whole: int) -> tuple[int, int]:
        carried[0] += 1
        return BOUNDED.along(value, part, whole)

    reached = [node for node, _ in forward([graph.last(key)], "Co", evolve(BOUNDED, along=along))]
    return carried[0], sum(len(node.outgoing) for node in reached)


def growth() -> Iterator[dict[str, Any]]:
    work, seconds, figures = [], [], []
    for size in SIZES:
        graph, items = network(size)
        carried, edges = counted(graph, "0.10")
        took = []
        for _ in range(RUNS):
            started = time.process_time()
            found = reach(graph, "0.10", threshold=Fraction(1, 1000), substance="Co", items=items)
            took.append(time.process_time() - started)
        work.append(carried / edges)
        seconds.append(sorted(took)[RUNS // 2])
        figures.append(
            f"{size:,}: {edges:,} edges reached, {seconds[-1] * 1000:.0f} ms, error {float(found.error):.0e}"
        )
    yield bar(
        "a recall's sweep carries a value along each edge once, at 10,000 and 100,000 edges",
        " and ".join(f"{one:.2f}" for one in work) + " times an edge",
        met=work == [1.0, 1.0],
        detail="; ".join(figures),
    )
    yield bar(
        "a recall in a blended graph of 100,000 edges under 2 s",
        f"{seconds[-1] * 1000:.0f} ms",
        met=seconds[-1] < 2,
        detail="carry-over in every stage, pure Python, processor time, median of 9",
    )


def _inside(item: str, lot: str) -> None:
    """Runs in a process of its own, in the demo world's data folder: seconds of processor time."""
    from lodeline_server.kit import setup

    setup.django()
    from lodeline.lots import trace
    from lodeline_server.lots import queries
    from lodeline_server.lots.models import Lot
    from lodeline_server.recalls.deciding import Order, decide

    (row,) = Lot.objects.filter(key=item)

    def timed(answer: Any) -> float:
        took = []
        for _ in range(RUNS):
            started = time.process_time()
            answer()
            took.append(time.process_time() - started)
        return sorted(took)[RUNS // 2]

    def load() -> None:
        queries._picture.cache_clear()  # noqa: SLF001 - as if the log had moved on
        queries.picture(row.workspace_id)

    found = {"load": timed(load), "lots": Lot.objects.count()}
    picture = queries.picture(row.workspace_id)
    node = picture.graph.last(item)
    found["trace"] = timed(lambda: trace.back(picture.graph, node, picture.places))
    order = Order(lot=lot, threshold=Fraction(1, 1000))
    found["recall"] = timed(lambda: decide(row.workspace_id, order))
    print(json.dumps(found))


def bars() -> Iterator[dict[str, Any]]:
    yield from growth()
    with data_folder() as data:
        command(data, "manage", "migrate", "--verbosity", "0")
        loaded = command(data, "demo", "load", "--json")
        if loaded.returncode:
            raise RuntimeError(loaded.stderr[-1000:])
        stories = json.loads(command(data, "demo", "stories", "--json").stdout)
        item, lot = stories["second_life_battery"], stories["recalled_lot"]
        seconds = median_of(RUNS, LODELINE, "trace", "back", item, env=environment(data))
        yield bar(
            "lodeline trace back on the demo world under 2.5 s (whole process)",
            f"{seconds:.2f} s",
            met=seconds < 2.5,
            detail=f"median of {RUNS}, item {item}",
        )
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.trace", item, lot],
            cwd=ROOT, env=environment(data), text=True, capture_output=True, check=True,
        )  # fmt: skip
        found = json.loads(done.stdout)
        trace, load, recall = (found[name] * 1000 for name in ("trace", "load", "recall"))
        yield bar(
            "a trace of the demo world in a running server under 200 ms",
            f"{trace:.1f} ms",
            met=trace < 200,
            detail=f"processor time; {found['lots']:,} lots; reading the graph once after the log moved {load:.0f} ms",
        )
        yield bar(
            "the recall of the demo world's bad lot in a running server under 500 ms",
            f"{recall:.0f} ms",
            met=recall < 500,
            detail="processor time, with places and holders, before it is put on record",
        )


if __name__ == "__main__":
    _inside(*sys.argv[1:])
