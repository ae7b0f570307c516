"""A maker gives the organisation its keys in a browser: make one, replace it, revoke it."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.browser


def test_keys_of_an_organisation(visit, axe):
    page = visit("supplier")
    page.goto("/app/identity/")
    assert axe(page) == []
    page.get_by_label("Kind").select_option("P-256")
    page.get_by_role("button", name="Make the key").click()
    page.wait_for_url("**/app/identity/")
    heading = page.get_by_role("heading", level=1)
    assert "signs with one key" in heading.inner_text()
    assert axe(page) == []
    row = page.get_by_role("row", name="key-1")
    row.get_by_role("link", name="Replace key-1").click()
    assert axe(page) == []
    page.get_by_role("button", name="Replace the key").click()
    page.get_by_role("link", name="Revoke key-2").click()
    assert axe(page) == []
    page.get_by_role("button", name="Revoke the key").click()
    page.wait_for_url("**/app/identity/")
    assert "no key to sign with" in heading.inner_text()
    assert axe(page) == []
    history = page.get_by_role("link", name="History").get_attribute("href")
    answer = page.request.get(history)
    assert len(answer.text().splitlines()) == 3
