"""Laws of the lot graph: shares sum to one, mass is conserved, the order of arrival plays no part."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.core.lots.making import PLACES, made, networks, packed, used

from lodeline.lots import build as building
from lodeline.lots.build import build
from lodeline.lots.origin import origin, origins
from lodeline.lots.sweep import BOUNDED, EXACT, PARTS, REACHED, WORST, backward, forward
from lodeline.lots.trace import back, onward
from lodeline.lots.values import Description, describe


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


def facts(graph):
    return [
        (n.key, n.version, n.mass, n.left, sorted(n.masses.items()), sorted(n.unknown.items()),
         sorted((e.source.key, e.source.version, e.mass or -1, sorted(e.masses.items())) for e in n.incoming))
        for n in sorted(graph.nodes.values(), key=lambda n: (n.key, n.version))
    ]  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(networks(), st.randoms())
def test_containment_adds_no_mass(network, rng):
    """Boxes around lots, opened again or not, change nothing."""
    mades, uses = network
    packings = []
    for n, one in enumerate(mades):
        packings.append(packed(one.key, f"box{n % 3}", rng.randint(0, 6), kg=rng.randint(1, 50)))
        if rng.random() < 0.5:
            packings.append(packed(one.key, f"box{n % 3}", rng.randint(0, 9), put=False))
    packings.append(packed("box0", "pallet", 1))
    assert facts(build(mades, uses, packings)) == facts(build(mades, uses))


@settings(max_examples=60, deadline=None)
@given(networks(), st.sampled_from(["Co", None]))
def test_the_semirings_agree(network, substance):
    """The bounds hold the exact share, the worst way is no more than all ways, and all reach the same lots."""
    graph = build(*network)
    start = [graph.last("s0")]
    exact = list(forward(start, substance, EXACT))
    bounds = [value for _, value in forward(start, substance, BOUNDED)]
    worst = [value for _, value in forward(start, substance, WORST)]
    reached = [node.rank for node, value in forward(start, substance, REACHED) if value]
    assert reached == [node.rank for node, _ in exact]
    for (_, share), (low, high), most in zip(exact, bounds, worst, strict=True):
        assert Fraction(low, PARTS) <= share <= Fraction(high, PARTS)
        assert high - low < 10**5
        assert most <= share <= 1


@settings(max_examples=60, deadline=None)
@given(networks())
def test_a_trace_forward_is_the_mirror_of_a_trace_back(network):
    """A lot behind another has it in front, with the same share where nothing starts anew."""
    graph = build(*network)
    for node in graph.order:
        for step in onward(graph, node).steps:
            behind = {one.node.rank: one for one in back(graph, step.node, {}).steps}
            assert node.rank in behind
            share, mirrored = step.shares.get("Co"), behind[node.rank].shares.get("Co")
            if share is not None and mirrored is not None:
                assert abs(share - mirrored) < Fraction(1, 10**9)


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


def test_a_trace_forward_starts_at_every_version():
    mades = [
        made("tank", 0, kg="100", co="1"),
        made("b", 0, kg="60", co="1"),
        made("tank", 2, group="g", kg="60", co="1"),
        made("early", 1, group="h", kg="40", co="1"),
        made("late", 3, group="i", kg="10", co="1"),
    ]
    uses = [used("tank", "h", "40", 1), used("b", "g", "60", 2), used("tank", "i", "10", 3)]
    graph = build(mades, uses)
    found = onward(graph, graph.last("tank"))
    assert {(step.node.key, step.node.version, step.depth, step.shares["Co"]) for step in found.steps} == {
        ("tank", 1, 0, 1),
        ("tank", 2, 0, 1),
        ("early", 1, 1, 1),
        ("late", 1, 1, 1),
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
    "odd",
    [
        {},
        {"lode:composition": "x"},
        {"lode:composition": 3, "lode:product": 7, "lode:unitMass": []},
        {"lode:composition": [{"lode:substance": "Xx"}, 3]},
    ],
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


def test_using_a_pallet_uses_what_is_on_it():
    mades = [
        made("a", kg="10", co="1"),
        made("b", kg="30", co="1"),
        made("c", kg="5", co="1"),
        made("m", 5, group="g", kg="40", co="1", site="p"),
    ]
    packings = [
        packed("a", "pallet", 1, kg=10),
        packed("box", "pallet", 2),
        packed("b", "box", 1, kg=30),
        packed("c", "pallet", 1, kg=5),
        packed("c", "pallet", 3, put=False, kg=5),
    ]
    graph = build(mades, [used("pallet", "g", "1", 4, uom=None)], packings)
    assert {edge.source.key: edge.mass for edge in graph.last("m").incoming} == {
        "a": 10_000_000,
        "b": 30_000_000,
    }


def test_emptying_a_box_takes_everything_out():
    mades = [made("a", kg="10", co="1"), made("m", 5, group="g", kg="10", co="1", site="p")]
    packings = [packed("a", "box", 1, kg=10), packed("", "box", 2, put=False)]
    assert build(mades, [used("box", "g", "1", 4, uom=None)], packings).last("m").incoming == []


@pytest.mark.parametrize("day", [1, 6])
def test_a_built_in_part_that_was_an_input_counts_once(day):
    """Cell used for the pack, and associated with it before or after; then the pack goes into a vehicle."""
    mades = [
        made("cell", kg="1", uom=None, unit_mass=10**6, co="1"),
        made("unit", kg="1", uom=None, unit_mass=10**6, co="1"),
        made("pack", 2, group="g", kg="1", uom=None, unit_mass=10**6, co="1", site="p"),
        made("car", 9, group="h", kg="1", uom=None, unit_mass=2 * 10**6, co="1", site="p"),
    ]
    uses = [used("cell", "g", "1", 2, uom=None), used("pack", "h", "1", 9, uom=None)]
    graph = build(mades, uses, [packed("cell", "pack", day), packed("unit", "pack", 3)])
    assert sorted(edge.source.key for edge in graph.last("car").incoming) == ["pack", "unit"]
    reached, _ = backward("Co", {graph.last("car").rank: (graph.last("car"), 100)})
    assert {n.key: part for n, part in reached.values() if n.source} == {"cell": 50, "unit": 50}


def test_boxes_in_a_circle_end():
    mades = [made("a", kg="10", co="1"), made("m", 5, group="g", kg="10", co="1", site="p")]
    packings = [packed("x", "y", 1), packed("y", "x", 1), packed("a", "x", 1, kg=10)]
    assert len(build(mades, [used("x", "g", "1", 4, uom=None)], packings).order) == 2


def test_many_inputs_and_many_outputs_need_few_edges(monkeypatch):
    inputs = [made(f"i{n}", kg="1", co=co) for n, co in enumerate(["1", "0.5", "0.25"] * 40)]
    outputs = [made(f"o{n}", 2, group="g", kg="1", co="0.5", site="p") for n in range(100)]
    uses = [used(one.key, "g", "1") for one in inputs]
    graph = build(inputs + outputs, uses)
    assert sum(len(node.incoming) for node in graph.order) == len(inputs) + len(outputs)
    monkeypatch.setattr(building, "PAIRS", 10**9)
    plain = build(inputs + outputs, uses)
    assert sum(len(node.incoming) for node in plain.order) == len(inputs) * len(outputs)
    for key in ("o0", "o99"):
        one, other = origin(graph.last(key), "Co", PLACES), origin(plain.last(key), "Co", PLACES)
        assert (one.sources, one.unknown) == (other.sources, other.unknown)
    assert {n.key: share for n, share in forward([graph.last("i0")], "Co", EXACT) if n.key[0] == "o"} == {
        n.key: share for n, share in forward([plain.last("i0")], "Co", EXACT) if n.key[0] == "o"
    }


def test_more_drawn_than_made_leaves_nothing():
    graph = build(
        [made("a", kg="10", co="1"), made("m", 2, group="g", kg="20", co="1")], [used("a", "g", "20")]
    )
    assert (graph.last("a").drawn, graph.last("a").left) == (20_000_000, 0)


def test_a_graph_can_be_shown_in_an_error_message():
    """Nodes and edges hold each other: a naive representation grows with the number of paths."""
    mades = [made("l0")]
    uses = []
    for stage in range(1, 40):
        for side in "ab":
            group = f"g{stage}{side}"
            mades.append(made(f"l{stage}{side}", stage, group=group, site="plant"))
            before = ["l0"] if stage == 1 else [f"l{stage - 1}a", f"l{stage - 1}b"]
            uses += [used(key, group, "1", stage) for key in before]
    assert len(repr(build(mades, uses))) < 100_000
