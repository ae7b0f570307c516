from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from lodeline.cli import GOOD, REFUSED, SUMMARIES, UNUSABLE

if TYPE_CHECKING:
    import argparse

    from lodeline_server.log.anchoring.models import Anchor

SUMMARY = SUMMARIES["anchor"]
STEPS = {
    "submit": "anchor the newest checkpoints now, and bring on what waits",
    "status": "what is anchored where, and what fails",
    "verify": "check stored anchors again; or one time stamp, offline",
    "add": "name one more place for anchors",
    "deploy": "put the contract on an EVM chain and name it as a place for anchors",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    steps = parser.add_subparsers(dest="step", required=True, metavar="STEP")
    made = {name: steps.add_parser(name, help=said, description=said) for name, said in STEPS.items()}
    for name in ("submit", "status", "verify"):
        made[name].add_argument("--target", default="", metavar="NAME", help="only this one")
    verify = made["verify"]
    verify.add_argument("--token", metavar="FILE", help="a time stamp (.tsr); needs no database")
    verify.add_argument("--checkpoint", metavar="FILE", help="the checkpoint it is for")
    verify.add_argument("--roots", metavar="FILE", help="certificates you trust (PEM)")
    verify.add_argument("--policy", default="", metavar="OID", help="the policy it must name")
    add = made["add"]
    add.add_argument("kind", choices=("rfc3161", "evm", "file"))
    add.add_argument("--roots", metavar="FILE", help="rfc3161: the authority's certificates (PEM)")
    add.add_argument("--policy", metavar="OID", help="rfc3161: the policy to ask for")
    add.add_argument("--contract", metavar="ADDRESS", help="evm: where the contract stands")
    add.add_argument("--code-hash", metavar="HASH", help="evm: keccak-256 of its code")
    add.add_argument("--chain-id", type=int, metavar="N", help="evm: number of the chain")
    add.add_argument("--first-block", type=int, metavar="N", help="evm: where the contract was put there")
    add.add_argument("--folder", metavar="PATH", help="file: where checkpoints are written")
    add.add_argument("--to", metavar="ADDRESS", help="file: who the e-mails are for")
    for name in ("add", "deploy"):
        step = made[name]
        step.add_argument("name", help="a to z, 0 to 9 and '-'")
        step.add_argument("--url", metavar="URL", help="address of the authority or node")
        step.add_argument("--second-url", metavar="URL", help="evm: another node that must agree")
        step.add_argument("--key", metavar="FILE", help="evm: key of the account, 64 hexadecimal digits")
        step.add_argument(
            "--confirmations", type=int, metavar="N", help="evm: instead of the finalized block"
        )
        step.add_argument(
            "--gas-price", type=int, metavar="WEI", help="evm: fixed; 0 on many permissioned chains"
        )
        step.add_argument("--poa", action="store_true", help="evm: the chain is IBFT, QBFT or Clique")
        step.add_argument("--book", action="append", choices=("main", "audit"), help="only this book")
        step.add_argument("--every", type=int, metavar="SECONDS", help="at most this often (default 3600)")
    for step in made.values():
        step.add_argument("--json", action="store_true", help="answer as JSON")


def run(args: argparse.Namespace) -> int:
    if args.step == "verify" and args.token:
        return _verify_file(args)
    from lodeline_server.kit import setup

    setup.django(lean=True)
    from django.db import DatabaseError

    from lodeline_server.log.anchoring.kinds import AnchorError
    from lodeline_server.log.anchoring.targets import TargetsRefused
    from lodeline_server.log.backend import LogInconsistent

    steps = {"submit": _submit, "status": _status, "verify": _verify, "add": _add, "deploy": _deploy}
    try:
        return steps[args.step](args)
    except TargetsRefused as error:
        said, code = str(error), UNUSABLE
    except DatabaseError as error:
        said, code = f"the log cannot be read: {error}. 'lodeline doctor' tells more.", UNUSABLE
    except (AnchorError, LogInconsistent) as error:
        said, code = str(error), REFUSED
    _refuse(args, said)
    return code


def _say(args: argparse.Namespace, value: Any, text: str) -> None:
    print(json.dumps(value, indent=1, ensure_ascii=False) if args.json else text)


def _refuse(args: argparse.Namespace, said: str) -> None:
    if args.json:
        print(json.dumps({"error": said}, ensure_ascii=False))
    else:
        print(f"lodeline anchor: {said}", file=sys.stderr)


def _line(row: Anchor) -> str:
    when = f", {row.attested_at:%Y-%m-%d %H:%M:%S} UTC" if row.attested_at else ""
    lost = f", lost {row.losses} times" if row.losses else ""
    error = f": {row.error}" if row.error else ""
    return f"{row.pk:5} {row.target} ({row.kind}) {row.book} {row.size}: {row.state}{when}{lost}{error}"


def _submit(args: argparse.Namespace) -> int:
    from lodeline.access import platform
    from lodeline_server.kit.clock import now
    from lodeline_server.log.anchoring import actions, queries, targets
    from lodeline_server.log.anchoring.answers import of

    if not targets.load():
        raise targets.TargetsRefused("no place for anchors is named yet; 'lodeline anchor add' names one")
    fresh = actions.queue(actor=platform(), now=now(), only=args.target, at_once=True)
    done = actions.work(actor=platform(), now=now(), only=args.target, at_once=True)
    rows = list(queries.listed().filter(pk__in=[row.pk for row in fresh]))
    failing = [row for row in queries.failing() if args.target in ("", row.target)]
    shown = {row.pk: row for row in (*failing, *rows)}.values()
    lines = [*map(_line, shown), f"{done.looked_at} looked at, {done.final} final, {done.failing} failing"]
    value = {
        "queued": [of(row, errors=True) for row in rows],
        "lookedAt": done.looked_at,
        "final": done.final,
        "failing": done.failing,
    }
    _say(args, value, "\n".join(lines))
    return REFUSED if done.failing else GOOD


def _status(args: argparse.Namespace) -> int:
    from lodeline_server.log.anchoring import queries
    from lodeline_server.log.anchoring.answers import of, standing

    places, wrong = queries.standings()
    places = [one for one in places if args.target in ("", one.target)]
    failing = [row for row in queries.failing() if args.target in ("", row.target)]
    lines = []
    for one in places:
        at = f"size {one.size}, {one.at:%Y-%m-%d %H:%M:%S} UTC" if one.at else "nothing yet"
        named = "" if one.configured else ", no longer named"
        lines.append(f"{one.target} ({one.kind}) {one.book}: {at}; {one.open} under way{named}")
    lines += [f"failing {_line(row)}" for row in failing]
    if wrong:
        lines.append(f"anchors.toml: {wrong}")
    value = {
        "targets": [standing(one, errors=True) for one in places],
        "failing": [of(row, errors=True) for row in failing],
        "error": wrong or None,
    }
    _say(
        args, value, "\n".join(lines) or "no place for anchors is named yet; 'lodeline anchor add' names one"
    )
    return REFUSED if failing or wrong else GOOD


def _verify(args: argparse.Namespace) -> int:
    from lodeline_server.log.anchoring import checking

    found = list(checking.check_all(args.target))
    lines = [f"{_line(row)}{f': {wrong}' if wrong else ', holds'}" for row, wrong in found]
    bad = sum(bool(wrong) for _, wrong in found)
    lines.append(f"{len(found)} final anchors checked, {bad} do not hold")
    value = [
        {"id": row.pk, "target": row.target, "book": row.book, "size": row.size, "fault": wrong or None}
        for row, wrong in found
    ]
    _say(args, {"checked": len(found), "bad": bad, "anchors": value}, "\n".join(lines))
    return REFUSED if bad else GOOD


def _verify_file(args: argparse.Namespace) -> int:
    """Needs no database and no network."""
    from pathlib import Path

    from lodeline.log.anchors import rfc3161

    if not args.checkpoint or not args.roots:
        _refuse(args, "--token needs --checkpoint and --roots")
        return UNUSABLE
    try:
        token, note, roots = (Path(one).read_bytes() for one in (args.token, args.checkpoint, args.roots))
    except OSError as error:
        _refuse(args, f"cannot be read: {error}")
        return UNUSABLE
    text, blank, _ = note.rpartition(b"\n\n")  # without signatures, if it has some
    try:
        stamp = rfc3161.check(
            token, text + b"\n" if blank else note, roots_pem=roots, nonce=None, policy=args.policy
        )
    except rfc3161.TokenRefused as refused:
        _refuse(args, str(refused))
        return REFUSED
    value = {
        "time": stamp.time.isoformat(),
        "policy": stamp.policy,
        "serial": f"{stamp.serial:x}",
        "signer": stamp.signer,
    }
    _say(args, value, f"this checkpoint existed before {stamp.time.isoformat()}; says {stamp.signer}")
    return GOOD


def _settings(args: argparse.Namespace) -> dict[str, Any]:
    """The arguments that are settings, as they stand in the file."""
    from pathlib import Path

    found: dict[str, Any] = {"name": args.name}
    for word in ("url", "second_url", "confirmations", "gas_price", "every"):
        found[word] = getattr(args, word)
    for word in ("policy", "contract", "code_hash", "chain_id", "first_block", "to"):
        found[word] = getattr(args, word, None)
    for word in ("roots", "key", "folder"):
        given = getattr(args, word, None)
        found[word] = str(Path(given).resolve()) if given else None
    found["books"], found["poa"] = args.book, args.poa or None
    return {word: value for word, value in found.items() if value is not None}


def _put(args: argparse.Namespace, settings: dict[str, Any]) -> int:
    from django.conf import settings as own

    from lodeline_server.log.anchoring import targets

    targets.add(targets.checked(settings, own.DATA))
    _say(args, settings, f"{settings['name']} stands in {targets.file()}; 'lodeline anchor submit' tries it")
    return GOOD


def _add(args: argparse.Namespace) -> int:
    """A time-stamping authority's certificates are copied into the data folder."""
    from pathlib import Path

    from django.conf import settings as own

    from lodeline_server.log.anchoring import targets

    settings = {**_settings(args), "kind": args.kind}
    targets.checked(settings, own.DATA)
    if args.kind == "rfc3161" and args.name not in {one.name for one in targets.load()}:
        try:
            pem = Path(args.roots).read_bytes()
        except OSError as error:
            raise targets.TargetsRefused(f"the roots cannot be read: {error}") from None
        settings["roots"] = targets.keep_roots(args.name, pem, own.DATA)
    return _put(args, settings)


def _deploy(args: argparse.Namespace) -> int:
    from pathlib import Path

    from django.conf import settings as own

    from lodeline_server.log.anchoring import deploying, targets

    if not args.url or not args.key:
        raise targets.TargetsRefused("deploying needs --url and --key")
    placeholder = {"chain_id": 1, "contract": f"0x{'0' * 40}", "code_hash": f"0x{'0' * 64}"}
    planned = targets.checked({**_settings(args), **placeholder, "kind": "evm"}, own.DATA)
    if planned.name in {one.name for one in targets.load()}:  # before anything is paid for
        raise targets.TargetsRefused(f"there is an anchor {planned.name} already")
    found = deploying.deploy(url=args.url, key=Path(args.key), gas_price=args.gas_price, poa=args.poa)
    return _put(args, {**_settings(args), **found, "kind": "evm"})
