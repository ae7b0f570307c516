"""The ledger of credits: no negative balance in any order, expiry, one use, factors that are demanded."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from lodeline.lots.credits import Account, CreditRefused, Entry, Kind, Ledger, Period, Scheme
from lodeline.lots.custody import Model, may_claim, strongest

JANUARY = datetime(2026, 1, 1, tzinfo=UTC)
QUARTERS = tuple(
    Period(start=datetime(2026, month, 1, tzinfo=UTC), end=end)
    for month, end in (
        (1, datetime(2026, 4, 1, tzinfo=UTC)),
        (4, datetime(2026, 7, 1, tzinfo=UTC)),
        (7, datetime(2026, 10, 1, tzinfo=UTC)),
        (10, datetime(2027, 1, 1, tzinfo=UTC)),
    )
)
KEEPS = Scheme(name="one", version="1", periods=QUARTERS, longest_days=92)
EXPIRES = evolve(KEEPS, carry=0)
ACCOUNT = Account(
    scheme="one",
    model=Model.MASS_BALANCE,
    site="refinery",
    group="cobalt hydroxide",
    characteristics=frozenset({"x"}),
)
METAL = evolve(ACCOUNT, group="cobalt metal")


def day(number):
    return JANUARY + timedelta(days=number)


def receipt(name, at, mass, **more):
    given_ = {"account": ACCOUNT, "source": f"sha256:{name}", "received": day(at), "evidence": "e"} | more
    return Entry(id=name, kind=Kind.RECEIPT, at=day(at), mass=mass, **given_)


def claim(name, at, mass, account=ACCOUNT, **more):
    return Entry(
        id=name, kind=Kind.CLAIM, account=account, at=day(at), mass=mass, evidence="shipment", **more
    )


def book(*entries, scheme=KEEPS, **schemes):
    ledger = Ledger({"one": scheme} | schemes)
    for entry in entries:
        ledger.post(entry)
    return ledger


def refused(ledger, entry):
    before = list(ledger.entries), ledger.balance(ACCOUNT, day(365))
    with pytest.raises(CreditRefused) as found:
        ledger.post(entry)
    assert (list(ledger.entries), ledger.balance(ACCOUNT, day(365))) == before
    return found.value.rule


def test_what_came_in_may_be_claimed_once():
    ledger = book(receipt("a", 1, 100), claim("b", 2, 60))
    assert ledger.balance(ACCOUNT, day(3)).left == 40
    assert refused(ledger, claim("c", 3, 41)) == "MB-01"
    ledger.post(claim("c", 3, 40))
    assert ledger.balance(ACCOUNT, day(3)).left == 0


def test_a_claim_of_before_the_receipt_is_refused_even_when_it_arrives_later():
    ledger = book(receipt("a", 5, 100))
    assert refused(ledger, claim("b", 4, 1)) == "MB-01"


def test_a_back_dated_claim_may_not_take_what_a_later_one_used():
    ledger = book(receipt("a", 1, 100), claim("b", 9, 100))
    assert refused(ledger, claim("c", 5, 1)) == "MB-01"


def test_unused_credits_end_with_their_period_when_the_scheme_says_so():
    ledger = book(receipt("a", 1, 100), claim("b", 2, 30), scheme=EXPIRES)
    assert ledger.balance(ACCOUNT, day(89)).left == 70
    after = ledger.balance(ACCOUNT, day(90))
    assert (after.left, after.expired) == (0, 70)
    assert refused(ledger, claim("c", 90, 1)) == "MB-09"
    ledger.post(claim("c", 89, 70))
    assert ledger.balance(ACCOUNT, day(90)).expired == 0


def test_credits_carried_over_for_one_period_then_end():
    ledger = book(receipt("a", 1, 100), scheme=evolve(KEEPS, carry=1))
    assert ledger.balance(ACCOUNT, day(180)).left == 100
    assert ledger.balance(ACCOUNT, day(181)).left == 0


def test_what_ends_first_is_used_first():
    ledger = book(receipt("old", 80, 10), receipt("new", 95, 10), scheme=evolve(KEEPS, carry=1))
    ledger.post(claim("b", 100, 10))
    assert ledger.balance(ACCOUNT, day(200)).left == 10


def test_a_conversion_demands_a_factor_and_rounds_down():
    ledger = book(receipt("a", 1, 101))
    turn = Entry(
        id="t",
        kind=Kind.CONVERSION,
        account=ACCOUNT,
        at=day(2),
        mass=101,
        evidence="e",
        into=METAL,
        factor=Fraction(2, 3),
    )
    for factor in (None, Fraction(0), Fraction(-1), Fraction(11, 10)):
        assert refused(ledger, evolve(turn, factor=factor)) == "MB-04"
    assert refused(ledger, evolve(turn, into=evolve(METAL, site="elsewhere"))) == "MB-04"
    ledger.post(turn)
    assert (ledger.balance(ACCOUNT, day(2)).left, ledger.balance(METAL, day(2)).left) == (0, 67)
    assert refused(ledger, claim("c", 3, 68, METAL)) == "MB-01"
    ledger.post(claim("c", 3, 67, METAL))


def test_a_transfer_moves_between_sites_and_nothing_else():
    ledger = book(receipt("a", 1, 100))
    elsewhere = evolve(ACCOUNT, site="smelter")
    moved = Entry(
        id="t",
        kind=Kind.TRANSFER,
        account=ACCOUNT,
        at=day(2),
        mass=40,
        evidence="e",
        into=elsewhere,
        factor=Fraction(1),
    )
    assert refused(ledger, evolve(moved, into=METAL)) == "MB-05"
    assert refused(ledger, evolve(moved, factor=Fraction(1, 2))) == "MB-05"
    assert refused(ledger, evolve(moved, from_waste=True)) == "MB-05"
    assert refused(ledger, evolve(moved, into=None)) == "MB-05"
    ledger.post(moved)
    assert ledger.balance(elsewhere, day(2)).left == 40


def test_a_source_vouches_once_for_each_characteristic():
    other = evolve(ACCOUNT, characteristics=frozenset({"y"}))
    ledger = book(receipt("a", 1, 100))
    assert refused(ledger, receipt("b", 2, 5, source="sha256:a")) == "MB-06"
    ledger.post(receipt("c", 2, 100, source="sha256:a", account=other))
    both = evolve(ACCOUNT, characteristics=frozenset({"y", "z"}))
    assert refused(ledger, receipt("d", 2, 5, source="sha256:a", account=both)) == "MB-06"


def test_two_schemes_share_a_source_only_where_they_say_so():
    second = evolve(KEEPS, name="two")
    account = evolve(ACCOUNT, scheme="two")
    ledger = book(receipt("a", 1, 100), two=second)
    assert refused(ledger, receipt("b", 2, 5, source="sha256:a", account=account)) == "MB-12"
    ledger = book(receipt("a", 1, 100), two=evolve(second, shared_with=frozenset({"one"})))
    ledger.post(receipt("b", 2, 5, source="sha256:a", account=account))


def test_a_correction_reverses_a_whole_entry_once_and_with_a_name():
    ledger = book(receipt("a", 1, 100), claim("b", 2, 60))
    wrong = Entry(
        id="r",
        kind=Kind.CORRECTION,
        account=ACCOUNT,
        at=day(3),
        mass=100,
        evidence="e",
        reverses="a",
        approver="anna",
    )
    assert refused(ledger, wrong) == "MB-01"  # its credits are used
    undo = evolve(wrong, reverses="b", mass=60)
    assert refused(ledger, evolve(undo, approver="")) == "MB-11"
    assert refused(ledger, evolve(undo, mass=59)) == "MB-11"
    assert refused(ledger, evolve(undo, reverses="nothing")) == "MB-11"
    ledger.post(undo)
    assert ledger.balance(ACCOUNT, day(3)).left == 100
    assert refused(ledger, evolve(undo, id="r2")) == "MB-11"
    assert refused(ledger, evolve(undo, id="r2", reverses="r")) == "MB-11"
    ledger.post(evolve(wrong, id="r3"))
    assert ledger.balance(ACCOUNT, day(3)).left == 0
    ledger.post(receipt("again", 4, 100, source="sha256:a"))


@pytest.mark.parametrize(
    ("entry", "rule"),
    [
        (receipt("x", 1, 0), "MB-01"),
        (receipt("x", 1, 5, source=""), "MB-06"),
        (receipt("x", 1, 5, received=None), "MB-07"),
        (receipt("x", 1, 5, received=day(2)), "MB-07"),
        (receipt("x", 1, 5, weighed=False), "MB-07"),
        (receipt("x", 1, 5, evidence=""), "MB-11"),
        (receipt("x", 400, 5), "MB-02"),
        (receipt("x", -1, 5, received=day(-2)), "MB-02"),
        (receipt("x", 1, 5, account=evolve(ACCOUNT, model=Model.SEGREGATED)), "MB-08"),
        (receipt("x", 1, 5, account=evolve(ACCOUNT, scheme="none")), "MB-02"),
        (claim("x", 1, 5, into=METAL), "MB-04"),
    ],
)
def test_what_is_not_booked(entry, rule):
    assert refused(book(), entry) == rule


def test_an_entry_comes_once():
    assert refused(book(receipt("a", 1, 5)), receipt("a", 2, 5, source="sha256:b")) == "MB-11"


def test_periods_are_whole():
    with pytest.raises(CreditRefused, match="longer than 31 days"):
        evolve(KEEPS, longest_days=31)
    with pytest.raises(CreditRefused, match="gap"):
        evolve(KEEPS, periods=(QUARTERS[0], QUARTERS[2]))
    with pytest.raises(CreditRefused, match="at least one"):
        evolve(KEEPS, periods=())


@st.composite
def postings(draw):
    """Entries in an order of their own: dates and arrival have nothing to do with each other."""
    made = []
    for number in range(draw(st.integers(1, 12))):
        at, mass = draw(st.integers(0, 364)), draw(st.integers(1, 50))
        kind = draw(st.sampled_from(["receipt", "claim", "convert", "reverse"]))
        if kind == "receipt":
            made.append(receipt(f"e{number}", at, mass))
        elif kind == "claim":
            made.append(claim(f"e{number}", at, mass, draw(st.sampled_from([ACCOUNT, METAL]))))
        elif kind == "convert":
            made.append(
                Entry(
                    id=f"e{number}", kind=Kind.CONVERSION, account=ACCOUNT, at=day(at), mass=mass, evidence="e",
                    into=METAL, factor=Fraction(draw(st.integers(1, 4)), 4),
                )
            )  # fmt: skip
        elif made:
            wrong = draw(st.sampled_from(made))
            made.append(
                Entry(
                    id=f"e{number}", kind=Kind.CORRECTION, account=wrong.account, at=day(at), mass=wrong.mass,
                    evidence="e", reverses=wrong.id, approver="anna",
                )
            )  # fmt: skip
    return made


@given(postings(), st.sampled_from([None, 0, 1, 2]))
def test_no_balance_is_ever_negative_and_nothing_is_made_from_nothing(entries, carry):
    ledger = Ledger({"one": evolve(KEEPS, carry=carry)})
    for entry in entries:
        try:
            ledger.post(entry)
        except CreditRefused:
            continue
        for account in ledger.accounts():
            assert all(ledger.balance(account, day(at)).left >= 0 for at in range(0, 366, 7))
    undone = {entry.reverses for entry in ledger.entries}
    stands = [entry for entry in ledger.entries if entry.id not in undone]
    came = sum(entry.mass for entry in stands if entry.kind is Kind.RECEIPT)
    claimed = sum(entry.mass for entry in stands if entry.kind is Kind.CLAIM)
    left = sum(ledger.balance(account, day(365)).left for account in ledger.accounts())
    assert claimed + left <= came


@given(postings())
def test_what_is_booked_stands_in_any_order_of_arrival(entries):
    """Replayed by date, every accepted entry is accepted again."""
    ledger = Ledger({"one": KEEPS})
    for entry in entries:
        try:
            ledger.post(entry)
        except CreditRefused:
            continue
    undone = {entry.reverses for entry in ledger.entries}
    stands = [one for one in ledger.entries if one.id not in undone and one.kind is not Kind.CORRECTION]
    again = Ledger({"one": KEEPS})
    for entry in sorted(
        stands, key=lambda one: (one.at, one.kind is Kind.CLAIM, one.kind is Kind.CONVERSION)
    ):
        again.post(entry)
    for account in again.accounts():
        assert again.balance(account, day(365)) == ledger.balance(account, day(365))


def test_models_from_strong_to_weak():
    assert strongest([]) is None
    assert strongest([Model.SEGREGATED, Model.MASS_BALANCE]) is Model.MASS_BALANCE
    assert may_claim(Model.IDENTITY_PRESERVED, [Model.IDENTITY_PRESERVED])
    assert not may_claim(Model.IDENTITY_PRESERVED, [Model.IDENTITY_PRESERVED] * 2, sources=2)
    assert may_claim(Model.SEGREGATED, [Model.IDENTITY_PRESERVED] * 2, sources=2)
    assert not may_claim(Model.SEGREGATED, [Model.SEGREGATED], all_certified=False)
    assert may_claim(Model.CONTROLLED_BLENDING, [Model.SEGREGATED], all_certified=False)
    assert not may_claim(Model.BOOK_AND_CLAIM, [])


@given(st.lists(st.sampled_from(Model), min_size=1), st.sampled_from(Model), st.integers(1, 3), st.booleans())
def test_a_weaker_model_never_becomes_a_stronger_one(inputs, claimed, sources, certified):
    order = list(Model)
    if may_claim(claimed, inputs, sources=sources, all_certified=certified):
        assert all(order.index(claimed) >= order.index(one) for one in inputs)
