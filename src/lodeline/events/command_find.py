"""`lodeline events find FILE... --where NAME=VALUE`: the events of documents that a query asks for, in file order."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterable

    from lodeline.events.query import Query

_GOOD, _NOTHING, _UNUSABLE = 0, 1, 2


def add_arguments(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Arguments of `lodeline events find`."""
    said = (
        "Events of documents that a query asks for, by the parameters of /epcis/events, each document with its own "
        "master data; nothing is sent."
    )
    find = verbs.add_parser("find", help="events of documents that a query asks for", description=said)
    find.add_argument(
        "files", nargs="+", metavar="FILE", help="document as JSON or XML; - reads standard input"
    )
    find.add_argument(
        "--where",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a parameter; may stand several times",
    )
    find.add_argument("--json", action="store_true", help="one JSON object on standard output")


def run(
    args: argparse.Namespace,
    documents: Callable[[list[str]], Iterable[tuple[str, dict[str, Any] | None, str]]],
) -> int:
    """0: something found; 1: nothing; 2: a file or the query is unusable."""
    from lodeline.events.query import QueryError, parse

    try:
        query = parse([one.partition("=")[::2] for one in args.where])
    except QueryError as error:
        print(f"lodeline: {error.detail}", file=sys.stderr)
        return _UNUSABLE
    if query.controls:
        print(f"lodeline: {', '.join(query.controls)} has no use here.", file=sys.stderr)
        return _UNUSABLE
    found: list[dict[str, Any]] = []
    for name, document, bad in documents(args.files):
        if document is None:
            print(f"lodeline: {name}: {bad}; 'lodeline events check' says more", file=sys.stderr)
            return _UNUSABLE
        for index, event in _matching(name, document, query):
            found.append({"file": name, "index": index, "event": event})
            if not args.json:
                print(
                    f"{name}: {index}: {event['type']} {event.get('eventTime', '')} {event.get('eventID', '')}"
                )
    if args.json:
        print(json.dumps({"events": found}, indent=2))
    return _GOOD if found else _NOTHING


def _matching(name: str, document: dict[str, Any], query: Query) -> Iterable[tuple[int, dict[str, Any]]]:
    from lodeline.events.context import Names, names_for
    from lodeline.events.epcis import events_of
    from lodeline.events.master_data import Known, read
    from lodeline.events.query_match import Candidate, matches
    from lodeline.events.schema import validator
    from lodeline.events.vocabulary import EVENT_TYPES

    names, master = Names.of(document.get("@context")), Known(read(document))
    for index, raw in enumerate(events_of(document)):
        kind = raw.get("type") if isinstance(raw, dict) else None
        if kind not in EVENT_TYPES or not validator(str(kind), xml=True).is_valid(raw):
            print(f"lodeline: {name}: event {index} does not fit the schema and is left out", file=sys.stderr)
        elif matches(query, Candidate(raw, names_for(raw, names).prefixes), master=master):
            yield index, raw
