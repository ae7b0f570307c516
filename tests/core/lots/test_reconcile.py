"""Counts, shipments and steps that do not fit; agreement finds nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from lodeline.lots.adjust import Flow, adjust
from lodeline.lots.lookalike import Assay, Sighting, assays, clones, distance
from lodeline.lots.reconcile import Booked, Count, Leg, Shipment, Step, shipments, steps, stock

START = datetime(2026, 1, 1, tzinfo=UTC)
WEEK = timedelta(days=7)


def day(number):
    return START + timedelta(days=number)


def count(name, at, mass):
    return Count(id=name, site="refinery", material="hydroxide", at=day(at), mass=mass)


def booked(at, mass):
    return Booked(event=f"e{at}", site="refinery", material="hydroxide", at=day(at), mass=mass)


def rules(found):
    return [(one.rule, one.pointer) for one in found]


OPEN, CLOSE = count("opening", 0, 1000), count("closing", 30, 800)


def test_a_stock_that_agrees():
    assert rules(stock([CLOSE, OPEN], [booked(3, 500), booked(9, -700)])) == []


@pytest.mark.parametrize(
    ("counted", "expected"), [(793, []), (807, []), (792, ["RC-STOCK"]), (808, ["RC-STOCK"])]
)
def test_half_a_percent_of_what_was_there_is_tolerated(counted, expected):
    found = stock([OPEN, evolve(CLOSE, mass=counted)], [booked(3, 500), booked(9, -700)])
    assert [one.rule for one in found] == expected


def test_more_left_than_was_there():
    assert rules(stock([OPEN, CLOSE], [booked(9, -1001)])) == [("RC-OVERDRAWN", "closing")]


def test_only_what_lies_between_two_counts_counts():
    assert rules(stock([OPEN, evolve(CLOSE, mass=1000)], [booked(-1, 500), booked(31, -700)])) == []


SENT = Leg(event="sent", party="mine", at=day(1), mass=1000)
CAME = Leg(event="came", party="refinery", at=day(4), mass=1000)


@pytest.mark.parametrize(
    ("shipment", "expected"),
    [
        (Shipment(lot="L", sent=SENT, received=(CAME,)), []),
        (Shipment(lot="L", sent=SENT, received=(evolve(CAME, mass=995),)), []),
        (Shipment(lot="L", sent=SENT, received=(evolve(CAME, mass=994),)), [("RC-WEIGHT", "came")]),
        (Shipment(lot="L", sent=SENT, received=(evolve(CAME, at=day(0)),)), [("RC-TIME", "came")]),
        (Shipment(lot="L", sent=SENT), [("RC-MISSING", "sent")]),
        (Shipment(lot="L", sent=evolve(SENT, at=day(9))), []),
        (Shipment(lot="L", sent=None, received=(CAME,)), [("RC-UNSENT", "came")]),
        (
            Shipment(lot="L", sent=SENT, received=(CAME, evolve(CAME, event="again"))),
            [("RC-DOUBLED", "again")],
        ),
        (Shipment(lot="L", sent=SENT, received=(evolve(CAME, mass=400), evolve(CAME, mass=600))), []),
        (Shipment(lot="L", sent=SENT, received=(evolve(CAME, mass=None),)), []),
    ],
)
def test_both_ends_of_a_shipment(shipment, expected):
    assert rules(shipments([shipment], now=day(10), patience=WEEK)) == expected


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        (Step(event="t", at=day(5), entered=100, left=100), []),
        (Step(event="t", at=day(5), entered=100, left=101), [("RC-YIELD", "t")]),
        (Step(event="t", at=day(5), entered=None, left=101), []),
        (Step(event="t", at=day(5), entered=9, left=1, made=(("L", day(6)),)), [("RC-BEFORE", "t")]),
        (Step(event="t", at=day(5), entered=9, left=1, made=(("L", day(5)),)), []),
    ],
)
def test_what_a_step_cannot_do(step, expected):
    assert rules(steps([step])) == expected


@given(
    st.lists(st.tuples(st.integers(1, 29), st.integers(-200, 200)), max_size=12),
    st.integers(3000, 9000),
)
def test_counts_that_follow_the_books_are_never_told_of(moves, opening):
    records = [booked(at, mass) for at, mass in moves]
    closing = count("closing", 30, opening + sum(mass for _, mass in moves))
    assert list(stock([count("opening", 0, opening), closing], records, tolerance=Fraction(0))) == []


def test_an_assay_that_measuring_cannot_explain():
    sent = Assay(event="s", lot="L", substance="Co", value=Decimal("10.0"), sigma=Decimal("0.3"))
    near = evolve(sent, event="r", value=Decimal("11.5"), sigma=Decimal("0.4"))
    assert list(assays([sent], [near])) == []
    assert rules(assays([sent], [evolve(near, value=Decimal("11.51"))])) == [("RC-ASSAY", "r")]
    assert list(assays([sent], [evolve(near, substance="Ni", value=Decimal(90))])) == []


HAMBURG = Sighting(event="a", number="S1", at=day(1), latitude=53.55, longitude=9.99, where="Hamburg")
KINSHASA = Sighting(event="b", number="S1", at=day(1), latitude=-4.32, longitude=15.31, where="Kinshasa")


def test_one_number_at_two_places_at_once():
    assert rules(clones([KINSHASA, HAMBURG])) == [("RC-CLONE", "b")]
    assert list(clones([HAMBURG, evolve(KINSHASA, at=day(1) + timedelta(hours=7))])) == []
    assert list(clones([HAMBURG, evolve(KINSHASA, number="S2")])) == []
    assert list(clones([HAMBURG, evolve(HAMBURG, latitude=53.2)])) == []
    assert distance(HAMBURG, KINSHASA) == pytest.approx(6460, abs=30)


def test_errors_are_spread_by_their_weight():
    """Worked by hand: 100 ± 1 in, 90 ± 2 out; the gap of 10 is shared 1 to 4."""
    found = adjust(
        [Flow(name="in", mass=100, sigma=1), Flow(name="out", mass=90, sigma=2)], [{"in": 1, "out": -1}]
    )
    assert [one.mass for one in found.flows] == pytest.approx([98, 98])
    assert found.misfit == pytest.approx(20)
    assert found.freedom == 1
    assert [one.name for one in found.suspects()] == ["in", "out"]
    assert [abs(one.off) for one in found.flows] == pytest.approx([20**0.5, 20**0.5])


def test_a_flow_that_no_balance_checks_stays():
    found = adjust([Flow(name="in", mass=5, sigma=1), Flow(name="alone", mass=7, sigma=1)], [{"in": 1}])
    assert found.flows[1].mass == 7
    assert found.flows[1].off == 0


@pytest.mark.parametrize(
    ("flows", "balances"),
    [
        ([Flow(name="a", mass=1, sigma=0)], []),
        ([Flow(name="a", mass=1, sigma=1)] * 2, []),
        ([Flow(name="a", mass=1, sigma=1)], [{"b": 1}]),
    ],
)
def test_what_cannot_be_adjusted(flows, balances):
    with pytest.raises(ValueError, match="flow"):
        adjust(flows, balances)


@given(st.lists(st.tuples(st.floats(1, 1e6), st.floats(0.01, 100)), min_size=3, max_size=8))
def test_adjusted_flows_balance_and_a_balance_said_twice_changes_nothing(rows):
    flows = [Flow(name=str(number), mass=mass, sigma=sigma) for number, (mass, sigma) in enumerate(rows)]
    balance = {"0": 1} | {str(number): -1 for number in range(1, len(rows))}
    found = adjust(flows, [balance])
    assert sum(balance[one.name] * one.mass for one in found.flows) == pytest.approx(0, abs=1e-5)
    twice = adjust(flows, [balance, balance])
    assert twice.freedom == found.freedom == 1
    assert twice.misfit == pytest.approx(found.misfit, rel=1e-6, abs=1e-9)
