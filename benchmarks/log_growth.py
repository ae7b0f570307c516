"""What an append costs when the log is large: at 10,000,000 entries beside 100,000.

The rows of the large log are put in place by the database itself and its tree by the product's tile writer; what is
measured are real appends on top of them.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

from benchmarks.harness import ROOT, bar, command, data_folder, environment

if TYPE_CHECKING:
    from collections.abc import Iterator

SMALL, LARGE, MOST = 100_000, 10_000_000, 1.5
STEP, BATCH, ROUNDS = 500_000, 1_000, 40
FILL = """
WITH RECURSIVE n(position) AS (SELECT {start} UNION ALL SELECT position + 1 FROM n WHERE position < {stop} - 1)
INSERT INTO log_entry (
  position, type, workspace, organisation, time, leaf, leaf_hash, sealed, key_version, subject_key_id
)
SELECT position, 'bench', position % 7, NULL, '2026-01-01 00:00:00', zeroblob(190), zeroblob(32), zeroblob(160), 1, NULL
FROM n
"""


def _fill(count: int) -> None:
    """Rows and tree up to `count`. The rows' leaves are not those of the tree: appending looks at neither."""
    from django.db import connection, transaction

    from lodeline.log.merkle import Frontier
    from lodeline_server.kit.clock import now
    from lodeline_server.log import actions, queries, tiles
    from lodeline_server.log.books import MAIN

    while (start := queries.size()) < count:
        stop = min(start + STEP, count)
        with transaction.atomic():
            connection.cursor().execute(FILL.format(start=start, stop=stop))
            state = actions._state(MAIN)  # noqa: SLF001 - the same steps as append, without sealing
            tree = Frontier(state.size, tiles.hashes(bytes(state.frontier)))
            tiles.grow(MAIN, tree, [position.to_bytes(32, "big") for position in range(start, stop)])
            actions._sign(MAIN, state, tree, now())  # noqa: SLF001


def _measure(count: int) -> None:
    from lodeline_server.kit import setup

    setup.django()
    from django.db import transaction

    from lodeline.access import platform
    from lodeline_server.kit.clock import now
    from lodeline_server.log import after
    from lodeline_server.log.actions import NewStatement, append

    after._offered.clear()  # noqa: SLF001 - files are another bar's matter
    _fill(count)
    took = []
    for number in range(ROUNDS):
        batch = [NewStatement(type="bench", payload={"id": f"urn:bench:{number}:{n}"}) for n in range(BATCH)]
        started = time.perf_counter()
        with transaction.atomic():
            append(actor=platform(), workspace=1, statements=batch, now=now())
        took.append((time.perf_counter() - started) / BATCH * 1e6)
    print(json.dumps(took))


def bars() -> Iterator[dict[str, Any]]:
    found = {}
    with data_folder() as data:
        command(data, "manage", "migrate", "--verbosity", "0")
        for count in (SMALL, LARGE):
            done = subprocess.run(
                [sys.executable, "-m", "benchmarks.log_growth", str(count)],
                cwd=ROOT, env=environment(data), text=True, capture_output=True, check=False,
            )  # fmt: skip
            if done.returncode:
                raise RuntimeError(done.stderr[-2000:])
            found[count] = statistics.median(json.loads(done.stdout.splitlines()[-1]))
    ratio = found[LARGE] / found[SMALL]
    yield bar(
        f"append at {LARGE:,} entries: at most {MOST} times its cost at {SMALL:,}",
        f"{ratio:.2f} times",
        met=ratio <= MOST,
        detail=f"{found[LARGE]:.1f} us a statement beside {found[SMALL]:.1f} us, medians of {ROUNDS} batches of "
        f"{BATCH:,}, SQLite, sealing included",
    )


if __name__ == "__main__":
    _measure(int(sys.argv[1]))
