"""Statement documents: what parties say about themselves, their sites, lots, models and items.

The envelope is the same for all kinds; `content` has its own form per kind. Numbers that must be exact are
decimal strings. Assurance codes are those of the UNTP Digital Conformity Credential.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from attrs import frozen

from lodeline import strictjson
from lodeline.events.explain import Say, schema_findings
from lodeline.events.limits import Limits
from lodeline.events.statement_kinds import ENVELOPE, KINDS
from lodeline.evidence import Finding, Severity
from lodeline.identifiers import IdentifierError, normalise

if TYPE_CHECKING:
    from collections.abc import Iterator

    import jsonschema_rs

    from lodeline.events.check import Checked

DOCUMENT_TYPE: Final = "StatementDocument"
SCHEMA_VERSION: Final = "1"
MOST_OF_IT: Final = Decimal("1.0001")
"""Shares of a whole, as measured, may add up to this."""
_IDENTIFIERS: Final = ("id", "subject", "issuer")
_DATES: Final = ("issued", "validFrom", "validUntil")


@frozen(kw_only=True)
class Statement:
    """One statement that passed the check. `id`, `subject` and `issuer` are canonical keys."""

    id: str
    kind: str
    subject: str
    issuer: str
    issued: date
    valid_from: date | None
    valid_until: date | None
    raw: dict[str, Any]

    @property
    def issued_at(self) -> datetime:
        """The day of issue as an instant: its first, in UTC."""
        return datetime(self.issued.year, self.issued.month, self.issued.day, tzinfo=UTC)


@cache
def _validator(kind: str) -> jsonschema_rs.Draft202012Validator:
    import jsonschema_rs

    return jsonschema_rs.Draft202012Validator(_schema(kind), validate_formats=True)


@cache
def _schema(kind: str) -> dict[str, Any]:
    if kind == DOCUMENT_TYPE:
        return {
            "type": "object",
            "properties": {
                "type": {"const": DOCUMENT_TYPE},
                "schemaVersion": {
                    "const": SCHEMA_VERSION,
                    "x-rule": "document.version",
                    "x-say": f"Only schemaVersion '{SCHEMA_VERSION}' is known here.",
                },
                "creationDate": {"type": "string", "format": "date-time"},
                "statements": {"type": "array"},
                "sheet": {"type": "object"},  # the spreadsheet it was made of
            },
            "required": ["type", "schemaVersion", "creationDate", "statements"],
            "additionalProperties": False,
        }
    return {**ENVELOPE, "properties": {**ENVELOPE["properties"], "content": KINDS[kind]}}


def check_statements(data: bytes, *, now: datetime, limits: Limits | None = None) -> Checked:
    """Check a StatementDocument: envelope, content by kind, identifiers, dates."""
    from lodeline.events.check import Checked
    from lodeline.events.reading import read

    limits = limits or Limits()
    document, early = read(data, limits)
    if document is None:
        return Checked(findings=tuple(early))
    if document.get("type") != DOCUMENT_TYPE:
        message = f"The type must be {DOCUMENT_TYPE}; EPCIS documents go to /epcis/capture."
        wrong = Finding(rule="document.type", severity=Severity.ERROR, pointer="/type", message=message)
        return Checked(document=document, findings=(*early, wrong))
    return statements_of(document, early, now=now, limits=limits)


def statements_of(
    document: dict[str, Any], early: list[Finding], *, now: datetime, limits: Limits
) -> Checked:
    """Check a parsed StatementDocument; `early` are findings that are already there."""
    from lodeline.events.check import Checked

    statements: list[Statement] = []
    found = tuple(islice(_findings(document, statements, now, limits), limits.max_findings))
    return Checked(document=document, statements=tuple(statements), findings=(*early, *found))


def _findings(
    document: dict[str, Any], statements: list[Statement], now: datetime, limits: Limits
) -> Iterator[Finding]:
    raw = document.get("statements")
    around = {**document, "statements": [] if isinstance(raw, list) else raw}
    yield from schema_findings(_validator(DOCUMENT_TYPE), _schema(DOCUMENT_TYPE), around)
    if not isinstance(raw, list):
        return
    if len(raw) > limits.max_events:
        message = f"{len(raw)} statements; the limit is {limits.max_events}. Split the document."
        yield Finding(
            rule="document.too-many-events", severity=Severity.ERROR, pointer="/statements", message=message
        )
        return
    if not raw:
        message = "There is no statement in it: nothing will be on record."
        yield Finding(
            rule="document.no-events", severity=Severity.WARNING, pointer="/statements", message=message
        )
    for index, item in enumerate(raw):
        yield from _statement(item, ("statements", index), statements, now, limits)


def _statement(
    raw: Any, at: tuple[str | int, ...], statements: list[Statement], now: datetime, limits: Limits
) -> Iterator[Finding]:
    found: list[Finding] = []
    name = raw.get("id") if isinstance(raw, dict) else None
    say = Say(found, at, name)
    kind = raw.get("kind") if isinstance(raw, dict) else None
    if not isinstance(kind, str) or kind not in KINDS:
        say.error(
            "statement.kind",
            ("kind",) if kind is not None else (),
            f"'kind' is one of {', '.join(KINDS)}.",
            kind,
        )
        yield from found
        return
    checker = _validator(kind)
    if not checker.is_valid(raw):
        yield from schema_findings(checker, _schema(kind), raw, at, say.event_id)
        return
    for field in _IDENTIFIERS:
        _identifier(raw[field], (field,), say)
    for path, value in _uris(raw["content"]):
        _identifier(value, ("content", *path), say)
    dates = {field: date.fromisoformat(raw[field]) for field in _DATES if field in raw}
    _dates(dates, say, now, limits)
    if not any(finding.rule == "id.characters" for finding in found):
        _content(kind, raw, say)
    yield from found
    if found:  # every rule here is an error
        return
    statements.append(statement_of(raw))


def statement_of(raw: dict[str, Any]) -> Statement:
    """The value of a raw statement that passed the check."""
    dates = {field: date.fromisoformat(raw[field]) for field in _DATES if field in raw}
    return Statement(
        id=normalise(raw["id"]),
        kind=raw["kind"],
        subject=normalise(raw["subject"]),
        issuer=normalise(raw["issuer"]),
        issued=dates["issued"],
        valid_from=dates.get("validFrom"),
        valid_until=dates.get("validUntil"),
        raw=raw,
    )


def _identifier(value: str, path: tuple[str | int, ...], say: Say) -> None:
    try:
        normalise(value)
    except IdentifierError as error:
        say.error("id.characters", path, f"{error}. Correct it.", ascii(value))


def _uris(content: dict[str, Any]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """The fields of a content that hold identifiers."""
    for field in ("lot", "site", "party", "parent"):
        if isinstance(content.get(field), str):
            yield (field,), content[field]
    for field in ("sites", "derivedFrom"):
        for index, value in enumerate(content.get(field, ())):
            yield (field, index), value


def _dates(dates: dict[str, date], say: Say, now: datetime, limits: Limits) -> None:
    if dates["issued"] > (now + limits.ahead).date():
        say.error("time.ahead", ("issued",), "Issued in the future. Correct the date.", dates["issued"])
    if dates["issued"] < limits.earliest.date():
        say.error(
            "time.too-early", ("issued",), f"Before {limits.earliest:%Y}. Correct the date.", dates["issued"]
        )
    begin, end = dates.get("validFrom", dates["issued"]), dates.get("validUntil")
    if end is not None and end < begin:
        say.error(
            "time.inverted",
            ("validUntil",),
            f"Ends {end}, before it begins ({begin}). Correct the dates.",
            end,
        )


def _content(kind: str, raw: dict[str, Any], say: Say) -> None:
    """What the schema of a kind cannot say."""
    content, subject = raw["content"], normalise(raw["subject"])
    if kind == "incident" and content.get("closed", content["opened"]) < content["opened"]:
        say.error(
            "time.inverted",
            ("content", "closed"),
            "Closed before it was opened. Correct the dates.",
            content["closed"],
        )
    if kind == "lot.assay":
        _assay(content, subject, raw, say)
    if kind == "battery.model" and subject != f"https://id.gs1.org/01/{content['gtin']}":
        say.error(
            "statement.subject",
            ("subject",),
            f"The subject of this model is https://id.gs1.org/01/{content['gtin']}; check digit included.",
            raw["subject"],
        )
    if kind == "battery.item" and not subject.startswith("https://id.gs1.org/01/"):
        say.error(
            "statement.subject",
            ("subject",),
            "A battery is named by its Digital Link, /01/…/21/….",
            raw["subject"],
        )
    if kind == "site.profile" and normalise(content["party"]) == subject:
        say.error(
            "statement.subject",
            ("content", "party"),
            "A site and its party are two things; name each.",
            content["party"],
        )


def _assay(content: dict[str, Any], subject: str, raw: dict[str, Any], say: Say) -> None:
    """An assay is about its lot, names each substance once, and its shares are no more than the whole."""
    if normalise(content["lot"]) != subject:
        say.error("statement.subject", ("subject",), "The subject of an assay is its lot.", raw["subject"])
    substances = [part["substance"] for part in content["composition"]]
    if len(set(substances)) < len(substances):
        say.error("statement.assay", ("content", "composition"), "A substance stands twice. List it once.")
    if sum(Decimal(part["massFraction"]) for part in content["composition"]) > MOST_OF_IT:
        say.error(
            "statement.assay",
            ("content", "composition"),
            "The mass fractions are more than the whole. Correct them.",
        )
    if content["sampled"] > raw["issued"]:
        say.error(
            "time.inverted", ("content", "sampled"), "Sampled after the certificate was issued. Correct the dates.",
            content["sampled"],
        )  # fmt: skip


def canonical_hash(raw: dict[str, Any]) -> str:
    """SHA-256 (hex) of a statement's canonical bytes: one id with two hashes is a conflict."""
    from hashlib import sha256

    return sha256(strictjson.canonical(raw)).hexdigest()
