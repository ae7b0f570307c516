"""Claims, credits and what moved: each difference is found, and agreement finds nothing."""

from __future__ import annotations

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from tests.core.lots.test_credits import ACCOUNT, KEEPS, QUARTERS, book, claim, day, receipt

from lodeline.lots.balances import Flow, Line, findings, lines, standing
from lodeline.lots.credits import CreditRefused, Entry, Kind, Ledger

FIRST = QUARTERS[0]


def flow(event, at, mass, *, inward):
    return Flow(event=event, site=ACCOUNT.site, group=ACCOUNT.group, at=day(at), mass=mass, inward=inward)


IN, OUT = flow("in", 1, 100, inward=True), flow("out", 5, 60, inward=False)


def rules(ledger, *flows):
    return [found.rule for found in findings(ledger, flows, FIRST)]


def agreed():
    return book(receipt("a", 1, 100, evidence="in"), evolve(claim("b", 5, 60), evidence="out"))


def test_books_that_agree():
    assert rules(agreed(), IN, OUT) == []
    assert lines(agreed(), [IN, OUT], FIRST) == [
        Line(
            site="refinery",
            group=ACCOUNT.group,
            period=FIRST,
            received=100,
            credited=100,
            shipped=60,
            claimed=60,
        )
    ]


@pytest.mark.parametrize(
    ("flows", "expected"),
    [
        ([evolve(IN, mass=99), OUT], ["RB-CREDITS", "RB-DOUBLED"]),
        ([IN, evolve(OUT, mass=59)], ["RB-CLAIMS", "RB-DOUBLED"]),
        ([OUT], ["RB-CREDITS", "RB-EVENT"]),
        ([IN], ["RB-CLAIMS", "RB-EVENT"]),
        ([evolve(IN, at=day(2)), OUT], ["RB-TIME"]),
        ([evolve(IN, inward=False), OUT], ["RB-CREDITS", "RB-EVENT"]),
    ],
)
def test_each_difference_has_its_name(flows, expected):
    assert rules(agreed(), *flows) == expected


def test_two_receipts_on_one_event_need_its_mass_twice():
    twice = book(
        receipt("a", 1, 70, evidence="in"), receipt("b", 1, 70, evidence="in"),
    )  # fmt: skip
    assert rules(twice, IN, flow("more", 1, 100, inward=True)) == ["RB-DOUBLED"]


def test_what_was_reversed_does_not_count():
    ledger = agreed()
    ledger.post(
        Entry(
            id="r",
            kind=Kind.CORRECTION,
            account=ACCOUNT,
            at=day(6),
            mass=60,
            evidence="out",
            reverses="b",
            approver="a",
        )
    )
    assert [entry.id for entry in standing(ledger)] == ["a"]
    assert rules(ledger, IN) == []


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 80), st.integers(1, 50)), max_size=15))
def test_entries_made_from_flows_agree_with_them(rows):
    """Whoever books what moved, and no more, is never told of a difference."""
    ledger, flows = Ledger({"one": KEEPS}), []
    for number, (inward, at, mass) in enumerate(rows):
        moved = flow(f"f{number}", at, mass, inward=inward)
        entry = receipt(f"e{number}", at, mass) if inward else claim(f"e{number}", at, mass)
        flows.append(moved)
        try:
            ledger.post(evolve(entry, evidence=moved.event))
        except CreditRefused:
            continue
    assert list(findings(ledger, flows, FIRST)) == []
