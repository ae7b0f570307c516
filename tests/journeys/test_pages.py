"""Every page, in both modes, printed, and on the narrowest screen."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from tests.journeys.places import PLACES, go

pytestmark = pytest.mark.browser
STANDS_ALONE = {"public passport"}  # has a sheet of its own, without the top bar


@pytest.mark.parametrize("name", PLACES)
def test_page(visit, axe, name):
    page = go(visit, name, color_scheme="light")
    says_one_thing(page)
    assert axe(page) == []
    page.emulate_media(color_scheme="dark")
    assert axe(page) == []
    prints_in_ink_on_white(page, bar=name not in STANDS_ALONE)


def says_one_thing(page):
    """One heading, and below it no level left out, so that the headings can be walked."""
    headings = page.locator("h1").all_inner_texts()
    assert len(headings) == 1
    assert headings[0].strip()
    assert not re.search(r"[!]|\b(None|Undefined)\b", headings[0])
    assert page.title().removesuffix(" · Lodeline").strip()
    levels = page.locator("main :is(h1, h2, h3, h4)").evaluate_all(
        "all => all.map(h => Number(h.tagName[1]))"
    )
    assert all(after - before <= 1 for before, after in pairwise(levels))


def prints_in_ink_on_white(page, *, bar):
    """Also when the screen is dark: white paper, black headings, nothing to press."""
    page.emulate_media(media="print", color_scheme="dark")
    style = "getComputedStyle(document.querySelector('{}')).{}"
    assert page.evaluate(style.format("body", "backgroundColor")) == "rgb(255, 255, 255)"
    assert page.evaluate(style.format("h1", "color")) == "rgb(0, 0, 0)"
    assert page.locator("main button:visible").count() == 0
    if bar:
        assert page.evaluate(style.format("header.top", "display")) == "none"
    assert page.pdf(format="A4").startswith(b"%PDF")


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
