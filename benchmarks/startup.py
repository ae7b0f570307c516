"""How fast the command starts: medians of 9 whole processes."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from benchmarks.harness import LODELINE, bar, command, conformance, data_folder, environment, median_of

if TYPE_CHECKING:
    from collections.abc import Iterator

RUNS = 9


def _limit(name: str, seconds: float, limit: float, detail: str = "") -> dict[str, Any]:
    return bar(
        f"{name} under {limit * 1000:.0f} ms", f"{seconds * 1000:.0f} ms", met=seconds < limit, detail=detail
    )


def bars() -> Iterator[dict[str, Any]]:
    bare = median_of(RUNS, sys.executable, "-c", "pass")
    imported = median_of(RUNS, sys.executable, "-c", "import lodeline")
    yield _limit(
        "import lodeline",
        imported - bare,
        0.150,
        f"whole process {imported * 1000:.0f} ms, bare Python {bare * 1000:.0f} ms",
    )
    yield _limit("lodeline --help", median_of(RUNS, LODELINE, "--help"), 0.300)
    folder = conformance()
    if folder is None:
        yield bar(
            "lodeline events check of one GS1 example under 400 ms",
            "",
            met=None,
            detail="no example documents here",
        )
    else:
        example = folder / "gs1-epcis/JSON/Example_9.6.4-TransformationEvent.jsonld"
        yield _limit(
            "lodeline events check of one GS1 example",
            median_of(RUNS, LODELINE, "events", "check", example),
            0.400,
        )
    with data_folder() as data:
        command(data, "manage", "migrate", "--verbosity", "0")
        loaded = command(data, "demo", "load", "--json")
        if loaded.returncode:
            raise RuntimeError(loaded.stderr[-1000:])
        recalled = command(data, "recall", "--help")
        assert recalled.returncode == 0
        items = json.loads(command(data, "passport", "list", "--json").stdout)
        item = items["passports"][0]["key"]
        seconds = median_of(RUNS, LODELINE, "trace", "back", item, env=environment(data))
        yield _limit("lodeline trace back on the demo world", seconds, 2.5, f"item {item}")
