"""Cells to values, and rows to events: nothing is guessed, all findings name their cell."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as some

from lodeline.events.check import check
from lodeline.events.sheet import read_grid, source_of
from lodeline.events.sheet_csv import grid_of_csv
from lodeline.events.sheet_events import name_of
from lodeline.events.sheet_grid import Cell, SheetLimits
from lodeline.events.sheet_templates import ASSAYS, PRODUCTION, SHIPMENTS, TEMPLATES, UNITS
from lodeline.events.sheet_values import Settings, Wrong, lot_key, read, zone_of
from lodeline.events.sheet_write import csv_of
from lodeline.quantities import UNITS as CODES
from lodeline.strictjson import canonical

PARTY = "https://id.gs1.org/417/9521141000045"
LIMITS = SheetLimits()
POINT, COMMA, NONE = Settings(UTC, "."), Settings(UTC, ","), Settings()
AMOUNT, TIME, DAY, UNIT = (SHIPMENTS.column("quantity"), SHIPMENTS.column("time"), ASSAYS.column("issued"),
                           SHIPMENTS.column("unit"))  # fmt: skip
PERCENT, SHARE = PRODUCTION.column("Ni"), ASSAYS.column("value")
SITE, GTIN, LOT = SHIPMENTS.column("site"), SHIPMENTS.column("gtin"), SHIPMENTS.column("lot")


def at(*parts):
    return datetime(*parts, tzinfo=UTC)


GOOD = [
    (Cell("12"), AMOUNT, NONE, Decimal(12)),
    (Cell("1,5"), AMOUNT, COMMA, Decimal("1.5")),
    (Cell("1.5"), AMOUNT, POINT, Decimal("1.5")),
    (Cell("0.30000000000000004", "n"), AMOUNT, NONE, Decimal("0.3")),
    (Cell("1E3", "n"), AMOUNT, NONE, Decimal(1000)),
    (Cell("0.223", "p"), PERCENT, NONE, Decimal("0.223")),
    (Cell("22.3", "n"), PERCENT, NONE, Decimal("0.223")),
    (Cell("0.223", "p"), SHARE, NONE, (Decimal("0.223"), True)),
    (Cell("2026-03-01"), DAY, NONE, date(2026, 3, 1)),
    (Cell("46082", "d"), DAY, NONE, date(2026, 3, 1)),
    (Cell("44620", "d"), DAY, Settings(epoch_1904=True), date(2026, 3, 1)),
    (Cell("46082.5", "d"), TIME, POINT, at(2026, 3, 1, 12)),
    (Cell("46082", "d"), TIME, POINT, at(2026, 3, 1, 12)),
    (Cell("2026-03-01"), TIME, POINT, at(2026, 3, 1, 12)),
    (Cell("2026-03-01 08:30"), TIME, Settings(zone_of("+02:00")), at(2026, 3, 1, 6, 30)),
    (Cell("2026-03-01T08:30:00-05:00"), TIME, NONE, at(2026, 3, 1, 13, 30)),
    (Cell("2026-07-01 08:30"), TIME, Settings(zone_of("Europe/Helsinki")), at(2026, 7, 1, 5, 30)),
    (Cell("9521141000014"), SITE, NONE, "https://id.gs1.org/414/9521141000014"),
    (Cell("9521141000014", "n"), SITE, NONE, "https://id.gs1.org/414/9521141000014"),
    (Cell("urn:epc:id:sgln:9521141.00001.0"), SITE, NONE, "https://id.gs1.org/414/9521141000014"),
    (Cell("9521141123454", "n"), GTIN, NONE, "09521141123454"),
    (Cell("12345", "n"), LOT, NONE, "12345"),
]  # fmt: skip


@pytest.mark.parametrize(("cell", "column", "known", "value"), GOOD, ids=range(len(GOOD)))
def test_what_is_read(cell, column, known, value):
    found = read(cell, column, known)
    assert found == value


BAD = [
    (Cell("1.5"), AMOUNT, NONE, "sheet.decimal"),
    (Cell("1,000.5"), AMOUNT, POINT, "sheet.number"),
    (Cell("1.000"), AMOUNT, COMMA, "sheet.number"),
    (Cell("1,0,0"), AMOUNT, COMMA, "sheet.number"),
    (Cell("12 kg"), AMOUNT, POINT, "sheet.number"),
    (Cell("0"), AMOUNT, POINT, "sheet.amount"),
    (Cell("-3"), AMOUNT, POINT, "sheet.amount"),
    (Cell("1e999", "n"), AMOUNT, POINT, "sheet.digits"),
    (Cell("nan", "n"), AMOUNT, POINT, "sheet.number"),
    (Cell("1234567890123456.7"), AMOUNT, POINT, "sheet.digits"),
    (Cell("46082", "d"), AMOUNT, POINT, "sheet.number"),
    (Cell("0.5", "p"), AMOUNT, POINT, "sheet.number"),
    (Cell("#REF!", "e"), AMOUNT, POINT, "sheet.fault"),
    (Cell("", "t", formula=True), AMOUNT, POINT, "sheet.formula"),
    (Cell("101"), PERCENT, POINT, "sheet.share"),
    (Cell("1.01", "p"), PERCENT, POINT, "sheet.share"),
    (Cell("01/03/2026"), DAY, NONE, "sheet.date"),
    (Cell("2026-02-30"), DAY, NONE, "sheet.date"),
    (Cell("20260301", "n"), DAY, NONE, "sheet.date"),
    (Cell("3/1/26 8:30"), TIME, POINT, "sheet.date"),
    (Cell("2026-03-01 08:30"), TIME, NONE, "sheet.zone"),
    (Cell("1985-03-01 08:30"), TIME, POINT, "sheet.date"),
    (Cell("2026-10-25 03:30"), TIME, Settings(zone_of("Europe/Helsinki")), "sheet.zone"),
    (Cell("2026-03-29 03:30"), TIME, Settings(zone_of("Europe/Helsinki")), "sheet.zone"),
    (Cell("ton"), UNIT, NONE, "sheet.unit"),
    (Cell("bags"), UNIT, NONE, "sheet.unit"),
    (Cell("CEL"), UNIT, NONE, "sheet.unit"),
    (Cell("9521141000015"), SITE, NONE, "sheet.identifier"),
    (Cell("952114100001"), SITE, NONE, "sheet.identifier"),
    (Cell("Hall 3"), SITE, NONE, "sheet.identifier"),
    (Cell("https://id.gs1.org/414/9521141000015"), SITE, NONE, "sheet.identifier"),
    (Cell("9521141123455"), GTIN, NONE, "sheet.identifier"),
    (Cell("1.23456789012345E+17", "n"), LOT, NONE, "sheet.digits"),
    (Cell("a lot"), LOT, NONE, "sheet.identifier"),
    (Cell("urn:x:a%00b"), LOT, NONE, "sheet.identifier"),
]


@pytest.mark.parametrize(("cell", "column", "known", "rule"), BAD, ids=range(len(BAD)))
def test_what_is_refused(cell, column, known, rule):
    with pytest.raises(Wrong) as wrong:
        read(cell, column, known)
    assert wrong.value.rule == rule, wrong.value


@pytest.mark.parametrize("text", ["CET/../x", "Mars/Phobos", "+15:00", "Helsinki", "../etc/passwd", "1"])
def test_no_zone(text):
    with pytest.raises(Wrong):
        zone_of(text)


def test_plain_units_mean_one_code():
    assert set(UNITS.values()) <= CODES.keys()
    assert "ton" not in UNITS


def test_a_code_alone_names_no_lot():
    with pytest.raises(Wrong):
        lot_key(None, "A")
    assert lot_key("09521141123454", "A/B") == "https://id.gs1.org/01/09521141123454/10/A%2FB"


@given(some.binary(max_size=400), some.sampled_from(sorted(TEMPLATES)))
def test_no_bytes_are_too_strange(data, template):
    from lodeline.events.sheet_grid import Unreadable
    from lodeline.events.sheet_worker import grid_of

    for form in ("csv", "xlsx"):
        try:
            grid = grid_of(data, form, LIMITS)
        except Unreadable:
            continue
        read_grid(grid, TEMPLATES[template], party=PARTY, now=at(2026, 11, 1))


@given(
    some.text(max_size=30),
    some.sampled_from("tndpbe"),
    some.sampled_from(list(TEMPLATES.values())),
    some.booleans(),
)
def test_no_cell_is_too_strange(text, kind, template, formula):
    for column in template.columns:
        try:
            read(Cell(text, kind, formula), column, POINT)
        except Wrong as wrong:
            assert str(wrong).endswith((".", "02:00."))


def filled(template, *rows, decimal="."):
    titles = [column.title for column in template.columns]
    head = [("Lodeline sheet", template.label), ("Time zone", "UTC"), ("Decimal mark", decimal), titles]
    return read_grid(
        grid_of_csv(csv_of([*head, *rows], ";"), LIMITS), template, party=PARTY, now=at(2026, 11, 1)
    )


def run(number, side, lot, amount, product="", nickel=""):
    return (
        number, "2026-09-01 08:00", "9521141000014", side, "09521141123454", lot, amount, "kg", product, "", nickel,
    )  # fmt: skip


def test_a_run_is_one_event_and_described_outputs_share_a_transformation():
    sheet = filled(
        PRODUCTION, run("R", "in", "I", 10), run("R", "out", "A", 6, "cake", 20), run("R", "out", "B", 3, "slag"),
        run("M", "out", "ORE", 5),
    )  # fmt: skip
    assert sheet.findings == ()
    first, second, mined = [one.raw for one in sheet.made]
    assert first["transformationID"] == second["transformationID"]
    assert "inputQuantityList" not in second
    assert [first["ilmd"]["lode:product"], second["ilmd"]["lode:product"]] == ["cake", "slag"]
    assert (mined["type"], mined["action"]) == ("ObjectEvent", "ADD")
    assert [one.rows for one in sheet.made] == [(5, 6), (7,), (8,)]


def test_rows_that_contradict_each_other():
    other_site = ("R", "2026-09-01 08:00", "9521141000021", "out", "09521141123454", "C", 1, "kg")
    sheet = filled(
        PRODUCTION, run("R", "in", "I", 10, "x"), other_site, run("R", "out", "I", 3), run("Q", "in", "Z", 1)
    )
    assert [(one.rule, one.cell) for one in sheet.findings] == [
        ("sheet.input", "I5"), ("sheet.run", "C6"), ("sheet.twice", "F7"), ("sheet.run", "D8"),
    ]  # fmt: skip
    assert sheet.made == ()


def test_what_the_check_says_stands_beside_the_row():
    far = ("D", "2026-12-24 08:00", "9521141000014", "9521141000021", "", "09521141123454", "A", 5, "kg")
    sheet = filled(SHIPMENTS, far)
    assert [(one.rule, one.row, one.cell) for one in sheet.findings] == [("time.ahead", 5, "B5")]
    over = filled(PRODUCTION, (*run("R", "out", "A", 6, "cake", 60), 70))
    assert [(one.rule, one.cell) for one in over.findings] == [("ilmd.composition", "K5")]


def test_assays_in_several_units_are_exact_shares():
    row = ("C", "2026-09-02", "2026-09-01", "Lab", "", "09521141123454", "A")
    sheet = filled(
        ASSAYS, (*row, "Ni", "22.31", "0.15", "%"), (*row, "Co", "1040", "30", "ppm"), (*row, "Li", "0.5", "", "g/kg"),
        (*row, "Mn", "0.25", "", "fraction"),
    )  # fmt: skip
    (one,) = sheet.made
    assert one.raw["content"]["composition"] == [
        {"substance": "Ni", "massFraction": "0.2231", "uncertainty": "0.0015"},
        {"substance": "Co", "massFraction": "0.00104", "uncertainty": "0.00003"},
        {"substance": "Li", "massFraction": "0.0005"},
        {"substance": "Mn", "massFraction": "0.25"},
    ]
    bad = filled(ASSAYS, (*row, "Ni", "101", "", "%"), (*row, "Ni", "1", "", "%"))
    assert [(one.rule, one.cell) for one in bad.findings] == [("sheet.share", "I5"), ("sheet.twice", "H6")]


def test_columns_and_settings():
    text = "Lodeline sheet,assays/1\nTime zone,Mars\nDecimal mark,;\nDelivery*,delivery,Shipped at,Colour\nD,,,x\n"
    sheet = read_grid(grid_of_csv(text.encode(), LIMITS), SHIPMENTS, party=PARTY, now=at(2026, 11, 1))
    said = {(one.rule, one.cell) for one in sheet.findings}
    assert {
        ("sheet.template", "B1"), ("sheet.zone", "B2"), ("sheet.decimal", "B3"), ("sheet.column-twice", "B4"),
        ("sheet.column-unknown", "D4"), ("sheet.column-missing", ""), ("sheet.missing", "C5"),
    } <= said  # fmt: skip
    assert [one.column for one in sheet.findings if one.rule == "sheet.column-missing"] == [
        "From site", "To party", "Lot", "Quantity", "Unit",
    ]  # fmt: skip


def test_findings_are_counted_when_there_are_many():
    limits = SheetLimits(max_findings=5)
    rows = [("D", "x", "x", "x", "", "", "x", "x", "x")] * 3
    grid = grid_of_csv(csv_of([[column.title for column in SHIPMENTS.columns], *rows]), limits)
    sheet = read_grid(grid, SHIPMENTS, party=PARTY, now=at(2026, 11, 1), limits=limits)
    assert sheet.errors == 15
    assert len(sheet.findings) == 6
    assert sheet.findings[-1].message.startswith("15 errors in all")


def test_the_same_row_has_the_same_name_and_others_have_others():
    assert name_of(PARTY, "shipments", ("D", "A")) == name_of(PARTY, "shipments", ["D", "A"])
    names = {
        name_of(PARTY, "shipments", ("D", "A")), name_of(PARTY, "shipments", ("D", "B")),
        name_of(PARTY, "receipts", ("D", "A")), name_of("urn:x:y", "shipments", ("D", "A")),
        name_of(PARTY, "shipments", ("D", "A"), 1), name_of(PARTY, "shipments", ("DA", "")),
    }  # fmt: skip
    assert len(names) == 6


@given(some.permutations(range(6)))
def test_the_order_of_rows_changes_no_event(order):
    rows = [
        (
            "D",
            f"2026-09-0{n + 1} 08:00",
            "9521141000014",
            "9521141000021",
            "",
            "09521141123454",
            f"L{n}",
            n + 1,
            "kg",
        )
        for n in range(6)
    ]
    plain = {canonical(one.raw) for one in filled(SHIPMENTS, *rows).made}
    mixed = {canonical(one.raw) for one in filled(SHIPMENTS, *(rows[n] for n in order)).made}
    assert plain == mixed


def test_the_document_with_its_sheet_passes_the_check():
    for template in TEMPLATES.values():
        sheet = filled(template, *template.examples)
        assert not sheet.refused, sheet.findings
        source = source_of(sheet, b"x", name="a.csv", zone="UTC")
        whole = sheet.document(at(2026, 11, 1), source)
        assert not check(canonical(whole), now=at(2026, 11, 1) + timedelta(days=1)).refused
