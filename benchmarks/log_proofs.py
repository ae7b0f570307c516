"""Proofs of large logs: a verifier that is not ours accepts a million entries and no forgery; cost at ten million.

The trees are built by the product's own tile writer (`log.tiles.grow`), without payloads: what is measured is the tree.
At a million entries there are leaf records and entry bundles too, at ten million hash tiles only.
"""

from __future__ import annotations

import json
import random
import resource
import statistics
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

from benchmarks import foreign_verifier
from benchmarks.harness import ROOT, bar, command, data_folder, environment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FOREIGN, LARGE, SMALL = 1_000_000, 10_000_000, 100_000
BATCH, PROOFS, ASKED, CHECKED, ROUNDS = 50_000, 500, 2_000, 20, 3
P50, P99, MEMORY, GROWTH = 2.0, 20.0, 200, 1.5  # ms, ms, MB, times


def _child(data: Path, *words: object) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.log_proofs", *map(str, words)],
        cwd=ROOT, env=environment(data), text=True, capture_output=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"{words} ended with {done.returncode}: {done.stderr[-2000:]}")
    return json.loads(done.stdout)


def _django() -> None:
    from lodeline_server.kit import setup

    setup.django(lean=True)


def _rows(start: int, count: int, now: Any) -> list[tuple[Any, ...]]:
    """Entries without payloads: leaf records as the product writes them."""
    import hashlib

    from lodeline.log.leaf import encode
    from lodeline.log.merkle import leaf_hash
    from lodeline_server.log import backend

    when, found = backend.instant(now), []
    for position in range(start, start + count):
        leaf = encode("bench", now, "benchmark", hashlib.sha256(b"%d" % position).digest())
        found.append((position, "bench", 1, None, when, leaf, leaf_hash(leaf), b"", 1, None))
    return found


def _build(count: int, entries: str) -> dict[str, Any]:
    """Grow the main book to `count`; `entries`: also its leaf records."""
    _django()
    from django.db import transaction

    from lodeline.log.merkle import Frontier, leaf_hash
    from lodeline_server.kit.clock import now
    from lodeline_server.log import actions, backend, file_content, files, tiles
    from lodeline_server.log.books import MAIN
    from lodeline_server.log.shelf import Shelf

    started = time.perf_counter()
    for start in range(0, count, BATCH):
        size = min(BATCH, count - start)
        with transaction.atomic():
            state = actions._state(MAIN)  # noqa: SLF001 - the same steps as append, without sealing
            tree = Frontier(state.size, tiles.hashes(bytes(state.frontier)))
            if entries == "entries":
                rows = _rows(start, size, now())
                backend.insert(MAIN, rows)
                leaves = [row[backend.FIELDS.index("leaf_hash")] for row in rows]
            else:
                leaves = [leaf_hash(b"%d" % position) for position in range(start, start + size)]
            tiles.grow(MAIN, tree, leaves)
            actions._sign(MAIN, state, tree, now())  # noqa: SLF001
    grown = time.perf_counter() - started
    started = time.perf_counter()
    if entries == "entries":
        files.publish(MAIN)
    else:
        point = file_content.signed(MAIN)
        assert point is not None
        shelf = Shelf(files.folder(MAIN))
        for tile, data in file_content.wanted(MAIN, point, 0, entries=False):
            shelf.put(tile.path, data)
        shelf.close()
    written = sum(1 for path in files.folder(MAIN).rglob("*") if path.is_file())
    return {"grown": grown, "published": time.perf_counter() - started, "files": written}


def _measure(place: str, seed: int) -> dict[str, Any]:
    """Inclusion proofs of random positions, each from nothing: milliseconds each, memory of this process."""
    _django()
    from lodeline.log.client import Tree
    from lodeline.log.proof import verify_inclusion
    from lodeline_server.log import file_content, files
    from lodeline_server.log.books import MAIN
    from lodeline_server.log.monitor import folder_fetch

    point = file_content.signed(MAIN)
    assert point is not None
    fetch = folder_fetch(files.folder(MAIN))
    ways = {
        "database": lambda position: file_content.tree(MAIN, point).inclusion(position),
        "files": lambda position: Tree(fetch, point).inclusion(position),
    }
    prove, draw, took = ways[place], random.Random(seed), []
    tree = Tree(fetch, point)
    cpu = 0.0
    for _ in range(ASKED):
        position = draw.randrange(point.size)
        started, used = time.perf_counter(), time.process_time()
        path = prove(position)
        took.append((time.perf_counter() - started) * 1e3)
        cpu += time.process_time() - used
        if len(took) <= CHECKED:
            verify_inclusion(tree.leaf_hash(position), position, point.size, path, point.root)
    took.sort()
    return {
        "cpu": cpu / ASKED * 1e3,
        "p50": statistics.median(took),
        "p99": took[int(len(took) * 0.99)],
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def _proofs(data: Path) -> Iterator[dict[str, Any]]:
    name = (
        f"a verifier that is not ours accepts {PROOFS} inclusion and {PROOFS} consistency proofs "
        f"of {FOREIGN:,} entries"
    )
    if not foreign_verifier.here():
        yield bar(name, "", met=None, detail="node with @noble/curves is not here")
        return
    command(data, "manage", "migrate", "--verbosity", "0")
    built = _child(data, "build", FOREIGN, "entries")
    vkey = json.loads(command(data, "log", "checkpoint", "--json").stdout)["vkey"]
    folder = data / "log" / "main"
    product = foreign_verifier.Product(folder, vkey)
    jobs = [*product.inclusion(PROOFS), *product.consistency(PROOFS)]
    started = time.perf_counter()
    refused = [why for why in foreign_verifier.judge(folder, vkey, jobs) if why is not None]
    took = time.perf_counter() - started
    yield bar(
        name,
        f"{len(jobs) - len(refused)} of {len(jobs)} accepted, in {took:.1f} s",
        met=not refused and product.size == FOREIGN,
        detail=f"tree grown in {built['grown']:.0f} s ({FOREIGN / built['grown']:,.0f} entries/s, unsealed), "
        f"{built['files']:,} files checked and written in {built['published']:.0f} s",
    )
    found = dict(foreign_verifier.forgeries(folder, vkey, product))
    accepted = [kind for kind, verdicts in found.items() if not verdicts or None in verdicts]
    yield bar(
        "it refuses flipped tile bytes, edited sizes, swapped leaves, truncated proofs, a foreign key",
        f"{len(found) - len(accepted)} of {len(found)} kinds refused",
        met=not accepted and len(found) == foreign_verifier.KINDS,
        detail="; ".join(f"{kind}: {verdicts[0]}" for kind, verdicts in found.items()),
    )


def _cost(small: Path, large: Path) -> Iterator[dict[str, Any]]:
    for data, count in ((small, SMALL), (large, LARGE)):
        command(data, "manage", "migrate", "--verbosity", "0")
        built = _child(data, "build", count, "hashes")
    said = {"database": "the stored tiles (SQLite)", "files": "the static files"}
    folders = {SMALL: small, LARGE: large}
    rounds = [  # alternately, so that the machine's moods hit both alike
        {
            (place, count): _child(data, "measure", place, seed)
            for place in said
            for count, data in folders.items()
        }
        for seed in range(ROUNDS)
    ]

    def middle(place: str, count: int, what: str) -> float:
        return statistics.median(one[place, count][what] for one in rounds)

    for place, words in said.items():
        p50, p99, memory = (middle(place, LARGE, what) for what in ("p50", "p99", "memory"))
        before, now = (middle(place, count, "cpu") for count in (SMALL, LARGE))
        yield bar(
            f"inclusion proof at {LARGE:,} entries from {words}: p50 under 2 ms, p99 under 20 ms, memory under 200 MB",
            f"p50 {p50:.2f} ms, p99 {p99:.2f} ms, {memory:.0f} MB",
            met=p50 < P50 and p99 < P99 and memory < MEMORY,
            detail=f"median of {ROUNDS} fresh processes with {ASKED:,} random positions each; nothing is kept between "
            "proofs, every hash is led to the signed root; "
            f"tiles grown in {built['grown']:.0f} s, {built['files']:,} files in {built['published']:.0f} s",
        )
        yield bar(
            f"inclusion proof from {words} at {LARGE:,} entries: at most {GROWTH} times its cost at {SMALL:,}",
            f"{now / before:.2f} times the CPU",
            met=now / before <= GROWTH,
            detail=f"mean {now:.2f} and {before:.2f} ms of CPU; p50 {p50:.2f} and {middle(place, SMALL, 'p50'):.2f} ms",
        )


def bars() -> Iterator[dict[str, Any]]:
    with data_folder() as data:
        yield from _proofs(data)
    with data_folder() as small, data_folder() as large:
        yield from _cost(small, large)


if __name__ == "__main__":
    word, *rest = sys.argv[1:]
    told = _build(int(rest[0]), rest[1]) if word == "build" else _measure(rest[0], int(rest[1]))
    print(json.dumps(told))
