"""The measured bars of an area: prints bar, figure and verdict, writes them as JSON with the commit.

    python tools/bars.py [AREA] [--only WORD]

An area is a list of modules in `benchmarks/`; each offers `bars()`, which yields dictionaries with the keys
bar, figure, verdict (met, missed, skipped) and detail.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import platform
import subprocess
import sys
import time
import traceback
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
AREAS = {
    "foundation": ["startup", "examples", "fastpath", "capture", "bad_input", "kill", "setup"],
    "log": ["log", "log_proofs", "log_growth", "sequencing", "power_loss", "erasure"],
    "credentials": [
        "thresholds",
        "w3c_suites",
        "credentials_peers",
        "credentials_speed",
        "hostile_credentials",
    ],
    "trace": ["trace", "events", "kernel", "recall", "scale", "batch", "reconcile", "load"],
}


def commit() -> str:
    said = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--abbrev=40"],
        cwd=ROOT,
        text=True,
        capture_output=True,
        check=False,
    )
    return said.stdout.strip() or "not a checkout"


def measure(name: str) -> list[dict[str, object]]:
    try:
        return [{**found, "module": name} for found in importlib.import_module(f"benchmarks.{name}").bars()]
    except Exception:  # noqa: BLE001 - a broken bench is a missed bar, and the others still run
        return [
            {
                "bar": name,
                "figure": "",
                "verdict": "missed",
                "detail": traceback.format_exc(limit=3),
                "module": name,
            }
        ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("area", nargs="?", choices=[*AREAS, "all"], default="all")
    parser.add_argument("--only", default="", help="only the module of this name")
    parser.add_argument("--out", type=Path, default=ROOT / "bars.json")
    args = parser.parse_args()
    sys.path.insert(0, str(ROOT))
    names = [
        name
        for area, names in AREAS.items()
        if args.area in {area, "all"}
        for name in names
        if args.only in {"", name}
    ]
    found: list[dict[str, object]] = []
    started = time.monotonic()
    for name in names:
        for bar in measure(name):
            found.append(bar)
            print(f"{bar['verdict']:8} {bar['bar']}: {bar['figure']}", flush=True)
            if bar.get("detail"):
                print("         " + str(bar["detail"]).strip().replace("\n", "\n         "), flush=True)
    machine = {
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "system": platform.platform(terse=True),
    }
    result = {
        "commit": commit(),
        "seconds": round(time.monotonic() - started, 1),
        "machine": machine,
        "bars": found,
    }
    args.out.write_text(json.dumps(result, indent=1))
    missed = sum(bar["verdict"] == "missed" for bar in found)
    print(
        f"{len(found)} bars, {missed} missed, {time.monotonic() - started:.0f} s, written to {args.out.name}"
    )
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
