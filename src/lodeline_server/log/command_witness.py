from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from lodeline.cli import GOOD, REFUSED, SUMMARIES, UNUSABLE

if TYPE_CHECKING:
    import argparse

    from lodeline_server.log.witnessing import Outcome

SUMMARY = SUMMARIES["witness"]
STEPS = {
    "key": "print the keys that our cosignatures verify with, for other logs' policies",
    "ask": "have the newest checkpoints cosigned by the witnesses of log.policy",
    "status": "who cosigned ours, what we cosigned, what we refused",
    "evidence": "print checkpoints that a log signed and should not have, beside what it had signed before",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    steps = parser.add_subparsers(dest="step", required=True, metavar="STEP")
    for name, said in STEPS.items():
        step = steps.add_parser(name, help=said, description=said)
        step.add_argument("--json", action="store_true", help="answer as JSON")


def run(args: argparse.Namespace) -> int:
    from lodeline_server.kit import setup

    setup.django(lean=True)
    from django.db import DatabaseError

    from lodeline.log.policy import PolicyRefused

    step = {"key": _key, "ask": _ask, "status": _status, "evidence": _evidence}[args.step]
    try:
        return step(args)
    except PolicyRefused as refused:
        said = f"a policy in the data folder is malformed: {refused}"
    except (DatabaseError, OSError) as error:
        said = f"{error}. 'lodeline doctor' tells more."
    _say(args, {"error": said}, f"lodeline witness: {said}")
    return UNUSABLE


def _say(args: argparse.Namespace, value: Any, text: str) -> None:
    print(json.dumps(value, indent=1, ensure_ascii=False) if args.json else text)


def _key(args: argparse.Namespace) -> int:
    from django.conf import settings

    from lodeline_server.log.witness import cosigners

    keys = [str(one.key) for one in cosigners()]
    url = f"{settings.PUBLIC_URL}/witness"
    _say(args, {"name": settings.WITNESS_NAME, "vkeys": keys, "url": url}, "\n".join(keys))
    return GOOD


def _ask(args: argparse.Namespace) -> int:
    from lodeline_server.kit.clock import now
    from lodeline_server.log import trusted, witnessing
    from lodeline_server.log.books import BOOKS

    if trusted.load(trusted.LOG) is None:
        said = "there is no log.policy in the data folder; it names the witnesses to ask"
        _say(args, {"error": said}, f"lodeline witness: {said}")
        return UNUSABLE
    done = [witnessing.ask(book, now(), patient=False) for book in BOOKS.values()]
    lines = [line for one in done for line in _lines(one)]
    value = [
        {
            "book": one.book,
            "size": one.size,
            "reached": one.reached,
            "witnesses": list(one.witnesses),
            "errors": {said.url: said.error for said in one.asked if said.error},
        }
        for one in done
    ]
    _say(args, {"books": value}, "\n".join(lines))
    return GOOD if all(one.reached or not one.size for one in done) else REFUSED


def _lines(one: Outcome) -> list[str]:
    verdict = "quorum reached" if one.reached else "quorum NOT reached"
    by = f" by {', '.join(one.witnesses)}" if one.witnesses else ""
    head = f"{one.book} {one.size}: cosigned{by}, {verdict}" if one.size else f"{one.book}: empty"
    return [head, *(f"  {said.url}: {said.error}" for said in one.asked if said.error)]


def _status(args: argparse.Namespace) -> int:
    from lodeline_server.log import witness_status
    from lodeline_server.log.books import BOOKS

    ours = [found for book in BOOKS.values() if (found := witness_status.of_book(book))]
    known, refused = witness_status.known(), witness_status.evidence().count()
    lines = []
    for one in ours:
        lines.append(f"{one.book}: {one.size} entries, quorum reached for {one.reached}")
        lines += [f"  {by.name}: {by.size} {by.error}".rstrip() for by in one.witnesses]
    lines += [f"we cosign {log.origin}: {log.size}" for log in known]
    lines.append(f"{refused} checkpoints refused that should not exist: 'lodeline witness evidence'")
    value = {
        "books": [
            {
                "book": one.book,
                "size": one.size,
                "reached": one.reached,
                "witnesses": [
                    {"name": by.name, "url": by.url, "size": by.size, "error": by.error}
                    for by in one.witnesses
                ],
            }
            for one in ours
        ],
        "logs": [{"origin": log.origin, "size": log.size} for log in known],
        "refused": refused,
    }
    _say(args, value, "\n".join(lines))
    return REFUSED if refused or any(one.reached < one.size for one in ours) else GOOD


def _evidence(args: argparse.Namespace) -> int:
    from lodeline_server.log import witness_status

    rows = witness_status.evidence()
    value = [
        {
            "origin": row.origin,
            "kind": row.kind,
            "size": row.size,
            "received": row.received_at.isoformat(),
            "request": row.request,
            "ours": row.ours,
        }
        for row in rows
    ]
    text = "\n".join(
        f"{row.received_at:%Y-%m-%d %H:%M:%S} {row.origin} {row.size}: {row.get_kind_display()}\n\n"
        f"what it sent:\n\n{row.request}\nwhat we had cosigned:\n\n{row.ours}"
        for row in rows
    )
    _say(args, {"evidence": value}, text or "nothing: all that was refused may be a log that asked anew")
    return REFUSED if rows else GOOD
