"""Books of credits over HTTP."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal

from ninja import Router, Schema, Status
from pydantic import ConfigDict, Field

from lodeline.access import Permission
from lodeline_server.kit.clock import now
from lodeline_server.kit.permissions import endpoint
from lodeline_server.kit.problems import Problem
from lodeline_server.lots.custody import actions, answers, queries
from lodeline_server.lots.custody.findings import findings as look

if TYPE_CHECKING:
    from django.http import HttpRequest

    from lodeline.access import Actor
    from lodeline.lots.schemes import Period
    from lodeline_server.lots.custody.models import CustodyBook

router = Router()
Text = Annotated[str, Field(max_length=500)]
Name = Annotated[str, Field(max_length=60)]
Share = Annotated[str, Field(max_length=40, description="a share as a decimal string")]
Kilograms = Annotated[
    str, Field(max_length=40, description="kilograms as a decimal string, to the milligram")
]


class _Strict(Schema):
    model_config = ConfigDict(extra="forbid")


class Evidence(_Strict):
    event: Text = ""
    certificate: Annotated[str, Field(max_length=64, description="SHA-256 in hexadecimal")] = ""
    ticket: Annotated[str, Field(max_length=100, description="weighbridge ticket")] = ""


class Into(_Strict):
    site: Text = ""
    group: Name = ""


class NewEntry(_Strict):
    kind: Literal["receipt", "carry-over", "conversion", "claim", "transfer", "expiry", "correction"]
    at: Annotated[str, Field(max_length=40, description="a time with its zone, or a day")]
    evidence: Evidence
    id: Annotated[str, Field(max_length=60, description="your own; made up when left out")] = ""
    scheme: Name = ""
    model: Annotated[str, Field(max_length=30)] = ""
    site: Text = ""
    group: Name = ""
    characteristics: Annotated[list[Name], Field(max_length=10)] = []
    massKg: Kilograms = ""  # noqa: N815
    source: Annotated[str, Field(max_length=64, description="hash of the credential that vouches")] = ""
    received: Annotated[str, Field(max_length=40)] = ""
    weighed: bool = True
    custody: Annotated[str, Field(max_length=30)] = ""
    into: Into | None = None
    process: Name = ""
    lossKg: Kilograms = ""  # noqa: N815
    wholeKg: Kilograms = ""  # noqa: N815
    fromWaste: bool = False  # noqa: N815
    reverses: Name = ""
    approver: Annotated[str, Field(max_length=200)] = ""
    note: Text = ""


class NewEntries(_Strict):
    entries: Annotated[list[NewEntry], Field(min_length=1, max_length=500)]


class Spans(_Strict):
    start: Annotated[str, Field(max_length=40, description="first day of a month")]
    months: Annotated[int, Field(ge=1, le=12)] = 1
    count: Annotated[int, Field(ge=1, le=400)] = 12


class NewGroup(_Strict):
    group: Name
    substance: Annotated[str, Field(max_length=2)]
    products: Annotated[list[Annotated[str, Field(max_length=200)]], Field(max_length=100)] = []


class NewFactor(_Strict):
    source: Annotated[str, Field(alias="from", max_length=60)]
    to: Name
    process: Name
    factor: Share
    evidence: Text


class NewScheme(_Strict):
    scheme: Name
    version: Annotated[str, Field(max_length=40)]
    periods: Spans
    groups: Annotated[list[NewGroup], Field(min_length=1, max_length=200)]
    factors: Annotated[list[NewFactor], Field(max_length=500)] = []
    longestDays: Annotated[int, Field(ge=1, le=366)] = 92  # noqa: N815
    carry: Annotated[int, Field(ge=0, le=400)] | None = None
    sharedWith: Annotated[list[Name], Field(max_length=50)] = []  # noqa: N815
    method: Literal["credit", "rolling-average"] = "credit"
    windowDays: Annotated[int, Field(ge=0, le=1100)] = 0  # noqa: N815
    tolerance: Share = "0.005"
    variance: Share = "0.02"
    closeDays: Annotated[int, Field(ge=0, le=3660)] = 31  # noqa: N815
    keepYears: Annotated[int, Field(ge=1, le=100)] = 5  # noqa: N815


class SchemeSet(Schema):
    scheme: str
    version: str
    starts: datetime
    position: int


class Schemes(Schema):
    schemes: list[SchemeSet]


class Entry(Schema):
    entry: str
    kind: str
    book: str
    into: str | None
    at: datetime
    massKg: str  # noqa: N815
    givenKg: str | None  # noqa: N815
    evidence: dict[str, str]
    source: str | None
    reverses: str | None
    reversed: bool
    position: int


class Entries(Schema):
    entries: list[Entry]


class BookHead(Schema):
    book: str
    scheme: str
    model: str
    site: str
    group: str
    characteristics: list[str]
    balanceKg: str  # noqa: N815
    entries: int
    opened: datetime
    closed: datetime | None


class Books(Schema):
    total: int
    books: list[BookHead]


class Line(Schema):
    at: datetime
    kind: str
    entry: str | None
    changeKg: str  # noqa: N815
    balanceKg: str  # noqa: N815
    evidence: dict[str, str]
    reversedBy: str | None  # noqa: N815
    position: int | None


class BookPeriod(Schema):
    start: datetime
    end: datetime
    closed: bool
    openingKg: str  # noqa: N815
    closingKg: str  # noqa: N815
    creditedKg: dict[str, str]  # noqa: N815
    debitedKg: dict[str, str]  # noqa: N815
    expiredKg: str  # noqa: N815
    lines: list[Line]
    undone: list[str]


class WholeBook(BookHead):
    period: BookPeriod


class CustodyFinding(Schema):
    id: str
    rule: str
    severity: Literal["error", "warning", "note"]
    book: str
    site: str
    group: str
    period: str
    subject: str
    message: str
    entry: str
    event: str


class Findings(Schema):
    findings: list[CustodyFinding]


class NewClosing(_Strict):
    period: Annotated[
        date | None, Field(description="any day of the period; the oldest open one without")
    ] = None
    accept: Annotated[bool, Field(description="close it with the findings that it has")] = False


class ClosingFinding(Schema):
    rule: str
    message: str


class Closed(Schema):
    book: str
    start: datetime
    end: datetime
    openingKg: str  # noqa: N815
    closingKg: str  # noqa: N815
    findings: list[ClosingFinding]
    position: int


@router.get("/custody/books", response=Books, summary="Books of credits by site, group and characteristics")
@endpoint(Permission.CUSTODY_READ)
def list_books(
    request: HttpRequest,
    limit: Annotated[int, Field(ge=1, le=200)] = 50,
    offset: Annotated[int, Field(ge=0, le=2**31)] = 0,
) -> dict[str, Any]:
    rows, moment = queries.books(_actor(request)), now()
    page = [answers.head(row, moment) for row in rows[offset : offset + limit]]
    return {"total": rows.count(), "books": page}


@router.get("/custody/books/{ref}", response=WholeBook, summary="One period of a book, line by line")
@endpoint(Permission.CUSTODY_READ)
def one_book(request: HttpRequest, ref: Name, period: date | None = None) -> dict[str, Any]:
    """`period`: any day of it; the newest without."""
    row, moment = _book(request, ref), now()
    span = chosen(row, period, moment)
    return {
        **answers.head(row, moment),
        "period": answers.period(queries.paged(row, span, moment), row),
    }


@router.post(
    "/custody/books/{ref}/closings", response={201: Closed}, summary="Close a period of a book for good"
)
@endpoint(Permission.CUSTODY_CLOSE)
def close_period(request: HttpRequest, ref: Name, wanted: NewClosing) -> Status:
    """409 with its findings, unless they are accepted; then they stand on record with the closing."""
    row, moment = _book(request, ref), now()
    waiting = [one for one in queries.periods(row, moment) if not (row.closed and row.closed >= one.end)]
    day = _midnight(wanted.period) if wanted.period else waiting[0].start if waiting else moment
    shut = actions.close(actor=_actor(request), ref=row.ref, day=day, now=moment, accept=wanted.accept)
    return Status(201, answers.closing(shut))


@router.get("/custody/entries/{entry}", response=Entry, summary="One entry of a book")
@endpoint(Permission.CUSTODY_READ)
def one_entry(request: HttpRequest, entry: Name) -> dict[str, Any]:
    row = queries.entry(_actor(request), entry)
    if row is None:
        raise Problem(404, "There is no such entry")
    return answers.entry(row)


@router.post("/custody/entries", response={201: Entries}, summary="Book entries, all or none of them")
@endpoint(Permission.CUSTODY_BOOK)
def book_entries(request: HttpRequest, wanted: NewEntries) -> Status:
    """409 with findings (MB-01 to MB-12, CM-01) when any of them would break a rule; then nothing was written."""
    raw = [one.model_dump(exclude_unset=True, exclude_none=True) for one in wanted.entries]
    rows = actions.book(actor=_actor(request), raw=raw, now=now())
    return Status(201, {"entries": [answers.entry(row) for row in rows]})


@router.get("/custody/schemes", response=Schemes, summary="Schemes and the versions of their rules")
@endpoint(Permission.CUSTODY_READ)
def list_schemes(request: HttpRequest) -> dict[str, Any]:
    return {"schemes": [_scheme(row) for row in queries.schemes(_actor(request))]}


@router.post(
    "/custody/schemes", response={201: SchemeSet}, summary="Set the rules of a scheme, or a later version"
)
@endpoint(Permission.CUSTODY_RULES)
def set_scheme(request: HttpRequest, wanted: NewScheme) -> Status:
    """A version is in force from its first period on; what is booked must still hold under it."""
    raw = wanted.model_dump(exclude_unset=True, by_alias=True)
    return Status(201, _scheme(actions.set_scheme(actor=_actor(request), raw=raw, now=now())))


@router.get("/custody/findings", response=Findings, summary="What does not fit in the books")
@endpoint(Permission.CUSTODY_READ)
def list_findings(request: HttpRequest, book: Name = "") -> dict[str, Any]:
    actor = _actor(request)
    refs = set(queries.books(actor).values_list("ref", flat=True))
    wanted = refs & {book} if book else refs if actor.only_own else None
    return {"findings": [one.as_dict() for one in look(actor.workspace or 0, now(), wanted)]}


def chosen(row: CustodyBook, day: date | None, moment: datetime) -> Period:
    """The period that holds a day, the newest without one; 404 outside of the book."""
    spans = queries.periods(row, moment)
    found = [one for one in spans if day is None or one.holds(_midnight(day))]
    if not found:
        raise Problem(404, "The book has no such period")
    return found[-1]


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _actor(request: HttpRequest) -> Actor:
    return request.auth  # type: ignore[attr-defined, no-any-return]


def _book(request: HttpRequest, ref: str) -> CustodyBook:
    row = queries.one(_actor(request), ref)
    if row is None:
        raise Problem(404, "There is no such book")
    return row


def _scheme(row: Any) -> dict[str, Any]:
    return {"scheme": row.name, "version": row.version, "starts": row.starts, "position": row.position}
