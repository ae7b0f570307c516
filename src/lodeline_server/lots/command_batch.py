"""`lodeline trace export` and `trace batch`: the lot graph as Parquet, and its origins on an engine of data frames."""

from __future__ import annotations

import json
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from lodeline.cli import GOOD, REFUSED, UNUSABLE
from lodeline_server.lots.command import complain

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from lodeline.lots.batch import Answer
    from lodeline_server.parties.models import Workspace

STEPS = ("export", "batch")
NEEDS = "this needs more packages: pip install 'lodeline[batch]'"
SAID = 300  # characters of what an engine said


def add_arguments(steps: Any) -> None:
    said = "write the lot graph of a workspace as Parquet tables"
    export = steps.add_parser("export", help=said, description=said)
    export.add_argument("folder", metavar="DIR", type=Path, help="a new or empty folder")
    export.add_argument("--workspace", default="", help="needed only when there are several")
    export.add_argument("--json", action="store_true", help="answer as JSON")
    said = "origin shares of every lot of an export, as data frames on Spark Connect"
    batch = steps.add_parser("batch", help=said, description=said)
    batch.add_argument("folder", metavar="DIR", help="what `trace export` wrote; a folder or an address")
    batch.add_argument(
        "--out", required=True, metavar="FILE", help="Parquet; an address is a folder that the engine writes"
    )
    batch.add_argument(
        "--connect", default="", metavar="ADDRESS", help="sc://host:port (default: Sail, in this process)"
    )
    batch.add_argument(
        "--work", default="", metavar="DIR", help="for rounds; with --connect needed, reached by every worker"
    )
    batch.add_argument("--json", action="store_true", help="answer as JSON")


def run(args: argparse.Namespace) -> int:
    try:
        return export(args) if args.step == "export" else batch(args)
    except ModuleNotFoundError as missing:
        if str(missing.name).partition(".")[0] in {"pyarrow", "pysail", "pyspark", "grpc", "pandas"}:
            return complain(NEEDS, UNUSABLE, json_wanted=args.json)
        raise


def export(args: argparse.Namespace) -> int:
    from lodeline_server.kit import setup

    setup.django(lean=True)
    from lodeline.lots import exporting
    from lodeline_server.lots import queries

    space = chosen_workspace(args.workspace)
    if isinstance(space, str):
        return complain(space, UNUSABLE, json_wanted=args.json)
    picture = queries.picture(space.pk)
    said = exporting.About(
        workspace=space.slug, position=picture.position, snapshot=queries.kernel(picture).id
    )
    try:
        counts = exporting.write(picture.graph, picture.places, said, args.folder)
    except OSError as wrong:
        return complain(f"{args.folder} cannot be written: {_first(wrong)}", UNUSABLE, json_wanted=args.json)
    if not counts["about"]:
        return complain("no lot holds a tracked substance", REFUSED, json_wanted=args.json)
    if args.json:
        print(json.dumps({"workspace": said.workspace, "position": said.position, "snapshot": said.snapshot,
                          "rows": counts}, indent=1))  # fmt: skip
        return GOOD
    edges = sum(rows for name, rows in counts.items() if name.startswith("edges-"))
    print(
        f"{counts['lots']} lots, {edges} edges of {counts['about']} substances, log position {said.position}, "
        f"snapshot {said.snapshot}"
    )
    return GOOD


def chosen_workspace(slug: str) -> Workspace | str:
    """The one that is meant, or why there is none."""
    from lodeline_server.parties.models import Workspace

    rows = Workspace.objects.filter(slug=slug) if slug else Workspace.objects.order_by("slug")
    found = list(rows[:20])
    if len(found) == 1:
        return found[0]
    if slug or not found:
        return f"no workspace is called {slug!r}" if slug else "there is no workspace yet"
    return f"add --workspace, one of {', '.join(one.slug for one in found)}"


def batch(args: argparse.Namespace) -> int:
    from pyspark.errors import PySparkException

    from lodeline.lots import frames
    from lodeline.lots.batch import shares
    from lodeline.lots.kernel.compressed import Circle

    if args.connect and not args.work:
        words = "--connect needs --work: a folder that every worker of the engine reaches"
        return complain(words, UNUSABLE, json_wanted=args.json)
    started = time.perf_counter()
    try:
        with _room(args.work) as work, frames.session(args.connect) as spark:
            answer = shares(spark, _place(args.folder), work)
            if not answer.complete:
                words = f"shares of some lot differ from one by {answer.off:.1e}: the export was changed"
                return complain(words, REFUSED, json_wanted=args.json)
            rows = _write(answer, args.out)
    except Circle as wrong:
        return complain(str(wrong), REFUSED, json_wanted=args.json)
    except PySparkException as wrong:
        return complain(f"the engine says: {_first(wrong)}", UNUSABLE, json_wanted=args.json)
    except (ValueError, OSError) as wrong:
        return complain(_first(wrong), UNUSABLE, json_wanted=args.json)
    seconds = time.perf_counter() - started
    if args.json:
        print(json.dumps({"workspace": answer.workspace, "position": answer.position, "snapshot": answer.snapshot,
                          "rounds": answer.rounds, "off": answer.off, "rows": rows, "out": args.out,
                          "seconds": round(seconds, 3)}, indent=1))  # fmt: skip
        return GOOD
    print(
        f"{rows} shares of {len(answer.rounds)} substances, log position {answer.position}, snapshot "
        f"{answer.snapshot}\n{max(answer.rounds.values())} rounds, {seconds:.1f} s, written to {args.out}"
    )
    return GOOD


@contextmanager
def _room(given: str) -> Iterator[str]:
    """A folder of this run's own: one that goes again, or a new one below what was given."""
    if given:
        yield f"{_place(given)}/run-{uuid4().hex}"
        return
    with tempfile.TemporaryDirectory(prefix="lodeline-batch-") as room:
        yield room


def _place(word: str) -> str:
    """Engines have a working folder of their own."""
    return word.rstrip("/") if "://" in word else str(Path(word).resolve())


def _write(answer: Answer, out: str) -> int:
    """One file in a fixed order, or what the engine writes at an address; the number of rows."""
    if "://" in out:
        answer.shares.write.parquet(out)
        return int(answer.shares.sparkSession.read.parquet(out).count())
    from pyarrow import parquet

    from lodeline import strictjson
    from lodeline.lots.exporting import FORMAT, META

    said = {"workspace": answer.workspace, "position": answer.position, "snapshot": answer.snapshot}
    order = [(name, "ascending") for name in ("key", "version", "substance", "origin")]
    table = answer.shares.toArrow().sort_by(order)
    final = Path(out).resolve()
    beside = final.with_name(f".{final.name}.{uuid4().hex}.part")
    meta = {META: strictjson.canonical({"format": FORMAT, **said})}
    try:
        parquet.write_table(table.replace_schema_metadata(meta), beside)
        beside.replace(final)
    finally:
        beside.unlink(missing_ok=True)
    return int(table.num_rows)


def _first(wrong: Exception) -> str:
    """The first line of what went wrong."""
    return (str(wrong).strip().splitlines() or [type(wrong).__name__])[0][:SAID]
