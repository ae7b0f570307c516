"""Identifiers of events in another spelling: EPC URNs as GS1 Digital Links, and back where the prefix is known.

A Digital Link does not say how long the company prefix is, a URN does. So a link becomes a URN only when a URN among
the same events shows its prefix; prefixes never begin with one another, so that is sure. Source: GS1 Tag Data
Standard 1.13 section 6.3.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from lodeline.events.vocabulary import EPC_LISTS, QUANTITY_LISTS
from lodeline.identifiers import DOMAIN, IdentifierError, normalise, parse_digital_link

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_URN: Final = re.compile(r"urn:epc:(?:id|class|idpat):[a-z]+:([0-9]{6,12})\.", re.IGNORECASE)
_LINKS: Final = (
    ("bizTransactionList", "bizTransaction"),
    ("sourceList", "source"),
    ("destinationList", "destination"),
)
_SERIALS: Final = {"21": "id:sgtin", "10": "class:lgtin", "235": "id:upui"}
_SHORT: Final = {
    "417": ("pgln", 12), "402": ("gsin", 16), "8018": ("gsrn", 17), "8017": ("gsrnp", 17)
}  # fmt: skip
_TAILED: Final = {"253": "gdti", "255": "sgcn"}
_OPEN: Final = {"8004": "giai", "401": "ginc"}


def as_links(events: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The events with EPC URNs as canonical Digital Links; other identifiers as they are."""
    return [_changed(event, _as_link) for event in events]


def as_urns(events: Iterable[dict[str, Any]]) -> tuple[list[dict[str, Any]], bool]:
    """The events with Digital Links as EPC URNs where the company prefix is known; whether all are URNs now."""
    there = list(events)
    prefixes = {found[1] for event in there for one in _identifiers(event) if (found := _URN.match(one))}
    whole = True

    def turn(text: str) -> str:
        nonlocal whole
        key = _as_link(text)
        if not key.startswith(f"{DOMAIN}/") or text[:8].lower() == "urn:epc:":
            return text
        urn = urn_of(key, prefixes)
        whole = whole and urn is not None
        return text if urn is None else urn

    return [_changed(event, turn) for event in there], whole


def urn_of(key: str, prefixes: Iterable[str]) -> str | None:
    """The EPC URN of a canonical Digital Link; None where no prefix fits or the scheme has no URN here."""
    try:
        link = parse_digital_link(key[len(DOMAIN) :])
    except IdentifierError:
        return None
    keys, primary = link.keys, link.primary
    value = keys[primary]
    moved = primary in {"00", "01"}
    digits = value[1:] if moved or primary == "8003" else value
    prefix = next((one for one in prefixes if digits.startswith(one)), None)
    if prefix is None:
        return None
    rest = digits[len(prefix) :]
    if moved:
        return _moved(prefix, value[0] + rest[:-1], keys, primary)
    if primary == "414":
        return f"urn:epc:id:sgln:{prefix}.{rest[: 12 - len(prefix)]}.{_escaped(keys.get('254', '0'))}"
    if primary == "8003":
        return (
            f"urn:epc:id:grai:{prefix}.{digits[len(prefix) : 12]}.{_escaped(value[14:])}"
            if value[14:]
            else None
        )
    if primary in _SHORT:
        scheme, length = _SHORT[primary]
        return f"urn:epc:id:{scheme}:{prefix}.{value[len(prefix) : length]}"
    if primary in _TAILED:
        tail = value[13:]
        return (
            f"urn:epc:id:{_TAILED[primary]}:{prefix}.{value[len(prefix) : 12]}.{_escaped(tail)}"
            if tail
            else None
        )
    return f"urn:epc:id:{_OPEN[primary]}:{prefix}.{_escaped(rest)}" if primary in _OPEN else None


def _moved(prefix: str, reference: str, keys: dict[str, str], primary: str) -> str:
    """GTIN and SSCC: the first digit stands in front of the reference."""
    if primary == "00":
        return f"urn:epc:id:sscc:{prefix}.{reference}"
    for ai, scheme in _SERIALS.items():
        if ai in keys:
            return f"urn:epc:{scheme}:{prefix}.{reference}.{_escaped(keys[ai])}"
    return f"urn:epc:idpat:sgtin:{prefix}.{reference}.*"


def _escaped(text: str) -> str:
    return quote(text, safe="!'()*+,-.:;=_")


def _as_link(text: str) -> str:
    if text[:8].lower() != "urn:epc:" and not text.startswith("http"):
        return text
    try:
        key = normalise(text)
    except IdentifierError:
        return text
    return key if key.startswith(f"{DOMAIN}/") else text


def _identifiers(event: dict[str, Any]) -> Iterator[str]:
    found: list[str] = []
    _changed(event, lambda text: found.append(text) or text)  # type: ignore[func-returns-value]
    yield from found


def _changed(event: dict[str, Any], turn: Callable[[str], str]) -> dict[str, Any]:
    """A copy with every EPC, class, place and party turned."""
    made = dict(event)
    for name in EPC_LISTS:
        if name in made:
            made[name] = [turn(one) for one in made[name]]
    for name in QUANTITY_LISTS:
        if name in made:
            made[name] = [{**one, "epcClass": turn(one["epcClass"])} for one in made[name]]
    if isinstance(made.get("parentID"), str):
        made["parentID"] = turn(made["parentID"])
    for name in ("readPoint", "bizLocation"):
        if isinstance(made.get(name), dict):
            made[name] = {**made[name], "id": turn(made[name]["id"])}
    for name, member in _LINKS:
        if name in made:
            made[name] = [{**one, member: turn(one[member])} for one in made[name]]
    return made
