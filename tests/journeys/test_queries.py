"""Somebody sees who is told of new events, that an address does not answer, and ends its subscription."""

from __future__ import annotations

import uuid

import pytest

pytestmark = pytest.mark.browser


@pytest.fixture
def machine(visit):
    """Calls the API with a key that the maker made on the page of keys."""
    page = visit("maker")
    page.goto("/app/keys/")
    page.get_by_label("Name").fill("queries")
    page.get_by_role("button", name="Make the key").click()
    headers = {"authorization": f"Bearer {page.locator('code.secret').inner_text()}"}

    def call(path, data):
        answer = page.request.post(f"/epcis/queries{path}", headers=headers, data=data)
        assert answer.status == 201, answer.text()
        return answer

    call.page = page
    return call


def test_who_is_told_and_how_it_is_ended(machine, axe):
    name = f"Shipped {uuid.uuid4().hex[:6]}"
    machine("", {"name": name, "query": {"EQ_bizStep": ["shipping"]}})
    wanted = {"dest": "https://erp.example.invalid/told", "schedule": {"hour": "1", "minute": "5"}}
    machine(f"/{name}/subscriptions", wanted)
    page = machine.page
    page.goto("/app/queries/")
    assert axe(page) == []
    assert page.locator("h1").inner_text() == "1 address is told of new events."
    section = page.locator("section", has_text=name)
    assert "EQ_bizStep" in section.inner_text()
    row = section.locator("tbody tr")
    assert "hour 1, minute 5 (UTC)" in row.inner_text()
    assert "nothing to tell yet" in row.inner_text()
    assert "without a signature" in row.inner_text()
    row.get_by_role("link", name="End").click()
    assert "is told nothing more" in page.locator("main").inner_text()
    assert axe(page) == []
    page.get_by_role("button", name="End the subscription").click()
    page.wait_for_url("**/app/queries/")
    assert "https://erp.example.invalid/told is told nothing more." in page.locator("body").inner_text()
    assert "Nobody subscribes to it." in page.locator("section", has_text=name).inner_text()
    assert axe(page) == []
