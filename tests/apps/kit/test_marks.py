"""Words and marks: `{% load lode %}`."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction

import pytest
from django.template import Context, Template

from lodeline_server.kit import icons
from lodeline_server.kit.templatetags import lode

NOW = datetime(2027, 6, 14, 8, 52, tzinfo=UTC)


def shown(text, **context):
    return Template("{% load lode %}" + text).render(Context(context))


@pytest.mark.parametrize("kind", sorted(icons.KINDS))
def test_a_status_is_icon_word_and_class(kind):
    mark = lode.status(kind, "27 days & more")
    assert mark.startswith(f'<span class="status {kind}"><svg class="icon"')
    assert mark.endswith("27 days &amp; more</span>")


def test_every_status_has_a_shape_of_its_own():
    assert len({str(icons.icon(kind)) for kind in icons.KINDS}) == len(icons.KINDS) == 7


def test_a_status_that_is_not_in_the_design_is_an_error():
    with pytest.raises(KeyError):
        lode.status("fine", "x")


@pytest.mark.parametrize(("level", "full"), [("E0", 0), ("E1", 1), ("E4", 4), ("E5", 5)])
def test_a_chip_shows_its_level_as_boxes(level, full):
    chip = lode.evidence_chip(level)
    assert chip.count('fill="currentColor"') == full
    assert chip.count('class="faint"') == 5 - full
    assert f"evidence level {full} of 5" in chip


def test_a_chip_of_the_log_has_a_step_line():
    chip = lode.evidence_chip("S")
    assert "computed from the log" in chip
    assert "faint" not in chip


def test_a_chip_opens_its_source_and_says_why():
    chip = lode.evidence_chip("E3", "read by a buyer", href="/app/log/7/", why="group, not site")
    assert chip.startswith('<a class="chip" href="/app/log/7/" title="group, not site">')


@pytest.mark.django_db
def test_a_receipt_leads_to_its_position():
    assert 'href="/app/log/4218907/"' in lode.receipt(4218907)
    assert "4,218,907" in lode.receipt(4218907)
    assert "none" in lode.receipt(None)


@pytest.mark.parametrize(
    ("value", "words"),
    [(None, ""), (0, "0"), (1986, "1,986"), (-1986, "−1,986"), (Decimal("1234.5"), "1,234.5"), ("x", "x")],
)
def test_figures_in_groups(value, words):
    assert lode.groups(value) == words


@pytest.mark.parametrize(
    ("value", "digits", "words"),
    [
        (None, 1, "unknown"),
        ("", 1, "unknown"),
        (Fraction(81, 100), 1, "81.0\u202f%"),
        (Fraction(81, 100), 0, "81\u202f%"),
        (Decimal("0.00001"), 1, "<0.1\u202f%"),
        (0, 1, "0.0\u202f%"),
        (1, 1, "100.0\u202f%"),
        ("0.0465", 1, "4.7\u202f%"),
        (Decimal("-0.125"), 1, "−12.5\u202f%"),
        (Fraction(1, 3), 2, "33.33\u202f%"),
    ],
)
def test_shares(value, digits, words):
    assert lode.share_tag(value, digits) == words


def test_filters_in_templates():
    assert (
        shown("{{ s|share }} {{ s|share:0 }} {{ n|groups }}", s=Fraction(1, 2), n=12345)
        == "50.0\u202f% 50\u202f% 12,345"
    )
    assert (
        shown("{{ d|day }} {{ t|moment }} {{ nothing|day }}", d=date(2027, 6, 14), t=NOW)
        == "2027-06-14 2027-06-14 08:52 UTC –"
    )
    assert shown("{{ m|mass }}", m=15_300_000) == "15.3\u202fkg"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0\u202fs"),
        (38, "38\u202fs"),
        (60, "1\u202fmin"),
        (3600, "1\u202fh"),
        (172_799, "47\u202fh"),
        (172_800, "2 days"),
        (-5, "0\u202fs"),
    ],
)
def test_spans(seconds, words):
    assert lode.span(seconds) == words


@pytest.mark.parametrize(
    ("day", "words"),
    [
        (None, ""),
        (date(2027, 6, 14), "today"),
        (date(2027, 6, 15), "1 day left"),
        (date(2027, 7, 11), "27 days left"),
        (date(2027, 6, 13), "1 day ago"),
    ],
)
def test_days_left(day, words):
    assert lode.days_left(day, NOW) == words


@pytest.mark.parametrize(
    ("name", "letters"),
    [("Tove Lindahl", "TL"), ("ann.bo@example.org", "AB"), ("", "?"), ("Jean-Luc Picard", "JL")],
)
def test_initials(name, letters):
    assert lode.initials(name) == letters


def test_an_empty_lead_leaves_no_paragraph():
    assert shown("{% filter lead %}  {% endfilter %}") == ""
    assert shown("{% filter lead %}{{ x }}{% endfilter %}", x="<b>") == '<p class="lead">&lt;b&gt;</p>'


def test_a_figure_escapes_and_long_words_are_set_smaller():
    assert "<b>" not in shown('{% figure "Label" value "kg" "note" %}', value="<b>")
    assert 'class="value words"' in shown('{% figure "Your score" "not rated yet" %}')


def test_the_bench_line_leaves_out_what_is_not_known():
    assert shown('{% bench_item "Scope" value %}', value=None) == ""
    assert shown('{% bench_item "Scope" "2 sites" %}') == "<div><dt>Scope</dt><dd>2 sites</dd></div>"
