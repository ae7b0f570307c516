"""What the books of credits say does not fit becomes a case beside those of the physical flows."""

from __future__ import annotations

import pytest
from tests.apps.lots.chain import OWN, PLANT
from tests.apps.lots.custody.keeping import ARRIVED, MINED_ARRIVED, NOW, book, conversion, ready, receipt

from lodeline.lots.mismatch import Cause
from lodeline_server.lots.reconciling import deciding
from lodeline_server.lots.reconciling.borrowed import of_books

pytestmark = pytest.mark.django_db


def test_a_finding_of_a_book_is_a_case_of_its_keeper(actor):
    maker = ready(actor)
    book(maker, receipt("in", 2, "10", evidence={"event": MINED_ARRIVED}), conversion("turn", 3, "10"))
    (one,) = of_books(maker.workspace, NOW)
    assert (one.rule, one.pointer, one.here, one.there) == ("RB-CARRIED", "in", ("in",), (MINED_ARRIVED,))
    assert (one.cause, one.site, one.parties, one.period) == (Cause.WRONG_FACTOR, PLANT, (OWN,), "2026-01-01")
    opened = [found.id for found in deciding.compare(maker.workspace, NOW).opened]
    assert opened.count(one.id) == 1


def test_books_that_agree_open_nothing_and_open_months_do(actor):
    maker = ready(actor)
    book(maker, receipt("in", 2, "10", evidence={"event": ARRIVED}))
    assert {(one.rule, one.cause) for one in of_books(maker.workspace, NOW)} == {
        ("MB-03", Cause.MISSING_EVENT)
    }
    book(maker, conversion("turn", 3, "10"))
    assert list(of_books(maker.workspace, NOW)) == []


def test_a_look_at_an_earlier_position_leaves_the_books_out(actor):
    maker = ready(actor)
    book(maker, receipt("in", 2, "10", evidence={"event": MINED_ARRIVED}), conversion("turn", 3, "10"))
    position, now = deciding.findings(maker.workspace, NOW)
    _, before = deciding.findings(maker.workspace, NOW, until=position)
    assert {one.rule for one in now} - {one.rule for one in before} == {"RB-CARRIED"}
