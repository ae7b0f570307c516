"""The W3C suites as they lie in the folder that LODELINE_SUITES names: copied, made installable, installed, called.

The originals are only read. A work folder is kept for the next run as long as nothing in them changed.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Any, Final

from attrs import frozen

HERE: Final = Path(__file__).resolve().parent
ROOT: Final = HERE.parents[1]
LEFT_OUT: Final = (".git", "node_modules", "reports", "localConfig.cjs")
INSTALL_SECONDS, RUN_SECONDS = 600, 300
TEST_MS: Final = 15_000
OTHERS: Final = ("vc-test-suite-implementations", "data-integrity-test-suite-assertion")
"""What the suites take from GitHub lies beside them."""


@frozen
class Run:
    """One call of a suite: the tags choose its tests."""

    name: str
    folder: str
    tags: str


RUNS: Final = (
    Run("vc-data-model-2.0", "vc-data-model-2.0-test-suite", "vc2.0"),
    Run("vc-data-model-2.0 enveloping", "vc-data-model-2.0-test-suite", "EnvelopingProof"),
    Run("vc-di-eddsa", "vc-di-eddsa-test-suite", "eddsa-rdfc-2022,eddsa-jcs-2022"),
    Run("vc-bitstring-status-list", "vc-bitstring-status-list-test-suite", "BitstringStatusList"),
)
FOLDERS: Final = tuple(dict.fromkeys(run.folder for run in RUNS))


class UnusableError(Exception):
    """A suite cannot be run; the text says why."""


def source() -> Path | str:
    """The folder of the suites, or the reason why there is none."""
    named = os.environ.get("LODELINE_SUITES")
    if not named:
        return "LODELINE_SUITES names no folder with the W3C suites"
    return Path(named) if Path(named).is_dir() else f"LODELINE_SUITES names {named}, which is no folder"


def node() -> Path | None:
    """Where node and npm lie, as set-up puts them there."""
    folder = Path(os.environ.get("LODELINE_NODE") or ROOT / ".tools" / "bin" / "node").parent
    return folder if (folder / "node").exists() and (folder / "npm").exists() else None


def installable(package: dict[str, Any]) -> dict[str, Any]:
    """`package.json` with neighbours in place of GitHub, and with mocha, which one suite has for developers only."""
    needs = dict(package["dependencies"])
    for name, version in needs.items():
        if version.startswith(("github:", "git+", "git:")):
            if name not in OTHERS:
                raise UnusableError(
                    f"{package['name']} takes {name} from {version}, which does not lie beside it"
                )
            needs[name] = f"file:../{name}"
    mocha = needs.get("mocha") or package.get("devDependencies", {}).get("mocha")
    if mocha is None:
        raise UnusableError(f"{package['name']} does not say which mocha runs it")
    return {**package, "dependencies": needs | {"mocha": mocha}}


def copied(suites: Path, work: Path) -> Path:
    """A copy below `work` in which the suites can be installed; an older copy of the same stays as it is."""
    if absent := [name for name in (*FOLDERS, *OTHERS) if not (suites / name / "package.json").is_file()]:
        raise UnusableError(f"LODELINE_SUITES lacks {', '.join(absent)}")
    room = work / f"suites-{fingerprint(suites)}"
    if not (room / "ready").exists():
        for old in work.glob("suites-*"):
            shutil.rmtree(old)
        for name in (*FOLDERS, *OTHERS):
            shutil.copytree(suites / name, room / name, ignore=shutil.ignore_patterns(*LEFT_OUT))
        for name in FOLDERS:
            package = room / name / "package.json"
            package.write_text(json.dumps(installable(json.loads(package.read_text())), indent=1))
    return room


def fingerprint(suites: Path) -> str:
    digest = hashlib.sha256(Path(__file__).read_bytes())
    for name in (*FOLDERS, *OTHERS):
        for path in sorted((suites / name).rglob("*")):
            if path.is_file() and not set(path.relative_to(suites).parts) & set(LEFT_OUT):
                digest.update(f"{path.relative_to(suites)}\0".encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def install(room: Path, tools: Path) -> None:
    """npm packages of each suite, none of their scripts run. Only the first time."""
    if (room / "ready").exists():
        return
    words = [
        "install",
        "--omit=dev",
        "--install-links",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        "--loglevel=error",
    ]
    for name in FOLDERS:
        done = subprocess.run(
            [str(tools / "npm"), *words], cwd=room / name, env=environment(tools), text=True, capture_output=True,
            timeout=INSTALL_SECONDS, check=False,
        )  # fmt: skip
        if done.returncode:
            raise UnusableError(f"npm could not install {name}: {done.stderr.strip()[-500:]}")
    (room / "ready").touch()


def environment(tools: Path, **more: str) -> dict[str, str]:
    """Nothing of ours, and of the machine what programs need."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("LODELINE_", "DATABASE_URL", "SUITE_", "NODE_OPTIONS"))
    }
    return kept | {"PATH": f"{tools}{os.pathsep}{os.environ.get('PATH', '')}"} | more


def call(run: Run, room: Path, tools: Path, *, base: str, issuer: str, certificate: Path) -> dict[str, Any]:
    """Mocha's own report on one run against the server at `base`."""
    folder, report = room / run.folder, room / "report.json"
    shutil.copyfile(HERE / "localConfig.cjs", folder / "localConfig.cjs")
    report.unlink(missing_ok=True)
    words = ["tests/", "--reporter", "json", "--reporter-option", f"output={report}", "--preserve-symlinks"]
    process = subprocess.Popen(
        [str(tools / "node"), "node_modules/mocha/bin/mocha.js", *words, "--timeout", str(TEST_MS)],
        cwd=folder,
        env=environment(
            tools,
            # Found there and nowhere else: without it the suites would call the servers of others.
            APP_ROOT_PATH=str(folder),
            ISSUER_NAME_JCS="Lodeline",
            NODE_EXTRA_CA_CERTS=str(certificate),
            NODE_OPTIONS=f"--require {HERE / 'preload.cjs'}",
            SUITE_BASE=base,
            SUITE_ISSUER=issuer,
            SUITE_NAME="Lodeline",
            SUITE_TAGS=run.tags,
        ),
        text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
    )  # fmt: skip
    try:
        said, _ = process.communicate(timeout=RUN_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        raise UnusableError(f"{run.name} did not end within {RUN_SECONDS} s") from None
    if not report.exists():
        raise UnusableError(
            f"{run.name} ended with {process.returncode} before its first test: {said[-800:]}"
        )
    return dict(json.loads(report.read_text()))


def state(suites: Path, name: str) -> str:
    """The commit at which a suite lies there; empty when it is no checkout."""
    done = subprocess.run(
        ["git", "-C", str(suites / name), "rev-parse", "HEAD"], text=True, capture_output=True, check=False
    )
    return done.stdout.strip() if (suites / name / ".git").exists() and done.returncode == 0 else ""
