"""Laws of the dose: the sum over all paths, nothing reached is forgotten, and the SQL oracle agrees."""

from __future__ import annotations

import sqlite3
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.core.lots.making import made, networks, packed, used

from lodeline.lots.build import build
from lodeline.lots.sweep import EXACT, forward
from lodeline.recalls.dose import reach

ORACLE = """
WITH RECURSIVE r(id) AS (SELECT id FROM node WHERE key = :lot UNION SELECT e.dst FROM edge e JOIN r ON e.src = r.id)
SELECT key FROM node JOIN r USING (id) WHERE key <> :lot
"""
KG = 1_000_000


def sinks(graph):
    return frozenset(node.key for node in graph.order if not node.outgoing)


def paths(node, target, substance):
    """Brute force: the sum over all paths of the products of their weights."""
    if node is target:
        return Fraction(1)
    total = Fraction(0)
    for edge in node.outgoing:
        base = edge.target.inflow(substance)
        if base:
            total += Fraction(edge.masses.get(substance, 0), base) * paths(edge.target, target, substance)
    return total


@settings(max_examples=60, deadline=None)
@given(networks())
def test_the_dose_is_the_sum_over_all_paths(network):
    graph = build(*network)
    start = graph.last("s0")
    for node, share in forward([start], "Co", EXACT):
        assert share == paths(start, node, "Co")


@settings(max_examples=60, deadline=None)
@given(networks())
def test_a_dose_is_never_too_low_and_its_error_is_known(network):
    graph = build(*network)
    found = reach(graph, "s0", threshold=Fraction(0), substance="Co", items=sinks(graph))
    for dose in (*found.affected, *found.lots):
        true = paths(graph.last("s0"), dose.node, "Co")
        assert true <= dose.share <= true + dose.error
        assert dose.error <= found.error < Fraction(1, 10**18)


@settings(max_examples=80, deadline=None)
@given(networks(), st.sampled_from(["Co", "Ni", None]))
def test_threshold_zero_reaches_what_a_recursive_query_reaches(network, substance):
    graph = build(*network)
    database = sqlite3.connect(":memory:")
    database.executescript(
        "CREATE TABLE node (id INTEGER PRIMARY KEY, key TEXT); CREATE TABLE edge (src, dst)"
    )
    database.executemany("INSERT INTO node VALUES (?, ?)", [(node.rank, node.key) for node in graph.order])
    database.executemany(
        "INSERT INTO edge VALUES (?, ?)",
        [(edge.source.rank, edge.target.rank) for node in graph.order for edge in node.incoming],
    )
    for start in {node.key for node in graph.order}:
        found = reach(graph, start, threshold=Fraction(0), substance=substance, items=sinks(graph) - {start})
        assert found.below == ()
        assert {dose.node.key for dose in (*found.affected, *found.lots)} == {
            key for (key,) in database.execute(ORACLE, {"lot": start})
        }


@settings(max_examples=60, deadline=None)
@given(networks(), st.fractions(0, 1))
def test_a_threshold_only_moves_the_line(network, threshold):
    graph = build(*network)
    items = sinks(graph)
    everything = reach(graph, "s0", threshold=Fraction(0), substance="Co", items=items)
    some = reach(graph, "s0", threshold=threshold, substance="Co", items=items)
    assert some.affected + some.below == everything.affected
    assert some.mass_affected + some.mass_below == everything.mass_affected
    assert all(dose.share >= threshold for dose in some.affected)
    assert all(dose.share < threshold for dose in some.below)


def chain():
    """40 of 100 kg go on; half of the cathode lot waits, the pack is used up in another."""
    mades = [
        made("bad", kg="100", co="0.5"),
        made("good", kg="60", co="0.5"),
        made("cam", 2, group="g", kg="100", co="0.5", site="plant"),
        made("pack", 4, group="h", kg="1", uom=None, unit_mass=50 * KG, co="0.5", site="plant"),
        made("again", 6, group="i", kg="1", uom=None, unit_mass=50 * KG, co="0.5", site="plant"),
    ]
    uses = [
        used("bad", "g", "40"),
        used("good", "g", "60"),
        used("cam", "h", "50", 4),
        used("pack", "i", "1", 6, uom=None),
    ]
    return mades, uses


def test_masses_are_counted_where_they_are():
    found = reach(
        build(*chain()), "bad", threshold=Fraction(1, 10), substance="Co", items=frozenset({"pack", "again"})
    )
    assert [(d.node.key, d.share, d.made, d.held) for d in found.affected] == [
        ("again", Fraction(2, 5), 10 * KG, 10 * KG),
        ("pack", Fraction(2, 5), 10 * KG, 0),
    ]
    assert [(d.node.key, d.share, d.held) for d in found.lots] == [("cam", Fraction(2, 5), 10 * KG)]
    assert (found.lot_mass, found.lot_held) == (50 * KG, 30 * KG)
    assert found.mass_affected + found.mass_in_lots + found.lot_held == found.lot_mass


def test_the_threshold_itself_is_affected():
    graph, items = build(*chain()), frozenset({"pack", "again"})
    for threshold, number in ((Fraction(2, 5), 2), (Fraction(2, 5) + Fraction(1, 10**18), 0)):
        found = reach(graph, "bad", threshold=threshold, substance="Co", items=items)
        assert (len(found.affected), len(found.below)) == (number, 2 - number)


def test_an_item_is_judged_by_all_that_flows_into_it():
    """Two ways of 6 % each make 12 %: neither alone would reach the threshold."""
    mades = [
        made("bad", kg="100", co="1"),
        made("good", kg="1000", co="1"),
        *(made(f"way{n}", 2, group=f"w{n}", kg="50", co="1", site="p") for n in (1, 2)),
        made("pack", 4, group="g", kg="100", co="1", site="p"),
    ]
    uses = [
        *(used("bad", f"w{n}", "6") for n in (1, 2)),
        *(used("good", f"w{n}", "44") for n in (1, 2)),
        *(used(f"way{n}", "g", "50", 4) for n in (1, 2)),
    ]
    found = reach(
        build(mades, uses), "bad", threshold=Fraction(12, 100), substance="Co", items=frozenset({"pack"})
    )
    assert [(dose.node.key, dose.share) for dose in found.affected] == [("pack", Fraction(12, 100))]


def test_a_lot_without_known_mass_still_reaches():
    mades = [made("bad", kg="1", uom="LTR"), made("pack", 2, group="g", kg="1", uom=None, co=None, site="p")]
    graph = build(mades, [used("bad", "g", "1", uom="LTR")])
    safety = reach(graph, "bad", threshold=Fraction(0), items=frozenset({"pack"}))
    assert [(dose.node.key, dose.share, dose.held) for dose in safety.affected] == [("pack", 0, None)]
    assert safety.lot_mass is None
    ranked = reach(graph, "bad", threshold=Fraction(1, 1000), items=frozenset({"pack"}))
    assert (len(ranked.affected), len(ranked.below)) == (0, 1)


def test_a_recall_follows_what_stands_on_a_pallet():
    mades = [made("bad", kg="10", co="1"), made("pack", 3, group="g", kg="10", co="1", site="p")]
    graph = build(mades, [used("pallet", "g", "1", 2, uom=None)], [packed("bad", "pallet", 1, kg=10)])
    found = reach(graph, "bad", threshold=Fraction(1), substance="Co", items=frozenset({"pack"}))
    assert [dose.node.key for dose in found.affected] == ["pack"]


def test_a_lot_that_nobody_made():
    with pytest.raises(KeyError):
        reach(build([], []), "x", threshold=Fraction(0), items=frozenset())
