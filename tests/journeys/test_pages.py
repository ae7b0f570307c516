"""Every page, in both modes and on the narrowest screen: no accessibility fault, no sideways scroll."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from tests.journeys.places import PLACES, go

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize("name", PLACES)
def test_has_no_accessibility_fault(visit, axe, name, mode):
    page = go(visit, name, color_scheme=mode)
    assert axe(page) == []


@pytest.mark.parametrize("name", PLACES)
def test_fits_the_narrowest_screen(visit, axe, name):
    page = go(visit, name, viewport={"width": 320, "height": 640}, is_mobile=True, has_touch=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320, wide(page)
    assert axe(page) == []
    small = page.evaluate(
        "[...document.querySelectorAll('body *')].filter(e => e.checkVisibility() && e.innerText"
        " && [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim())"
        " && parseFloat(getComputedStyle(e).fontSize) < 12).map(e => e.className + ' ' + e.innerText)"
    )
    assert small == []


def wide(page):
    """What sticks out."""
    return page.evaluate(
        "[...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > 321"
        " && !e.closest('.scroll, .table-wrap, .nouns, svg')).slice(0, 8)"
        ".map(e => e.tagName + '.' + e.className + ' ' + e.getBoundingClientRect().right)"
    )


@pytest.mark.parametrize(
    "name", [name for name in PLACES if name not in {"landing", "not found", "not allowed"}]
)
def test_says_one_thing_in_its_heading(visit, name):
    page = go(visit, name)
    headings = page.locator("h1").all_inner_texts()
    assert len(headings) == 1
    assert headings[0].strip()
    assert not re.search(r"[!]|\b(None|Undefined)\b", headings[0])
    title = page.title()
    assert title.strip()
    assert title != " · Lodeline"
    # Headings go down by one level at a time, so that they can be walked.
    levels = page.locator("main :is(h1, h2, h3, h4)").evaluate_all(
        "all => all.map(h => Number(h.tagName[1]))"
    )
    assert all(after - before <= 1 for before, after in pairwise(levels))


@pytest.mark.parametrize("name", [name for name in PLACES if PLACES[name][0]])
def test_prints_in_ink_on_white(visit, name):
    page = go(visit, name, color_scheme="dark")
    page.emulate_media(media="print", color_scheme="dark")
    seen = page.evaluate(
        "({paper: getComputedStyle(document.body).backgroundColor,"
        " ink: getComputedStyle(document.querySelector('h1')).color,"
        " bar: getComputedStyle(document.querySelector('header.top')).display,"
        " buttons: [...document.querySelectorAll('main button')].filter(b => b.checkVisibility()).length})"
    )
    assert seen == {"paper": "rgb(255, 255, 255)", "ink": "rgb(0, 0, 0)", "bar": "none", "buttons": 0}
    assert page.pdf(format="A4").startswith(b"%PDF")
