"""A person scans the code on a battery: no sign-in, no cookie, no script, nothing from elsewhere, little data."""

from __future__ import annotations

import pytest
from tests.journeys.places import public_address

pytestmark = pytest.mark.browser
MOST = 60_000
PHONE = {
    "viewport": {"width": 360, "height": 740},
    "is_mobile": True,
    "has_touch": True,
    "device_scale_factor": 3,
}


@pytest.fixture
def scanned(visit):
    """The page on a phone with scripts off, and what was fetched for it."""
    address = public_address(visit)
    page = visit(None, java_script_enabled=False, **PHONE)
    fetched = []
    page.on("response", lambda answer: fetched.append(answer))  # noqa: PLW0108 - it marks its listeners
    page.goto(address)
    page.wait_for_load_state("networkidle")
    return page, fetched


def test_needs_no_script_no_cookie_and_nothing_from_elsewhere(scanned, demo_world):
    page, fetched = scanned
    assert page.context.cookies() == []
    assert [answer.url for answer in fetched if not answer.url.startswith(demo_world)] == []
    assert [answer.url for answer in fetched if answer.request.resource_type == "script"] == []
    assert all("set-cookie" not in answer.headers for answer in fetched)
    assert "<script" not in page.content()


def test_weighs_less_than_sixty_kilobytes(scanned):
    _page, fetched = scanned
    sizes = {answer.url: len(answer.body()) for answer in fetched}
    assert sum(sizes.values()) < MOST, sizes


def test_says_what_it_is_and_what_is_not_known(scanned):
    page, _fetched = scanned
    text = page.locator("body").inner_text()
    assert "on record" in text.lower()
    for never in ("genuine", "immutable", "guaranteed", "N/A"):
        assert never not in text
    # Health is for people with a legal reason.
    assert "state of health" not in text.lower().split("ask for access")[0] or "kept for" in text.lower()


def test_the_same_address_speaks_to_machines(visit, demo_world):
    address = public_address(visit)
    page = visit()
    answer = page.request.get(address, headers={"Accept": "application/json"})
    assert answer.status == 200
    assert "json" in answer.headers["content-type"]
    assert "accept" in answer.headers["vary"].lower()
    signed_in = visit("maker").request.get(address, headers={"Accept": "application/json"})
    assert signed_in.body() == answer.body()


def test_opens_by_keyboard(visit):
    page = visit()
    page.goto(public_address(visit))
    details = page.locator("details")
    assert details.count() >= 3
    first = details.first
    first.locator("summary").focus()
    page.keyboard.press("Enter")
    assert first.evaluate("one => one.open")
