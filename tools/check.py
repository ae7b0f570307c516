"""Static checks: style, types, import contracts, the table of nouns, module sizes, lock files, docs, news.

python tools/check.py [name ...]      all of them, or the named ones
"""

from __future__ import annotations

import re
import statistics
import subprocess
import sys
import time
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MEDIAN, NINE_IN_TEN, LARGEST = 120, 350, 500
# One noun has one name wherever it appears. Shell apps that have no core package, and core packages that have
# no app of their own, are listed with the reason.
NOUNS = {
    "credentials": "verifiable credentials",
    "events": "capture and its checks",
    "evidence": "statements and their strength",
    "log": "the tamper-evident log",
    "lots": "genealogy",
    "passports": "battery passports",
    "recalls": "recall by dose",
    "trust": "trust score",
}
SHELL_ONLY = {"config", "kit", "publishing", "parties", "web", "demo"}
CORE_ONLY = {"access", "cli", "identifiers", "keys", "quantities", "sealing", "strictjson"}
BIN = Path(sys.executable).parent


def tool(*words: str) -> list[str]:
    done = subprocess.run(
        [str(BIN / words[0]), *words[1:]], cwd=ROOT, text=True, capture_output=True, check=False
    )
    return [] if done.returncode == 0 else [(done.stdout + done.stderr).strip()[-6000:]]


def style() -> list[str]:
    return tool("ruff", "check", "src", "tests", "tools", "benchmarks", "conformance", "bootstrap.py") + tool(
        "ruff", "format", "--check", "src", "tests", "tools", "benchmarks", "conformance"
    )


def types() -> list[str]:
    return tool("mypy", "-p", "lodeline")


def imports() -> list[str]:
    return tool("lint-imports")


def nouns() -> list[str]:
    """Core package, app, test folder: the same word."""
    core = {
        path.stem for path in (ROOT / "src/lodeline").iterdir() if not path.name.startswith(("_", "py.typed"))
    }
    apps = {path.parent.name for path in (ROOT / "src/lodeline_server").glob("*/__init__.py")}
    wrong = [f"core '{name}' is not in the table of nouns" for name in sorted(core - set(NOUNS) - CORE_ONLY)]
    wrong += [f"app '{name}' is not in the table of nouns" for name in sorted(apps - set(NOUNS) - SHELL_ONLY)]
    for name in NOUNS:
        if name not in core or name not in apps:
            wrong.append(f"the noun '{name}' needs a core package and an app of that name")
        wrong += [
            f"tests/{side}/{name} is missing"
            for side in ("core", "apps")
            if not list((ROOT / "tests" / side / name).glob("test_*.py"))
        ]
    return wrong


def sizes() -> list[str]:
    """Small modules: median, nine in ten, largest. Data files and migrations do not count."""
    counts = {
        path: len(path.read_text().splitlines())
        for path in sorted((ROOT / "src").rglob("*.py"))
        if "migrations" not in path.parts and path.stat().st_size
    }
    lengths = sorted(counts.values())
    wrong = [
        f"{path.relative_to(ROOT)} has {n} lines; at most {LARGEST}"
        for path, n in counts.items()
        if n > LARGEST
    ]
    if statistics.median(lengths) > MEDIAN:
        wrong.append(f"the median module has {statistics.median(lengths)} lines; at most {MEDIAN}")
    if lengths[int(len(lengths) * 0.9)] > NINE_IN_TEN:
        wrong.append(f"the ninth decile has {lengths[int(len(lengths) * 0.9)]} lines; at most {NINE_IN_TEN}")
    return wrong


def locks() -> list[str]:
    """Lock files pin by hash and hold no address."""
    wrong = []
    for path in [
        *ROOT.glob("requirements*.lock"),
        *ROOT.glob("tools/*.lock.txt"),
        ROOT / "frontend/package-lock.json",
        ROOT / "conformance/package-lock.json",
    ]:
        text = path.read_text()
        wrong += [
            f"{path.name} holds an address: {found}" for found in re.findall(r"\w+://[^\s\"]+", text)[:1]
        ]
        if path.suffix != ".json":
            entries = re.findall(r"^([\w.\[\]-]+==\S+)(.*(?:\n    --hash.*)+)?", text, re.MULTILINE)
            wrong += [
                f"{path.name}: {name} has no hash" for name, hashes in entries if "--hash" not in hashes
            ]
    return wrong


def entries() -> list[str]:
    """Every command has its line in `lodeline --help`."""
    from lodeline.cli import SUMMARIES

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    named = set(project["entry-points"]["lodeline.commands"])
    return (
        [f"commands and their summaries differ: {sorted(named ^ set(SUMMARIES))}"]
        if named ^ set(SUMMARIES)
        else []
    )


def secrecy() -> list[str]:
    """No path of one machine in what is committed."""
    listed = (
        subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
        .stdout.decode()
        .split("\0")
    )
    wrong = []
    for name in filter(None, listed):
        path = ROOT / name
        if path.is_file() and path.suffix not in {".png", ".gz", ".pdf"}:
            found = re.search(r"(?<![\w.])/(?:work|root)/[\w.]+", path.read_text(errors="replace"))
            if found:
                wrong.append(f"{name} names a path of one machine: {found.group()}")
    return wrong


def docs() -> list[str]:
    return tool("mkdocs", "build", "--strict", "--quiet")


def news() -> list[str]:
    """Fragments are named <slug>.<kind>.md."""
    kinds = {"added", "changed", "fixed", "removed"}
    return [
        f"changelog.d/{path.name}: name it <slug>.<{'|'.join(sorted(kinds))}>.md"
        for path in (ROOT / "changelog.d").iterdir()
        if path.name != ".gitkeep" and (path.suffixes[-1:] != [".md"] or path.suffixes[0][1:] not in kinds)
    ]


CHECKS = {f.__name__: f for f in (style, types, imports, nouns, sizes, locks, entries, secrecy, news, docs)}


def main() -> int:
    failed = []
    for name in sys.argv[1:] or CHECKS:
        started = time.monotonic()
        wrong = CHECKS[name]()
        print(f"{name:10} {'good' if not wrong else 'BAD '} {time.monotonic() - started:5.1f} s", flush=True)
        for line in wrong:
            print(line)
        failed += [name] if wrong else []
    print(f"check: {'all good' if not failed else 'bad: ' + ', '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
