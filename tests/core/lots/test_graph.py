"""Laws of the lot graph: shares sum to one, mass is conserved, the order of arrival plays no part."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lodeline.lots.graph import build
from lodeline.lots.origin import Place, origin, origins
from lodeline.lots.sweep import backward, forward
from lodeline.lots.values import Description, Made, Used, describe
from lodeline.recalls.dose import reach

START = datetime(2026, 1, 1, tzinfo=UTC)
PLACES = {
    "mine": Place(name="Mine", country="FI", kind="mine"),
    "trader": Place(name="T", country="CH", kind="other"),
}


def made(key, day=0, *, group="", kg="100", site="mine", co="0.5", uom="KGM", **more):
    return Made(
        key=key, time=START + timedelta(days=day), position=day, group=group, amount=Decimal(kg), uom=uom, site=site,
        party="p", description=Description(composition={"Co": Fraction(co)} if co else {}, **more),
    )  # fmt: skip


def used(key, group, kg, day=1, uom="KGM"):
    return Used(
        key=key, time=START + timedelta(days=day), position=day, group=group, amount=Decimal(kg), uom=uom
    )


@st.composite
def networks(draw):
    """Mines, then stages of transformations that draw from anything made before, then items."""
    rng = random.Random(draw(st.integers(0, 2**32)))
    stages = draw(st.integers(1, 5))
    lots, mades, uses = [], [], []
    for n in range(draw(st.integers(1, 5))):
        site = rng.choice(["mine", "mine", "trader"])
        mades.append(
            made(f"s{n}", 0, kg=str(rng.randint(1, 500)), site=site, co=str(rng.choice(["0.1", "0.25", "1"])))
        )
        lots.append(f"s{n}")
    for stage in range(1, stages + 1):
        fresh = []
        for n in range(rng.randint(1, 4)):
            group, key = f"g{stage}.{n}", f"l{stage}.{n}"
            feed = rng.sample(lots, min(len(lots), rng.randint(1, 3)))
            uses += [used(source, group, str(rng.randint(1, 90)), stage) for source in feed]
            mades.append(
                made(
                    key,
                    stage,
                    group=group,
                    kg=str(rng.randint(1, 120)),
                    site="plant",
                    co=rng.choice(["0.2", "0.5", None]),
                )
            )
            fresh.append(key)
        lots += fresh
    return mades, uses


@settings(max_examples=150, deadline=None)
@given(networks())
def test_shares_and_unknown_sum_to_exactly_one(network):
    graph = build(*network)
    for node in graph.order:
        for found in origins(node, PLACES).values():
            assert sum((one.share for one in found.sources), found.unknown) == 1
            assert sum((gap.share for gap in found.gaps), Fraction(0)) == found.unknown
            assert sum(found.countries().values(), Fraction(0)) == 1 - found.unknown


@settings(max_examples=100, deadline=None)
@given(networks(), st.integers(1, 10**20))
def test_the_backward_sweep_loses_nothing(network, amount):
    graph = build(*network)
    for node in graph.order:
        reached, ended = backward("Co", {node.rank: (node, amount)})
        at_sources = sum(part for lot, part in reached.values() if lot.source)
        assert at_sources + sum(ended.values()) == amount


@settings(max_examples=60, deadline=None)
@given(networks(), st.randoms())
def test_the_order_of_arrival_plays_no_part(network, rng):
    mades, uses = network
    shuffled = list(mades), list(uses)
    rng.shuffle(shuffled[0])
    rng.shuffle(shuffled[1])

    def picture(graph):
        return [
            (n.key, n.version, n.mass, sorted(n.masses.items()), sorted(n.unknown.items()),
             sorted((e.source.key, e.source.version, e.mass, sorted(e.masses.items())) for e in n.incoming))
            for n in sorted(graph.nodes.values(), key=lambda n: (n.key, n.version))
        ]  # fmt: skip

    assert picture(build(*network)) == picture(build(*shuffled))


def _paths(node, target, substance):
    """Brute force: the sum over all paths of the products of their weights."""
    if node is target:
        return Fraction(1)
    total = Fraction(0)
    for edge in node.outgoing:
        base = edge.target.inflow(substance)
        if base:
            total += Fraction(edge.masses.get(substance, 0), base) * _paths(edge.target, target, substance)
    return total


@settings(max_examples=60, deadline=None)
@given(networks())
def test_the_dose_is_the_sum_over_all_paths(network):
    graph = build(*network)
    start = graph.last("s0")
    for node, share in forward([start], "Co"):
        assert share == _paths(start, node, "Co")


@settings(max_examples=60, deadline=None)
@given(networks())
def test_threshold_zero_reaches_all_and_a_threshold_only_moves_the_line(network):
    graph = build(*network)
    items = frozenset(node.key for node in graph.order if not node.outgoing)
    everything = reach(graph, "s0", threshold=Fraction(0), substance="Co", items=items)
    some = reach(graph, "s0", threshold=Fraction(1, 10), substance="Co", items=items)
    assert everything.below == ()
    assert [d.node.key for d in some.affected + some.below] == [d.node.key for d in everything.affected]
    reachable, rest = set(), [graph.last("s0")]
    while rest:
        node = rest.pop()
        if node.key not in reachable:
            reachable.add(node.key)
            rest += [edge.target for edge in node.outgoing]
    assert {d.node.key for d in everything.affected} == (reachable & items) - {"s0"}


def test_a_mixture_is_weighted_by_substance_not_by_mass():
    mades = [
        made("rich", co="0.9"),
        made("poor", co="0.1"),
        made("mix", 2, group="g", kg="100", co="0.5", site="plant"),
    ]
    graph = build(mades, [used("rich", "g", "50"), used("poor", "g", "50")])
    reached, _ = backward("Co", {graph.last("mix").rank: (graph.last("mix"), 1000)})
    assert {node.key: part for node, part in reached.values()} == {"mix": 1000, "rich": 900, "poor": 100}


def test_what_inputs_do_not_explain_is_unknown():
    graph = build(
        [made("a", kg="10", co="1"), made("out", 2, group="g", kg="20", co="1")], [used("a", "g", "10")]
    )
    found = origin(graph.last("out"), "Co", PLACES)
    assert (found.unknown, found.sources[0].share) == (Fraction(1, 2), Fraction(1, 2))
    within = build(
        [made("a", kg="10", co="1"), made("out", 2, group="g", kg="10.2", co="1")], [used("a", "g", "10")]
    )
    assert origin(within.last("out"), "Co", PLACES).unknown == 0


def test_a_source_that_is_no_mine_has_no_origin():
    graph = build([made("t", site="trader")], [])
    assert origin(graph.last("t"), "Co", PLACES).unknown == 1


def test_a_lot_that_is_topped_up_gets_a_version_and_keeps_what_was_left():
    mades = [
        made("tank", 0, kg="100", co="1"),
        made("b", 0, kg="60", co="1"),
        made("tank", 2, group="g", kg="60", co="1"),
    ]
    graph = build(mades, [used("tank", "h", "40", 1), used("b", "g", "60", 2), used("tank", "h2", "10", 3)])
    first, second = graph.versions("tank")
    assert (first.mass, second.mass, second.masses["Co"]) == (100_000_000, 120_000_000, 120_000_000)
    reached, _ = backward("Co", {second.rank: (second, 120)})
    assert {(n.key, n.version): part for n, part in reached.values()} == {
        ("tank", 2): 120,
        ("tank", 1): 60,
        ("b", 1): 60,
    }


def test_a_circle_is_named_and_cut():
    mades = [made("a", 1, group="g1"), made("b", 1, group="g2")]
    graph = build(mades, [used("b", "g1", "1", 1), used("a", "g2", "1", 1)])
    assert graph.circles == ("a", "b")
    assert len(graph.order) == 2
    assert origin(graph.last("a"), "Co", PLACES).unknown == 1


def test_pieces_count_by_the_mass_of_a_piece():
    mades = [
        made("cells", 0, kg="1000", uom="C62", unit_mass=2_000_000),
        made("pack", 2, group="g", kg="1", uom=None, unit_mass=250_000_000, site="plant", co="0.4"),
    ]
    graph = build(mades, [used("cells", "g", "100", 1, uom=None)])
    (edge,) = graph.last("pack").incoming
    assert (edge.mass, edge.masses["Co"]) == (200_000_000, 100_000_000)


def test_splitting_a_lot_and_merging_it_again_changes_nothing():
    mades = [made("a", kg="10", co="1"), made("b", kg="30", co="1")]
    straight = build(
        [*mades, made("m", 3, group="g", kg="40", co="1", site="p")],
        [used("a", "g", "10"), used("b", "g", "30")],
    )
    halves = [
        made("a1", 1, group="x", kg="4", co="1", site="p"),
        made("a2", 1, group="x", kg="6", co="1", site="p"),
    ]
    split = build(
        [*mades, *halves, made("m", 3, group="g", kg="40", co="1", site="p")],
        [used("a", "x", "10"), used("a1", "g", "4", 2), used("a2", "g", "6", 2), used("b", "g", "30")],
    )
    for graph in (straight, split):
        reached, _ = backward("Co", {graph.last("m").rank: (graph.last("m"), 400)})
        assert {n.key: p for n, p in reached.values() if n.source} == {"a": 100, "b": 300}


@pytest.mark.parametrize(
    "odd", [{}, {"lode:composition": "x"}, {"lode:composition": [{"lode:substance": "Xx"}, 3]}]
)
def test_odd_descriptions_are_no_descriptions(odd):
    assert describe(odd) == Description()


def test_a_description_is_exact():
    found = describe(
        {
            "lode:product": "nickel sulphate",
            "lode:composition": [{"lode:substance": "Ni", "lode:massFraction": "0.2234"}],
            "lode:unitMass": {"lode:value": "1.92", "lode:uom": "KGM"},
            "lode:custodyModel": "segregated",
        }
    )
    assert found == Description(
        product="nickel sulphate",
        composition={"Ni": Fraction(2234, 10000)},
        unit_mass=1_920_000,
        custody="segregated",
    )
