"""Templates as files to fill in, and findings as CSV. No cell written here is taken for a formula.

The XLSX has three sheets: data, help, examples. Columns that hold codes are formatted as text, so that leading zeros
stay. The same template gives the same bytes.
"""

from __future__ import annotations

import csv
import zipfile
from io import BytesIO, StringIO
from typing import TYPE_CHECKING, Final
from xml.sax.saxutils import escape

from lodeline.events.sheet_grid import letters
from lodeline.events.sheet_templates import DATA_SHEET, DECIMAL, EXAMPLE_SHEET, HELP_SHEET, MARK, ZONE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lodeline.events.sheet_grid import CellFinding
    from lodeline.events.sheet_templates import Template

FORMULAS: Final = ("=", "+", "-", "@", "\t", "\r")
EXAMPLE_ZONE: Final = "Europe/Helsinki"
_MAIN: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE: Final = "http://schemas.openxmlformats.org/package/2006"
_SHEETS: Final = (DATA_SHEET, HELP_SHEET, EXAMPLE_SHEET)
_NUMBERS: Final = frozenset(("amount", "percent", "share"))
_PLAIN, _AS_TEXT, _HEAD = 0, 1, 2
_FILLED_ROWS: Final = 10_020


def plain(value: object) -> str:
    """Text for a cell of a CSV file: what would be taken for a formula gets an apostrophe (CWE-1236)."""
    text = str(value)
    return f"'{text}" if text.startswith(FORMULAS) else text


def csv_of(rows: Iterable[Sequence[object]], delimiter: str = ",") -> bytes:
    """CSV in UTF-8 with a byte order mark, by which spreadsheet programs know it."""
    found = StringIO()
    csv.writer(found, delimiter=delimiter, lineterminator="\r\n").writerows(
        [[plain(cell) for cell in row] for row in rows]
    )
    return b"\xef\xbb\xbf" + found.getvalue().encode()


def findings_csv(findings: Iterable[CellFinding]) -> bytes:
    """Findings, one a row."""
    rows = [
        (
            one.severity.value,
            one.sheet,
            one.row or "",
            one.column,
            one.cell,
            one.message,
            one.got or "",
            one.rule,
            one.times,
        )
        for one in findings
    ]
    return csv_of(
        [("severity", "sheet", "row", "column", "cell", "what to do", "found there", "rule", "times"), *rows]
    )


def template_csv(template: Template, *, examples: bool = False) -> bytes:
    """The template as CSV; with `examples` filled, else without rows."""
    head = _head(template, examples=examples)
    return csv_of([*head, *(template.examples if examples else ())])


def template_xlsx(template: Template) -> bytes:
    """The template as a workbook."""
    numbers = [column.kind in _NUMBERS for column in template.columns]
    data = [*_head(template, examples=False)]
    help_rows = [
        (f"{template.title}, version {template.version}",),
        (template.purpose,),
        (f"Each row becomes part of {template.makes}.",),
        (f"Fill the sheet {DATA_SHEET}. Time zone and decimal mark (of numbers kept as text) stand above.",),
        ("Column", "Needed", "What stands there", "Example", "Allowed words"),
        *(
            (
                column.title,
                "yes" if column.required else "no",
                column.help,
                column.example,
                ", ".join(column.words),
            )
            for column in template.columns
        ),
    ]
    sheets = (
        _sheet(data, {5}, numbers, template),
        _sheet(help_rows, {1, 5}, [False] * 5),
        _sheet([*_head(template, examples=True), *template.examples], {5}, numbers),
    )
    found = BytesIO()
    with zipfile.ZipFile(found, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in (
            *_around(),
            *((f"xl/worksheets/sheet{n}.xml", xml) for n, xml in enumerate(sheets, 1)),
        ):
            part = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            part.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(part, text.encode())
    return found.getvalue()


def _head(template: Template, *, examples: bool) -> list[tuple[str, ...]]:
    return [
        (MARK, template.label),
        (ZONE, EXAMPLE_ZONE if examples else ""),
        (DECIMAL, "." if examples else ""),
        (),
        tuple(column.title for column in template.columns),
    ]


def _sheet(
    rows: Sequence[Sequence[str]], heads: set[int], numbers: list[bool], template: Template | None = None
) -> str:
    """A worksheet. In the data sheet whole columns are formatted, and words are offered to choose from."""
    width = 22 if template else 26
    widths = "".join(
        f'<col min="{n}" max="{n}" width="{width}" style="{_PLAIN if number else _AS_TEXT}" customWidth="1"/>'
        for n, number in enumerate(numbers, 1)
    )
    body = "".join(
        _row(number, row, _HEAD if number in heads else None, numbers) for number, row in enumerate(rows, 1)
    )
    chosen = (
        "".join(_choice(index, column.words) for index, column in enumerate(template.columns) if column.words)
        if template
        else ""
    )
    count = chosen.count("<dataValidation ")
    offered = f'<dataValidations count="{count}">{chosen}</dataValidations>' if count else ""
    return (
        f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<worksheet xmlns="{_MAIN}"><cols>{widths}</cols>'
        f"<sheetData>{body}</sheetData>{offered}</worksheet>"
    )


def _row(number: int, cells: Sequence[str], style: int | None, numbers: list[bool]) -> str:
    made = "".join(
        _cell(
            f"{letters(column)}{number}", text, style, number_wanted=column < len(numbers) and numbers[column]
        )
        for column, text in enumerate(cells)
        if text or style is None
    )
    return f'<row r="{number}">{made}</row>'


def _cell(place: str, text: str, style: int | None, *, number_wanted: bool) -> str:
    if number_wanted and style is None and text.replace(".", "", 1).isdecimal():
        return f'<c r="{place}"><v>{text}</v></c>'
    if not text:
        return f'<c r="{place}" s="{_AS_TEXT}"/>'
    kept = _AS_TEXT if style is None else style
    return f'<c r="{place}" s="{kept}" t="inlineStr"><is><t xml:space="preserve">{escape(text)}</t></is></c>'


def _choice(column: int, words: Sequence[str]) -> str:
    name = letters(column)
    inner = escape('"' + ",".join(words) + '"')
    return (
        f'<dataValidation type="list" allowBlank="1" showErrorMessage="1" sqref="{name}6:{name}{_FILLED_ROWS}">'
        f"<formula1>{inner}</formula1></dataValidation>"
    )


def _around() -> list[tuple[str, str]]:
    """The parts around the sheets (ECMA-376 part 1, sections 18.2 and 18.8; part 2)."""
    head = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    listed = range(1, len(_SHEETS) + 1)
    types = "".join(
        f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="{kind}.worksheet+xml"/>'
        for n in listed
    )
    sheets = "".join(
        f'<sheet name="{name}" sheetId="{n}" r:id="rId{n}"/>' for n, name in enumerate(_SHEETS, 1)
    )
    related = "".join(
        f'<Relationship Id="rId{n}" Type="{_OFFICE}/worksheet" Target="worksheets/sheet{n}.xml"/>'
        for n in listed
    )
    xf = '<xf numFmtId="{}" fontId="{}" fillId="0" borderId="0" xfId="0"{}/>'
    formats = (
        xf.format(0, 0, "")
        + xf.format(49, 0, ' applyNumberFormat="1"')
        + xf.format(49, 1, ' applyNumberFormat="1" applyFont="1"')
    )
    package = f'<Relationships xmlns="{_PACKAGE}/relationships">'
    default = '<Default Extension="{}" ContentType="application/{}"/>'
    override = '<Override PartName="/xl/{}.xml" ContentType="{}"/>'
    font = '<font>{}<sz val="11"/><name val="Calibri"/></font>'
    fill = '<fill><patternFill patternType="{}"/></fill>'
    relation = '<Relationship Id="{}" Type="{}/{}" Target="{}"/>'
    content_types = (
        f'{head}<Types xmlns="{_PACKAGE}/content-types">'
        + default.format("rels", "vnd.openxmlformats-package.relationships+xml")
        + default.format("xml", "xml")
        + override.format("workbook", f"{kind}.sheet.main+xml")
        + override.format("styles", f"{kind}.styles+xml")
        + f"{types}</Types>"
    )
    root = relation.format("rId1", _OFFICE, "officeDocument", "xl/workbook.xml")
    styles = (
        f'{head}<styleSheet xmlns="{_MAIN}"><fonts count="2">{font.format("")}{font.format("<b/>")}</fonts>'
        f'<fills count="2">{fill.format("none")}{fill.format("gray125")}</fills><borders count="1"><border><left/>'
        '<right/><top/><bottom/><diagonal/></border></borders><cellStyleXfs count="1"><xf numFmtId="0" fontId="0" '
        f'fillId="0" borderId="0"/></cellStyleXfs><cellXfs count="3">{formats}</cellXfs><cellStyles count="1">'
        '<cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
    )
    workbook = f'{head}<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{sheets}</sheets></workbook>'
    related += relation.format("rId9", _OFFICE, "styles", "styles.xml")
    return [
        ("[Content_Types].xml", content_types),
        ("_rels/.rels", f"{head}{package}{root}</Relationships>"),
        ("xl/workbook.xml", workbook),
        ("xl/_rels/workbook.xml.rels", f"{head}{package}{related}</Relationships>"),
        ("xl/styles.xml", styles),
    ]
