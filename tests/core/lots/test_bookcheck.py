"""Findings of a book: each against its rule, and none where everything agrees."""

from __future__ import annotations

from datetime import timedelta

import pytest
from attrs import evolve
from tests.core.lots.test_balances import flow
from tests.core.lots.test_credits import ACCOUNT, EXPIRES, KEEPS, QUARTERS, book, claim, day, receipt

from lodeline.evidence import Severity
from lodeline.lots.bookcheck import Physical, check_course, check_period, check_schemes
from lodeline.lots.custody import Model

FIRST = QUARTERS[0]
IN, OUT = flow("in", 1, 100, inward=True), flow("out", 5, 60, inward=False)
AGREED = Physical(flows=(IN, OUT), stock=40, models={}, bears={})


def told(ledger, physical=AGREED, at=50, period=FIRST, account=ACCOUNT):
    return [(one.rule, one.subject) for one in check_period(ledger, account, period, physical, day(at))]


def agreed(**more):
    return book(receipt("a", 1, 100, event="in"), claim("b", 5, 60, event="out"), **more)


def test_a_book_that_agrees_with_everything():
    assert told(agreed()) == []


@pytest.mark.parametrize(
    ("physical", "expected"),
    [
        (evolve(AGREED, stock=39), [("MB-03", "")]),
        (evolve(AGREED, stock=-5), [("MB-03", "")]),
        (evolve(AGREED, flows=(OUT,)), [("RB-CREDITS", ""), ("RB-EVENT", "a")]),
        (evolve(AGREED, flows=(IN, evolve(OUT, mass=59))), [("RB-CLAIMS", ""), ("RB-DOUBLED", "out")]),
        (evolve(AGREED, flows=(evolve(IN, at=day(3)), OUT)), [("RB-TIME", "a")]),
        (evolve(AGREED, models={"in": (Model.BOOK_AND_CLAIM,)}), [("CM-01", "a")]),
        (evolve(AGREED, models={"in": (Model.SEGREGATED,)}), []),
        (evolve(AGREED, models={"out": (Model.SEGREGATED,)}), [("CM-02", "b")]),
        (evolve(AGREED, bears={("in", "x"): (0, 99)}), [("RB-CARRIED", "a")]),
        (evolve(AGREED, bears={("in", "x"): (100, 100)}), []),
        (evolve(AGREED, known=False), [("MB-03", "")]),
    ],
)
def test_what_moved_says_something_else(physical, expected):
    assert told(agreed(), physical) == expected


def test_more_than_is_traced_is_a_warning_and_more_than_may_be_an_error():
    def severity(low, high):
        physical = evolve(AGREED, bears={("in", "x"): (low, high)})
        return [one.severity for one in check_period(agreed(), ACCOUNT, FIRST, physical, day(50))]

    assert severity(50, 100) == [Severity.WARNING]
    assert severity(50, 99) == [Severity.ERROR]


def test_a_tolerance_is_of_the_book():
    ledger = book(receipt("a", 1, 1000, event="in"))
    moved = evolve(AGREED, flows=(evolve(IN, mass=1000),))
    assert told(ledger, evolve(moved, stock=995)) == []
    assert told(ledger, evolve(moved, stock=994)) == [("MB-03", "")]


def test_book_and_claim_is_not_held_against_what_moved():
    account = evolve(ACCOUNT, model=Model.BOOK_AND_CLAIM)
    ledger = book(receipt("a", 1, 100, account=account))
    assert told(ledger, account=account) == []


def test_a_period_is_closed_in_time_and_ending_credits_are_named():
    ledger = agreed(scheme=EXPIRES)
    assert told(ledger, at=70) == [("MB-09", "2026-04-01")]
    assert told(ledger, evolve(AGREED, stock=0), at=120) == []
    assert told(ledger, evolve(AGREED, stock=0), at=122) == [("MB-11", "")]
    ledger.close(ACCOUNT, FIRST)
    assert told(ledger, evolve(AGREED, stock=0), at=122) == []


def test_periods_run_out():
    ledger = agreed()
    assert list(check_course(ledger, ACCOUNT, QUARTERS[-1].end - timedelta(seconds=1))) == []
    assert [one.rule for one in check_course(ledger, ACCOUNT, QUARTERS[-1].end)] == ["MB-02"]


def test_one_mass_under_two_schemes():
    two = evolve(KEEPS, name="two")
    other = evolve(ACCOUNT, scheme="two")
    moved = {("in", ACCOUNT.site, ACCOUNT.group, True): 100}
    entries = receipt("a", 1, 60, event="in"), receipt("b", 1, 41, event="in", account=other)
    assert [(one.rule, one.entry) for one in check_schemes(book(*entries, two=two), moved)] == [
        ("MB-12", "b")
    ]
    assert list(check_schemes(book(entries[0], evolve(entries[1], mass=40), two=two), moved)) == []
    assert list(check_schemes(book(*entries, two=evolve(two, shared_with=frozenset({"one"}))), moved)) == []
    assert list(check_schemes(book(*entries, two=two), {})) == []
