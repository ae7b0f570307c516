"""Everything works without a mouse, and one sees where one is."""

from __future__ import annotations

import pytest
from tests.journeys.places import go

pytestmark = pytest.mark.browser
FOCUSED = """() => {
  const e = document.activeElement, s = getComputedStyle(e), r = e.getBoundingClientRect();
  return {tag: e.tagName, text: (e.innerText || e.value || '').trim().split('\\n')[0],
          ring: s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2,
          seen: r.width > 0 && r.height > 0 && r.right > 0 && r.left < innerWidth};
}"""


def walk(page, steps):
    for _step in range(steps):
        page.keyboard.press("Tab")
        yield page.evaluate(FOCUSED)


def test_the_first_stop_skips_to_the_content(visit):
    page = visit("quality")
    page.goto("/app/")
    page.keyboard.press("Tab")
    assert page.evaluate(FOCUSED)["text"] == "Skip to the content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize("name", ["home", "supplier", "item", "recall", "captures", "receipt"])
def test_every_stop_is_seen_and_has_a_ring(visit, name, mode):
    page = go(visit, name, color_scheme=mode)
    stops = [stop for stop in walk(page, 40) if stop["tag"] != "BODY"]
    assert len(stops) >= 12
    assert [stop for stop in stops if not stop["ring"] or not stop["seen"]] == []


def test_the_slash_key_leads_to_the_search_and_can_be_switched_off(visit):
    page = visit("quality")
    page.goto("/app/")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "q"
    page.keyboard.type("a/b")
    assert page.locator("#q").input_value() == "a/b"
    page.locator("details.person summary").press("Enter")
    page.get_by_label("The key / goes to the search").uncheck()
    page.reload()
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.tagName") == "BODY"


def test_the_menu_opens_closes_and_gives_the_focus_back(visit):
    page = visit("maker")
    page.goto("/app/")
    button = page.locator("details.person summary")
    button.focus()
    page.keyboard.press("Enter")
    assert page.get_by_role("button", name="Sign out").is_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    assert not page.get_by_role("button", name="Sign out").is_visible()
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"


def test_a_dashboard_task_is_opened_by_keyboard(visit):
    page = visit("quality")
    page.goto("/app/")
    link = page.locator(".tasks .act a").first
    link.focus()
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: not url.endswith("/app/"))
    assert page.locator("h1").count() == 1


def test_pages_work_without_script(visit):
    page = visit("quality", java_script_enabled=False)
    page.goto("/app/")
    page.locator("details.person summary").click()
    assert page.get_by_role("button", name="Sign out").is_visible()
    page.locator("#q").fill("a")
    page.locator("#q").press("Enter")
    assert "/app/search?q=a" in page.url
