"""Run the W3C suites against our started server and against one that refuses everything.

    LODELINE_SUITES=folder python conformance/w3c/run.py [--record]

Prints executed, passed, failed with their cause, pending; keeps everything in var/w3c. Exit code 1 when
something failed that is not on record as a miss, or fewer tests were executed than on record. `--record` writes the
counts of this run into record.json, next to the causes of known misses, which a person writes.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).resolve().parents[2]
if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))

from conformance.w3c import results, servers, suites  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator

WORK = ROOT / "var" / "w3c"
Both = dict[str, results.Result]


def run(folder: Path, tools: Path, work: Path = WORK) -> Iterator[tuple[suites.Run, Both]]:
    """Each run with its results: `lodeline` and `refusing`. Kept as JSON when all have ended."""
    work.mkdir(parents=True, exist_ok=True)
    room = suites.copied(folder, work)
    suites.install(room, tools)
    kept: dict[str, Any] = {"node": version(tools, "--version"), "suites": {}, "runs": {}}
    for name in (*suites.FOLDERS, *suites.OTHERS):
        kept["suites"][name] = suites.state(folder, name)
    with servers.ours(work / "server.log") as ours, servers.refusing() as refusing:
        for one in suites.RUNS:
            found = {}
            for name, server in (("lodeline", ours), ("refusing", refusing)):
                before = len(server.faults())
                report = suites.call(
                    one, room, tools, base=server.base, issuer=server.issuer, certificate=server.certificate
                )
                found[name] = results.read(report, server.faults()[before:])
            kept["runs"][one.name] = {"tags": one.tags} | {name: of.as_dict() for name, of in found.items()}
            yield one, found
    (work / "results.json").write_text(json.dumps(kept, indent=1, ensure_ascii=False))


def version(tools: Path, *words: str) -> str:
    return subprocess.run(
        [str(tools / "node"), *words], text=True, capture_output=True, check=True
    ).stdout.strip()


def said(one: suites.Run, found: Both, known: dict[str, Any]) -> str:
    """A few lines for people."""
    ours, theirs = found["lodeline"], found["refusing"]
    head = (
        f"{one.name}: {ours.executed} executed, {len(ours.passed)} passed, {len(ours.failed)} failed, "
        f"{len(ours.pending)} pending; where everything is refused {len(theirs.passed)} of {theirs.executed} pass, "
        f"so {results.gained(ours, theirs)} are ours"
    )
    causes, lines = known.get("misses", {}), [head]
    lines += [f"  failed: {name}\n    {causes.get(name, cause)}" for name, cause in ours.failed.items()]
    lines += [f"  never called: {name}\n    {cause}" for name, cause in ours.broken.items()]
    lines += [f"  pending: {name}" for name in ours.pending]
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--record", action="store_true", help="the counts of this run become the ones on record"
    )
    args = parser.parse_args()
    folder, tools = suites.source(), suites.node()
    if isinstance(folder, str) or tools is None:
        print(folder if isinstance(folder, str) else "node is not here: run set-up", file=sys.stderr)
        return 2
    known = results.record() if results.RECORD.exists() else {}
    bad = False
    try:
        for one, found in run(folder, tools):
            before = known.setdefault(one.name, {})
            print(said(one, found, before), flush=True)
            if args.record:
                commit = suites.state(folder, one.folder)
                before |= {"folder": one.folder, "commit": commit, "tags": one.tags}
                before |= {name: of.counts() for name, of in found.items()}
            for line in results.wrong(found["lodeline"], before):
                print(f"  NOT GOOD: {line}")
                bad = True
    except suites.UnusableError as error:
        print(error, file=sys.stderr)
        return 2
    if args.record:
        results.RECORD.write_text(json.dumps(known, indent=1, ensure_ascii=False) + "\n")
        print(results.table(known))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
