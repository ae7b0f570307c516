"""A maker signs a passport and sees what each reader is shown; everybody gets the public part."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.browser


def test_one_signature_for_all_readers(visit, axe):
    page = visit("maker")
    page.goto("/app/identity/")
    page.get_by_role("button", name="Make the key").click()
    page.goto("/app/passports/")
    page.get_by_role("link", name="HV77-004103").first.click()
    public = page.locator('main a[href*="/01/"]').first.get_attribute("href")
    page.get_by_role("link", name="Signed", exact=True).click()
    assert "not signed" in page.get_by_role("heading", level=1).inner_text()
    assert axe(page) == []
    page.get_by_role("button", name="Sign it").click()
    assert "One signature" in page.get_by_role("heading", level=1).inner_text()
    assert axe(page) == []
    page.get_by_label("Who may read").fill("greyhaven")
    page.get_by_label("For what").fill("dismantling")
    page.get_by_role("button", name="Let them read").click()
    assert "may read it now" in page.locator("main").inner_text()
    assert axe(page) == []
    page.set_viewport_size({"width": 320, "height": 640})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    assert axe(page) == []
    answer = page.request.get(public, headers={"accept": "application/vc+sd-jwt"})
    assert answer.headers["content-type"] == "application/vc+sd-jwt"
    assert answer.text().endswith("~")
