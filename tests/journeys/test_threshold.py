"""A regulator asks whether a share is high enough, the supplier proves it, the browser checks: no number is shown."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.browser
PATH = "/credentialSubject/recycledShareCobalt"


@pytest.fixture
def sealed(visit):
    """The id of a credential of the maker's with the supplier's share sealed in it."""
    page = visit("maker")
    page.goto("/app/identity/")
    page.get_by_role("button", name="Make the key").click()
    page.goto("/app/keys/")
    page.get_by_label("Name").fill("sealing")
    page.get_by_role("button", name="Make the key").click()
    secret = page.locator("code.secret").inner_text()
    supplier = visit("supplier")
    supplier.goto("/app/thresholds/")
    party = owner(supplier)
    made = page.request.post(
        "/api/thresholds/credentials",
        headers={"authorization": f"Bearer {secret}"},
        data={
            "credential": {
                "@context": ["https://www.w3.org/ns/credentials/v2"],
                "type": ["VerifiableCredential"],
                "credentialSubject": {"id": "urn:example:lot:7"},
            },
            "numbers": [{"path": PATH, "value": "17.3"}],
            "owner": party,
        },
    )
    assert made.status == 201, made.text()
    return made.json()["verifiableCredential"]["id"]


def owner(page):
    """How the supplier's organisation is called in supply-chain data."""
    page.goto("/app/identity/")
    if page.get_by_text("did:webvh").count() == 0:
        page.get_by_role("button", name="Make the key").click()
    return page.locator("dt", has_text="In supply-chain data").locator("xpath=../dd").inner_text()


def ask(page, axe, claim, credential):
    page.goto("/app/thresholds/ask")
    assert axe(page) == []
    page.get_by_label("Question").select_option(claim)
    page.get_by_label("Credentials").fill(credential)
    page.get_by_role("button", name="Ask", exact=True).click()
    page.wait_for_url("**/app/thresholds/*/")
    assert "waiting for an answer" in page.locator("main").inner_text()
    assert axe(page) == []
    return page.url


def answer(page, axe, button):
    page.goto("/app/thresholds/")
    assert "One question waits" in page.get_by_role("heading", level=1).inner_text()
    assert axe(page) == []
    page.locator("section", has_text="To answer").get_by_role("link").first.click()
    assert axe(page) == []
    page.get_by_role("button", name=button).click()
    assert axe(page) == []
    return page.locator("main").inner_text()


def test_a_share_is_proven_in_two_browsers(visit, axe, sealed):
    asks, answers = visit("regulator"), visit("supplier")
    address = ask(asks, axe, "recycled-cobalt-2031", sealed)
    assert "The proof was handed over" in answer(answers, axe, "Give the proof")
    asks.goto(address)
    asks.get_by_role("button", name="Check here").click()
    asks.get_by_text("The proof holds.").wait_for()
    assert axe(asks) == []
    asks.get_by_role("button", name="Judge it").click()
    assert "It holds." in asks.locator("main").inner_text()
    assert "mere statement" in asks.locator("main").inner_text()
    assert axe(asks) == []
    asks.goto(address)
    assert "Judged good" in asks.locator("main").inner_text()
    assert "17.3" not in asks.content()
    assert "173000" not in asks.content()

    address = ask(asks, axe, "recycled-cobalt-2036", sealed)
    said = answer(answers, axe, "Give the proof")
    assert "the claim is false" in said
    asks.goto(address)
    said = asks.locator("main").inner_text()
    assert "no proof is given" in said
    assert "false" not in said


def test_the_pages_fit_the_narrowest_screen(visit, axe):
    page = visit("supplier", viewport={"width": 320, "height": 640}, is_mobile=True, has_touch=True)
    for address in ("/app/thresholds/", "/app/thresholds/ask"):
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
        assert axe(page) == []
