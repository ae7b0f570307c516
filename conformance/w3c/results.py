"""What a run of a suite said, and whether that is as good as what is on record."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from attrs import field, frozen

if TYPE_CHECKING:
    from collections.abc import Sequence

RECORD: Final = Path(__file__).resolve().parent / "record.json"
HOOK: Final = '" hook'


@frozen(kw_only=True)
class Result:
    """Titles of tests. `broken`: hooks that failed, whose tests were never called and stand nowhere else."""

    passed: list[str]
    failed: dict[str, str]
    """With the cause."""
    pending: list[str]
    broken: dict[str, str] = field(factory=dict)
    faults: list[str] = field(factory=list)
    """What the server logged as errors meanwhile."""

    @property
    def executed(self) -> int:
        return len(self.passed) + len(self.failed)

    def counts(self) -> dict[str, int]:
        return {
            "executed": self.executed,
            "passed": len(self.passed),
            "failed": len(self.failed),
            "pending": len(self.pending),
            "broken": len(self.broken),
        }

    def as_dict(self) -> dict[str, Any]:
        tests = [{"test": name, "result": "passed"} for name in self.passed]
        tests += [{"test": name, "result": "failed", "cause": cause} for name, cause in self.failed.items()]
        tests += [{"test": name, "result": "pending"} for name in self.pending]
        tests += [
            {"test": name, "result": "never called", "cause": cause} for name, cause in self.broken.items()
        ]
        return {**self.counts(), "faults": self.faults, "tests": tests}


def read(report: dict[str, Any], faults: Sequence[str] = ()) -> Result:
    """From mocha's JSON report, in which a failed hook looks like a failed test."""
    failures = dict(zip(_titles(report["failures"]), map(_cause, report["failures"]), strict=True))
    return Result(
        passed=_titles(report["passes"]),
        failed={name: cause for name, cause in failures.items() if HOOK not in name},
        pending=_titles(report["pending"]),
        broken={name: cause for name, cause in failures.items() if HOOK in name},
        faults=list(faults),
    )


def _titles(tests: list[dict[str, Any]]) -> list[str]:
    """Each of its own: a title that comes again is numbered."""
    counted: Counter[str] = Counter()
    found = []
    for test in tests:
        title = " ".join(test["fullTitle"].split())
        counted[title] += 1
        found.append(title if counted[title] == 1 else f"{title} ({counted[title]})")
    return found


def _cause(test: dict[str, Any]) -> str:
    return " ".join(str(test.get("err", {}).get("message", "")).split())[:300]


def record(path: Path = RECORD) -> dict[str, Any]:
    """By run: the state of the suite, the counts with us and with the server that refuses, misses with their cause."""
    return dict(json.loads(path.read_text()))


def wrong(result: Result, known: dict[str, Any]) -> list[str]:
    """Why a run is not good: tests failed that are no known miss, fewer ran than on record, the server erred."""
    least, misses = known["lodeline"]["executed"], known.get("misses", {})
    found = [f"failed: {name}: {cause}" for name, cause in result.failed.items() if name not in misses]
    found += [f"never called: the tests of {name}: {cause}" for name, cause in result.broken.items()]
    found += [f"no miss any more: {name}" for name in misses if name in result.passed]
    found += [f"an error of the server: {fault}" for fault in result.faults]
    if result.executed < least:
        found.append(f"{result.executed} tests were executed; {least} are on record")
    return found


def gained(ours: Result, theirs: Result) -> int:
    """Tests that pass with us, and not where everything is refused."""
    return len(set(ours.passed) - set(theirs.passed))


def table(known: dict[str, Any]) -> str:
    """The figures on record, for the documentation."""
    lines = [
        "| Suite and tags | Executed | Passed | Failed | Pending | Passed where everything is refused |",
        "|---|---|---|---|---|---|",
    ]
    for name, one in known.items():
        ours, theirs = one["lodeline"], one["refusing"]
        lines.append(
            f"| {name}: {one['tags'].replace(',', ', ')} | {ours['executed']} | {ours['passed']} | {ours['failed']} "
            f"| {ours['pending']} | {theirs['passed']} of {theirs['executed']} |"
        )
    return "\n".join(lines)
