"""Laws of the kernel: a rational-number oracle, mass conserved, adjoint, numbers of lots play no part."""

from __future__ import annotations

import random
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.core.lots.flows import Flow, flows
from tests.core.lots.making import networks

from lodeline.lots.build import build
from lodeline.lots.kernel import running
from lodeline.lots.kernel.bridge import BY_MASS, compressed
from lodeline.lots.kernel.compressed import Circle, compress
from lodeline.lots.kernel.sweep import bounds, contributions, reach, shares, sweep
from lodeline.lots.sweep import EXACT, forward


def origins(flow, graph, *, fast=False):
    """A column for each lot that begins, and one for what is unknown; rows by number of the lot."""
    begins = [lot for lot in range(flow.size) if flow.begins(lot)]
    own = np.zeros((flow.size, len(begins) + 1))
    for column, lot in enumerate(begins):
        own[graph.rows[lot], column] = 1
    own[:, -1] = graph.unknown("Co")
    return begins, sweep(graph, "Co", own, fast=fast)[graph.rows]


@settings(max_examples=60, deadline=None)
@given(flows())
def test_shares_equal_fractions_and_sum_with_the_unknown_to_one(flow):
    begins, found = origins(flow, flow.graph())
    assert np.abs(found.sum(axis=1) - 1).max() < 1e-12
    for column, begin in enumerate(begins):
        exact = flow.exact([Fraction(lot == begin) for lot in range(flow.size)])
        assert (
            max(abs(Fraction(float(got)) - true) for got, true in zip(found[:, column], exact, strict=True))
            < 1e-12
        )


@settings(max_examples=60, deadline=None)
@given(flows())
def test_mass_is_conserved_through_split_merge_blend_and_rework(flow):
    """What began anywhere, and what came from nobody known, is in what is left of all lots."""
    begins, found = origins(flow, flow.graph())
    left = np.array([float(flow.mass[lot] - flow.drawn(lot)) for lot in range(flow.size)])
    for column, begin in enumerate(begins):
        assert found[:, column] @ left == pytest.approx(flow.mass[begin], rel=1e-12)
    assert found[:, -1] @ left == pytest.approx(sum(flow.unknown), rel=1e-12, abs=1e-3)


@settings(max_examples=60, deadline=None)
@given(flows(), st.integers(0, 2**32))
def test_forward_and_backward_agree(flow, seed):
    graph, rng = flow.graph(), np.random.default_rng(seed)
    own, wanted = rng.random((flow.size, 3)), rng.random((flow.size, 3))
    ahead = (sweep(graph, "Co", own, fast=False) * wanted).sum(axis=0)
    back = (own * contributions(graph, "Co", wanted, fast=False)).sum(axis=0)
    assert ahead == pytest.approx(back, rel=1e-12)


@settings(max_examples=40, deadline=None)
@given(flows(), st.randoms())
def test_numbers_of_lots_and_the_order_of_edges_play_no_part(flow, rng):
    _, before = origins(flow, flow.graph())
    numbers = list(range(flow.size))
    rng.shuffle(numbers)
    other = flow.moved(numbers)
    edges = list(other.edges)
    rng.shuffle(edges)
    other = Flow(edges=tuple(edges), mass=other.mass, unknown=other.unknown)
    graph = other.graph()
    assert all(graph.sources < np.repeat(np.arange(graph.size), np.diff(graph.indptr)))
    begins, after = origins(other, graph)
    places = np.argsort(begins := [numbers.index(lot) for lot in begins])
    assert begins
    assert after[numbers][:, [*places, -1]] == pytest.approx(before, abs=1e-12)


@settings(max_examples=40, deadline=None)
@given(flows())
def test_compiled_and_plain_give_the_same_bits(flow):
    assert running.available()
    graphs = [flow.graph(fast=fast) for fast in (False, True)]
    for key in ("indptr", "sources", "out_indptr", "targets", "nodes", "rows"):
        assert np.array_equal(*(getattr(graph, key) for graph in graphs))
    graph, rng = graphs[0], np.random.default_rng(1)
    own = rng.random((flow.size, 3))
    starts = [[n] for n in range(min(flow.size, 70))]
    for answer in (
        lambda fast: sweep(graph, "Co", own, fast=fast),
        lambda fast: sweep(graph, "Co", own, "worst", fast=fast),
        lambda fast: contributions(graph, "Co", own, fast=fast),
        lambda fast: reach(graph, starts, fast=fast).words,
        lambda fast: reach(graph, starts, back=True, fast=fast).words,
    ):
        assert np.array_equal(answer(False), answer(True))


@settings(max_examples=40, deadline=None)
@given(flows())
def test_the_other_semirings(flow):
    """The worst way by brute force, reach by a set, bounds around every assignment of what is unknown."""
    graph = flow.graph()
    start = next(lot for lot in range(flow.size) if flow.begins(lot))
    best, after = [Fraction(lot == start) for lot in range(flow.size)], {start}
    for source, target, mg in sorted(flow.edges, key=lambda edge: edge[1]):
        best[target] = max(best[target], Fraction(mg, flow.mass[target]) * best[source])
        after |= {target} if source in after else set()
    own = np.zeros((flow.size, 1))
    own[graph.rows[start]] = 1
    found = sweep(graph, "Co", own, "worst", fast=False)[graph.rows, 0]
    assert found == pytest.approx([float(one) for one in best], abs=1e-15)
    reached = reach(graph, [[int(graph.rows[start])]], fast=False)
    assert set(graph.nodes[reached.rows(0)].tolist()) == after
    assert reached.counts()[graph.rows].tolist() == [int(lot in after) for lot in range(flow.size)]
    low, high = bounds(graph, "Co", own, own, fast=False)
    _, shares = origins(flow, graph)
    assert (high - low)[graph.rows, 0] == pytest.approx(shares[:, -1], abs=1e-12)


@settings(max_examples=40, deadline=None)
@given(networks(), st.sampled_from(["Co", BY_MASS]))
def test_the_graph_of_objects_and_its_arrays_answer_alike(network, substance):
    graph = build(*network)
    arrays = compressed(graph, ["Co"])
    start = graph.last("s0")
    own = np.zeros((arrays.size, 1))
    own[start.rank] = 1
    found = sweep(arrays, substance, own, fast=False)[arrays.rows, 0]
    exact = {
        node.rank: share for node, share in forward([start], None if substance == BY_MASS else "Co", EXACT)
    }
    assert found == pytest.approx([float(exact.get(rank, 0)) for rank in range(arrays.size)], abs=1e-12)
    assert arrays.masses["Co"][arrays.rows].tolist() == [node.masses.get("Co", 0) for node in graph.order]


@settings(max_examples=40, deadline=None)
@given(flows(), st.booleans())
def test_shares_of_what_begins_need_no_clean_matrix(flow, fast):
    """Rows that something flows into are overwritten; the same bits as the sweep over zeros."""
    graph = flow.graph()
    begins = np.array([flow.begins(int(lot)) for lot in graph.nodes])
    own = np.random.default_rng(2).random((flow.size, 3)) * begins[:, None]
    found = np.full((flow.size, 3), np.nan)
    found[begins] = own[begins]
    assert shares(graph, "Co", found, fast=fast) is found
    assert np.array_equal(found, sweep(graph, "Co", own, fast=fast))


def test_a_matrix_that_cannot_be_written_to_is_refused():
    graph = compress(3, [0, 1], [1, 2], {"Co": np.ones(2)})
    locked = np.ones((3, 1))
    locked.flags.writeable = False
    for wrong in (locked, np.ones((3, 4))[:, :2], np.ones((3, 1), int), np.ones((2, 1))):
        with pytest.raises(ValueError, match="matrix"):
            shares(graph, "Co", wrong)


def test_single_precision_is_swept_as_it_comes():
    rng = random.Random(3)
    edges = sorted((rng.randrange(n), n) for n in range(1, 200) for _ in range(2))
    weights = np.full(len(edges), 0.5)
    arguments = 200, [s for s, _ in edges], [t for _, t in edges]
    wide = compress(*arguments, {"Co": weights})
    narrow = compress(*arguments, {"Co": weights.astype(np.float32)})
    own = np.zeros((200, 1))
    own[0] = 1
    found = sweep(narrow, "Co", own.astype(np.float32))
    assert (found.dtype, narrow.weights["Co"].dtype) == (np.float32, np.float32)
    assert np.abs(found - sweep(wide, "Co", own)).max() < 1e-6


def test_a_circle_is_named():
    with pytest.raises(Circle) as found:
        compress(4, [0, 1, 2, 3], [1, 2, 3, 1], {})
    assert set(found.value.nodes) == {1, 2, 3}


@pytest.mark.parametrize(
    ("sources", "targets", "weights", "words"),
    [
        ([0], [5], [1.0], "numbers of lots, 0 to 2"),
        ([-1], [1], [1.0], "numbers of lots, 0 to 2"),
        ([0], [1], [1.0, 2.0], "one length"),
        ([0], [1], [-1.0], "from zero up"),
        ([0], [1], [float("nan")], "from zero up"),
    ],
)
def test_what_is_no_graph_is_refused(sources, targets, weights, words):
    with pytest.raises(ValueError, match=words):
        compress(3, sources, targets, {"Co": np.array(weights)})


def test_no_lots_and_no_edges_are_a_graph():
    for size in (0, 3):
        graph = compress(size, [], [], {"Co": np.zeros(0)})
        assert sweep(graph, "Co", np.ones((size, 2))).tolist() == [[1, 1]] * size
        assert (graph.depth, graph.unknown("Co").tolist()) == (0, [0] * size)


def test_depth_is_the_longest_way():
    assert compress(5, [0, 1, 2, 0], [1, 2, 3, 3], {}).depth == 3


def test_matrices_and_columns_that_do_not_fit_are_refused():
    graph = compress(3, [0, 1], [1, 2], {"Co": np.ones(2)})
    with pytest.raises(ValueError, match="matrix of 3 rows"):
        sweep(graph, "Co", np.ones((2, 1)))
    with pytest.raises(ValueError, match="each of 2 edges"):
        sweep(graph, np.ones(3), np.ones((3, 1)))
    assert sweep(graph, np.array([2.0, 3.0]), np.array([[1.0], [0], [0]]))[:, 0].tolist() == [1, 2, 6]
