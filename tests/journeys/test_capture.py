"""Somebody uploads a document and reads the findings: where, which rule, what to do."""

from __future__ import annotations

import json
import uuid

import pytest

pytestmark = pytest.mark.browser


def document(*events):
    return json.dumps({
        "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2026-10-05T08:00:00Z",
        "epcisBody": {"eventList": list(events)},
    }).encode()  # fmt: skip


def event(**changes):
    return {
        "type": "ObjectEvent",
        "eventID": f"urn:uuid:{uuid.uuid4()}",
        "eventTime": "2026-10-04T08:00:00Z",
        "eventTimeZoneOffset": "+00:00",
        "action": "OBSERVE",
        "epcList": ["https://id.gs1.org/01/09521141123454/21/JOURNEY-1"],
        "bizStep": "inspecting",
        **changes,
    }


def send(page, name, content):
    page.goto("/app/captures/")
    page.locator("input[type=file]").set_input_files(
        {"name": name, "mimeType": "application/json", "buffer": content}
    )
    page.locator("main").get_by_role("button", name="Capture").click()


def test_a_good_document_is_taken(visit):
    page = visit("maker")
    name = f"good-{uuid.uuid4().hex[:8]}.json"
    send(page, name, document(event()))
    page.wait_for_load_state()
    for _attempt in range(40):
        if "in every view" in page.locator("main").inner_text():
            break
        page.wait_for_timeout(500)
        page.reload()
    assert "in the log and in every view" in page.locator("main").inner_text()
    page.goto(f"/app/search?q={name}")
    assert "1 thing on record fits" in page.locator("h1").inner_text()


def test_a_faulty_document_is_refused_with_place_and_rule(visit):
    page = visit("maker")
    send(page, "=faulty<b>.json", document(event(eventTimeZoneOffset="+99:00"), event(action="DESTROY")))
    text = page.locator("main").inner_text()
    assert "/epcisBody/eventList/0/eventTimeZoneOffset" in text
    assert "/epcisBody/eventList/1/action" in text
    visit.said[:] = [
        line for line in visit.said if "Failed to load resource" not in line
    ]  # the page's own 400


def test_what_is_no_document_says_what_to_do(visit):
    page = visit("maker")
    send(page, "picture.json", b"\x89PNG\r\n")
    assert page.locator("h1").count() == 1
    text = page.locator("main").inner_text()
    assert "UTF-8" in text or "JSON" in text, text
    visit.said[:] = [line for line in visit.said if "Failed to load resource" not in line]
