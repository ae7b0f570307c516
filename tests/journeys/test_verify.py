"""Somebody was given a credential: paste it, scan its code, read each step. Signed out."""

from __future__ import annotations

import io
import json
import re
from datetime import UTC, datetime

import pytest
import segno

from lodeline.credentials import did_key, integrity, jose
from lodeline.keys import SigningKey

pytestmark = pytest.mark.browser
PART = re.compile(r"http://127\.0\.0\.1:\d+/static/[\w./-]+")
KEY = SigningKey(b"\x61" * 32)
WHO, METHOD = did_key.did(KEY.verify_key), did_key.method(KEY.verify_key)
SIGNED = datetime(2026, 1, 5, tzinfo=UTC)
PLAIN = {
    "@context": ["https://www.w3.org/ns/credentials/v2"],
    "type": ["VerifiableCredential"],
    "issuer": WHO,
    "credentialSubject": {"id": "did:example:battery"},
}


@pytest.fixture
def page(visit):
    page = visit(None)
    page.goto("/verify")
    return page


def pressed(page):
    page.get_by_role("button", name="Verify", exact=True).click()
    page.wait_for_load_state()


def test_a_pasted_credential_is_judged_step_by_step(page, axe):
    text = json.dumps(integrity.add(PLAIN, KEY, METHOD, created=SIGNED))
    page.get_by_label("Its text").fill(text)
    pressed(page)
    assert page.locator("h1").inner_text() == "It holds. Whether to believe its issuer is yours to decide."
    rows = dict(page.locator("table.list tbody tr").evaluate_all(
        "all => all.map(row => [row.cells[0].innerText, row.cells[1].innerText.trim()])"
    ))  # fmt: skip
    assert (rows["Signature"], rows["Issuer"], rows["Log receipt"]) == ("Good", "Open", "Open")
    assert axe(page) == []
    page.emulate_media(color_scheme="dark")
    assert axe(page) == []
    page.get_by_label("Its text").fill(text.replace("did:example:battery", "did:example:other"))
    pressed(page)
    assert page.locator("h1").inner_text() == "It does not hold: see the step “Signature”."
    assert axe(page) == []


def test_a_code_is_read_in_the_browser(page):
    token = jose.sign(PLAIN, KEY, METHOD, now=SIGNED)
    picture = io.BytesIO()
    segno.make_qr(token, error="l").save(picture, kind="png", scale=5, border=4)
    sent = []
    page.on("request", lambda request: sent.append(request))  # noqa: PLW0108 - no built-in is taken
    page.get_by_label("Or its code").set_input_files(
        {"name": "code.png", "mimeType": "image/png", "buffer": picture.getvalue()}
    )
    page.get_by_role("status").filter(has_text="The code was read").wait_for()
    assert page.get_by_label("Its text").input_value() == token
    # What the page itself is made of may still be on its way; the icon is fetched when the browser likes.
    away = [(one.method, one.url) for one in sent if one.method != "GET" or not PART.fullmatch(one.url)]
    assert away == [], "the picture stays in the browser"
    pressed(page)
    assert page.locator("h1").inner_text().startswith("It holds.")


def test_a_picture_without_a_code_is_told(page):
    page.get_by_label("Or its code").set_input_files(
        {"name": "code.png", "mimeType": "image/png", "buffer": b"no picture"}
    )
    page.get_by_role("status").filter(has_text="No code was found").wait_for()


def test_it_works_without_scripts(visit):
    page = visit(None, java_script_enabled=False)
    page.goto("/verify")
    assert not page.locator("#scan").is_visible()
    page.get_by_label("Or a file").set_input_files(
        {
            "name": "c.jwt",
            "mimeType": "text/plain",
            "buffer": jose.sign(PLAIN, KEY, METHOD, now=SIGNED).encode(),
        }
    )
    pressed(page)
    assert page.locator("h1").inner_text().startswith("It holds.")
    assert page.context.cookies() == []
