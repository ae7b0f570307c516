"""`lodeline capture FILE... --as ORGANISATION[@workspace]`: documents into the log, from this machine."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lodeline.cli import GOOD, REFUSED, SUMMARIES, UNUSABLE

if TYPE_CHECKING:
    import argparse

    from lodeline.access import Actor
    from lodeline_server.events.models import CaptureJob

SUMMARY = SUMMARIES["capture"]


class Unusable(Exception):  # noqa: N818 - ends the command with a sentence
    pass


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "files", nargs="+", metavar="FILE", help="document as JSON or XML; - reads standard input"
    )
    parser.add_argument(
        "--as", dest="organisation", required=True, metavar="ORGANISATION[@WORKSPACE]", help="who captures"
    )
    parser.add_argument("--signature", metavar="FILE", help="detached JWS over the document's bytes")
    parser.add_argument(
        "--proceed", action="store_true", help="keep the good events of a document with bad ones"
    )
    parser.add_argument("--lenient", action="store_true", help="repair by named rules first; each is listed")
    parser.add_argument(
        "--template",
        choices=("shipments", "receipts", "production", "assays"),
        help="FILE is a filled sheet of this template (XLSX or CSV)",
    )
    parser.add_argument("--zone", metavar="ZONE", default="", help="time zone, where a sheet does not say it")
    parser.add_argument(
        "--decimal", choices=(".", ","), default="", help="decimal mark of a sheet's numbers in text"
    )
    parser.add_argument(
        "--correct", action="store_true", help="correct rows of a sheet that are on record with other values"
    )
    parser.add_argument("--now", metavar="TIME", help="the time taken as now (ISO 8601); default: the clock")
    parser.add_argument("--json", action="store_true", help="answer as JSON")


def run(args: argparse.Namespace) -> int:
    """0: all taken; 1: a document was refused; 2: a file or an option is unusable."""
    from lodeline_server.kit import setup

    setup.django(lean=True)
    try:
        at = _time(args.now)
        signature = _signature(args)
        actor = _actor(args.organisation)
        documents = [(name, _read(name)) for name in args.files]
    except Unusable as error:
        print(f"lodeline capture: {error}", file=sys.stderr)
        return UNUSABLE
    from lodeline_server.log import projections

    results = []
    for number, (name, data) in enumerate(documents, start=1):
        results.append(
            _capture_sheet(args, actor, name, data, at)
            if args.template
            else _capture(args, actor, name, data, signature=signature, at=at)
        )
        if not args.json:
            _say(results[-1])
            if sys.stderr.isatty() and len(documents) > 1:
                print(f"{number} of {len(documents)}", end="\r", file=sys.stderr)
    failures = projections.follow_all()
    for failure in failures:
        print(f"lodeline capture: {failure.projection} stands still at {failure.position}", file=sys.stderr)
    if args.json:
        print(json.dumps({"documents": results}, indent=2))
    return REFUSED if failures or any(result["state"] != "taken" for result in results) else GOOD


def _capture(
    args: argparse.Namespace, actor: Actor, name: str, data: bytes, *, signature: str, at: datetime
) -> dict[str, Any]:
    from lodeline.events.xml_tree import looks_like_xml
    from lodeline_server.events import actions, processing
    from lodeline_server.events.models import CaptureJob
    from lodeline_server.kit.problems import Problem

    behaviour = CaptureJob.Behaviour.PROCEED if args.proceed else CaptureJob.Behaviour.ROLLBACK
    document = actions.Document(
        data=data,
        media_type="application/xml" if looks_like_xml(data) else "application/json",
        jws=signature,
        name=Path(name).name,
        behaviour=behaviour,
        lenient=args.lenient,
    )
    try:
        job = actions.submit(actor=actor, document=document, now=at, queue=False)
        job = processing.process(job, at, follow=False)
    except Problem as problem:
        return {"file": name, "state": "refused", **problem.as_dict()}
    return _result(name, job)


def _capture_sheet(
    args: argparse.Namespace, actor: Actor, name: str, data: bytes, at: datetime
) -> dict[str, Any]:
    from lodeline_server.events import processing
    from lodeline_server.events.sheets import actions
    from lodeline_server.kit.problems import Problem

    upload = actions.Upload(
        data=data,
        template=args.template,
        name="" if name == "-" else Path(name).name,
        zone=args.zone,
        decimal=args.decimal,
    )
    try:
        row = actions.preview(actor=actor, upload=upload, now=at)
        if row.errors:
            actions.drop(actor=actor, preview=row, now=at)
            title = "The sheet has errors"
            return {"file": name, "state": "refused", "title": title, "findings": row.findings}
        job = actions.confirm(actor=actor, preview=row, now=at, correct=args.correct, queue=False)
        return _result(name, processing.process(job, at, follow=False))
    except Problem as problem:
        return {"file": name, "state": "refused", **problem.as_dict()}


def _result(name: str, job: CaptureJob) -> dict[str, Any]:
    from lodeline_server.events import answers

    positions = list(job.records.order_by("position").values_list("position", flat=True))
    return {
        "file": name,
        **json.loads(json.dumps(answers.job(job), default=str)),
        "positions": [positions[0], positions[-1]] if positions else [],
    }


def _say(result: dict[str, Any]) -> None:
    name = result["file"]
    for found in result.get("findings", ()):
        shown = f"{found['severity']}: {found['pointer'] or '/'}: {found['message']} [{found['rule']}]"
        print(f"{name}: {shown}")
    if "captureID" not in result:
        print(f"{name}: refused: {result['title']}. {result.get('detail', '')}".rstrip())
        return
    at = result["positions"]
    where = f", log positions {at[0]} to {at[1]}" if at else ""
    counts = f"{result['accepted']} new, {result['duplicates']} known already, {result['rejected']} refused"
    print(f"{name}: {result['state']}: {counts}{where}")


def _time(text: str | None) -> datetime:
    from lodeline_server.kit.clock import now

    if not text:
        return now()
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise Unusable(f"--now is no time: {text}") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _signature(args: argparse.Namespace) -> str:
    if args.template and (args.signature or args.lenient or args.proceed):
        raise Unusable("--template goes without --signature, --lenient and --proceed")
    if not args.signature:
        return ""
    if len(args.files) != 1:
        raise Unusable("--signature goes with one FILE")
    return _read(args.signature).decode("ascii", errors="replace").strip()


def _read(name: str) -> bytes:
    from lodeline_server.events import actions

    most = actions.limits().max_bytes + 1
    if name == "-":
        return sys.stdin.buffer.read(most)
    try:
        with Path(name).open("rb") as file:
            return file.read(most)
    except OSError as error:
        raise Unusable(f"{name}: {error.strerror}") from None


def _actor(words: str) -> Actor:
    from lodeline.access import Actor
    from lodeline_server.parties.models import Organisation

    slug, _, workspace = words.partition("@")
    rows = Organisation.objects.filter(slug=slug)
    if workspace:
        rows = rows.filter(workspace__slug=workspace)
    found = list(rows[:2])
    if not found:
        raise Unusable(f"there is no organisation {words}")
    if len(found) > 1:
        raise Unusable(f"{slug} is in several workspaces; write {slug}@WORKSPACE")
    organisation = found[0]
    return Actor(
        kind="platform",
        id="command line",
        name="command line",
        workspace=organisation.workspace_id,
        organisation=organisation.pk,
        party=organisation.party,
    )
