"""A supplier without systems: a filled sheet, what is wrong in it, corrected, captured, and the lot is there."""

from __future__ import annotations

import uuid

import pytest

pytestmark = pytest.mark.browser
HEAD = (
    "Lodeline sheet;production/1\nTime zone;UTC\nDecimal mark;,\n\n"
    "Run;Finished at;At site;In or out;GTIN;Lot;Quantity;Unit;Product;Ni (mass %)\n"
)
ROW = "{run};{day};9521141000014;out;09521141123454;{lot};{amount};{unit};journey nickel;22,3\n"


def upload(page, name, text):
    page.get_by_label("Template", exact=True).select_option("production")
    page.locator("input[type=file]").set_input_files(
        {"name": name, "mimeType": "text/csv", "buffer": text.encode()}
    )
    page.get_by_role("button", name="Show what it becomes").click()


def test_from_an_upload_to_the_lot(visit, axe):
    page = visit("supplier")
    word = uuid.uuid4().hex[:6]
    lot = f"S-{word}"
    good = ROW.format(run=f"R-{word}", day="2026-09-01 08:00", lot=lot, amount="980,5", unit="kg")
    bad = ROW.format(run=f"Q-{word}", day="01/09/2026", lot="x", amount="1.980,5", unit="ton")

    page.goto("/app/captures/")
    page.get_by_role("link", name="Send a sheet").click()
    assert axe(page) == []
    with page.expect_download() as download:
        page.locator("a[href$='production.xlsx']").click()
    assert download.value.suggested_filename == "lodeline-production.xlsx"

    upload(page, "runs.csv", HEAD + good + bad)
    assert page.locator("h1").inner_text().startswith("3 errors stand in the way")
    assert axe(page) == []
    faults = page.get_by_role("region", name="Findings").locator("tbody tr")
    assert [row.split("\t")[1] for row in faults.all_inner_texts()] == ["B7", "G7", "H7"]
    row = page.get_by_role("region", name="Rows").locator("tbody tr").nth(1)
    assert "short" in row.locator("td").nth(8).inner_text()  # the unit's cell says which tons there are
    assert page.get_by_role("button", name="Capture").count() == 0

    page.get_by_role("link", name="Upload the corrected sheet").click()
    upload(page, "runs.csv", HEAD + good)
    assert page.locator("h1").inner_text() == "This sheet becomes one event."
    assert axe(page) == []
    page.set_viewport_size({"width": 320, "height": 640})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    page.set_viewport_size({"width": 1280, "height": 900})
    page.get_by_role("button", name="Capture 1 row").click()

    # The page goes on by itself: nothing is reloaded here.
    page.evaluate("window.stayed = true")
    state = page.locator("#live-bench")
    for _attempt in range(60):
        if "in every view" in state.inner_text():
            break
        page.wait_for_timeout(500)
    assert "in the log and in every view" in state.inner_text()
    assert page.evaluate("window.stayed") is True
    assert page.locator("h1").inner_text() == "One statement of this document is in the log."
    results = page.get_by_role("region", name="Event by event").locator("tbody tr")
    assert results.count() == 1
    assert "accepted" in results.first.inner_text()
    assert axe(page) == []

    page.goto(f"/app/search?q={lot}")
    page.locator("main").get_by_role("link").filter(has_text=lot).first.click()
    assert "/app/lots/" in page.url
    assert "980.5" in page.locator("main").inner_text()

    # The same again adds nothing; another amount is a correction that somebody has to want.
    page.goto("/app/sheets/")
    upload(page, "runs.csv", HEAD + good)
    assert "on record already" in page.locator("h1").inner_text()
    page.get_by_role("button", name="Forget this preview").click()
    upload(page, "runs.csv", HEAD + good.replace("980,5", "981"))
    assert page.get_by_role("checkbox").count() == 1
    assert "980.5" in page.get_by_role("region", name="Findings").inner_text() or "other values" in (
        page.get_by_role("region", name="Findings").inner_text()
    )
    assert axe(page) == []


def test_without_scripts_a_reload_says_the_same(visit):
    page = visit("supplier", java_script_enabled=False)
    page.goto("/app/captures/")
    assert page.get_by_role("link", name="Send a sheet").is_visible()
    assert page.locator("main tbody tr").count() > 0
