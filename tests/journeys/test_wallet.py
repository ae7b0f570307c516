"""A supplier without a wallet: a key, a statement signed, a credential taken in, a presentation handed over."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from lodeline.credentials import keyfile, self_signing
from lodeline.keys import SigningKey

pytestmark = pytest.mark.browser

PLAIN = {
    "@context": ["https://www.w3.org/ns/credentials/v2"],
    "type": ["VerifiableCredential"],
    "credentialSubject": {"id": "https://id.gs1.org/414/9520123450008", "name": "Ore of lot 7"},
}


def test_from_a_statement_to_a_presentation(visit, axe):
    page = visit("maker")
    page.goto("/app/credentials/")
    assert page.locator("h1").inner_text().endswith(".")
    assert axe(page) == []
    page.goto("/app/identity/")
    page.get_by_role("button", name="Make the key").click()
    page.wait_for_url("**/app/identity/")

    page.goto("/app/credentials/")
    page.get_by_role("link", name="Sign a prepared statement").click()
    assert axe(page) == []
    page.get_by_label("or as text").fill(json.dumps(PLAIN))
    page.get_by_role("button", name="Sign it").click()
    page.wait_for_url("**/app/credentials/")
    assert "on record at log position" in page.locator("main").inner_text()

    page.get_by_role("link", name="Issue what is on record").click()
    assert axe(page) == []
    page.get_by_label("What", exact=True).select_option("identity")
    page.get_by_role("button", name="Issue it").click()
    page.wait_for_url("**/app/credentials/")
    assert page.get_by_role("cell", name="DigitalIdentityAnchor").count() >= 1

    item = self_signing.sign(
        PLAIN,
        keyfile.read(keyfile.write(SigningKey(b"\x05" * 32))),
        "eddsa-jcs-2022",
        now=datetime.now(UTC),  # noqa: TID251 - the server under test has its own clock
        identifier="urn:uuid:2d9bb7a4-5f4e-4d57-9a62-3a3a1f0c7d33",
        random=bytes,
    )
    page.get_by_role("link", name="Take one in").click()
    assert axe(page) == []
    file = {"name": "ore.json", "mimeType": "application/json", "buffer": json.dumps(item).encode()}
    page.get_by_label("Credential", exact=True).set_input_files(file)
    page.get_by_role("button", name="Verify and keep it").click()
    page.wait_for_url("**/app/credentials/held/*/")
    assert page.locator("h1").inner_text() == "It held when it came in."
    assert axe(page) == []
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    assert download.value.suggested_filename.startswith("held-")

    page.get_by_role("link", name="All credentials").click()
    assert axe(page) == []
    page.get_by_role("link", name="Present to somebody").click()
    assert axe(page) == []
    page.get_by_role("checkbox").first.check()
    page.get_by_label("Who asks").fill("buyer.example")
    page.get_by_label("What they gave you to answer").fill("n-4711")
    with page.expect_download() as download:
        page.get_by_role("button", name="Sign the presentation").click()
    assert download.value.suggested_filename == "presentation.json"


def test_what_hangs_on_a_battery(visit, axe):
    page = visit("maker")
    page.goto("/app/passports/")
    page.locator('main tbody a[href^="/app/passports/"]').first.click()
    page.get_by_role("link", name="Credentials", exact=True).first.click()
    page.wait_for_url("**/credentials")
    assert "on battery" in page.locator("h1").inner_text()
    assert axe(page) == []
    page.get_by_role("link", name="The passport").click()
    page.get_by_role("link", name="Public passport").click()
    page.get_by_role("link", name="What its supply chain has signed").click()
    page.wait_for_url("**/batteries/**")
    assert "hang on it" in page.locator("main").inner_text()
    assert axe(page) == []
    data = page.request.get(page.url + ".json")
    assert data.json()["battery"].startswith("https://id.gs1.org/01/")
