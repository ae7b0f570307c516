"""An auditor goes from the books of credits to a period, to an entry, to the lot that moved; by pointer and keys."""

from __future__ import annotations

import re

import pytest

pytestmark = pytest.mark.browser


def test_from_the_books_to_the_lot_that_moved(visit, axe):
    page = visit("auditor")
    page.goto("/app/trace/")
    page.locator("main a[href='/app/custody/']").click()
    assert re.search(r"do(es)? not fit in the books of credits\.$", page.locator("h1").inner_text())
    assert axe(page) == []
    page.get_by_role("row", name=re.compile("cathode material")).first.get_by_role("link").first.click()
    page.wait_for_url(re.compile(r"/app/custody/[0-9a-f]{16}/"))
    assert "may still be claimed as recycled" in page.locator("h1").inner_text()
    assert page.locator("main svg.chart").first.get_attribute("role") == "img"
    assert axe(page) == []
    answer = page.request.get(page.locator("main a[href*='format=csv']").first.evaluate("one => one.href"))
    assert answer.body().decode().startswith("at,entry,kind,change_kg,balance_kg")
    page.get_by_role("link", name="SUN-S", exact=False).first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/app/custody/entries/\d+/$"))
    assert "mass balance" in page.locator("main").inner_text()
    assert axe(page) == []
    page.locator("main a[href^='/app/trace/open']").first.click()
    page.wait_for_url(re.compile(r"/app/lots/\d+/"))
    assert "by mass balance" in page.locator("main").inner_text()


def test_a_book_on_a_narrow_screen(visit):
    page = visit("maker")
    page.set_viewport_size({"width": 320, "height": 800})
    page.goto("/app/custody/")
    page.locator("main tbody a").first.click()
    wide = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    assert wide[0] <= wide[1]


def test_a_supplier_sees_no_books_of_others(visit):
    page = visit("supplier")
    page.goto("/app/custody/")
    assert page.locator("h1").inner_text() == "No book of credits is kept yet."
    assert page.locator("main a[href^='/app/custody/']").count() == 0
