"""Books as pages show them: names for identifiers, words for codes, links for what lies behind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lodeline.evidence import Severity
from lodeline.lots.custody import Model
from lodeline_server.evidence import queries as evidence
from lodeline_server.lots.custody import physical, queries
from lodeline_server.lots.folding import label
from lodeline_server.lots.origins import substance_name
from lodeline_server.lots.queries import lot_address, named

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from lodeline.access import Actor
    from lodeline.lots.massbook import BookPage
    from lodeline.lots.schemes import Period
    from lodeline_server.lots.custody.findings import CustodyFinding
    from lodeline_server.lots.custody.models import CustodyBook, CustodyEntry

Row = dict[str, Any]
MODELS = {
    Model.IDENTITY_PRESERVED: gettext_lazy("identity preserved"),
    Model.SEGREGATED: gettext_lazy("segregated"),
    Model.CONTROLLED_BLENDING: gettext_lazy("controlled blending"),
    Model.MASS_BALANCE: gettext_lazy("mass balance"),
    Model.BOOK_AND_CLAIM: gettext_lazy("book and claim"),
}
KINDS = {
    "receipt": gettext_lazy("received"),
    "carry-over": gettext_lazy("carried over"),
    "conversion": gettext_lazy("converted"),
    "conversion in": gettext_lazy("converted into this"),
    "conversion out": gettext_lazy("converted into another group"),
    "claim": gettext_lazy("claimed"),
    "transfer": gettext_lazy("transferred"),
    "transfer in": gettext_lazy("transferred in"),
    "transfer out": gettext_lazy("transferred out"),
    "expiry": gettext_lazy("given up"),
    "correction": gettext_lazy("corrected"),
    "ended": gettext_lazy("ended unused"),
}
SEVERITIES = {
    Severity.ERROR: ("bad", gettext_lazy("does not fit")),
    Severity.WARNING: ("warn", gettext_lazy("look at it")),
    Severity.NOTE: ("none", gettext_lazy("for your information")),
}


def model(code: str) -> str:
    return str(MODELS.get(Model(code), code))


def kind(code: str) -> str:
    return str(KINDS.get(code, code))


def characteristics(book: CustodyBook) -> str:
    return ", ".join(book.characteristics.splitlines())


def substance(book: CustodyBook, span: Period) -> str:
    """The substance whose mass a book counts."""
    group = queries.courses(book.workspace_id)[book.scheme].in_force(span.start).group(book.group)
    return substance_name(group.substance) if group else _("substance")


def names(actor: Actor) -> dict[str, str]:
    """The names of sites."""
    return dict(evidence.sites(actor.workspace or 0).values_list("uri", "name"))


def findings(found: Iterable[CustodyFinding], actor: Actor) -> list[Row]:
    """With links to the entry and to the lots of the event."""
    found = list(found)
    rows = {row.ref: row for row in queries.entries_named(actor, {one.entry for one in found} - {""})}
    shown = []
    for one in found:
        mark, words = SEVERITIES[one.severity]
        entry = rows.get(one.entry)
        shown.append(
            {
                "mark": mark,
                "words": words,
                "rule": one.rule,
                "message": one.message,
                "period": one.period,
                "entry": entry,
                "entry_href": entry_href(entry) if entry else "",
                "book_href": book_href(one.book, one.period),
                "group": one.group,
                "id": one.id,
            }
        )
    return shown


def book_href(ref: str, period: str = "") -> str:
    address = reverse("custody_book", args=[ref])
    return f"{address}?period={period}" if period else address


def entry_href(row: CustodyEntry) -> str:
    return reverse("custody_entry", args=[row.position])


def receipt(row: Any, actor: Actor) -> int | None:
    """The log position, for who may open it: a supplier opens what its own organisation said."""
    return None if actor.only_own and row.organisation != actor.organisation else row.position


def lines(page: BookPage, book: CustodyBook, actor: Actor) -> list[Row]:
    """The lines of a period, each with its entry."""
    rows = {row.ref: row for row in queries.entries(book).select_related("book", "into")}
    shown = []
    for line in page.lines:
        if line.entry is None:
            shown.append({"line": line, "kind": kind("ended"), "row": None})
            continue
        row = rows[line.entry.id]
        code = line.entry.kind.value
        if code in {"conversion", "transfer"}:
            code += " in" if row.into_id == book.pk else " out"
        shown.append(
            {
                "line": line,
                "kind": kind(code),
                "row": row,
                "href": entry_href(row),
                "evidence": evidence_words(row),
                "receipt": receipt(row, actor),
                "reversed_by": rows.get(line.reversed_by),
            }
        )
    return shown


def evidence_words(row: CustodyEntry) -> str:
    """What an entry cites, short."""
    said = row.content["evidence"]
    words = {
        "event": _("event"),
        "certificate": _("certificate"),
        "ticket": _("ticket %s") % said.get("ticket", ""),
    }
    return ", ".join(str(words[name]) for name in ("event", "certificate", "ticket") if said.get(name))


def behind(row: CustodyEntry, actor: Actor) -> list[Row]:
    """The lots that the event of an entry moved; names of others are not told to a supplier."""
    if not row.event:
        return []
    own = named(actor)
    found = physical.moved(row.workspace_id, (), {row.event})
    places = names(actor)
    return [
        {
            "label": label(one.key) if own is None or one.key in own else _("another party's lot"),
            "href": lot_address(one.key) if own is None or one.key in own else "",
            "act": one.act,
            "at": one.at,
            "site": places.get(one.site, one.site),
            "product": one.product if own is None or one.key in own else "",
            "mass": one.mass,
            "model": model(one.custody.value) if one.custody else "",
        }
        for one in found
    ]


def state(book: CustodyBook, end: datetime, now: datetime) -> tuple[str, str]:
    """How a period stands, as status and words."""
    if book.closed and book.closed >= end:
        return "ok", _("closed")
    return ("waiting", _("open")) if end > now else ("warn", _("over, not closed"))


def claims_on(actor: Actor, key: str) -> list[Row]:
    """Claims that stand on shipments of a lot: the model of a claim is shown beside that of the lot, never for it."""
    return [
        {
            "model": model(row.book.model),
            "characteristics": characteristics(row.book),
            "mass": row.mass,
            "href": entry_href(row),
        }
        for row in queries.claims(actor, physical.shipments(actor.workspace or 0, key))
    ]
