"""From failed batteries to their common cause, through a drill, to a recall that is closed."""

from __future__ import annotations

import re

import pytest
from tests.journeys.places import first

pytestmark = pytest.mark.browser


def test_failed_batteries_have_a_lot_in_common(visit, axe):
    page = visit("quality")
    page.goto("/app/passports/")
    serials = sorted(
        row.split("\n")[0].strip()
        for row in page.locator("main tbody tr th, main tbody tr td:first-child").all_inner_texts()
    )
    failed = [serial for serial in serials if serial.startswith("HV77-")][-4:]
    assert len(failed) == 4
    page.goto("/app/recalls/")
    page.get_by_role("link", name="Common cause").click()
    page.get_by_label("Failed batteries").fill("\n".join(failed))
    page.get_by_role("button", name="Rank what explains it").click()
    assert re.search(r"behind 4 of 4 failed|Nothing stands out", page.locator("h1").inner_text())
    table = page.get_by_role("region", name="What may explain it")
    assert "4 / 4" in table.inner_text()
    page.locator("main details summary").first.click()
    assert "Fisher" in page.locator("main details").first.inner_text()
    assert axe(page) == []


def test_a_drill_is_drawn_answered_and_kept(visit, axe):
    page = visit("quality")
    page.goto("/app/recalls/drills/")
    known = page.locator("main tbody tr").count()
    page.get_by_role("button", name="Draw a lot and start the clock").click()
    page.wait_for_url(re.compile(r"/app/recalls/drills/\d+/$"))
    address = page.url
    assert "runs: what did lot" in page.locator("h1").inner_text()
    assert axe(page) == []
    # While the clock runs, no other lot can be drawn.
    page.goto("/app/recalls/drills/")
    assert page.get_by_role("button", name="Draw a lot").count() == 0
    page.goto(address)
    page.get_by_label("The list to hold it against").fill("none")
    page.get_by_role("button", name="Stop the clock and compare").click()
    page.wait_for_url(address)
    assert page.get_by_role("heading", name="Result").is_visible()
    assert axe(page) == []
    page.goto("/app/recalls/drills/")
    assert page.locator("main tbody tr").count() == known + 1


def test_a_recall_is_told_settled_and_closed(visit, axe):
    page = visit("quality")
    page.goto("/app/recalls/new")
    page.get_by_role("textbox", name="Lot", exact=True).fill("CL-7602")
    page.get_by_label("Threshold, percent").fill("0")
    page.get_by_label("Reason").fill("A journey to the end")
    page.get_by_role("button", name="Compute the recall").click()
    page.wait_for_url(re.compile(r"/app/recalls/\d+/$"))
    recall = page.url

    page.get_by_role("link", name="Whom to tell").click()
    for box in page.get_by_role("group", name="Holders").get_by_role("checkbox").all():
        box.check()
    page.get_by_role("button", name="Put the marks on record").click()
    page.wait_for_load_state()
    assert re.search(r"(All|The one) .*told", page.locator("h1").inner_text())
    assert axe(page) == []
    href = first(page, 'main a[href$="/notices.csv"]')
    assert page.request.get(href).body().startswith(b"holder,")

    page.get_by_role("link", name="On to the closing").click()
    page.get_by_label("Signed off by").fill("Head of quality")
    page.get_by_role("button", name="Close the recall").click()
    assert "Something is still open" in page.locator("main").inner_text()
    visit.said[:] = [line for line in visit.said if "Failed to load resource" not in line]  # it was refused
    page.goto(recall + "closing")
    page.get_by_label("Everything open at").select_option("everybody")
    page.get_by_role("button", name="Put it on record").click()
    page.wait_for_url(recall + "closing")
    assert "the recall can be closed" in page.locator("h1").inner_text()
    page.get_by_label("Signed off by").fill("Head of quality")
    page.get_by_role("button", name="Close the recall").click()
    page.wait_for_url(recall + "closing")
    assert re.search(r"it is known of 100", page.locator("h1").inner_text())
    assert axe(page) == []
    for name, start in (("closing.pdf", b"%PDF"), ("closing.json", b"{")):
        assert page.request.get(recall + name).body().startswith(start)
    page.goto("/app/recalls/")
    assert page.locator('main tbody a[href$="/closing"]').count() >= 2
