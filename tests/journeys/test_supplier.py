"""A buyer signs in, reads what cannot wait, and finds out why a supplier scores what it scores."""

from __future__ import annotations

import re

import pytest
from tests.journeys.conftest import PASSWORD

pytestmark = pytest.mark.browser


def test_from_the_sign_in_to_the_reasons_of_a_score(visit):
    page = visit()
    page.goto("/")
    page.get_by_role("link", name="Sign in").click()
    page.get_by_label("E-mail").fill("buyer@demo.example")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/app/")
    assert page.locator("h1").inner_text().endswith(".")
    assert page.get_by_role("heading", name="Inbox").is_visible()

    page.get_by_role("navigation", name="Main").get_by_role("link", name="Suppliers").click()
    page.wait_for_url("**/app/suppliers/")
    page.locator("main tbody th a", has_text="Vellamo").click()
    assert "Vellamo Cobalt Refining Oy" in page.locator("h1").inner_text()
    # Score, proof and gates are one row: all or none.
    row = page.locator(".head-row")
    score = int(re.match(r"\d+", row.locator(".score").inner_text())[0])
    assert 0 < score <= 100
    assert row.locator("svg.interval").get_attribute("role") == "img"
    assert [
        row.get_by_role("heading", name=name).count() for name in ("How much of this is proven", "Gates")
    ] == [1, 1]
    # The parts of the waterfall and its end are what the head says.
    fall = page.locator("section", has=page.get_by_role("heading", name=re.compile(r"^Why")))
    assert fall.locator("svg.fall").count() == 9
    assert abs(float(fall.locator("tbody tr").last.inner_text().split()[1]) - score) <= 0.5

    page.locator("main a.receipt:visible").first.click()
    page.wait_for_url("**/app/log/*/")
    assert "What this does not prove" in page.locator("main").inner_text()


def test_filters_and_sort_stand_in_the_address(visit):
    page = visit("buyer")
    page.goto("/app/suppliers/")
    everybody = page.locator("main tbody tr").count()
    page.get_by_label("Stage").select_option(index=1)
    page.get_by_role("button", name="Filter", exact=True).click()
    assert "segment=" in page.url
    assert 0 < page.locator("main tbody tr").count() < everybody
    page.locator("thead").get_by_role("link", name="Supplier").click()
    assert "segment=" in page.url
    assert "sort=" in page.url
    head = page.locator("thead th[aria-sort]")
    assert head.count() == 1
    with page.expect_download() as download:
        page.get_by_role("link", name="Download CSV").click()
    assert download.value.suggested_filename == "suppliers.csv"


def test_signing_out_takes_a_button(visit):
    page = visit()
    page.goto("/accounts/login/")
    page.get_by_label("E-mail").fill("financier@demo.example")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/app/")
    page.locator("details.person summary").click()
    page.get_by_role("button", name="Sign out").click()
    page.goto("/app/")
    assert "/accounts/login/" in page.url
