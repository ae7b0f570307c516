"""The `lodeline` command. It finds its commands by entry point and imports only the one that is called.

Exit codes everywhere: 0 good, 1 findings or refused, 2 unusable input or usage.
"""

from __future__ import annotations

import argparse
import sys
from importlib import import_module
from typing import Protocol, cast

GOOD, REFUSED, UNUSABLE = 0, 1, 2

# One line each for `lodeline --help`, so that help imports no command. A test compares this with the
# entry points that are installed.
SUMMARIES = {
    "events": "check EPCIS documents; findings only",
    "capture": "put documents into the log",
    "log": "read, check and re-derive the log",
    "witness": "cosign other logs' checkpoints, and have ours cosigned",
    "anchor": "have the log's checkpoints confirmed outside",
    "audit": "who read, changed, granted, signed in, was denied",
    "erase": "erase what is held about a person by destroying their key",
    "keys": "show and rotate the keys of the installation, of workspaces and of the log",
    "rebuild": "drop the projections and derive them again from the log",
    "trace": "where a lot or an item comes from and where it went",
    "custody": "books of credits: mass balance and book-and-claim",
    "recall": "which items a lot reached, ranked by dose",
    "passport": "issue and read battery passports",
    "credential": "issue, revoke and verify verifiable credentials, and the keys that sign them",
    "score": "compute and explain trust scores",
    "demo": "load the demonstration world",
    "user": "create accounts and API keys",
    "serve": "start the server",
    "manage": "run a Django management command",
    "backup": "copy the data folder to one file",
    "restore": "bring a backup back into an empty data folder",
    "doctor": "say what is wrong with this installation",
}


class Command(Protocol):
    """What a command module offers."""

    SUMMARY: str

    def add_arguments(self, parser: argparse.ArgumentParser) -> None: ...

    def run(self, args: argparse.Namespace) -> int: ...


def commands() -> dict[str, str]:
    """Installed commands: name to module path."""
    from importlib.metadata import distribution, entry_points

    own = distribution("lodeline").entry_points
    found = {point.name: point.value for point in own if point.group == "lodeline.commands"}
    if len(sys.argv) > 1 and sys.argv[1] in found:
        return found  # other packages are asked only when the word is not ours: scanning them is slow
    return {point.name: point.value for point in entry_points(group="lodeline.commands")}


def _help(found: dict[str, str]) -> str:
    width = max(map(len, found), default=0)
    names = [*(name for name in SUMMARIES if name in found), *sorted(found.keys() - SUMMARIES.keys())]
    listed = "\n".join(f"  {name:<{width}}  {SUMMARIES.get(name, '')}".rstrip() for name in names)
    return (
        "usage: lodeline COMMAND [...]\n\nKnow, and prove, where a battery's materials came from.\n\n"
        f"commands:\n{listed}\n\n'lodeline COMMAND --help' tells more. "
        "Exit codes: 0 good, 1 findings or refused, 2 unusable."
    )


def main(argv: list[str] | None = None) -> int:
    """Run one command; return its exit code."""
    words = sys.argv[1:] if argv is None else argv
    if words[:1] == ["--version"]:
        from lodeline import __version__

        print(f"lodeline {__version__}")
        return GOOD
    if words and not words[0].startswith("-"):
        found = commands()
        if words[0] not in found:
            print(f"lodeline: no command '{words[0]}'. 'lodeline --help' lists them.", file=sys.stderr)
            return UNUSABLE
        command = cast("Command", import_module(found[words[0]]))
        parser = argparse.ArgumentParser(prog=f"lodeline {words[0]}", description=command.SUMMARY)
        command.add_arguments(parser)
        try:
            spelled = getattr(command, "spelled", list)  # a command may let its first step be left out
            return command.run(parser.parse_args(spelled(words[1:])))
        except BrokenPipeError:
            sys.stderr.close()
            return GOOD
        except KeyboardInterrupt:
            return UNUSABLE
    print(_help(commands()))
    return GOOD if words[:1] in (["-h"], ["--help"]) else UNUSABLE


if __name__ == "__main__":
    sys.exit(main())
