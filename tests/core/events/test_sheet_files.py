"""Files as grids: CSV in its dialects, workbooks of two other programs, and files that mean harm."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from datetime import datetime
from io import BytesIO
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as some
from openpyxl.utils.datetime import MAC_EPOCH, WINDOWS_EPOCH

from lodeline.events.sheet import form_of, read_grid
from lodeline.events.sheet_book import Page, book_of
from lodeline.events.sheet_csv import delimiter, grid_of_csv
from lodeline.events.sheet_grid import (
    Cell,
    CellFinding,
    Grid,
    Row,
    SheetLimits,
    Unreadable,
    as_dict,
    from_dict,
    letters,
)
from lodeline.events.sheet_templates import PRODUCTION, SHIPMENTS, TEMPLATES
from lodeline.events.sheet_values import Wrong
from lodeline.events.sheet_worker import grid_of
from lodeline.events.sheet_write import csv_of, findings_csv, plain, template_csv, template_xlsx
from lodeline.events.sheet_xlsx import grid_of_xlsx
from lodeline.evidence import Severity

LIMITS = SheetLimits()
FILES = Path(__file__).parent / "sheets"
PARTY = "https://id.gs1.org/417/9521141000045"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def texts(grid):
    return {row.number: [cell and cell.text for cell in row.cells] for row in grid.rows}


# --- CSV ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mark", [",", ";", "\t"])
@pytest.mark.parametrize("before", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_dialects(mark, before, end):
    data = before + end.join(
        mark.encode().join(row) for row in ([b"a", b'"b ""x"" , ; c"', b""], [], [b"1", b"2"])
    )
    assert texts(grid_of_csv(data, LIMITS)) == {1: ["a", 'b "x" , ; c', None], 3: ["1", "2"]}


def test_commas_that_are_decimal_marks_part_no_cells():
    assert delimiter("a;b\n1,5;2,5\n1,5;2,5\n") == ";"
    assert delimiter("a,b\n1,2\n") == ","
    assert delimiter("one column\n") == ","


@given(
    some.lists(
        some.lists(
            some.text(some.characters(codec="utf-8", exclude_characters="\0\r\n")), min_size=1, max_size=4
        ),
        max_size=5,
    )
)
def test_what_we_write_we_read(rows):
    data = csv_of([("a;", "b,", "c"), *rows], ";")
    read = grid_of_csv(data, LIMITS)
    wanted = [[cell.strip() or None for cell in row] for row in rows if any(row)]
    got = [[cell and cell.text for cell in row.cells] for row in read.rows[1:]]
    assert _bare(got) == _bare(wanted)


def _bare(table):
    """Without the apostrophes that were put before what looks like a formula."""
    return [[cell and (cell.replace("'", "").strip() or None) for cell in row] for row in table]


def test_no_written_cell_is_a_formula():
    bad = ["=1+1", "+1", "-1", "@x", "\tx", "\rx"]
    assert all(plain(one).startswith("'") for one in bad)
    found = CellFinding(rule="x", severity=Severity.ERROR, message="=cmd|' /C calc'!A0", got="@SUM(1)")
    line = findings_csv([found]).decode("utf-8-sig").splitlines()[1]
    assert ",'=cmd" in line
    assert ",'@SUM" in line
    assert [cell.text for cell in grid_of_csv(b"'+02:00,'=x\n", LIMITS).rows[0].cells] == ["+02:00", "=x"]


BAD_CSV = {
    "UTF-16": ("a,b".encode("utf-16"), "sheet.encoding"),
    "Latin-1": ("a,ü".encode("latin-1"), "sheet.encoding"),
    "NUL": (b"a,\0", "sheet.encoding"),
    "open quote": (b'a,"b', "sheet.quotes"),
    "quote inside": (b'a,"b"c', "sheet.quotes"),
    "columns": (b"," * 999_999 + b"x", "sheet.columns"),
    "rows": (b"x\n" * 20_000, "sheet.rows"),
    "long cell": (b"x" * 5_000, "sheet.cell"),
    "large": (b"x" * (LIMITS.max_bytes + 1), "sheet.bytes"),
}


@pytest.mark.parametrize("case", BAD_CSV)
def test_bad_csv(case):
    data, rule = BAD_CSV[case]
    with pytest.raises(Unreadable) as refused:
        grid_of(data, "csv", LIMITS)
    assert refused.value.finding.rule == rule


def test_empty_columns_on_the_right_are_no_matter():
    assert texts(grid_of_csv(b"a,b" + b"," * 200, LIMITS))[1][:2] == ["a", "b"]


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("a.csv", b"x", "csv"), ("a.TSV", b"x", "csv"), ("", b"PK\3\4", "xlsx"), ("a.xlsx", b"PK\3\4", "xlsx"),
        ("a.csv", b"PK\3\4", "sheet.format"), ("a.xlsx", b"x", "sheet.format"), ("a.xlsm", b"PK\3\4", "sheet.macros"),
        ("a.ods", b"PK\3\4", "sheet.format"),
    ],
)  # fmt: skip
def test_the_ending_fits_what_the_file_holds(name, data, said):
    try:
        assert form_of(name, data) == said
    except Wrong as wrong:
        assert wrong.rule == said


# --- workbooks ----------------------------------------------------------------------------------------


def test_a_workbook_of_openpyxl(now):
    grid = grid_of_xlsx((FILES / "openpyxl.xlsx").read_bytes(), LIMITS, "Data")
    sheet = read_grid(grid, SHIPMENTS, party=PARTY, now=now)
    # The formula was never calculated by a spreadsheet program, so there is no value to take.
    assert [(one.rule, one.cell) for one in sheet.findings if one.severity is Severity.ERROR] == [
        ("sheet.formula", "H6")
    ]
    first, third = [one.raw for one in sheet.made]
    assert first["eventTime"] == "2026-03-01T08:30:00+02:00"
    assert first["quantityList"] == [
        {"epcClass": "https://id.gs1.org/01/09521141123454/10/L-1", "quantity": 980.1, "uom": "KGM"}
    ]
    assert third["eventTime"] == "2026-03-01T12:00:00+02:00"
    assert third["quantityList"][0]["quantity"] == 0.3
    assert third["quantityList"][0]["epcClass"] == "https://id.gs1.org/01/09521141123454/10/L-3"


def test_a_workbook_of_xlsxwriter(now):
    grid = grid_of_xlsx((FILES / "xlsxwriter.xlsx").read_bytes(), LIMITS, "Data")
    sheet = read_grid(grid, PRODUCTION, party=PARTY, now=now)
    assert not sheet.refused, sheet.findings
    (run,) = [one.raw for one in sheet.made]
    assert run["outputQuantityList"] == [
        {"epcClass": "https://id.gs1.org/01/09521141123454/10/L-2031", "quantity": 980.5, "uom": "KGM"}
    ]
    # A cell shown as percent is what it shows: 22.3 %.
    assert [part["lode:massFraction"] for part in run["ilmd"]["lode:composition"]] == ["0.223", "0.001"]
    assert [(one.rule, one.cell) for one in sheet.findings] == [("sheet.formula", "G6")]


@pytest.mark.parametrize("template", TEMPLATES.values(), ids=TEMPLATES)
def test_our_templates_come_back(template, now):
    empty = read_grid(grid_of_xlsx(template_xlsx(template), LIMITS, "data"), template, party=PARTY, now=now)
    assert [one.rule for one in empty.findings] == ["sheet.empty"]
    shown = read_grid(
        grid_of_xlsx(template_xlsx(template), LIMITS, "Examples"), template, party=PARTY, now=now
    )
    written = read_grid(
        grid_of_csv(template_csv(template, examples=True), LIMITS), template, party=PARTY, now=now
    )
    assert shown.findings == written.findings == ()
    assert [one.raw for one in shown.made] == [one.raw for one in written.made]
    assert template_xlsx(template) == template_xlsx(template)


def book(sheet="", *, extra=(), shared="", styles="", workbook=""):
    """A small workbook with this inside its sheetData."""
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    types = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    parts = {
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        f'<Override PartName="/xl/workbook.xml" ContentType="{types}.sheet.main+xml"/>'
        f'<Override PartName="/xl/t.xml" ContentType="{types}.sharedStrings+xml"/></Types>',
        "_rels/.rels": f'<Relationships><Relationship Id="a" Type="{kind}/officeDocument" Target="/xl/workbook.xml"/>'
        "</Relationships>",
        "xl/workbook.xml": workbook
        or f'<workbook xmlns="{MAIN}" xmlns:r="{kind}"><sheets><sheet name="Data" sheetId="1" r:id="s"/></sheets>'
        "</workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships><Relationship Id="s" Type="{kind}/worksheet" '
        f'Target="worksheets/s.xml"/><Relationship Id="t" Type="{kind}/sharedStrings" Target="t.xml"/></Relationships>',
        "xl/worksheets/s.xml": f'<worksheet xmlns="{MAIN}"><sheetData>{sheet}</sheetData></worksheet>',
        "xl/t.xml": f'<sst xmlns="{MAIN}">{shared}</sst>',
        **dict(extra),
    }
    found = BytesIO()
    with zipfile.ZipFile(found, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return found.getvalue()


OUTSIDE = '<!DOCTYPE x SYSTEM "file:///etc/passwd"><x/>'
LAUGHS = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>'
BAD_BOOKS = {
    "laughs": (book(extra={"xl/worksheets/s.xml": LAUGHS + "<x>&b;</x>"}.items()), "sheet.entities"),
    "address": (book(extra={"xl/workbook.xml": OUTSIDE}.items()), "sheet.entities"),
    "bomb": (book("<row>" + " " * 30_000_000 + "</row>"), "sheet.bomb"),
    "parts": (book(extra=((f"x{n}", "") for n in range(600))), "sheet.bomb"),
    "macros": (book(extra={"xl/vbaProject.bin": "x"}.items()), "sheet.macros"),
    "columns": (book('<row r="1"><c r="ZZZ1"><v>1</v></c></row>'), "sheet.columns"),
    "many columns": (book("<row>" + "<c><v>1</v></c>" * 50_000 + "</row>"), "sheet.columns"),
    "rows": (book("<row><c><v>1</v></c></row>" * 20_000), "sheet.rows"),
    "row twice": (book('<row r="2"><c><v>1</v></c></row><row r="2"/>'), "sheet.xml"),
    "cell twice": (book('<row><c r="B1"><v>1</v></c><c r="A1"><v>1</v></c></row>'), "sheet.xml"),
    "no such text": (book('<row><c t="s"><v>7</v></c></row>'), "sheet.xml"),
    "huge text": (
        book('<row><c t="s"><v>0</v></c></row>' * 9_999, shared=f"<si><t>{'x' * 1_999}</t></si>"), "sheet.text-size",
    ),
    "long text": (book('<row><c t="s"><v>0</v></c></row>', shared=f"<si><t>{'x' * 9_999}</t></si>"), "sheet.cell"),
    "broken": (book("<row>"), "sheet.xml"),
    "no sheet": (book(workbook="<workbook/>"), "sheet.format"),
    "no workbook": (book(extra={"[Content_Types].xml": "", "_rels/.rels": "<x"}.items()), "sheet.xml"),
    "cut": (book()[:-30], "sheet.format"),
    "other archive": (b"PK\x05\x06" + bytes(18), "sheet.format"),
    "old": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512), "sheet.format"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD_BOOKS)
def test_bad_workbooks(case):
    data, rule = BAD_BOOKS[case]
    with pytest.raises(Unreadable) as refused:
        grid_of(data, "xlsx", LIMITS)
    assert refused.value.finding.rule == rule, refused.value


BILLION = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "ha" * 10}">' for n in range(10))
PARTS = (
    "[Content_Types].xml",
    "xl/workbook.xml",
    "xl/_rels/workbook.xml.rels",
    "xl/t.xml",
    "xl/worksheets/s.xml",
)


@pytest.mark.parametrize("part", [*PARTS, "xl/styles.xml", "docProps/core.xml"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_billion_laughs_are_refused_in_every_part(part, encoding):
    text = f'<?xml version="1.0"?><!--{" " * 9_000}--><!DOCTYPE x [{BILLION}]><x>&l9;</x>'
    data = book("<row><c><v>1</v></c></row>", extra={part: text.encode(encoding)}.items())
    with pytest.raises(Unreadable) as refused:
        grid_of(data, "xlsx", LIMITS)
    assert refused.value.finding.rule == "sheet.entities"


def test_openpyxl_itself_reads_through_defusedxml():
    """Were the look before it to miss one, the worker's openpyxl would still expand nothing."""
    said = f"""
from lodeline.events import sheet_worker
sheet_worker.slim()
import openpyxl.xml.functions as used
from defusedxml.common import EntitiesForbidden
from io import BytesIO
bad = {f"<!DOCTYPE x [{BILLION}]><x>&l9;</x>".encode()!r}
for read in (used.fromstring, lambda text: list(used.iterparse(BytesIO(text)))):
    try:
        read(bad)
    except EntitiesForbidden:
        print("refused")
"""
    done = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["refused", "refused"], done.stderr


def test_a_strict_workbook_is_named_as_such():
    strict = '<worksheet xmlns="http://purl.oclc.org/ooxml/spreadsheetml/main"/>'
    with pytest.raises(Unreadable, match="Strict"):
        grid_of(book(extra={"xl/worksheets/s.xml": strict}.items()), "xlsx", LIMITS)


def test_the_size_a_sheet_claims_is_not_believed():
    cells = (
        f'<worksheet xmlns="{MAIN}"><dimension ref="A1:XFD1048576"/><sheetData>{{}}</sheetData></worksheet>'
    )
    far = cells.format('<row r="1048576"><c r="B1048576"><v>7</v></c></row>')
    grid = grid_of(book(extra={"xl/worksheets/s.xml": far}.items()), "xlsx", LIMITS)
    assert grid.rows == (Row(1_048_576, (None, Cell("7", "n"))),)
    beyond = cells.format('<row r="999999999999"><c><v>7</v></c></row>')
    with pytest.raises(Unreadable) as refused:
        grid_of(book(extra={"xl/worksheets/s.xml": beyond}.items()), "xlsx", LIMITS)
    assert refused.value.finding.rule == "sheet.xml"


@pytest.mark.parametrize("epoch_1904", [False, True])
def test_dates_stay_the_numbers_that_the_file_holds(epoch_1904):
    written = openpyxl.Workbook()
    written.epoch = MAC_EPOCH if epoch_1904 else WINDOWS_EPOCH
    sheet = written.active
    sheet.title = "Data"
    sheet.append([datetime(2026, 3, 1, 8, 30), 0.223, 0.5])  # noqa: DTZ001 - cells have no zone
    sheet["B1"].number_format = '0.0" days "%'
    sheet["C1"].number_format = '0.0" d"'
    found = BytesIO()
    written.save(found)
    grid = grid_of(found.getvalue(), "xlsx", LIMITS)
    assert grid.epoch_1904 is epoch_1904
    day, share, number = grid.rows[0].cells
    assert (day.kind, share, number) == ("d", Cell("0.223", "p"), Cell("0.5", "n"))
    assert float(day.text) == pytest.approx(46082 - 1462 * epoch_1904 + 8.5 / 24, abs=1e-9)


def test_no_cell_of_a_written_workbook_is_a_formula():
    words = ("=1+1", "+1", "@x", "#REF!", "007", "<b>&", " x ")
    page = Page(
        name="Data", rows=[words], heads=frozenset(), numbers=[False] * 7, width=9, choices={1: ("a", "b")}
    )
    data = book_of([page])
    (row,) = grid_of(data, "xlsx", LIMITS).rows
    assert row.cells == tuple(Cell(word.strip()) for word in words)
    sheet = openpyxl.load_workbook(BytesIO(data)).active
    assert {cell.data_type for cell in sheet[1]} == {"s"}
    assert [str(one.sqref) for one in sheet.data_validations.dataValidation] == ["B1"]


def test_openpyxl_is_imported_only_for_workbooks():
    said = """
import sys
import lodeline.events.sheet, lodeline.events.sheet_worker as worker, lodeline.events.sheet_write
import lodeline.events.command_sheet
worker.grid_of(b"a,b", "csv", worker.SheetLimits())
print(sorted({"openpyxl", "defusedxml"} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "[]", done.stderr


def test_encrypted_parts_are_not_opened():
    data = bytearray(book())
    at = data.index(b"PK\x01\x02")
    data[at + 8] |= 1
    with pytest.raises(Unreadable, match="password"):
        grid_of(bytes(data), "xlsx", LIMITS)


def test_links_to_other_workbooks_are_noted_and_left_alone():
    grid = grid_of(
        book("<row><c><f>[1]x!A1</f><v>5</v></c></row>", extra={"xl/externalLinks/e.xml": "<x"}.items()),
        "xlsx",
        LIMITS,
    )
    assert grid.rows == (Row(1, (Cell("5", "n", formula=True),)),)
    assert [note.rule for note in grid.notes] == ["sheet.links"]


def test_cells_of_all_kinds():
    row = (
        '<row r="3"><c t="s"><v>0</v></c><c t="inlineStr"><is><r><t>a</t></r><r><t>b</t></r></is></c>'
        '<c t="b"><v>1</v></c>'
        '<c t="e"><v>#REF!</v></c><c r="G3"><v>1.5</v></c><c t="str"><f>x</f><v>y</v></c><c/><c><f>1</f></c></row>'
    )
    shared = '<si><r><t>Li</t></r><rPh sb="0" eb="1"><t>reading</t></rPh><r><t>OH</t></r></si>'
    (found,) = grid_of(book(row, shared=shared), "xlsx", LIMITS).rows
    assert found.number == 3
    assert found.cells == (
        Cell("LiOH"), Cell("ab"), Cell("1", "b"), Cell("#REF!", "e"), None, None, Cell("1.5", "n"),
        Cell("y", "t", formula=True), None, Cell("", "t", formula=True),
    )  # fmt: skip


def test_a_grid_travels_as_json():
    note = CellFinding(
        rule="a.b",
        severity=Severity.NOTE,
        message="m",
        sheet="S/~",
        row=2,
        column="C",
        cell="B2",
        got="x",
        times=3,
    )
    grid = Grid(
        sheet="S",
        rows=(Row(1, (Cell("a"), None, Cell("1", "d", formula=True))),),
        epoch_1904=True,
        notes=(note,),
    )
    assert from_dict(json.loads(json.dumps(as_dict(grid)))) == grid
    assert note.pointer == "/S~1~0/B2"


def test_names_of_columns():
    assert [letters(n) for n in (0, 25, 26, 51, 52, 701, 702)] == ["A", "Z", "AA", "AZ", "BA", "ZZ", "AAA"]


# --- the worker ---------------------------------------------------------------------------------------


def run(data, form, *bounds):
    words = [sys.executable, "-I", "-m", "lodeline.events.sheet_worker", form, *bounds]
    return subprocess.run(words, input=data, capture_output=True, timeout=60, check=False, cwd="/")


def test_the_worker_answers_with_a_grid_or_one_finding():
    good = run(template_xlsx(SHIPMENTS), "xlsx", "10", "512")
    assert good.returncode == 0, good.stderr
    assert from_dict(json.loads(good.stdout)).sheet == "Data"
    bad = run(b"\xff\xfe", "csv", "10", "512")
    assert json.loads(bad.stdout)["refused"]["rule"] == "sheet.encoding"


def test_broken_formats_say_nothing_into_the_answer():
    written = BytesIO((FILES / "openpyxl.xlsx").read_bytes())
    with zipfile.ZipFile(written) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    styles = parts["xl/styles.xml"]
    at = styles.index(b"<cellStyleXfs")
    end = styles.index(b"</cellStyleXfs>") + len(b"</cellStyleXfs>")
    parts["xl/styles.xml"] = styles[:at] + b'<cellStyleXfs count="0"/>' + styles[end:]
    answer = run(book(extra=parts.items()), "xlsx", "10", "512")
    assert answer.returncode == 0, answer.stderr
    assert json.loads(answer.stdout)["refused"]["rule"] == "sheet.xml"


def test_the_worker_dies_of_what_it_may_not_take():
    cells = "<c><v>1</v></c>" * 50
    data = book(f"<row>{cells}</row>" * 9_000)
    assert run(data, "xlsx", "20", "48").returncode != 0
