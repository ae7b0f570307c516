"""`lodeline credential verify`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lodeline.cli import GOOD, REFUSED, UNUSABLE
from lodeline_server.credentials.command_step import add, fail, read, say

if TYPE_CHECKING:
    import argparse

MARKS = {True: "good", False: "REFUSED", None: "-"}


def add_steps(steps: Any) -> None:
    verify = add(steps, "verify", "judge a credential or presentation, step by step", _verify, acting=False)
    verify.add_argument("file", help="JSON or a token; - reads standard input")
    verify.add_argument("--signature-only", action="store_true", help="leave out status and dates")
    verify.add_argument("--challenge", help="what the presentation must answer")
    verify.add_argument("--domain", help="whom the presentation must be meant for")


def _verify(args: argparse.Namespace) -> int:
    from lodeline_server.credentials import checking, verifying
    from lodeline_server.kit.clock import now

    item = read(args.file)
    if item is None:
        return fail(
            args, {"error": "neither JSON nor a token"}, "the file is neither JSON nor a token", UNUSABLE
        )
    whole = not args.signature_only
    asked = checking.Asked(now=now(), status=whole, times=whole, challenge=args.challenge, domain=args.domain)
    judge = verifying.presentation if _is_presentation(item) else verifying.credential
    verdict = judge(item, asked)
    lines = [f"{one.step:<11} {MARKS[one.good]:<8} {one.said}" for one in verdict.steps]
    lines += ["It holds." if verdict.holds else "It does not hold."]
    say(args, verdict.as_dict(), "\n".join(lines))
    return GOOD if verdict.holds else REFUSED


def _is_presentation(item: Any) -> bool:
    kinds = item.get("type") if isinstance(item, dict) else None
    return any(
        isinstance(kind, str) and kind.endswith("VerifiablePresentation")
        for kind in (kinds if isinstance(kinds, list) else [kinds])
    )
