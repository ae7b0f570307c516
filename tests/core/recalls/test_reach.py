"""Laws of recalls on the kernel: doses as fractions, mass accounted for, cuts that only lower, the way back."""

from __future__ import annotations

import sqlite3
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.core.lots.flows import flows
from tests.core.lots.making import networks

from lodeline.lots.build import build
from lodeline.lots.kernel.bridge import BY_MASS, compressed
from lodeline.lots.kernel.compressed import compress
from lodeline.lots.kernel.delta import State
from lodeline.lots.sweep import EXACT, backward, forward
from lodeline.recalls.reach import contributed, rank, reached, what_if

SQL = """
WITH RECURSIVE r(id) AS (SELECT ? UNION SELECT e.dst FROM edge e JOIN r ON e.src = r.id)
SELECT id FROM r
"""


def state(flow):
    return State(base=flow.graph(), id="s1", position=4)


def doses(flow, lots):
    """The oracle: doses of several lots as one suspect."""
    values = [Fraction(lot in lots) for lot in range(flow.size)]
    for lot in range(flow.size):
        if lot not in lots:
            values[lot] = sum((flow.weight(e) * values[e[0]] for e in flow.edges if e[1] == lot), Fraction(0))
    return values


def chosen(flow, seed, most=3):
    return sorted({(seed * 7919 + n * 104729) % flow.size for n in range(1 + seed % most)})


@settings(max_examples=60, deadline=None)
@given(flows(), st.integers(0, 1000))
def test_reach_is_what_a_recursive_query_reaches(flow, seed):
    database = sqlite3.connect(":memory:")
    database.execute("CREATE TABLE edge (src, dst)")
    database.executemany("INSERT INTO edge VALUES (?, ?)", [edge[:2] for edge in flow.edges])
    lot = seed % flow.size
    found = reached(state(flow), [lot])
    assert {*found.lots.tolist(), lot} == {row for (row,) in database.execute(SQL, (lot,))}
    assert (found.snapshot, found.position) == ("s1", 4)


@settings(max_examples=80, deadline=None)
@given(flows(), st.integers(0, 1000), st.booleans())
def test_doses_equal_fractions_and_account_for_the_mass(flow, seed, fast):
    lots = chosen(flow, seed)
    true = doses(flow, lots)
    found = rank(state(flow), lots, "Co", fast=fast)
    assert list(found.doses) == sorted(found.doses, reverse=True)
    assert {int(lot) for lot in found.lots} >= {n for n, dose in enumerate(true) if dose and n not in lots}
    for lot, dose in zip(found.lots.tolist(), found.doses.tolist(), strict=True):
        assert abs(Fraction(dose) - true[lot]) < 1e-12
    entered = sum(
        flow.mass[lot] - sum(mg * true[source] for source, target, mg in flow.edges if target == lot)
        for lot in lots
    )
    assert found.suspect == pytest.approx(float(entered), rel=1e-9)
    assert found.below == 0
    assert abs(found.lost) <= 1e-9 * max(flow.mass)


@settings(max_examples=60, deadline=None)
@given(flows(), st.integers(0, 1000), st.floats(0, 1))
def test_a_threshold_only_moves_the_line(flow, seed, threshold):
    lots = chosen(flow, seed)
    everything, some = rank(state(flow), lots, "Co"), rank(state(flow), lots, "Co", threshold=threshold)
    assert len(some.lots) + some.lots_below == len(everything.lots)
    assert some.lots.tolist() == everything.lots[: len(some.lots)].tolist()
    assert some.listed + some.below == pytest.approx(everything.listed, rel=1e-12)
    assert all(some.doses >= threshold)
    assert all(everything.doses[len(some.lots) :] < threshold)


@settings(max_examples=80, deadline=None)
@given(flows(), st.integers(0, 1000), st.floats(1e-6, 0.9), st.booleans())
def test_a_cut_only_lowers_and_says_by_how_much_mass(flow, seed, cut, fast):
    """What is missing from the list is at most what was not followed."""
    lots = chosen(flow, seed)
    full, quick = (
        rank(state(flow), lots, "Co"),
        rank(state(flow), lots, "Co", threshold=cut, cut=cut, fast=fast),
    )
    true = dict(zip(full.lots.tolist(), full.doses.tolist(), strict=True))
    assert all(
        dose <= true[lot] + 1e-12 for lot, dose in zip(quick.lots.tolist(), quick.doses.tolist(), strict=True)
    )
    missing = full.listed - quick.listed - quick.below
    assert missing <= quick.unfollowed + 1e-9 * max(flow.mass)
    assert (quick.unfollowed > 0) or missing <= 1e-9 * max(flow.mass)


def test_a_lot_below_the_cut_is_not_followed_but_judged_by_all_that_flows_in():
    """0 is a tenth of 3 and of 4; 5 takes from both: judged after both were added up, then not followed to 6."""
    graph = compress(
        7, [0, 1, 0, 2, 3, 4, 5], [3, 3, 4, 4, 5, 5, 6], {"Co": np.array([0.1, 0.9, 0.1, 0.9, 0.5, 0.5, 1.0])},
        masses={"Co": [100, 900, 900, 1000, 1000, 2000, 2000]}, left=[0.0, 0, 0, 0, 0, 0, 1],
    )  # fmt: skip
    for threshold, lots in ((0.1, {3, 4, 5, 6}), (0.11, set())):
        found = rank(State(base=graph), [0], "Co", threshold=threshold, cut=threshold)
        assert set(found.lots.tolist()) == lots
    assert (found.lots_below, found.unfollowed) == (2, 200.0)


@settings(max_examples=40, deadline=None)
@given(networks())
def test_the_kernel_and_the_whole_numbers_agree(network):
    graph = build(*network)
    arrays = State(base=compressed(graph, ["Co"]))
    start = graph.last("s0")
    for substance, name in (("Co", "Co"), (None, BY_MASS)):
        exact = {node.rank: share for node, share in forward([start], substance, EXACT) if node is not start}
        found = rank(arrays, [start.rank], name)
        assert set(found.lots.tolist()) == set(exact)
        for lot, dose in zip(found.lots.tolist(), found.doses.tolist(), strict=True):
            assert dose == pytest.approx(float(exact[lot]), abs=1e-12)


@settings(max_examples=40, deadline=None)
@given(networks())
def test_contributions_are_those_of_the_backward_sweep(network):
    graph = build(*network)
    arrays = State(base=compressed(graph, ["Co"]))
    for node in graph.order:
        amounts, ended = backward("Co", {node.rank: (node, 10**12)})
        found = contributed(arrays, [node.rank], "Co", amounts=[10**12])
        exact = {rank: amount for rank, (_, amount) in amounts.items()}
        for lot, amount in zip(found.lots.tolist(), found.amounts.tolist(), strict=True):
            assert amount == pytest.approx(exact.get(lot, 0), abs=100)
        assert found.unknown == pytest.approx(sum(ended.values()), abs=100)
        begun = found.amounts[found.begins].sum()
        assert begun + found.unknown == pytest.approx(found.wanted, rel=1e-12)


@settings(max_examples=40, deadline=None)
@given(flows(), st.integers(0, 1000))
def test_the_dose_forward_is_the_contribution_backward(flow, seed):
    """mg of lot a in lot b: the same number whichever end one starts from."""
    lot = seed % flow.size
    ahead = rank(state(flow), [lot], "Co")
    for target, dose in zip(ahead.lots.tolist(), ahead.doses.tolist(), strict=True):
        back = contributed(state(flow), [target], "Co")
        amount = dict(zip(back.lots.tolist(), back.amounts.tolist(), strict=True))[lot]
        assert amount == pytest.approx(dose * flow.mass[target], rel=1e-9, abs=1e-6)


@settings(max_examples=40, deadline=None)
@given(flows(), st.integers(0, 1000), st.floats(0, 0.5))
def test_what_several_lots_add_to_each_other(flow, seed, threshold):
    lots = chosen(flow, seed + 2)
    found = what_if(state(flow), [[lot] for lot in lots], "Co", threshold=threshold)
    assert found.together.lots.tolist() == rank(state(flow), lots, "Co", threshold=threshold).lots.tolist()
    for at, (lot, one) in enumerate(zip(lots, found.alone, strict=True)):
        others = lots[:at] + lots[at + 1 :]
        without = set(rank(state(flow), others, "Co", threshold=threshold).lots.tolist()) if others else set()
        assert one.reached == len(rank(state(flow), [lot], "Co").lots)
        assert one.affected == len(rank(state(flow), [lot], "Co", threshold=threshold).lots)
        assert one.only == len(set(found.together.lots.tolist()) - without - set(others))


def test_only_what_a_lot_alone_brings_about_counts_as_its_own():
    """2 is of 0 alone, 4 of 1 alone, 3 of both; 5 is a second version of 1 and goes with it."""
    graph = compress(7, [0, 0, 1, 1, 5], [2, 3, 3, 4, 6], {"Co": np.array([1.0, 0.5, 0.5, 1.0, 1.0])})
    found = what_if(State(base=graph), [[0], [1, 5]], "Co", threshold=0.5)
    assert [(one.reached, one.affected, one.only) for one in found.alone] == [(2, 2, 1), (3, 3, 2)]
    few = what_if(State(base=graph), [[0], [1, 5]], "Co", threshold=0.5, among={3, 6})
    assert [(one.reached, one.affected, one.only) for one in few.alone] == [(1, 1, 0), (2, 2, 1)]
    assert set(few.together.lots.tolist()) == {2, 3, 4, 6}


def test_equal_doses_stand_in_the_order_of_the_rows():
    rng = np.random.default_rng(1)
    weights = rng.choice([0.25, 0.5, 1.0], 3000)
    graph = compress(3001, np.zeros(3000, int), np.arange(1, 3001), {"Co": weights})
    found = rank(State(base=graph), [0], "Co")
    rows = graph.rows[found.lots]
    assert found.doses.tolist() == sorted(weights, reverse=True)
    assert all(a < b for a, b, same in zip(rows, rows[1:], np.diff(found.doses) == 0, strict=False) if same)


def test_what_is_no_threshold_is_refused():
    graph = State(base=compress(2, [0], [1], {"Co": np.ones(1)}))
    for threshold, cut in ((2, 0), (-1, 0), (0.1, 0.2), (float("nan"), 0)):
        with pytest.raises(ValueError, match="threshold"):
            rank(graph, [0], "Co", threshold=threshold, cut=cut)
    with pytest.raises(KeyError):
        rank(graph, [2], "Co")
    with pytest.raises(ValueError, match="for each lot"):
        contributed(graph, [1], "Co", amounts=[1, 2])
