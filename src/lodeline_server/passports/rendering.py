"""The public page from the public document: nothing else goes in, so that nothing else can come out."""

from __future__ import annotations

import sys
from datetime import date
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from attrs import frozen
from django.template.loader import get_template, render_to_string
from django.templatetags.static import static
from django.utils import translation
from django.utils.translation import gettext as _

from lodeline.identifiers import DOMAIN, parse_digital_link
from lodeline.passports import law
from lodeline.passports.completeness import State, total
from lodeline.passports.countries import name as country_name
from lodeline.passports.datapoints import SECTIONS, Group, points
from lodeline.passports.document import DERIVED_FROM, ORIGIN, SUBSTANCE_IDS, SUCCEEDED_BY
from lodeline_server.credentials import addresses
from lodeline_server.kit.charts import colours, legal_minimum, stacked, swatch
from lodeline_server.kit.qr import svg as qr
from lodeline_server.passports import wording
from lodeline_server.passports.sheet import SHEET

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from lodeline.passports.completeness import Cell

FIGURES = ((11, "Capacity on the label"), (27, "Nominal voltage"), (10, "Weight"), (31, "Expected lifetime"))
RECYCLED = (20, 22, 21)
LEAD = 23
SUBSTANCES = {
    "cobalt": "cobalt", "nickel": "nickel", "lithium": "lithium", "manganese": "manganese",
    "naturalGraphite": "natural graphite", "copper": "copper", "aluminium": "aluminium",
}  # fmt: skip
TEMPLATES = (
    "passports/public.html",
    "passports/gone.html",
    "kit/public.html",
    "kit/sprite.html",
    "kit/mark.html",
)


def look() -> str:
    """Names how pages are drawn today: templates, style sheet, and this module. Pages bear it."""
    drawn = [get_template(name).template.source.encode() for name in TEMPLATES]
    drawn += [Path(module.__file__ or "").read_bytes() for module in (wording, sys.modules[__name__])]
    return sha256(b"\0".join([*drawn, static(SHEET).encode()])).hexdigest()[:16]


@frozen(kw_only=True)
class Edition:
    """What a published page says about itself."""

    name: str
    version: int
    position: int
    first_at: datetime
    changed_at: datetime
    digest: str
    size: int
    demonstration: bool
    look: str


def page(document: Mapping[str, Any], cells: Sequence[Cell], edition: Edition) -> bytes:
    """The page of one passport, as UTF-8. `cells`: public ones; `document`: the public compressed form."""
    if any(cell.point.group is not Group.PUBLIC for cell in cells):
        raise ValueError("a public page is given public cells only")
    with translation.override("en"):
        return render_to_string("passports/public.html", _context(document, cells, edition)).encode()


def gone(document: Mapping[str, Any], edition: Edition) -> bytes:
    """The tombstone of a passport that has ceased to exist."""
    with translation.override("en"):
        context = {"doc": document, "edition": edition, "language": "en"}
        return render_to_string("passports/gone.html", context).encode()


def _context(document: Mapping[str, Any], cells: Sequence[Cell], edition: Edition) -> dict[str, Any]:
    shown = {number: _shown(document.get(point.id)) for number, point in points().items()}
    states = {cell.point.number: cell for cell in cells}
    address = document["digitalProductPassportId"]
    category = document.get("batteryCategory", {}).get("value", "")
    made = document.get("dateOfManufacture", {}).get("value", "")
    return {
        "language": "en",
        "doc": document,
        "edition": edition,
        "v": {f"p{number}": value for number, value in shown.items()},
        "category": wording.CATEGORIES.get(category, ""),
        "made": wording.month(made) if made else "",
        "status": wording.DPP_STATUS.get(document["dppStatus"], document["dppStatus"]),
        "figures": [(_(label), shown[number]) for number, label in FIGURES if shown[number]],
        "recycled": [
            _recycled(number, shown[number], category, made) for number in RECYCLED if shown[number]
        ],
        "lead": shown[LEAD],
        "minimum": _minimum(RECYCLED[0], category, made),
        "applies": _applies(RECYCLED[0], category, made),
        "origins": _origins(document.get(ORIGIN, {})),
        "sections": _sections(states, shown),
        "counts": wording.counted(total({"PUB": _count(cells)}, {Group.PUBLIC})),
        "sources": _sources(document),
        "derived_from": [_link(one) for one in document.get(DERIVED_FROM, ())],
        "succeeded_by": [_link(one) for one in document.get(SUCCEEDED_BY, ())],
        "address": address,
        "path": urlsplit(address).path,
        "twin": _twin(document["uniqueProductIdentifier"]),
        "contact": _contact(shown[5]),
        "qr": qr(address, _("QR code with the address of this passport")),
        "kilobytes": max(1, round(edition.size / 1000)),
    }


def _twin(key: str) -> str:
    """Where the credentials on the battery are listed."""
    keys = parse_digital_link(key.removeprefix(DOMAIN)).keys
    part = addresses.serial_part(keys["21"])
    return f"/batteries/{keys['01']}/{part}/credentials"


def _count(cells: Iterable[Cell]) -> dict[str, int]:
    found: dict[str, int] = {}
    for cell in cells:
        found[cell.state.value] = found.get(cell.state.value, 0) + 1
    return found


def _shown(element: Any) -> dict[str, Any] | None:
    """An element of the document in words; None when it is not there."""
    if not isinstance(element, dict):
        return None
    held = element["value"]
    texts = [str(one) for one in held] if isinstance(held, list) else [str(held)]
    unit = element.get("unit", "")
    return {
        "texts": [wording.figure(text) if unit else text for text in texts],
        "text": ", ".join(wording.figure(text) if unit else text for text in texts),
        "raw": str(held),
        "unit": wording.unit(unit),
        "day": element.get("measuredAt", element.get("statementDate", ""))[:10],
        "unknown": element.get("unknownShare", ""),
        "position": element["statement"],
        "computed": element["source"] == "computed",
        "link": texts[0] if len(texts) == 1 and texts[0].startswith("https://") else "",
    }


def _applies(number: int, category: str, made: str) -> law.Minimum | None:
    """The minimum that counts for a battery of this month: placed on the market then or later."""
    return law.minimum_on(number, category, date.fromisoformat(f"{made}-01")) if made else None


def _minimum(number: int, category: str, made: str) -> law.Minimum | None:
    return _applies(number, category, made) or law.next_minimum(number, category)


def _recycled(number: int, shown: dict[str, Any] | None, category: str, made: str) -> dict[str, Any]:
    assert shown is not None
    minimum, applies = _minimum(number, category, made), _applies(number, category, made)
    share = Decimal(shown["raw"]) / 100
    drawing = legal_minimum(share, minimum.percent / 100 if minimum else None)
    return {
        "name": {20: _("Cobalt"), 21: _("Lithium"), 22: _("Nickel")}[number],
        "drawing": drawing,
        "share": wording.percent(shown["raw"]),
        "unknown": wording.percent(shown["unknown"]) if shown["unknown"] else "",
        "below": applies is not None and not law.reached(Decimal(shown["raw"]), applies),
    }


def _origins(held: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Per substance: a bar, and the same in a list. A country keeps its hue on the whole page."""
    totals: dict[str, Decimal] = {}
    tables = {}
    for substance in SUBSTANCES:
        one = held.get(substance)
        if one is None:
            continue
        rows = [(country_name(code), share) for code, share in one.get("countries", {}).items()]
        rows += [
            (_("Recycled, %s") % country_name(code), share) for code, share in one.get("recycled", {}).items()
        ]
        tables[substance] = sorted(rows, key=lambda row: (-Decimal(row[1]), row[0]))
        for label, share in tables[substance]:
            totals[label] = totals.get(label, Decimal(0)) + Decimal(share)
    hues = colours(sorted(totals, key=lambda label: (-totals[label], label)))
    return [_origin(substance, held[substance], rows, hues) for substance, rows in tables.items()]


def _origin(
    substance: str, one: Mapping[str, Any], rows: list[tuple[str, str]], hues: Mapping[str, int]
) -> dict[str, Any]:
    parts: list[dict[str, Any]] = [
        {"label": label, "share": Decimal(share) / 100, "colour": hues[label]} for label, share in rows
    ]
    unknown = one["unknownShare"]
    if Decimal(unknown):
        parts.append({"label": _("unknown"), "share": Decimal(unknown) / 100, "unknown": True})
    mass = one.get("massKg", "")
    return {
        "name": SUBSTANCES[substance],
        "mass": wording.figure(_rounded(mass)) if mass else "",
        "bar": stacked(parts, labels=False),
        "rows": [
            {"label": label, "share": wording.percent(share), "swatch": swatch(hues[label])}
            for label, share in rows
        ],
        "unknown": wording.percent(unknown),
        "swatch": swatch(None),
        "some_unknown": bool(Decimal(unknown)),
    }


def _rounded(kilograms: str) -> str:
    """Three significant figures: 15.3, 0.482."""
    value = Decimal(kilograms)
    return f"{value.quantize(Decimal(1).scaleb(min(0, value.adjusted() - 2))):f}" if value else "0"


def _sections(states: Mapping[int, Cell], shown: Mapping[int, dict[str, Any] | None]) -> list[dict[str, Any]]:
    found = []
    for section, title in SECTIONS.items():
        rows = [
            {
                "number": number,
                "title": point.title,
                "value": shown[number],
                "state": wording.STATES[states[number].state],
                "why": states[number].words if states[number].state is not State.PRESENT else "",
                "law": point.law,
            }
            for number, point in points().items()
            if point.section == section and number in states
        ]
        if rows:
            filled = sum(row["value"] is not None for row in rows)
            found.append({"title": _(title), "rows": rows, "filled": filled, "of": len(rows)})
    return found


def _sources(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The statements behind the values, in log order."""
    found: dict[int, dict[str, Any]] = {}
    for name, element in document.items():
        if name not in SUBSTANCE_IDS and isinstance(element, dict) and "statement" in element:
            one = found.setdefault(
                element["statement"],
                {
                    "position": element["statement"],
                    "id": element.get("statementId", ""),
                    "day": element.get("statementDate", ""),
                    "stated": False,
                    "level": "",
                    "values": 0,
                },
            )
            one["values"] += 1
            if element["source"] == "stated":
                one["stated"], one["level"] = True, element.get("evidenceLevel", "")
    return [found[position] for position in sorted(found)]


def _link(key: str) -> dict[str, str]:
    """A battery's identifier and, where it is a Digital Link, the address of its passport here."""
    parts = urlsplit(key)
    path = parts.path if parts.netloc == "id.gs1.org" and parts.path.startswith("/01/") else ""
    return {"key": key, "path": path, "label": key.rsplit("/", 1)[-1]}


def _contact(shown: dict[str, Any] | None) -> str:
    """How to write to the maker: an https address or an e-mail, else nothing."""
    text = shown["raw"] if shown else ""
    if text.startswith("https://"):
        return str(text)
    plain = text.count("@") == 1 and not any(char.isspace() or char in "<>\"'?&" for char in text)
    return f"mailto:{text}" if plain else ""
