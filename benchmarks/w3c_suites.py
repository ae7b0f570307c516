"""The W3C suites against our started server, and against one that refuses everything.

    python -m benchmarks.w3c_suites

Many of their tests only ask for a refusal, so what passes where everything is refused is told beside our figure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.w3c import results, run, suites

from benchmarks.harness import bar

if TYPE_CHECKING:
    from collections.abc import Iterator


def bars() -> Iterator[dict[str, Any]]:
    folder, tools = suites.source(), suites.node()
    if isinstance(folder, str) or tools is None:
        why = folder if isinstance(folder, str) else "node is not here: run set-up"
        yield bar("W3C suites against the started server", "not run", met=None, detail=why)
        return
    known = results.record()
    for one, found in run.run(folder, tools):
        yield judged(one, found, known[one.name], suites.state(folder, one.folder))


def judged(one: suites.Run, found: run.Both, known: dict[str, Any], commit: str) -> dict[str, Any]:
    """One run as a bar: everything passes but misses on record, and no fewer tests are executed than on record."""
    ours, theirs, misses = found["lodeline"], found["refusing"], known.get("misses", {})
    asked = f"all but {len(misses)} known misses pass" if misses else "all pass"
    figure = (
        f"{len(ours.passed)} of {ours.executed} executed pass, {len(ours.pending)} pending; "
        f"where everything is refused {len(theirs.passed)} of {theirs.executed}"
    )
    wrong = results.wrong(ours, known)
    detail = [*wrong, *(f"{name}: {cause}" for name, cause in misses.items() if name in ours.failed)]
    if commit and commit != known["commit"]:
        detail.append(f"the suite is at {commit[:12]}; on record is {known['commit'][:12]}")
    name = f"W3C {one.name}: {asked}, at least {known['lodeline']['executed']} executed"
    return bar(name, figure, met=not wrong, detail="\n".join(detail))


if __name__ == "__main__":
    for line in bars():
        print(f"{line['verdict']:8} {line['bar']}: {line['figure']}\n{line['detail']}")
