"""Sets Lodeline up on a fresh machine and runs it. Standard library only; called by the Makefile.

    python3 bootstrap.py setup|run|test|check|bars|docs [words for the command]

Everything goes below this folder: `.venv` (what runs), `.tools` (uv and Node, used for set-up only),
`var` (data). Each step leaves a stamp with the hashes of what it was made from, so that the next start
skips it.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV, TOOLS = ROOT / ".venv", ROOT / ".tools"
BIN = "Scripts" if os.name == "nt" else "bin"
STAMP = VENV / "lodeline-setup.json"
NEWEST_FIRST = ("python3.13", "python3.12", "python3.11")


def say(words: str) -> None:
    print(f"lodeline: {words}", flush=True)


def stop(words: str) -> None:
    print(f"lodeline: {words}", file=sys.stderr, flush=True)
    raise SystemExit(2)


def fingerprint(*files: str) -> str:
    digest = hashlib.sha256(sys.version.encode())
    for name in files:
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def stamps() -> dict[str, str]:
    try:
        return json.loads(STAMP.read_text())
    except (OSError, ValueError):
        return {}


def stamp(**done: str) -> None:
    STAMP.write_text(json.dumps(stamps() | done, indent=1))


def call(step: str, *words: str | Path, **extra: str) -> None:
    """Run one set-up step quietly; on failure show what it said and stop with a plain sentence."""
    started = time.monotonic()
    say(f"{step} ...")
    done = subprocess.run(
        [str(word) for word in words],
        cwd=ROOT,
        env={**os.environ, **extra},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    if done.returncode:
        print(done.stdout[-4000:], file=sys.stderr)
        stop(f"{step}: this did not work (exit {done.returncode}). What it said stands above.")
    say(f"{step}: done in {time.monotonic() - started:.1f} s")


def right_python() -> None:
    """Go on with a Python that is new enough, or say which one is needed."""
    if sys.version_info >= (3, 11):
        return
    for name in NEWEST_FIRST:
        if found := shutil.which(name):
            os.execv(found, [found, *sys.argv])
    stop(
        f"Python 3.11 or newer is needed; this is {sys.version.split()[0]}. Install one and call make again."
    )


def environment(folder: Path) -> Path:
    """A virtual environment; its Python."""
    python = folder / BIN / "python"
    if not python.exists():
        try:
            import ensurepip  # noqa: F401
            import venv  # noqa: F401
        except ImportError:
            stop("this Python cannot make virtual environments. On Debian and Ubuntu: install python3-venv.")
        call(f"virtual environment {folder.name}", sys.executable, "-m", "venv", folder)
    return python


def uv() -> Path:
    """The pinned installer, in the tools environment."""
    python, mark = environment(TOOLS), TOOLS / "uv.stamp"
    want = fingerprint("tools/uv.lock.txt")
    if not mark.exists() or mark.read_text() != want:
        call(
            "installer",
            python,
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--require-hashes",
            "-r",
            "tools/uv.lock.txt",
        )
        mark.write_text(want)
    return TOOLS / BIN / "uv"


def packages(*, development: bool) -> None:
    """Bring `.venv` to the lock file. A development environment serves for running too."""
    python, have = environment(VENV), stamps()
    lean, full = fingerprint("requirements.lock"), fingerprint("requirements-dev.lock")
    if have.get("full") != full and (development or "full" in have or have.get("lean") != lean):
        wide = development or "full" in have
        lock = "requirements-dev.lock" if wide else "requirements.lock"
        call(
            f"packages of {lock}",
            uv(),
            "pip",
            "sync",
            "--quiet",
            "--require-hashes",
            "--python",
            python,
            lock,
        )
        STAMP.unlink(missing_ok=True)
        stamp(**({"full": full} if wide else {"lean": lean}))
    own = fingerprint("pyproject.toml")
    if stamps().get("own") != own:
        call(
            "lodeline itself",
            uv(),
            "pip",
            "install",
            "--quiet",
            "--no-deps",
            "--no-build-isolation",
            "--offline",
            "--python",
            python,
            "-e",
            ".",
        )
        stamp(own=own)


def node() -> bool:
    """Node and npm, in the tools environment."""
    lock = "tools/node.lock.txt"
    python = TOOLS / BIN / "python"
    return tried(uv(), "pip", "install", "--quiet", "--require-hashes", "--python", python, "-r", lock)


def npm(folder: str) -> bool:
    """Install the npm packages of a folder by its lock file, running none of their scripts."""
    return tried(
        TOOLS / BIN / "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", folder
    )


def tried(*words: object) -> bool:
    """Run a step that the product can do without; False when it did not work."""
    path = f"{TOOLS / BIN}{os.pathsep}{os.environ.get('PATH', '')}"
    done = subprocess.run(
        [str(word) for word in words],
        cwd=ROOT,
        env={**os.environ, "PATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        print(done.stdout[-1500:], file=sys.stderr)
    return done.returncode == 0


def browser_libraries() -> None:
    """npm packages by lock file into an ignored folder; without npm the site still works."""
    sys.path.insert(0, str(ROOT / "tools"))
    import vendor

    if vendor.current():
        return
    say("browser libraries ...")
    if node() and npm("frontend"):
        say(f"browser libraries: {vendor.copy()}")
    else:
        say("browser libraries could not be had; pages work without them, accessibility tests will skip.")


def foreign_tools() -> None:
    """What only tests and bars need from npm: an EVM node, and libraries of a verifier that is not ours."""
    want, mark = fingerprint("conformance/package-lock.json"), TOOLS / "conformance.stamp"
    if mark.exists() and mark.read_text() == want:
        return
    say("tools of other makers, for tests ...")
    if node() and npm("conformance"):
        mark.write_text(want)
    else:
        say("they could not be had; the tests that need them will skip.")


def setup(*, development: bool) -> None:
    packages(development=development)
    browser_libraries()
    if development:
        foreign_tools()


def run(words: list[str]) -> None:
    """Become the command. With its full path as name: Python finds its environment by that."""
    command = str(VENV / BIN / words[0])
    os.execv(command, [command, *words[1:]])


def main() -> None:
    right_python()
    os.chdir(ROOT)
    verb, rest = (sys.argv[1] if len(sys.argv) > 1 else "help"), sys.argv[2:]
    if verb == "setup":
        setup(development=False)
        say(f"ready. The command is {(VENV / BIN / 'lodeline').relative_to(ROOT)}")
    elif verb == "run":
        setup(development=False)
        run(["lodeline", "serve", *rest])
    elif verb in {"test", "check", "bars", "docs"}:
        setup(development=True)
        run(["python", f"tools/{verb}.py", *rest])
    else:
        stop("usage: python3 bootstrap.py setup|run|test|check|bars|docs")


if __name__ == "__main__":
    main()
