"""The sweep as data frames equals the kernel's, and says what it cannot sweep."""

from __future__ import annotations

import subprocess
import sys
import time

import numpy as np
import pyarrow as pa
import pytest
from benchmarks.networks import network
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet
from tests.core.lots.flows import flows

from lodeline.lots import frames
from lodeline.lots.kernel.compressed import Circle, compress
from lodeline.lots.kernel.sweep import contributions, sweep

TOLERANCE = 1e-9


class Engine:
    """The engine with a folder: columns in, a matrix out."""

    def __init__(self, spark, folder):
        self.spark, self.folder, self.runs = spark, folder, 0

    def frame(self, name, columns):
        path = self.folder / f"{name}-{self.runs}.parquet"
        parquet.write_table(pa.table(columns), path)
        return self.spark.read.parquet(str(path))

    def run(self, sources, targets, weights, own):
        self.runs += 1
        edges = {"source": np.asarray(sources, np.int64), "target": np.asarray(targets, np.int64)}
        edges["weight"] = pa.array(weights, pa.float64())
        rows = np.flatnonzero(own.any(axis=1))
        amounts = {f"c{column}": own[rows, column] for column in range(own.shape[1])}
        return frames.propagate(
            self.frame("edges", edges),
            self.frame("own", {"lot": rows} | amounts),
            str(self.folder / f"work-{self.runs}"),
        )

    def matrix(self, *graph, own):
        swept = self.run(*graph, own)
        table, found = swept.values.toArrow(), np.zeros_like(own)
        lots = table["lot"].to_numpy()
        assert len(set(lots.tolist())) == len(lots) == swept.lots
        for column in range(own.shape[1]):
            found[lots, column] = table[f"c{column}"].to_numpy()
        return found, swept.rounds


@pytest.fixture(scope="module")
def engine(spark, tmp_path_factory):
    return Engine(spark, tmp_path_factory.mktemp("frames"))


def edges_of(graph, name="Co"):
    into = np.repeat(np.arange(graph.size), np.diff(graph.indptr))
    return graph.sources, into, graph.weights[name]


@settings(max_examples=5, deadline=None)
@given(st.lists(flows(), min_size=1, max_size=12), st.integers(0, 2**32))
def test_equal_to_the_kernel_forward_and_backward(engine, many, seed):
    """Many small networks side by side are one graph."""
    starts = np.cumsum([0, *(flow.size for flow in many)])
    parts = [flow.arrays() for flow in many]
    sources = np.concatenate([part[0] + start for part, start in zip(parts, starts[:-1], strict=True)])
    targets = np.concatenate([part[1] + start for part, start in zip(parts, starts[:-1], strict=True)])
    graph = compress(
        int(starts[-1]), sources, targets, {"Co": np.concatenate([part[2]["Co"] for part in parts])}
    )
    rng = np.random.default_rng(seed)
    own = rng.uniform(0, 1, (graph.size, 3)) * (rng.uniform(0, 1, (graph.size, 1)) < 0.4)
    own[0] = 1
    before, after, weights = edges_of(graph)
    found, rounds = engine.matrix(before, after, weights, own=own)
    assert np.abs(found - sweep(graph, "Co", own)).max() < TOLERANCE
    assert rounds == graph.depth + 1
    found, _ = engine.matrix(after, before, weights, own=own)
    assert np.abs(found - contributions(graph, "Co", own)).max() < TOLERANCE


def test_equal_to_the_kernel_on_a_network_of_100_000_edges_with_carry_over(engine):
    net = network(100_000, carry=True)
    graph = net.compressed("Co")
    own = np.zeros((graph.size, 4))
    mines = np.flatnonzero(net.stage == 0)
    own[graph.rows[mines], net.plant[mines] % 3] = 1
    own[:, 3] = graph.unknown("Co")
    found, rounds = engine.matrix(*edges_of(graph), own=own)
    assert rounds == graph.depth + 1 > 50
    assert np.abs(found - sweep(graph, "Co", own)).max() < TOLERANCE
    assert np.abs(found.sum(axis=1) - 1).max() < TOLERANCE


def test_parallel_edges_lots_alone_and_no_edges(engine):
    own = np.array([[1.0], [0.0], [0.5], [0.25]])
    found, rounds = engine.matrix([0, 0, 2], [1, 1, 1], [0.25, 0.25, 0.5], own=own)
    assert found.tolist() == [[1], [0.75], [0.5], [0.25]]
    assert rounds == 2
    found, rounds = engine.matrix([], [], [], own=own)
    assert found.tolist() == [[1], [0], [0.5], [0.25]]
    assert rounds == 1


def test_nothing_of_its_own_is_an_answer(engine):
    found, _ = engine.matrix([0, 1], [1, 2], [1, 1], own=np.zeros((3, 1)))
    assert found.tolist() == [[0], [0], [0]]


@pytest.mark.parametrize(
    ("sources", "targets", "named"),
    [
        ([0, 1, 2], [1, 2, 1], {1, 2}),  # fed from outside
        ([0, 3, 4], [1, 4, 3], {3, 4}),  # beside everything else
        ([0, 1], [1, 1], {1}),
        ([2, 3], [3, 2], {2, 3}),  # nothing else
    ],
)
def test_a_circle_is_refused_by_name(engine, sources, targets, named):
    own = np.zeros((5, 1))
    own[0] = 1
    with pytest.raises(Circle) as refused:
        engine.run(sources, targets, [0.5] * len(sources), own)
    assert set(refused.value.nodes) == named


@pytest.mark.parametrize("weight", [-0.1, float("nan"), float("inf"), None])
def test_weights_that_are_none_are_refused(engine, weight):
    """Three weights: of a column whose statistics name one value alone, engines read nothing else."""
    with pytest.raises(ValueError, match="from zero up"):
        engine.run([0, 0, 0], [1, 2, 3], [0.5, 0.25, weight], np.ones((4, 1)))


@pytest.mark.parametrize("columns", [{"lot": [0], "weight": [1.0]}, {"lot": [0]}, {"c0": [1.0]}])
def test_columns_that_would_be_taken_for_others_are_refused(engine, columns):
    edges = engine.frame("few", {"source": [0], "target": [1], "weight": [1.0]})
    with pytest.raises(ValueError, match="own amounts"):
        frames.propagate(edges, engine.frame("odd", columns), str(engine.folder / "odd"))


@pytest.mark.parametrize("address", ["127.0.0.1:1", "sc://", "sc://:15002", "sc://127.0.0.1:1", "http://x"])
def test_an_engine_that_is_not_there_is_told_at_once(address):
    started = time.monotonic()
    with pytest.raises(frames.Unreachable), frames.session(address):
        pass
    assert time.monotonic() - started < 5


def test_the_core_loads_no_engine():
    said = (
        "import lodeline.lots.batch, lodeline.lots.exporting, sys; "
        "print(sorted({'pyspark', 'pysail', 'pyarrow', 'pandas', 'grpc'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
