"""The design's tokens and rules, as far as a machine can hold them."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path

import pytest

import lodeline_server

SOURCE = Path(lodeline_server.__file__).parent
STATIC = SOURCE / "kit" / "static" / "kit"
SHEETS = ["lodeline.css", "passport.css"]
NEVER = r"\b(immutable|(?<!not )tamper-proof|genuine|guaranteed|N/A|invalid input)\b"
TEMPLATES = sorted(SOURCE.glob("*/templates/**/*.html"))


def tokens(sheet):
    """The light and the dark values of all colour tokens."""
    text = (STATIC / sheet).read_text()
    light, dark = re.findall(r":root\s*{(.*?)}", text, re.DOTALL)[:2]
    values = [dict(re.findall(r"--([\w-]+):\s*(#[0-9a-fA-F]{3,6})", part)) for part in (light, dark)]
    return {"light": values[0], "dark": {**values[0], **values[1]}}


def luminance(colour):
    digits = colour.lstrip("#")
    digits = digits if len(digits) == 6 else "".join(letter * 2 for letter in digits)
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize(("sheet", "mode"), list(product(SHEETS, ["light", "dark"])))
def test_text_reaches_four_and_a_half_to_one(sheet, mode):
    known = tokens(sheet)[mode]
    for ink, ground in product(["ink", "ink-2", "ink-3", "accent", "ok", "warn", "bad"], ["sheet", "paper"]):
        assert contrast(known[ink], known[ground]) >= 4.5, (ink, ground)
    for word in ("ok", "warn", "bad", "accent"):
        if f"{word}-soft" in known:
            assert contrast(known[word], known[f"{word}-soft"]) >= 4.5, word


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_marks_and_controls_reach_three_to_one(mode):
    known = tokens("lodeline.css")[mode]
    for mark in ("edge", "c1", "c2", "c3", "c4", "c5", "c6", "hatch"):
        assert contrast(known[mark], known["sheet"]) >= (3 if mark != "c5" or mode == "light" else 2.9), mark
    for number in range(1, 7):
        assert contrast(known[f"on{number}"], known[f"c{number}"]) >= 4.5, number
    assert contrast(known["on-accent"], known["accent"]) >= 4.5


@pytest.mark.parametrize("sheet", SHEETS)
def test_the_sheet_fetches_nothing_from_elsewhere(sheet):
    text = (STATIC / sheet).read_text()
    assert set(re.findall(r"url\(([^)]*)\)", text)) <= {"band.svg"}
    assert "@import" not in text
    assert (STATIC / "band.svg").is_file()


def test_nothing_is_smaller_than_twelve_pixels():
    for sheet in SHEETS:
        text = (STATIC / sheet).read_text().split("@media print")[0]
        sizes = [float(size) * 16 for size in re.findall(r"font(?:-size)?:[^;]*?(?<![\d.])([\d.]+)rem", text)]
        sizes += [float(size) for size in re.findall(r"font(?:-size)?:[^;]*?(?<![\d.])([\d.]+)px", text)]
        assert min(sizes) >= 12


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_templates_keep_the_content_policy(template):
    text = template.read_text()
    assert not re.search(r"\sstyle\s*=", text)
    assert not re.search(r"\son[a-z]+\s*=\s*[\"']", text)
    assert not re.search(r"<script(?![^>]*\ssrc=)", text)
    assert "javascript:" not in text
    assert not re.search(r"<link[^>]*href=\"(?:https?:)?//|\ssrc=\"(?:https?:)?//", text)


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_templates_keep_the_wording(template):
    words = re.sub(
        r"{[#%{].*?[#%}]}|<[^>]+>",
        lambda m: " ".join(re.findall(r'translate "([^"]*)"', m[0])),
        template.read_text(),
    )
    words = re.sub(r"<!doctype html>|[!]=", "", words, flags=re.IGNORECASE)
    assert not re.search(
        r"\b(immutable|(?<!not )tamper-proof|genuine|guaranteed|N/A|invalid input)\b", words, re.IGNORECASE
    )
    assert not re.search(r"\w!", words)
