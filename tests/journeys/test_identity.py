"""A maker gives the organisation its keys in a browser: make one, replace it, revoke it."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.browser


def test_keys_of_an_organisation(visit, axe):
    page = visit("supplier")
    page.goto("/app/identity/")
    assert axe(page) == []
    there = page.get_by_role("region", name="Keys").locator("tbody tr").count()
    fresh, next_one = f"key-{there + 1}", f"key-{there + 2}"
    page.get_by_label("Kind").select_option("P-256")
    page.get_by_role("button", name="Make the key").click()
    page.wait_for_url("**/app/identity/")
    assert "P-256" in page.get_by_role("row", name=fresh).first.inner_text()
    assert axe(page) == []
    page.get_by_role("link", name=f"Replace {fresh}").click()
    assert axe(page) == []
    page.get_by_role("button", name="Replace the key").click()
    page.get_by_role("link", name=f"Revoke {next_one}").click()
    assert axe(page) == []
    page.get_by_role("button", name="Revoke the key").click()
    page.wait_for_url("**/app/identity/")
    assert page.get_by_role("link", name=f"Revoke {next_one}").count() == 0
    assert page.get_by_text(f"{next_one} takes over from {fresh}").count() == 1
    assert axe(page) == []
    history = page.get_by_role("link", name="History", exact=True).get_attribute("href")
    last = page.request.get(history).text().splitlines()[-1]
    assert f"#{next_one}" in last
