"""One cell to one value, or a finding that says what to do. Nothing is guessed.

Times are local to a stated zone unless they carry their own offset. Numbers in text need a stated decimal mark as
soon as they hold a point or a comma. Shares and amounts stay decimals.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from attrs import define, field, frozen

from lodeline.events.sheet_grid import DATE, FAULT, NUMBER, PERCENT, TEXT, Cell, CellFinding, place
from lodeline.events.sheet_templates import SHARES, UNITS
from lodeline.evidence import Severity
from lodeline.identifiers import DOMAIN, IdentifierError, check_digit, doubt, gtin_valid, normalise
from lodeline.quantities import UNITS as CODES

if TYPE_CHECKING:
    from datetime import tzinfo

    from lodeline.events.sheet_templates import Column

NOON: Final = time(12)
_OFFSET: Final = re.compile(r"(?:UTC|GMT)?([+-])(0?[0-9]|1[0-4]):?([0-5][0-9])")
_ISO_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_SERIAL: Final = re.compile(r"[0-9]{5}(\.[0-9]{1,17})?")
_FIRST, _LAST = 32_874, 73_051
"""Serials of 1990-01-01 and 2100-01-01, counted as Excel does."""
_PLAIN: Final = re.compile(r"-?[0-9]{1,30}")
_POINT: Final = re.compile(r"-?[0-9]{1,30}\.[0-9]{1,30}")
_FLOAT: Final = re.compile(r"-?[0-9.]{1,40}(?:[eE][+-]?[0-9]{1,3})?")
_URI: Final = re.compile(r"(?:https?://|urn:)\S+", re.IGNORECASE)
_CODE: Final = re.compile(r"[!-~]+(?: [!-~]+)*")
_EXACT: Final = 15
"""Digits that a spreadsheet program keeps of a number."""


class Wrong(ValueError):  # noqa: N818
    """This cell does not fit; `rule` and the message say why and what to do."""

    def __init__(self, rule: str, message: str) -> None:
        super().__init__(message)
        self.rule = rule


@frozen
class Settings:
    """What holds for all rows. None: not said."""

    zone: tzinfo | None = None
    decimal: str | None = None
    epoch_1904: bool = False


@define
class Notebook:
    """Collects findings of one sheet. Notes and warnings of one rule and column are counted, errors listed."""

    sheet: str
    most: int
    found: list[CellFinding] = field(factory=list)
    errors: int = 0
    _counted: dict[tuple[str, str], list[Any]] = field(factory=dict)

    def error(
        self, rule: str, message: str, row: int = 0, column: str = "", cell: str = "", got: str | None = None
    ) -> None:
        self.errors += 1
        if len(self.found) < self.most:
            self.found.append(
                CellFinding(
                    rule=rule, severity=Severity.ERROR, message=message, sheet=self.sheet, row=row, column=column,
                    cell=cell, got=None if got is None else got[:80],
                )
            )  # fmt: skip

    def remark(
        self, rule: str, message: str, row: int, column: str, cell: str, severity: Severity = Severity.NOTE
    ) -> None:
        known = self._counted.get((rule, column))
        if known is None:
            self._counted[rule, column] = [1, message, row, cell, severity]
        else:
            known[0] += 1

    def all(self) -> tuple[CellFinding, ...]:
        """Everything found, errors first."""
        listed = list(self.found)
        if self.errors > self.most:
            message = f"{self.errors} errors in all; the first {self.most} are listed. Correct these first."
            listed.append(
                CellFinding(rule="check.more", severity=Severity.NOTE, message=message, sheet=self.sheet)
            )
        for (rule, column), (times, message, row, cell, severity) in self._counted.items():
            listed.append(
                CellFinding(
                    rule=rule, severity=severity, message=message, sheet=self.sheet, row=row, column=column, cell=cell,
                    times=times,
                )
            )  # fmt: skip
        return tuple(listed)


def zone_of(text: str) -> tzinfo:
    """A zone by name (Europe/Helsinki, UTC) or by offset (+02:00). Raises `Wrong`."""
    said = text.strip()
    if said.upper() in {"UTC", "Z", "GMT"}:
        return UTC
    if found := _OFFSET.fullmatch(said):
        away = timedelta(hours=int(found[2]), minutes=int(found[3]))
        if away <= timedelta(hours=14):
            return timezone(-away if found[1] == "-" else away)
    elif re.fullmatch(r"[A-Za-z]+(?:[_+-][A-Za-z0-9]+)*(?:/[A-Za-z0-9_+-]+){1,2}", said):
        try:
            return ZoneInfo(said)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            pass
    raise Wrong(
        "sheet.zone",
        "This is no time zone. Write a name like Europe/Helsinki, UTC, or an offset like +02:00.",
    )


def decimal_mark(text: str) -> str:
    """A point or a comma, as sign or word. Raises `Wrong`."""
    said = text.strip().lower()
    known = {".": ".", ",": ",", "point": ".", "comma": ",", "dot": "."}
    if said in known:
        return known[said]
    raise Wrong("sheet.decimal", "The decimal mark is a point or a comma.")


def read(cell: Cell, column: Column, settings: Settings) -> Any:
    """The value of a cell: text, `Decimal`, `datetime`, `date`. Raises `Wrong`."""
    if cell.kind == FAULT:
        raise Wrong("sheet.fault", "The cell shows a fault of the spreadsheet. Put the value there.")
    if not cell.text and cell.formula:
        raise Wrong(
            "sheet.formula",
            "A formula without a calculated value. Put the value there; nothing is calculated.",
        )
    return READERS[column.kind](cell, column, settings)


def notes_of(cell: Cell, column: Column) -> tuple[str, str] | None:
    """What is to be said of a cell although it is taken: rule and message."""
    if cell.formula:
        return (
            "sheet.formula",
            "Calculated in the spreadsheet: the value saved last is taken, nothing is calculated.",
        )
    if column.kind == "time" and _whole_day(cell):
        return "sheet.noon", "A day without a time counts as 12:00 in the sheet's time zone."
    return None


def _whole_day(cell: Cell) -> bool:
    return bool(_ISO_DAY.fullmatch(cell.text)) or (
        cell.kind in {DATE, NUMBER} and float(cell.text).is_integer()
    )


def _words(cell: Cell) -> str:
    """Text of a cell that names something: a whole number stays one, as far as its digits are sure."""
    if cell.kind == TEXT:
        return cell.text
    if cell.kind in {DATE, PERCENT} or not _FLOAT.fullmatch(cell.text):
        raise Wrong("sheet.text", "This is no text. Format the cell as text and write it again.")
    value = Decimal(cell.text)
    if value != value.to_integral_value() or abs(value) >= 10**_EXACT:
        raise Wrong(
            "sheet.digits",
            f"The spreadsheet keeps {_EXACT} digits of a number. Format the cell as text, write it again.",
        )
    return str(int(value))


def _text(cell: Cell, column: Column, _: Settings) -> str:
    found = " ".join(_words(cell).split())
    if not found.isprintable() or len(found) > 200:
        raise Wrong("sheet.text", f"{column.title}: at most 200 characters, and none that cannot be printed.")
    return found


def _code(cell: Cell, column: Column, _: Settings) -> str:
    found = _words(cell)
    if not _CODE.fullmatch(found) or len(found) > 60:
        raise Wrong("sheet.code", f"{column.title}: at most 60 letters, digits and signs of ASCII.")
    return found


def _word(cell: Cell, column: Column, _: Settings) -> str:
    said = _words(cell).strip()
    for word in column.words:
        if said == word or said.lower().replace(" ", "_") == word.lower():
            return word
    raise Wrong("sheet.word", f"Use one of {', '.join(column.words)}.")


def _number(cell: Cell, settings: Settings) -> Decimal:
    """Exact: the 15 digits that a spreadsheet shows, not the binary it keeps."""
    if cell.kind in {NUMBER, PERCENT}:
        if not _FLOAT.fullmatch(cell.text):
            raise Wrong("sheet.number", "This is no number.")
        try:
            return Decimal(f"{float(cell.text):.{_EXACT}g}")
        except ValueError:
            raise Wrong("sheet.number", "This is no number.") from None
    if cell.kind == DATE:
        raise Wrong("sheet.number", "The cell is shown as a date. Format it as a number and write it again.")
    said = cell.text
    if _PLAIN.fullmatch(said):
        return Decimal(said)
    if "," not in said and "." not in said:
        raise Wrong("sheet.number", "This is no number. Write digits, without unit and thousands marks.")
    if settings.decimal is None:
        raise Wrong(
            "sheet.decimal",
            "Say whether the decimal mark is a point or a comma, above the rows or with the upload.",
        )
    other = "," if settings.decimal == "." else "."
    if other in said or said.count(settings.decimal) > 1:
        raise Wrong(
            "sheet.number",
            f"The decimal mark of this sheet is '{settings.decimal}'. Write no thousands marks.",
        )
    plain = said.replace(settings.decimal, ".")
    if not _POINT.fullmatch(plain):
        raise Wrong("sheet.number", "This is no number. Write digits, without unit and thousands marks.")
    return Decimal(plain)


def _amount(cell: Cell, _: Column, settings: Settings) -> Decimal:
    if cell.kind == PERCENT:
        raise Wrong("sheet.number", "The cell is shown as percent. Format it as a number and write it again.")
    found = _number(cell, settings)
    if found <= 0:
        raise Wrong("sheet.amount", "A quantity is above zero.")
    if len(found.normalize().as_tuple().digits) > _EXACT or found >= 10**_EXACT:
        raise Wrong(
            "sheet.digits", f"More than {_EXACT} digits are not exact in any reader. Use a larger unit."
        )
    return found


def _percent(cell: Cell, column: Column, settings: Settings) -> Decimal:
    """A share of the mass, of a number that counts percent. A cell shown as percent is what it shows."""
    found = _number(cell, settings)
    share = found if cell.kind == PERCENT else found.scaleb(-2)
    if not 0 <= share <= 1:
        raise Wrong("sheet.share", f"{column.title} is from 0 to 100.")
    return share


def _share(cell: Cell, _: Column, settings: Settings) -> tuple[Decimal, bool]:
    """A number whose unit stands in another cell, and whether it is shown as percent."""
    found = _number(cell, settings)
    if found < 0:
        raise Wrong("sheet.share", "A share of the mass is not below zero.")
    return found, cell.kind == PERCENT


def _share_unit(cell: Cell, _: Column, __: Settings) -> str:
    said = _words(cell).strip()
    if said in SHARES or said.lower() in SHARES:
        return said if said in SHARES else said.lower()
    raise Wrong("sheet.unit", f"Unknown unit. Use one of {', '.join(SHARES)}.")


def _unit(cell: Cell, _: Column, __: Settings) -> str:
    said = _words(cell).strip()
    found = said if said in CODES else UNITS.get(said, UNITS.get(said.lower(), ""))
    if not found and said.lower() in {"ton", "tons"}:
        raise Wrong("sheet.unit", "A ton may be any of three. Write t (1000 kg), STN (short) or LTN (long).")
    if found not in CODES or CODES[found].kind not in {"mass", "count", "volume"}:
        raise Wrong(
            "sheet.unit", "Unknown unit. Use kg, g, t, lb, pcs, or a code of UN/CEFACT Rec 20 like KGM."
        )
    return found


def _day(cell: Cell, _: Column, settings: Settings) -> date:
    if cell.kind in {DATE, NUMBER}:
        return _serial(cell.text, settings).date()
    said = cell.text
    if _ISO_DAY.fullmatch(said):
        try:
            return date.fromisoformat(said)
        except ValueError:
            pass
    elif _SERIAL.fullmatch(said):
        return _serial(said, settings).date()
    raise Wrong("sheet.date", "Write the day as 2026-03-01: in 01/03/2026 nobody knows day from month.")


def _serial(text: str, settings: Settings) -> datetime:
    """Excel's days since 1900 (or 1904). Source: ECMA-376 part 1, section 18.17.4.1."""
    if not _FLOAT.fullmatch(text):
        raise Wrong("sheet.date", "This is no date.")
    days = float(text) + (1462 if settings.epoch_1904 else 0)
    if not _FIRST <= days <= _LAST:
        raise Wrong("sheet.date", "This number is no day from 1990 to 2100. Write it as 2026-03-01.")
    return datetime(1899, 12, 30) + timedelta(seconds=round(days * 86_400))  # noqa: DTZ001 - local, its zone is added


def _time(cell: Cell, _: Column, settings: Settings) -> datetime:
    """An aware time."""
    if cell.kind in {DATE, NUMBER}:
        local = _serial(cell.text, settings)
        if local.time() == time(0) and float(cell.text).is_integer():
            local = datetime.combine(local.date(), NOON)
        return _placed(local, settings)
    said = cell.text
    if _ISO_DAY.fullmatch(said):
        return _placed(datetime.combine(_day(cell, _, settings), NOON), settings)
    if _SERIAL.fullmatch(said):
        return _placed(_serial(said, settings), settings)
    try:
        found = datetime.fromisoformat(said) if re.match(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ]", said) else None
    except ValueError:
        found = None
    if found is None:
        raise Wrong(
            "sheet.date", "Write the time as 2026-03-01 08:30: in 01/03/2026 nobody knows day from month."
        )
    return found if found.tzinfo is not None else _placed(found, settings)


def _placed(local: datetime, settings: Settings) -> datetime:
    if settings.zone is None:
        raise Wrong(
            "sheet.zone",
            "Say the time zone above the rows or with the upload: of a local time nobody knows when.",
        )
    here = local.replace(tzinfo=settings.zone)
    if here.utcoffset() != here.replace(fold=1).utcoffset():
        raise Wrong(
            "sheet.zone", "The clock was changed at this time. Add the offset: 2026-10-25 02:30+02:00."
        )
    if here.year < 1990 or here.year > 2100:
        raise Wrong("sheet.date", "A time is from 1990 to 2100.")
    return here


def _gln(cell: Cell, ai: str, column: Column) -> str:
    said = _words(cell).strip()
    if said.isascii() and said.isdigit():
        if len(said) != 13:
            raise Wrong("sheet.identifier", f"{column.title}: a GLN has 13 digits, this has {len(said)}.")
        if check_digit(said[:-1]) != said[-1]:
            raise Wrong(
                "sheet.identifier", f"{column.title}: the check digit of this GLN is wrong. Look for a slip."
            )
        return f"{DOMAIN}/{ai}/{said}"
    return _uri(said, column)


def _uri(said: str, column: Column) -> str:
    if not _URI.fullmatch(said):
        raise Wrong(
            "sheet.identifier", f"{column.title}: write {column.help.rpartition('. ')[2] or column.help}"
        )
    try:
        key = normalise(said)
    except IdentifierError as error:
        raise Wrong("sheet.identifier", f"{column.title}: {error}.") from None
    if reason := doubt(key):
        raise Wrong("sheet.identifier", f"{column.title}: {reason}.")
    return key


def _place(cell: Cell, column: Column, _: Settings) -> str:
    return _gln(cell, "414", column)


def _party(cell: Cell, column: Column, _: Settings) -> str:
    return _gln(cell, "417", column)


def _gtin(cell: Cell, _: Column, __: Settings) -> str:
    said = _words(cell).strip()
    if cell.kind == NUMBER and len(said) < 14:
        said = said.rjust(14, "0")  # a number has lost its zeros; the check digit tells
    if not gtin_valid(said):
        raise Wrong(
            "sheet.identifier",
            "A GTIN has 8, 12, 13 or 14 digits, the last of them checks the others. Look for a slip.",
        )
    return said.rjust(14, "0")


def _lot(cell: Cell, column: Column, _: Settings) -> str:
    """A code, or a full identifier."""
    said = _words(cell).strip()
    if _URI.fullmatch(said):
        return _uri(said, column)
    if not re.fullmatch(r"[!-~]{1,20}", said):
        raise Wrong(
            "sheet.identifier",
            "A lot code has at most 20 letters, digits and signs of ASCII, without blanks.",
        )
    return said


def lot_key(gtin: str | None, lot: str) -> str:
    """The identifier of a lot. Raises `Wrong` for a code without a GTIN."""
    if _URI.fullmatch(lot):
        return lot
    if gtin is None:
        raise Wrong(
            "sheet.identifier",
            "A lot code needs the GTIN of its product beside it. Or write a full identifier.",
        )
    return f"{DOMAIN}/01/{gtin}/10/{quote(lot, safe='')}"


READERS: Final = {
    "text": _text, "code": _code, "word": _word, "time": _time, "day": _day, "amount": _amount, "percent": _percent,
    "share": _share, "share_unit": _share_unit, "unit": _unit, "place": _place, "party": _party, "gtin": _gtin,
    "lot": _lot,
}  # fmt: skip
__all__ = ["Notebook", "Settings", "Wrong", "decimal_mark", "lot_key", "notes_of", "place", "read", "zone_of"]
