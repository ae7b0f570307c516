"""What the steps of `lodeline credential` share."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from lodeline_server.parties.models import Organisation

MAX_FILE = 8 * 1024 * 1024


def add(
    steps: Any,
    name: str,
    said: str,
    call: Callable[[argparse.Namespace], int],
    *,
    acting: bool = True,
    changes: Callable[[argparse.Namespace], bool] = lambda _: True,
    offline: Callable[[argparse.Namespace], bool] = lambda _: False,
) -> argparse.ArgumentParser:
    """A step with `--json`; one that acts for an organisation has `--as`.

    `changes`: whether the step, as called, changes something, and so stands in the audit trail. `offline`: whether it
    does without database and framework.
    """
    step: argparse.ArgumentParser = steps.add_parser(name, help=said, description=said)
    step.add_argument("--json", action="store_true", help="answer as JSON")
    if acting:
        step.add_argument("--as", dest="organisation", required=True, metavar="ORG", help="its short name")
    step.set_defaults(call=call, changes=changes if acting else lambda _: False, offline=offline)
    return step


def read_bytes(name: str, most: int = MAX_FILE) -> bytes:
    """A file, or standard input for `-`. Raises OSError, also for one that is too long."""
    with sys.stdin.buffer if name == "-" else Path(name).open("rb") as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise OSError(f"{name} has more than {most} bytes")
    return data


def read(name: str) -> Any:
    """JSON, or the text of a token; None for what is neither. Raises OSError, UnicodeDecodeError."""
    return parsed(read_bytes(name))


def parsed(data: bytes) -> Any:
    """JSON, or the text of a token; None for what is neither. Raises UnicodeDecodeError, CredentialRefused."""
    from lodeline import strictjson
    from lodeline.credentials.verdict import CredentialRefused

    text = data.decode().strip()
    if text[:1] in {"{", "[", '"'}:
        try:
            found = strictjson.loads(data, max_depth=80)
        except strictjson.StrictJSONError as error:
            raise CredentialRefused("structure", f"the JSON cannot be read: {error}") from None
        inner = (
            found.get("verifiableCredential") if isinstance(found, dict) and "@context" not in found else None
        )
        return inner or found  # as the VC-API wraps it
    return text if text.count(".") >= 2 and not any(sign.isspace() for sign in text) else None


def organisation(slug: str) -> Organisation:
    from lodeline_server.kit.problems import Problem
    from lodeline_server.parties.models import Organisation

    found = list(Organisation.objects.select_related("workspace").filter(slug=slug)[:2])
    if len(found) == 1:
        return found[0]
    raise Problem(
        404,
        "Several workspaces have such an organisation" if found else "There is no such organisation",
        detail=slug,
    )


def say(args: argparse.Namespace, value: Any, text: str) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=1) if args.json else text)


def fail(args: argparse.Namespace, told: dict[str, Any], said: str, code: int) -> int:
    if args.json:
        print(json.dumps(told, ensure_ascii=False))
    else:
        print(f"lodeline credential: {said}", file=sys.stderr)
    return code
