"""`lodeline credential verify`: a credential, a presentation or a bundle. A bundle needs no database and no network."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from lodeline.cli import GOOD, REFUSED, UNUSABLE
from lodeline_server.credentials.command_step import add, fail, parsed, read_bytes, say

if TYPE_CHECKING:
    import argparse

    from lodeline.log.policy import Policy
    from lodeline_server.credentials.checking import Asked, Verdict

MARKS = {True: "good", False: "REFUSED", None: "-"}


def add_steps(steps: Any) -> None:
    verify = add(
        steps,
        "verify",
        "judge a credential, presentation or bundle, step by step",
        _verify,
        acting=False,
        offline=_offline,
    )
    verify.add_argument("file", help="JSON or a token; - reads standard input")
    verify.add_argument("--signature-only", action="store_true", help="leave out status and dates")
    verify.add_argument("--subject", metavar="ID", help="what it must be about: a DID, a Digital Link")
    verify.add_argument(
        "--trusted", action="store_true", help="its issuer must be on a list that is believed"
    )
    verify.add_argument("--at", metavar="DATE", help="judge it as of that day or moment")
    verify.add_argument("--challenge", help="what the presentation must answer")
    verify.add_argument("--domain", help="whom the presentation must be meant for")
    verify.add_argument("--as", dest="organisation", metavar="ORG", help="whose workspace's beliefs count")
    verify.add_argument("--receipt", type=Path, metavar="FILE", help="a log's receipt for the credential")
    verify.add_argument("--bundle", metavar="FILE", help="ask nobody: all that is needed is in this bundle")
    verify.add_argument(
        "--log-key", metavar="VKEY", help="a log whose receipts count, or a file with its key"
    )
    verify.add_argument("--policy", type=Path, metavar="FILE", help="logs, witnesses and quorum that count")
    verify.add_argument(
        "--believe", action="append", default=[], metavar="DID",
        help="with a bundle: whose trust lists and bundles count; again for more",
    )  # fmt: skip


def _offline(args: argparse.Namespace) -> bool:
    """Read the file, to see whether it is a bundle. What is wrong with it is said later."""
    from lodeline.credentials import bundle
    from lodeline.credentials.verdict import CredentialRefused

    args.item, args.wrong = None, None
    try:
        args.item = parsed(read_bytes(args.file, bundle.MAX_BYTES))
    except (OSError, UnicodeDecodeError, CredentialRefused) as error:
        args.wrong = error
        return True
    return args.bundle is not None or bundle.is_one(args.item)


def _verify(args: argparse.Namespace) -> int:
    from lodeline.credentials.verdict import CredentialRefused

    try:
        verdict = _judged(_item(args), args, _asked(args))
    except CredentialRefused as error:
        told = {"verified": False, "step": error.step, "error": error.message}
        return fail(args, told, f"refused at the step {error.step}: {error.message}", REFUSED)
    except (OSError, ValueError) as error:
        return fail(args, {"error": str(error)}, str(error), UNUSABLE)
    lines = [f"{one.step:<11} {MARKS[one.good]:<8} {one.said}" for one in verdict.steps]
    lines += ["It holds." if verdict.holds else "It does not hold."]
    say(args, verdict.as_dict(), "\n".join(lines))
    return GOOD if verdict.holds else REFUSED


def _item(args: argparse.Namespace) -> Any:
    """What was read; raises why it cannot be used."""
    if args.wrong is not None:
        raise args.wrong
    if args.item is None:
        raise OSError("the file is neither JSON nor a token")
    return args.item


def _judged(item: Any, args: argparse.Namespace, asked: Asked) -> Verdict:
    from lodeline.credentials import bundle

    if args.bundle is not None or bundle.is_one(item):
        from lodeline.credentials.offline import Roots
        from lodeline_server.credentials import bundle_verify

        roots = Roots(believed=frozenset(args.believe))
        if asked.policy is not None:
            roots = Roots(policy=asked.policy, believed=roots.believed)
        if args.bundle is None:
            return bundle_verify.judge(item, roots, asked)
        return bundle_verify.judge(read_bytes(args.bundle, bundle.MAX_BYTES), roots, asked, item)
    from lodeline_server.credentials import verifying

    judge = verifying.presentation if _is_presentation(item) else verifying.credential
    return judge(item, asked, verifying.workspace_of(args.organisation))


def _asked(args: argparse.Namespace) -> Asked:
    """Raises `OSError` or `ValueError` for what cannot be used."""
    from datetime import UTC, datetime, time

    from lodeline.credentials import dates
    from lodeline_server.credentials.checking_verdict import Asked
    from lodeline_server.kit import clock

    now, at = clock.now(), None
    if args.at is not None:
        try:
            day = datetime.strptime(args.at, "%Y-%m-%d").date()  # noqa: DTZ007 - a day
            at = min(datetime.combine(day, time.max, UTC), now) if day <= now.date() else None
        except ValueError:
            at = dates.read(args.at, "--at")
        if at is None or at > now:
            raise OSError("--at is a day or a moment that was")
    whole = not args.signature_only
    receipt = None if args.receipt is None else _receipt(read_bytes(str(args.receipt)))
    return Asked(
        now=now,
        status=whole,
        times=whole,
        challenge=args.challenge,
        domain=args.domain,
        at=at,
        subject=args.subject,
        trusted=args.trusted,
        receipt=receipt,
        policy=_policy(args),
    )


def _receipt(data: bytes) -> Any:
    """The text of a proof, or the JSON of a statement with its proof."""
    from lodeline import strictjson

    return strictjson.loads(data) if data[:1] == b"{" else data.decode()


def _policy(args: argparse.Namespace) -> Policy | None:
    from lodeline_server.log.command_log_verify import Refused, Unusable, trusted

    if args.log_key is None and args.policy is None:
        return None
    try:
        return trusted(args.log_key, args.policy)
    except (Refused, Unusable) as error:
        raise OSError(str(error)) from None


def _is_presentation(item: Any) -> bool:
    kinds = item.get("type") if isinstance(item, dict) else None
    return any(
        isinstance(kind, str) and kind.endswith("VerifiablePresentation")
        for kind in (kinds if isinstance(kinds, list) else [kinds])
    )
