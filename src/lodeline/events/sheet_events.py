"""Rows that could be read to EPCIS 2.0 events and statements.

The id of an event is a name (UUID version 5) of party, template and the row's key: the same row is the same event,
however often the sheet is sent and wherever the row stands. A corrected row keeps its key, so it meets the event on
record; `revision` counts corrections that were made before.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote
from uuid import UUID, uuid5

from attrs import field, frozen

from lodeline.events.context import EPCIS_CONTEXT, OWN
from lodeline.events.ilmd import SUBSTANCES
from lodeline.events.sheet_templates import SHARES
from lodeline.identifiers import DOMAIN
from lodeline.strictjson import canonical

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime
    from decimal import Decimal

    from lodeline.events.sheet_templates import Template

    Complain = Callable[[str, str, int, str], None]  # rule, message, row, name of a column

NAMESPACE: Final = UUID("5b0d6c1e-52f4-5c2a-9d5e-0f6a1c7b9e11")
CONTEXT: Final = (EPCIS_CONTEXT, {"lode": OWN})
_GLN_PARTY: Final = f"{DOMAIN}/417/"
_SHIFTS: Final = ("time", "site")


@frozen(kw_only=True)
class Line:
    """One row that could be read: its number, and values by column."""

    number: int
    values: dict[str, Any]

    def __getitem__(self, name: str) -> Any:
        return self.values.get(name)


@frozen(kw_only=True)
class Made:
    """One event or statement, and the rows it was made of. `key`: what its id was made of, without the revision."""

    raw: dict[str, Any]
    rows: tuple[int, ...]
    key: tuple[str, ...] = field(repr=False)


def name_of(party: str, template: str, key: Iterable[str], revision: int = 0) -> str:
    """The id of the event that a row's key stands for."""
    words = [party, template, *key] + ([f"revision {revision}"] if revision else [])
    return f"urn:uuid:{uuid5(NAMESPACE, canonical(words).decode())}"


def make(template: Template, lines: Iterable[Line], party: str, complain: Complain) -> list[Made]:
    """The events or statements of these rows, in the order of the sheet; what does not fit together is said."""
    return _MAKERS[template.name](template, lines, party, complain)


def document(
    made: Iterable[Made], template: Template, now: datetime, source: dict[str, Any] | None = None
) -> dict[str, Any]:
    """The document to capture. `source`: the sheet itself, kept with it."""
    listed = list(made)
    if template.name == "assays":
        found: dict[str, Any] = {
            "type": "StatementDocument", "schemaVersion": "1", "creationDate": now.isoformat(),
            "statements": [one.raw for one in listed],
        }  # fmt: skip
        return {**found, "sheet": source} if source else found
    found = {
        "@context": list(CONTEXT),
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": now.isoformat(),
        "epcisBody": {"eventList": [one.raw for one in listed]},
    }
    return {**found, "lode:sheet": source} if source else found


def _movements(template: Template, lines: Iterable[Line], party: str, complain: Complain) -> list[Made]:
    """Shipments and receipts: an event for each row."""
    found: list[Made] = []
    seen: dict[tuple[str, ...], int] = {}
    sending = template.name == "shipments"
    for line in lines:
        key = tuple(line[name] for name in template.key)
        if key in seen:
            message = (
                f"Row {seen[key]} names this delivery and lot already. Add the quantities up in one row."
            )
            complain("sheet.twice", message, line.number, "lot")
            continue
        seen[key] = line.number
        source, target = (party, line["partner"]) if sending else (line["partner"], party)
        if source == target:
            complain("sheet.own-party", "This is your own party. Name the other one.", line.number, "partner")
            continue
        notes = [{"type": "desadv", "bizTransaction": _paper(source, line["delivery"])}]
        if line["order"]:
            notes.append({"type": "po", "bizTransaction": _paper(target, line["order"])})
        targets = [{"type": "possessing_party", "destination": target}]
        if sending and line["to_site"]:
            targets.append({"type": "location", "destination": line["to_site"]})
        raw = {
            "type": "ObjectEvent",
            "eventID": name_of(party, template.name, key),
            **_when(line["time"]),
            "action": "OBSERVE",
            "quantityList": [_quantity(line)],
            "bizStep": "shipping" if sending else "receiving",
            "disposition": "in_transit" if sending else "in_progress",
            "readPoint": {"id": line["site"]},
            **({} if sending else {"bizLocation": {"id": line["site"]}}),
            "bizTransactionList": notes,
            "sourceList": [{"type": "possessing_party", "source": source}],
            "destinationList": targets,
        }
        found.append(Made(raw=raw, rows=(line.number,), key=key))
    return found


def _production(template: Template, lines: Iterable[Line], party: str, complain: Complain) -> list[Made]:
    runs: defaultdict[str, list[Line]] = defaultdict(list)
    for line in lines:
        runs[line["run"]].append(line)
    found: list[Made] = []
    for run, members in runs.items():
        if _fits(members, complain):
            found += _run(template, run, members, party)
    return found


def _fits(members: list[Line], complain: Complain) -> bool:
    """Whether the rows of a run tell one story."""
    first, good = members[0], True
    seen: dict[str, Line] = {}
    for line in members:
        for name in _SHIFTS:
            if line[name] != first[name]:
                message = f"Row {first.number} says otherwise for the same run. A run ends once, at one site."
                complain("sheet.run", message, line.number, name)
                good = False
        before = seen.setdefault(line["lot"], line)
        if before is not line:
            same = before["direction"] == line["direction"]
            message = (
                f"Row {before.number} names this lot already. Add the quantities up in one row."
                if same
                else f"Row {before.number} has this lot on the other side. What comes out is a new lot."
            )
            complain("sheet.twice", message, line.number, "lot")
            good = False
        if line["direction"] == "in":
            for name in ("product", "custody", *SUBSTANCES):
                if line[name] is not None:
                    complain(
                        "sheet.input",
                        "Only what comes out is described. Leave this empty.",
                        line.number,
                        name,
                    )
                    good = False
    if all(line["direction"] == "in" for line in members):
        complain(
            "sheet.run",
            "Nothing comes out of this run. Add the rows of its outputs.",
            first.number,
            "direction",
        )
        good = False
    return good


def _run(template: Template, run: str, members: list[Line], party: str) -> list[Made]:
    """One event; where outputs are described differently, one for each description under one transformation id."""
    inputs = [line for line in members if line["direction"] == "in"]
    groups: defaultdict[bytes, list[Line]] = defaultdict(list)
    for line in members:
        if line["direction"] == "out":
            groups[canonical(_described(line))].append(line)
    ordered = sorted(groups.values(), key=lambda lines: min(line["lot"] for line in lines))
    found = []
    for number, outputs in enumerate(ordered):
        used = inputs if number == 0 else []
        key = (run,) if number == 0 else (run, f"output {number}")
        described = _described(outputs[0])
        raw: dict[str, Any] = {
            "type": "TransformationEvent" if inputs else "ObjectEvent",
            "eventID": name_of(party, template.name, key),
            **_when(outputs[0]["time"]),
            **({} if inputs else {"action": "ADD"}),
        }
        if inputs and len(ordered) > 1:
            raw["transformationID"] = name_of(party, template.name, (run, "transformation"))
        if used:
            raw["inputQuantityList"] = [_quantity(line) for line in used]
        raw["outputQuantityList" if inputs else "quantityList"] = [_quantity(line) for line in outputs]
        raw |= {
            "bizStep": "commissioning",
            "disposition": "active",
            "readPoint": {"id": outputs[0]["site"]},
            "bizLocation": {"id": outputs[0]["site"]},
            "bizTransactionList": [{"type": "prodorder", "bizTransaction": _paper(party, run)}],
            **({"ilmd": described} if described else {}),
        }
        rows = tuple(sorted(line.number for line in (*used, *outputs)))
        found.append(Made(raw=raw, rows=rows, key=key))
    return found


def _described(line: Line) -> dict[str, Any]:
    """The words for lots at birth, of one row."""
    parts = [
        {"lode:substance": symbol, "lode:massFraction": plain(line[symbol])}
        for symbol in SUBSTANCES
        if line[symbol] is not None
    ]
    found = {"lode:product": line["product"], "lode:custodyModel": line["custody"], "lode:composition": parts}
    return {key: value for key, value in found.items() if value}


def _assays(template: Template, lines: Iterable[Line], party: str, complain: Complain) -> list[Made]:
    """A statement for each certificate and lot."""
    papers: defaultdict[tuple[str, str], list[Line]] = defaultdict(list)
    for line in lines:
        papers[line["certificate"], line["lot"]].append(line)
    found = []
    for key, members in papers.items():
        first = members[0]
        parts: dict[str, dict[str, str]] = {}
        good = True
        for line in members:
            for name in ("issued", "sampled", "laboratory", "method"):
                if line[name] != first[name]:
                    message = f"Row {first.number} says otherwise for the same certificate and lot."
                    complain("sheet.certificate", message, line.number, name)
                    good = False
            if line["substance"] in parts:
                complain(
                    "sheet.twice", "This substance stands twice on the certificate.", line.number, "substance"
                )
                good = False
            part = _part(line, complain)
            good = good and part is not None
            parts[line["substance"]] = part or {}
        if not good:
            continue
        content = {
            "lot": key[1],
            "certificate": key[0],
            "sampled": first["sampled"].isoformat(),
            "laboratory": first["laboratory"],
            "composition": list(parts.values()),
            **({"method": first["method"]} if first["method"] else {}),
        }
        raw = {
            "id": name_of(party, template.name, key),
            "kind": "lot.assay",
            "subject": key[1],
            "issuer": party,
            "issued": first["issued"].isoformat(),
            "content": content,
        }
        found.append(Made(raw=raw, rows=tuple(line.number for line in members), key=key))
    return found


def _part(line: Line, complain: Complain) -> dict[str, str] | None:
    """One substance: shares from 0 to 1, exact."""
    part = {"substance": line["substance"]}
    for name, word in (("value", "massFraction"), ("uncertainty", "uncertainty")):
        if line[name] is None:
            continue
        number, percent = line[name]
        places = SHARES[line["unit"]][0]
        if percent and line["unit"] != "%":
            message = f"The cell is shown as percent, the unit is {line['unit']}. Make them agree."
            complain("sheet.share", message, line.number, name)
            return None
        share = number if percent else number.scaleb(-places)
        if share > 1:
            complain("sheet.share", "More than the whole. Look at value and unit.", line.number, name)
            return None
        part[word] = plain(share)
    return part


def plain(number: Decimal) -> str:
    """A decimal as shortest text without exponent."""
    text = f"{number:f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"


def _when(moment: datetime) -> dict[str, str]:
    text = moment.isoformat(timespec="seconds")
    return {"eventTime": text, "eventTimeZoneOffset": text[-6:]}


def _quantity(line: Line) -> dict[str, Any]:
    amount: Decimal = line["quantity"]
    whole = amount == amount.to_integral_value()
    return {"epcClass": line["lot"], "quantity": int(amount) if whole else float(amount), "uom": line["unit"]}


def _paper(party: str, number: str) -> str:
    """A business paper by whose it is and its number. Source: CBV 2.0 section 8.5."""
    if party.startswith(_GLN_PARTY):
        return f"urn:epcglobal:cbv:bt:{party[len(_GLN_PARTY) :]}:{quote(number, safe='')}"
    return f"{OWN}paper:{quote(party, safe='')}:{quote(number, safe='')}"


_MAKERS: Final = {
    "shipments": _movements, "receipts": _movements, "production": _production, "assays": _assays,
}  # fmt: skip
