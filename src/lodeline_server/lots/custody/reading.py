"""What people and machines send, read into values: each mistake is named with its place. Nothing is guessed."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

from attrs import frozen

from lodeline.evidence import Finding, Severity
from lodeline.identifiers import IdentifierError, normalise
from lodeline.lots.custody import Method, Model
from lodeline.lots.entries import Account, Entry, Kind
from lodeline.lots.values import SUBSTANCES
from lodeline.quantities import QuantityError, decimal
from lodeline_server.kit.problems import Problem
from lodeline_server.lots.custody.statements import APPROVED, LARGEST, evidence

if TYPE_CHECKING:
    from collections.abc import Mapping

NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._:/+-]{0,59}")
HASH: Final = re.compile(r"[0-9a-f]{64}")
TICKET: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._:/#-]{0,99}")
MG: Final = 10**6
MOST_ENTRIES: Final = 500
BOOK: Final = ("scheme", "model", "site", "group", "characteristics")
FIELDS: Final = frozenset({
    *BOOK, "id", "kind", "at", "massKg", "evidence", "source", "received", "weighed", "custody", "into", "process",
    "lossKg", "wholeKg", "fromWaste", "reverses", "approver", "note",
})  # fmt: skip
RULES: Final = frozenset({
    "scheme", "version", "periods", "longestDays", "carry", "sharedWith", "method", "windowDays", "tolerance",
    "variance", "closeDays", "keepYears", "groups", "factors",
})  # fmt: skip


@frozen(kw_only=True)
class Draft:
    """An entry as it was sent. `book` None: a correction stands in the book of what it reverses."""

    entry: Entry
    evidence: dict[str, str]
    approver: str
    note: str


class _Reader:
    """Members of one object, each read once; mistakes are collected."""

    def __init__(self, raw: Any, place: str, known: frozenset[str], findings: list[Finding]) -> None:
        self.place, self.findings = place, findings
        self.raw: Mapping[str, Any] = raw if isinstance(raw, dict) else {}
        if not isinstance(raw, dict):
            self.wrong("", "an object is expected")
        for name in self.raw.keys() - known:
            self.wrong(str(name)[:60], "there is no such member")

    def wrong(self, name: str, message: str) -> None:
        pointer = f"{self.place}/{name}" if name else self.place
        self.findings.append(
            Finding(rule="custody.form", severity=Severity.ERROR, pointer=pointer, message=message)
        )

    def text(
        self, name: str, form: re.Pattern[str] | None = None, default: str | None = "", most: int = 500
    ) -> str:
        value = self.raw.get(name, default)
        if value is None or value == "":
            if default is None:
                self.wrong(name, "it is needed")
            return ""
        if not isinstance(value, str) or len(value) > most or not value.isprintable():
            self.wrong(name, f"it is a text of at most {most} characters in one line")
            return ""
        if form is not None and not form.fullmatch(value):
            self.wrong(name, "it has letters, digits, blanks and . _ : / + - only")
            return ""
        return value

    def choice(self, name: str, kinds: Any, default: str | None = None) -> Any:
        value = self.text(name, default=default)
        try:
            return kinds(value) if value else None
        except ValueError:
            self.wrong(name, f"it is one of {', '.join(kinds)}")
            return None

    def moment(self, name: str, *, needed: bool = False) -> datetime | None:
        value = self.text(name, default=None if needed else "", most=40)
        if not value:
            return None
        try:
            if len(value) == len("2026-01-01"):
                day = date.fromisoformat(value)
                return datetime(day.year, day.month, day.day, tzinfo=UTC)
            at = datetime.fromisoformat(value)
            if at.tzinfo is not None:
                return at.astimezone(UTC)
        except (ValueError, OverflowError):
            pass
        self.wrong(name, "it is a time with its zone, like 2026-03-04T10:00:00Z, or a day")
        return None

    def mass(self, name: str, *, needed: bool = False) -> int | None:
        """Kilograms as a decimal string or a whole number, in mg."""
        value = self.raw.get(name)
        if value is None:
            if needed:
                self.wrong(name, "it is needed")
            return None
        try:
            number = Fraction(decimal(value)) if not isinstance(value, float | bool) else None
        except QuantityError:
            number = None
        if number is None or number < 0 or (number * MG).denominator != 1 or number * MG > LARGEST:
            words = f"kilograms as a decimal string, to the milligram, at most {LARGEST // MG}"
            self.wrong(name, words)
            return None
        return int(number * MG)

    def fraction(self, name: str, default: str | None) -> Fraction:
        value = self.raw.get(name, default)
        try:
            found = (
                Fraction(decimal(value))
                if not isinstance(value, float | bool) and value is not None
                else None
            )
        except QuantityError:
            found = None
        if found is None or not 0 <= found <= 1:
            self.wrong(name, "a share between 0 and 1 as a decimal string, like 0.005")
            return Fraction(1)
        return found

    def number(self, name: str, low: int, high: int, default: int | None) -> int | None:
        value = self.raw.get(name, default)
        if value is None and name in self.raw and default is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            if value is not None or default is not None:
                self.wrong(name, f"a whole number from {low} to {high}")
            return default
        return value

    def flag(self, name: str, *, default: bool) -> bool:
        value = self.raw.get(name, default)
        if not isinstance(value, bool):
            self.wrong(name, "true or false")
            return default
        return value

    def site(self, name: str, *, needed: bool = True) -> str:
        value = self.text(name, default=None if needed else "")
        try:
            return normalise(value) if value else ""
        except IdentifierError as error:
            self.wrong(name, str(error)[:200])
            return ""

    def names(self, name: str, most: int, *, needed: bool = False, longest: int = 60) -> list[str]:
        value = self.raw.get(name, [])
        fits = isinstance(value, list) and len(value) <= most
        if not fits or any(
            not isinstance(one, str) or not 0 < len(one) <= longest or not one.isprintable() for one in value
        ):
            self.wrong(name, f"a list of at most {most} texts of at most {longest} characters")
            return []
        if needed and not value:
            self.wrong(name, "at least one is needed")
        if len(set(value)) < len(value):
            self.wrong(name, "each one once")
        return sorted(set(value))

    def objects(self, name: str, most: int) -> list[Any]:
        value = self.raw.get(name, [])
        if not isinstance(value, list) or len(value) > most:
            self.wrong(name, f"a list of at most {most} objects")
            return []
        return value


def refuse(findings: list[Finding]) -> None:
    """Raise `Problem` 400 when there is anything to say."""
    if findings:
        raise Problem(400, "This is no entry of a book", detail="Nothing was booked.", findings=findings)


def draft(raw: Any, place: str, findings: list[Finding], identifier: str) -> Draft | None:
    """One entry; `identifier` is its id where it brings none. None when there are mistakes."""
    before = len(findings)
    read = _Reader(raw, place, FIELDS, findings)
    kind = read.choice("kind", Kind)
    own = _account(read, needed=kind is not Kind.CORRECTION)
    proof = _evidence(read, findings)
    source = read.text("source", HASH) or (proof.get("certificate", "") if kind in _SOURCED else "")
    entry = Entry(
        id=read.text("id", NAME) or identifier,
        kind=kind or Kind.CLAIM,
        account=own,
        at=read.moment("at", needed=True) or datetime.max.replace(tzinfo=UTC),
        mass=read.mass("massKg", needed=kind is not Kind.CORRECTION) or 0,
        evidence=evidence(proof),
        event=proof.get("event", ""),
        source=source,
        received=read.moment("received"),
        weighed=read.flag("weighed", default=True),
        custody=read.choice("custody", Model, ""),
        into=_into(read, own, kind, findings),
        process=read.text("process", NAME),
        loss=read.mass("lossKg"),
        whole=read.mass("wholeKg"),
        from_waste=read.flag("fromWaste", default=False),
        reverses=read.text("reverses", NAME, default=None if kind is Kind.CORRECTION else ""),
        approver=APPROVED if read.text("approver") else "",
    )
    if kind is Kind.CORRECTION and read.raw.keys() & {"massKg", "into", "source"}:
        read.wrong("", "a correction reverses the whole entry: it names no mass, source or other book")
    if kind is not Kind.CORRECTION and entry.reverses:
        read.wrong("reverses", "only a correction reverses")
    approver, note = read.text("approver", most=200), read.text("note")
    return (
        Draft(entry=entry, evidence=proof, approver=approver, note=note) if len(findings) == before else None
    )


_SOURCED: Final = frozenset({Kind.RECEIPT, Kind.CARRY_OVER})


def _account(read: _Reader, *, needed: bool) -> Account:
    model = read.choice("model", Model, None if needed else "")
    return Account(
        scheme=read.text("scheme", NAME, default=None if needed else ""),
        model=model or Model.MASS_BALANCE,
        site=read.site("site", needed=needed),
        group=read.text("group", NAME, default=None if needed else ""),
        characteristics=frozenset(read.names("characteristics", 10, needed=needed)),
    )


def _evidence(read: _Reader, findings: list[Finding]) -> dict[str, str]:
    part = _Reader(
        read.raw.get("evidence"),
        f"{read.place}/evidence",
        frozenset({"event", "certificate", "ticket"}),
        findings,
    )
    found = {
        "event": part.text("event"),
        "certificate": part.text("certificate", HASH),
        "ticket": part.text("ticket", TICKET),
    }
    return {name: value for name, value in found.items() if value}


def _into(read: _Reader, own: Account, kind: Kind | None, findings: list[Finding]) -> Account | None:
    raw = read.raw.get("into")
    if raw is None:
        return None
    part = _Reader(raw, f"{read.place}/into", frozenset({"site", "group"}), findings)
    if kind not in {Kind.CONVERSION, Kind.TRANSFER}:
        part.wrong("", "only a conversion or a transfer names another book")
    return Account(
        scheme=own.scheme,
        model=own.model,
        site=part.site("site", needed=False) or own.site,
        group=part.text("group", NAME) or own.group,
        characteristics=own.characteristics,
    )


def scheme(raw: Any) -> dict[str, Any]:
    """A version of a scheme's parameters as the log keeps it: every parameter is there. Raises `Problem` 400."""
    findings: list[Finding] = []
    read = _Reader(raw, "", RULES, findings)
    spans = _Reader(read.raw.get("periods"), "/periods", frozenset({"start", "months", "count"}), findings)
    start = spans.moment("start", needed=True)
    groups, factors = [], []
    for number, one in enumerate(read.objects("groups", 200)):
        part = _Reader(one, f"/groups/{number}", frozenset({"group", "substance", "products"}), findings)
        substance = part.text("substance", default=None)
        if substance and substance not in SUBSTANCES:
            part.wrong("substance", f"it is one of {', '.join(SUBSTANCES)}")
        products = part.names("products", 100, longest=200)
        groups.append({"group": part.text("group", NAME, None), "substance": substance, "products": products})
    if not groups:
        read.wrong("groups", "at least one material group is needed")
    for number, one in enumerate(read.objects("factors", 500)):
        part = _Reader(
            one, f"/factors/{number}", frozenset({"from", "to", "process", "factor", "evidence"}), findings
        )
        names = {name: part.text(name, NAME, None) for name in ("from", "to", "process")}
        value = part.fraction("factor", None)
        factors.append(names | {"factor": str(value), "evidence": part.text("evidence", default=None)})
    method = read.choice("method", Method, Method.CREDIT.value)
    found = {
        "scheme": read.text("scheme", NAME, None),
        "version": read.text("version", NAME, None, 40),
        "periods": {
            "start": start.isoformat() if start else "",
            "months": spans.number("months", 1, 12, 1),
            "count": spans.number("count", 1, 400, 12),
        },
        "longestDays": read.number("longestDays", 1, 366, 92),
        "carry": read.number("carry", 0, 400, None),
        "sharedWith": read.names("sharedWith", 50),
        "method": method.value if method else "",
        "windowDays": read.number("windowDays", 0, 1100, 0),
        "tolerance": str(read.fraction("tolerance", "0.005")),
        "variance": str(read.fraction("variance", "0.02")),
        "closeDays": read.number("closeDays", 0, 3660, 31),
        "keepYears": read.number("keepYears", 1, 100, 5),
        "groups": groups,
        "factors": factors,
    }
    if findings:
        raise Problem(400, "These are no rules of a scheme", detail="Nothing was set.", findings=findings)
    return found


def kilograms(mass: int) -> str:
    """mg as kilograms, exactly."""
    return f"{Decimal(mass) / MG:f}"
