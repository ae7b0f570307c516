"""A quality engineer traces a battery back, a lot on, and gets a recall list."""

from __future__ import annotations

import re

import pytest
from tests.journeys.places import first, go

pytestmark = pytest.mark.browser


def test_from_a_battery_back_to_a_source_lot(visit):
    page = go(visit, "item")
    assert re.search(r"\d+(\.\d+)?\u202f%", page.locator("h1").inner_text())
    # Tabs change the substance; there is never one overall share.
    tabs = page.locator(".tabs a")
    assert tabs.count() >= 2
    assert page.locator(".tabs a[aria-current]").count() == 1
    tabs.nth(1).click()
    assert "substance=" in page.url
    assert page.locator("svg.chart").first.get_attribute("role") == "img"
    # The same facts stand in a table, which leads to the lots.
    page.locator('main table a[href^="/app/trace/open"]').last.click()
    page.wait_for_url("**/app/lots/*/**")
    assert page.locator("h1").inner_text().endswith(".")


def test_a_lot_is_found_by_its_name_and_recalled(visit):
    page = visit("quality")
    page.goto("/app/recalls/")
    known = page.locator("main tbody tr").count()
    label = page.locator("main tbody tr").first.inner_text().split("\t")[1].split("\n")[0]

    page.goto("/app/")
    page.keyboard.press("/")
    page.keyboard.type(label)
    page.keyboard.press("Enter")
    page.wait_for_url("**/app/search?q=*")
    page.goto(first(page, 'main tbody a[href^="/app/lots/"]'))
    page.locator('main a[href^="/app/recalls/new"]').first.click()
    assert page.get_by_role("textbox", name="Lot", exact=True).input_value() != ""
    page.get_by_role("button", name="Compute the recall").click()
    assert "/app/recalls/new" in page.url  # the browser asks for the reason
    page.get_by_label("Reason").fill("A journey")
    page.get_by_role("button", name="Compute the recall").click()
    page.wait_for_url(re.compile(r"/app/recalls/\d+/$"))
    heading = page.locator("h1").inner_text()
    assert re.search(r"\d+ ", heading)
    assert page.locator("svg.chart").first.is_visible()
    assert page.locator("main table").count() >= 2
    for name, start in (("csv", b""), ("pdf", b"%PDF")):
        href = page.locator(f'main a[href$=".{name}"]').first.get_attribute("href")
        answer = page.request.get(href)
        assert answer.status == 200
        assert answer.body().startswith(start)

    page.goto("/app/recalls/")
    assert page.locator("main tbody tr").count() == known + 1


def test_a_recall_names_its_receipt(visit):
    page = go(visit, "recall")
    page.goto(first(page, 'a[href^="/app/log/"]:not(nav a, .position)'))
    assert page.locator("h1").count() == 1
    assert "Recall, computed by Lodeline" in page.locator("main").inner_text()


def test_looking_around_in_the_graph(visit):
    page = go(visit, "explorer")
    shown = page.locator("main table tbody tr").count()
    assert page.locator("svg.chart a").count() >= shown
    slider = page.get_by_label("Time slider")
    slider.focus()
    page.keyboard.press("Home")
    page.wait_for_url("**at=20*")
    assert "existed" in page.locator("h1").inner_text()
    page.locator("a", has_text=re.compile(r"^unfold \d+$")).first.click()
    page.wait_for_url("**open=*")
    assert page.locator("main table tbody tr").count() > shown


def test_the_explorer_needs_no_script(visit):
    page = go(visit, "explorer", java_script_enabled=False)
    page.get_by_label("How things stood on").fill("2026-10-01")
    page.get_by_role("button", name="Show").click()
    assert "at=2026-10-01" in page.url
    assert page.locator("h1").inner_text().startswith("On 2026-10-01")


def test_a_site_month_by_month(visit):
    page = go(visit, "site")
    assert " at " in page.locator("h1").inner_text()
    page.locator('main a[href^="?month="]').last.click()
    assert "month=" in page.url
