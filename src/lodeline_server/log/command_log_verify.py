"""`lodeline log verify`: a receipt, offline. Needs the core only: no database, no settings, no network."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lodeline.cli import GOOD, REFUSED, UNUSABLE
from lodeline_server.log.command_step import add, say

if TYPE_CHECKING:
    import argparse

    from lodeline.log.policy import Policy

MOST = 64 * 1024 * 1024  # bytes of a statement's file
CHECKPOINT = "checkpoint"


class Unusable(Exception):  # noqa: N818 - said as it is
    """Input that cannot be read as what it should be."""


class Refused(Exception):  # noqa: N818 - said as it is
    """Input that was read and does not hold."""


def add_steps(steps: Any) -> None:
    said = "verify a receipt offline, with a key or policy that you got elsewhere"
    step = add(steps, "verify", said, _verify, offline=lambda _: True)
    step.add_argument("proof", type=Path, help="the receipt (.tlog-proof)")
    what = step.add_mutually_exclusive_group(required=True)
    what.add_argument("--leaf", type=Path, metavar="FILE", help="the leaf record, byte for byte")
    what.add_argument(
        "--statement",
        type=Path,
        metavar="FILE",
        help="JSON with leaf, salt and payload, as 'lodeline log show' and the API give it",
    )
    step.add_argument("--key", metavar="VKEY", help="the log's verifier key, or a file that holds it")
    step.add_argument("--policy", type=Path, metavar="FILE", help="whom to trust: logs, witnesses, quorum")


def _verify(args: argparse.Namespace) -> int:
    from lodeline.log.merkle import leaf_hash
    from lodeline.log.receipt import read as receipt

    try:
        policy = trusted(args.key, args.policy)
        data, about = _leaf(args)
        proof = receipt(_read(args.proof, MOST).decode())
        judged = proof.judge(leaf_hash(data), policy, int(time.time()))
    except Unusable as error:
        return _no(args, str(error), UNUSABLE)
    except (Refused, ValueError) as refused:  # of the proof, the checkpoint or the encoding
        return _no(args, str(refused), REFUSED)
    point = judged.checkpoint
    value = {
        "verified": True,
        "log": point.origin,
        "position": proof.index,
        "size": point.size,
        "witnesses": list(judged.witnesses),
        **about,
    }
    seen = f", seen by {', '.join(judged.witnesses)}" if judged.witnesses else ""
    kind = f"a statement of type {about['type']}, logged {about['time']}, " if about else "the leaf "
    say(args, value, f"good: {kind}is at position {proof.index} of {point.origin}, size {point.size}{seen}")
    return GOOD


def _no(args: argparse.Namespace, said: str, code: int) -> int:
    say(args, {"verified": False, "error": said}, f"lodeline log: {said}")
    return code


def trusted(key: str | None, policy: Path | None) -> Policy:
    """The policy of a file, a key alone with no witness needed, or the policy and this log. Raises `Unusable`."""
    from lodeline.log.note import COSIGNATURE, NoteRefused, parse_vkey
    from lodeline.log.policy import NONE, Policy, PolicyRefused
    from lodeline.log.policy import read as read_policy

    if not key and policy is None:
        raise Unusable("name the log's key (--key), a policy (--policy), or both")
    found = Policy(quorum=NONE)
    if policy is not None:
        require_elsewhere(policy)
        try:
            found = read_policy(_read(policy, MOST))
        except PolicyRefused as refused:
            raise Unusable(f"{policy}: {refused}") from None
    if key:
        text = key
        if "+" not in key or Path(key).exists():
            require_elsewhere(Path(key))
            text = _read(Path(key), 10_000).decode(errors="replace").strip()
        try:
            named = parse_vkey(text)
        except NoteRefused as refused:
            raise Unusable(f"the key: {refused}") from None
        if named.kind == COSIGNATURE:
            raise Unusable("the key: of a witness, not of a log; witnesses stand in a policy")
        found = found.with_log(named)
    return found


def require_elsewhere(path: Path) -> None:
    """Raise `Refused` for a file below a log's own files: who serves a forged log serves a forged key beside it."""
    for folder in path.resolve().parents:
        if (folder / CHECKPOINT).is_file():
            raise Refused(
                f"{path} lies in the served folder of a log ({folder}). "
                "Get keys on another way, and keep them elsewhere."
            )


def _read(path: Path, most: int) -> bytes:
    try:
        with path.open("rb") as stream:
            data = stream.read(most + 1)
    except OSError as error:
        raise Unusable(f"{path} cannot be read: {error.strerror}") from None
    if len(data) > most:
        raise Unusable(f"{path} has more than {most} bytes")
    return data


def _leaf(args: argparse.Namespace) -> tuple[bytes, dict[str, Any]]:
    """The bytes of the leaf, and what is known about it."""
    if args.leaf:
        return _read(args.leaf, MOST), {}
    from lodeline import strictjson
    from lodeline.keys import unb64url
    from lodeline.log.leaf import decode, instant
    from lodeline.sealing import SALT_BYTES, commit

    try:
        said = strictjson.loads(_read(args.statement, MOST), max_bytes=MOST)
    except strictjson.StrictJSONError as error:
        raise Unusable(f"{args.statement}: {error}") from None
    leaf, salt, payload = (
        said.get(name) if isinstance(said, dict) else None for name in ("leaf", "salt", "payload")
    )
    if not isinstance(leaf, str) or not isinstance(salt, str) or not isinstance(payload, dict):
        raise Unusable(f"{args.statement} has no leaf, salt and payload")
    try:
        record, random = decode(leaf.encode()), unb64url(salt)
    except ValueError as error:
        raise Refused(f"{args.statement}: {error}") from None
    if len(random) != SALT_BYTES:
        raise Refused("the statement has no salt; if it was erased, only its leaf can be verified (--leaf)")
    if commit(random, strictjson.canonical(payload)) != record.commitment:
        raise Refused("salt and payload do not lead to the commitment in the leaf")
    return leaf.encode(), {"type": record.type, "time": instant(record.time)}
