"""Books of periods: exact, closed for good, by every method; versions of schemes follow each other without a gap."""

from __future__ import annotations

from datetime import UTC, datetime
from fractions import Fraction

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from tests.core.lots.test_credits import (
    ACCOUNT,
    EXPIRES,
    KEEPS,
    METAL,
    QUARTERS,
    book,
    claim,
    day,
    postings,
    receipt,
    refused,
)

from lodeline.lots.credits import Closing, Course, CreditRefused, Entry, Kind, Ledger
from lodeline.lots.custody import Method, Model
from lodeline.lots.massbook import page
from lodeline.lots.schemes import Factor, Group, periods

FIRST, SECOND = QUARTERS[:2]
END = day(400)
AVERAGE = evolve(KEEPS, method=Method.ROLLING_AVERAGE, window_days=30)


def undo(name, wrong, at, mass, **more):
    return Entry(
        id=name, kind=Kind.CORRECTION, account=ACCOUNT, at=day(at), mass=mass, evidence="e", reverses=wrong,
        approver="anna", **more,
    )  # fmt: skip


def sums(ledger, period, account=ACCOUNT, now=END):
    found = page(ledger, account, period, now)
    assert found.balanced
    return found.opening, found.credited, found.debited, found.expired, found.closing


def test_a_period_has_opening_lines_and_closing():
    ledger = book(receipt("a", 1, 100), claim("b", 2, 30), receipt("c", 95, 5))
    assert sums(ledger, FIRST) == (0, {"receipt": 100}, {"claim": 30}, 0, 70)
    assert sums(ledger, SECOND) == (70, {"receipt": 5}, {}, 0, 75)
    found = page(ledger, ACCOUNT, FIRST, END)
    assert [(line.entry.id, line.change, line.left) for line in found.lines] == [
        ("a", 100, 100),
        ("b", -30, 70),
    ]


def test_credits_end_on_the_page_of_their_last_period():
    ledger = book(receipt("a", 1, 100), claim("b", 2, 30), receipt("c", 91, 5), scheme=EXPIRES)
    assert sums(ledger, FIRST) == (0, {"receipt": 100}, {"claim": 30}, 70, 0)
    assert sums(ledger, FIRST, now=day(50))[-2:] == (0, 70)
    assert sums(ledger, SECOND) == (0, {"receipt": 5}, {}, 5, 0)
    assert ledger.ending(ACCOUNT, day(50)) == [(FIRST.end, 70)]


def test_a_closed_period_stays_as_it_is():
    ledger = book(receipt("a", 1, 100), claim("b", 2, 60))
    with pytest.raises(CreditRefused, match="not closed"):
        ledger.close(ACCOUNT, SECOND)
    ledger.close(ACCOUNT, FIRST)
    with pytest.raises(CreditRefused, match="already"):
        ledger.close(ACCOUNT, FIRST)
    before = page(ledger, ACCOUNT, FIRST, END)
    assert refused(ledger, claim("c", 3, 1)) == "MB-02"
    assert refused(ledger, undo("r", "b", 5, 60)) == "MB-02"
    ledger.post(undo("r", "b", 100, 60))
    after = page(ledger, ACCOUNT, FIRST, END)
    assert (after.closing, after.debited) == (before.closing, before.debited)
    assert sums(ledger, SECOND) == (40, {"correction": 60}, {}, 0, 100)
    ledger.post(undo("s", "a", 101, 100))
    assert sums(ledger, SECOND)[-1] == 0


def test_a_correction_leaves_the_closed_period_of_the_other_book_alone():
    ledger = book(receipt("a", 1, 100))
    turn = Entry(
        id="t", kind=Kind.CONVERSION, account=ACCOUNT, at=day(2), mass=100, evidence="e", into=METAL,
        factor=Fraction(9, 10),
    )  # fmt: skip
    ledger.post(turn)
    ledger.close(METAL, FIRST)
    assert refused(ledger, undo("r", "t", 5, 100)) == "MB-02"
    ledger.post(undo("r", "t", 95, 100))
    assert sums(ledger, FIRST, METAL)[-1] == 90
    assert [ledger.balance(one, day(96)).left for one in (ACCOUNT, METAL)] == [100, 0]


def test_what_a_closed_claim_used_comes_back_with_its_own_end():
    scheme = evolve(KEEPS, carry=1)
    ledger = book(receipt("a", 1, 50), receipt("b", 95, 50), scheme=scheme)
    ledger.post(claim("c", 100, 60))  # 50 that end with the second quarter, 10 that end with the third
    ledger.close(ACCOUNT, FIRST)
    ledger.close(ACCOUNT, SECOND)
    ledger.post(undo("r", "c", 200, 60))
    assert ledger.balance(ACCOUNT, day(201)).left == 50  # 40 left, 10 back; the other 50 have ended
    assert refused(ledger, claim("d", 210, 51)) == "MB-09"
    ledger.post(claim("d", 210, 50))
    assert sums(ledger, QUARTERS[2])[-1] == 0


def test_a_book_that_was_kept_elsewhere_is_carried_over_at_the_start():
    opening = Entry(
        id="o",
        kind=Kind.CARRY_OVER,
        account=ACCOUNT,
        at=FIRST.start,
        mass=70,
        evidence="e",
        source="sha256:old",
    )
    assert refused(book(), evolve(opening, at=day(1))) == "MB-09"
    assert refused(book(), evolve(opening, source="")) == "MB-06"
    assert refused(book(receipt("a", 1, 5)), evolve(opening, at=SECOND.start)) == "MB-09"
    ledger = book(evolve(opening, at=SECOND.start))
    assert refused(ledger, receipt("a", 1, 5)) == "MB-02"
    assert refused(ledger, receipt("a", 95, 5, source="sha256:old")) == "MB-06"
    given_up = Entry(id="x", kind=Kind.EXPIRY, account=ACCOUNT, at=day(95), mass=71, evidence="e")
    assert refused(ledger, given_up) == "MB-01"
    ledger.post(evolve(given_up, mass=70))
    assert sums(ledger, SECOND) == (0, {"carry-over": 70}, {"expiry": 70}, 0, 0)


def test_factors_groups_and_losses_of_the_scheme_hold():
    scheme = evolve(
        KEEPS,
        groups=(
            Group(name=ACCOUNT.group, substance="Co"),
            Group(name="cobalt metal", substance="Co"),
            Group(name="nickel", substance="Ni"),
        ),
        factors=(
            Factor(
                source=ACCOUNT.group, target="cobalt metal", process="p", value=Fraction(9, 10), evidence="e"
            ),
            Factor(source=ACCOUNT.group, target="nickel", process="p", value=Fraction(1), evidence="e"),
        ),
    )
    ledger = book(receipt("a", 1, 100), scheme=scheme)
    turn = Entry(
        id="t", kind=Kind.CONVERSION, account=ACCOUNT, at=day(2), mass=100, evidence="e", into=METAL, process="p",
        factor=Fraction(9, 10),
    )  # fmt: skip
    assert refused(ledger, evolve(turn, factor=Fraction(1))) == "MB-04"
    assert refused(ledger, evolve(turn, process="q")) == "MB-04"
    assert refused(ledger, evolve(turn, into=evolve(METAL, group="nickel"), factor=Fraction(1))) == "MB-05"
    assert refused(ledger, evolve(turn, into=evolve(METAL, group="gold"))) in {"MB-04", "MB-08"}
    assert refused(ledger, receipt("b", 1, 5, account=evolve(ACCOUNT, group="gold"))) == "MB-08"
    assert refused(ledger, evolve(turn, loss=20)) == "MB-10"
    ledger.post(evolve(turn, loss=9))
    assert sums(ledger, FIRST, METAL) == (0, {"conversion in": 90}, {}, 0, 90)


def test_a_weaker_model_is_not_booked_as_a_stronger_one():
    assert refused(book(), receipt("a", 1, 5, custody=Model.BOOK_AND_CLAIM)) == "CM-01"
    book(receipt("a", 1, 5, custody=Model.SEGREGATED))


def whole(name, at, mass, all_, **more):
    return receipt(name, at, mass, whole=all_, **more)


def test_a_rolling_average_bears_the_share_of_its_window():
    ledger = book(whole("a", 1, 50, 100), scheme=AVERAGE)
    assert ledger.share(ACCOUNT, day(2)) == Fraction(1, 2)
    assert refused(ledger, claim("b", 2, 6)) == "MB-04"
    assert refused(ledger, claim("b", 2, 6, whole=11)) == "MB-04"
    ledger.post(claim("b", 2, 6, whole=12))
    ledger.post(whole("c", 3, 0, 100, source=""))
    assert refused(ledger, claim("d", 4, 6, whole=12)) == "MB-04"
    ledger.post(claim("d", 4, 3, whole=13))
    late = whole("e", 2, 0, 1, source="")
    assert refused(ledger, evolve(late, received=day(1))) == "MB-04"  # it would take away what b claims
    ledger.post(undo("r", "b", 5, 6))
    ledger.post(late)
    assert refused(ledger, claim("f", 60, 1, whole=100)) == "MB-04"  # nothing came in over the last 30 days


def test_a_certified_input_that_is_taken_back_takes_its_share_along():
    ledger = book(whole("a", 1, 50, 100), whole("b", 2, 0, 100, source=""), scheme=AVERAGE)
    ledger.post(claim("c", 3, 2, whole=10))
    assert refused(ledger, undo("r", "a", 4, 50)) in {"MB-01", "MB-04"}
    ledger.close(ACCOUNT, FIRST)
    assert ledger.share(ACCOUNT, day(4)) == Fraction(1, 4)


def test_versions_follow_each_other():
    course = Course((evolve(KEEPS, periods=QUARTERS[:3]),))
    later = evolve(KEEPS, version="2", carry=0, periods=QUARTERS[2:])
    both = course.followed_by(later)
    assert both.periods == QUARTERS
    assert [both.in_force(day(at)).version for at in (-5, 0, 180, 181, 300)] == ["1", "1", "1", "2", "2"]
    assert (both.expiry(day(10)), both.expiry(day(200))) == (None, QUARTERS[2].end)
    for wrong, words in (
        (evolve(later, version="1"), "already"),
        (evolve(later, periods=QUARTERS[3:]), None),
        (evolve(later, periods=QUARTERS), "in force"),
        (evolve(later, periods=periods(day(31), months=3, count=1)), "no period"),
    ):
        if words is None:
            assert course.followed_by(wrong).periods == QUARTERS
            continue
        with pytest.raises(CreditRefused, match=words):
            course.followed_by(wrong)


@pytest.mark.parametrize(
    ("start", "months", "count"),
    [(day(1), 1, 1), (day(0), 0, 1), (day(0), 13, 1), (day(0), 1, 0), (day(0), 1, 401),
     (datetime(9998, 1, 1, tzinfo=UTC), 12, 2)],
)  # fmt: skip
def test_periods_that_are_none(start, months, count):
    with pytest.raises(CreditRefused) as found:
        periods(start, months=months, count=count)
    assert found.value.rule == "MB-02"


def test_periods_of_whole_months():
    assert periods(day(0), months=3, count=4) == QUARTERS


@given(postings(), st.sampled_from([None, 0, 1]), st.lists(st.integers(0, 12), max_size=3))
def test_books_are_exact_stay_closed_and_are_restored_alike(entries, carry, closings):
    scheme = evolve(KEEPS, carry=carry)
    ledger, records, fixed = Ledger({"one": scheme}), [], {}
    for number, entry in enumerate(entries):
        try:
            ledger.post(entry)
            records.append(entry)
        except CreditRefused:
            pass
        if number in closings:
            for account in ledger.accounts():
                for period in QUARTERS:
                    try:
                        ledger.close(account, period)
                    except CreditRefused:
                        continue
                    records.append(Closing(account, period.end))
                    fixed[account, period] = sums(ledger, period, account)
                    break
    again = Ledger.restored({"one": scheme}, records)
    for account in ledger.accounts():
        assert again.closed.get(account) == ledger.closed.get(account)
        opening = 0
        for period in QUARTERS:
            found = sums(ledger, period, account)
            assert found[0] == opening
            assert found[-1] >= 0
            assert all(step.left >= 0 for step in ledger.steps(account, period.end))
            opening = found[-1]
            assert found == fixed.get((account, period), found)
            assert sums(again, period, account) == found
