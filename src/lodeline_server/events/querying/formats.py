"""Answers in the form a client asked for: JSON or XML, URNs or Digital Links, words as URNs or web addresses."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import orjson
from attrs import frozen

from lodeline.events.context import EPCIS_CONTEXT, Names, own_words
from lodeline.events.hash_words import MASTER_DATA, SPACES, URNS
from lodeline.events.query_translate import as_links, as_urns
from lodeline.events.query_words import absolute
from lodeline.events.xml_write import Unwritable, xml_of
from lodeline_server.kit.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from django.http import HttpRequest

JSON, XML = "application/json", "application/xml"
NOT_ACCEPTABLE: Final = "epcisException:NotAcceptableException"
EPC_FORMATS: Final = ("No_Preference", "Always_GS1_Digital_Link", "Always_EPC_URN", "Never_Translates")
WORD_FORMATS: Final = ("No_Preference", "Always_Web_URI", "Always_URN", "Never_Translates")
_KINDS: Final = {
    "application/json": JSON, "application/ld+json": JSON, "application/*": JSON, "*/*": JSON, "application/xml": XML,
    "text/xml": XML, "text/*": XML,
}  # fmt: skip
_WORD: Final = re.compile(rb'(?<=[>"])(urn:epcglobal:cbv:(?:bizstep|disp|btt|sdt|er):)(?=[A-Za-z_])')
_NO_NAME: Final = re.compile(r"\s|://")
_FULL: Final = {urn.encode(): full.encode() for urn, full in URNS.items()}


@frozen
class Wanted:
    """What the headers ask for."""

    media_type: str
    epcs: str
    words: str

    @classmethod
    def of(cls, request: HttpRequest) -> Wanted:
        """Raises `Problem` 406 for what is not spoken here."""
        epcs = _one_of(request, "GS1-EPC-Format", EPC_FORMATS)
        words = _one_of(request, "GS1-CBV-XML-Format", WORD_FORMATS)
        return cls(accepted(request.headers.get("Accept", "")), epcs, words)


@frozen
class Body:
    """The bytes of an answer. `epcs`: the format of identifiers that came of it."""

    data: bytes
    media_type: str
    epcs: str


def accepted(header: str) -> str:
    """JSON or XML, whichever the client likes better; JSON when it does not care. Raises `Problem` 406."""
    best, liked = "", 0.0
    for part in header.split(",") if header.strip() else ["*/*"]:
        name, *parameters = (piece.strip().lower() for piece in part.split(";"))
        weight = next((_weight(one[2:]) for one in parameters if one.startswith("q=")), 1.0)
        if name in _KINDS and weight > liked:
            best, liked = _KINDS[name], weight
    if not best:
        raise Problem(406, "JSON and XML are written here", detail=header[:100], kind=NOT_ACCEPTABLE)
    return best


def _weight(text: str) -> float:
    return float(text) if re.fullmatch(r"[01](?:\.[0-9]{0,3})?", text) else 0.0


def _one_of(request: HttpRequest, header: str, known: Sequence[str]) -> str:
    said = request.headers.get(header, "No_Preference").strip()
    if said not in known:
        raise Problem(406, f"{header} is {', '.join(known)}", detail=said[:60], kind=NOT_ACCEPTABLE)
    return said


def document(events: Sequence[dict[str, Any]], name: str, now: datetime) -> dict[str, Any]:
    """Events as an EPCISQueryDocument."""
    return {
        "@context": [EPCIS_CONTEXT],
        "type": "EPCISQueryDocument",
        "schemaVersion": "2.0",
        "creationDate": now.isoformat(),
        "epcisBody": {"queryResults": {"queryName": name, "resultsBody": {"eventList": list(events)}}},
    }


def written(events: Sequence[dict[str, Any]], wanted: Wanted, name: str, now: datetime) -> Body:
    """The answer's bytes. Raises `Problem` 406 for what cannot be written in XML."""
    epcs = "Never_Translates"
    if wanted.epcs == "Always_GS1_Digital_Link":
        events, epcs = as_links(events), wanted.epcs
    elif wanted.epcs == "Always_EPC_URN":
        events, whole = as_urns(events)
        epcs = wanted.epcs if whole else "No_Preference"
    if wanted.media_type == JSON:
        return Body(orjson.dumps(document(events, name, now)), JSON, epcs)
    try:
        data = xml_of(document(one_spelling(events), name, now))
    except (Unwritable, KeyError) as error:
        raise Problem(
            406,
            "An event cannot be written in XML",
            detail=f"{error}. Ask for JSON.",
            kind=NOT_ACCEPTABLE,
        ) from None
    if wanted.words == "Always_Web_URI":
        data = _WORD.sub(lambda found: _FULL[found[1]], data)
    return Body(data, XML, epcs)


def one_spelling(events: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The events with one meaning per prefix: XML declares prefixes once. A second meaning gets a name of its own."""
    spaces: dict[str, str] = dict(SPACES)
    made = []
    for event in events:
        rename, context = {}, {}
        known = Names.of(event.get("@context")).prefixes
        for prefix, space in known.items():
            name, number = prefix, 1
            space = MASTER_DATA if space == f"{MASTER_DATA}:" else space  # noqa: PLW2901
            while spaces.setdefault(name, space) != space:
                number += 1
                name = f"{prefix}{number}"
            context[name] = space
            if name != prefix:
                rename[f"{prefix}:"] = f"{name}:"
        spelled = _spelled_out(event, known) if known else event
        made.append({**(own_words(spelled, rename) if rename else spelled), "@context": context})
    return made


def _spelled_out(event: dict[str, Any], known: Mapping[str, str]) -> dict[str, Any]:
    """Values that begin with one of the event's prefixes as whole addresses: in XML a prefix is no part of a value."""

    def spelled(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: spelled(item) for name, item in value.items()}
        if isinstance(value, list):
            return [spelled(item) for item in value]
        if isinstance(value, str) and value.partition(":")[0] in known and not _NO_NAME.search(value):
            return absolute(value, known)
        return value

    return {name: value if name == "@context" else spelled(value) for name, value in event.items()}
