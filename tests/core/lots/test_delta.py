"""Appends and corrections answer as if the graph had been built anew; a snapshot comes back as it was."""

from __future__ import annotations

import json
import random
import shutil

import numpy as np
import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.core.lots.flows import flows

from lodeline.lots.kernel import snapshot
from lodeline.lots.kernel.compressed import Circle, compress
from lodeline.lots.kernel.cone import after, before, update
from lodeline.lots.kernel.delta import State
from lodeline.lots.kernel.snapshot import SnapshotUnusable
from lodeline.lots.kernel.sweep import sweep


def part(edges, lots):
    """Edges into some lots, as columns."""
    chosen = [edge for edge in edges if edge[1] in lots]
    return (
        np.array([edge[0] for edge in chosen], np.int64),
        np.array([edge[1] for edge in chosen], np.int64),
        {"Co": np.array([edge[2] for edge in chosen], np.float64)},
    )


@st.composite
def histories(draw):
    """A snapshot, then appends and corrections in turn: (state, edges of all as they are at the end, lots)."""
    flow = draw(flows(most=40))
    rng = random.Random(draw(st.integers(0, 2**32)))
    edges = [(source, target, float(flow.weight((source, target, mg)))) for source, target, mg in flow.edges]
    known = rng.randint(1, flow.size)
    sources, targets, weights = part(edges, range(known))
    masses, left = np.array(flow.mass), np.full(flow.size, 0.25)
    state = State(
        base=compress(
            known, sources, targets, weights, masses={"Co": masses[:known]}, left=left[:known]
        ),
        id="s",
    )  # fmt: skip
    while known < flow.size or rng.random() < 0.5:
        if known < flow.size and rng.random() < 0.6:
            upto = rng.randint(known + 1, flow.size)
            state = state.append(
                upto - known, *part(edges, range(known, upto)), masses={"Co": masses[known:upto]},
                left=dict.fromkeys(range(known, upto), 0.25), position=upto,
            )  # fmt: skip
            known = upto
            continue
        lots = rng.sample(range(known), rng.randint(1, min(known, 3)))
        fresh = [
            (rng.randrange(known), lot, rng.random() / 3) for lot in lots for _ in range(rng.randint(0, 3))
        ]
        changed = [edge for edge in edges if edge[1] not in lots] + fresh
        try:
            state = state.correct(lots, *part(fresh, lots))
        except Circle:
            with pytest.raises(Circle):
                compress(known, *part(changed, range(known)))
            continue
        edges = changed
    return state, edges, flow


def by_number(state, update, known):
    values = np.vstack([known, np.zeros((state.delta.new, known.shape[1]))])
    values[update.rows] = update.values
    return values[state.rows(np.arange(state.size))]


@settings(max_examples=120, deadline=None)
@given(histories(), st.booleans())
def test_rebuilding_equals_appending_and_correcting(history, fast):
    state, edges, flow = history
    anew = compress(flow.size, *part(edges, range(flow.size)), masses={"Co": np.array(flow.mass)})
    rebuilt = state.rebuilt(fast=fast)
    own = np.random.default_rng(1).random((flow.size, 2))
    expected = sweep(anew, "Co", own[anew.nodes], fast=False)[anew.rows]
    assert sweep(rebuilt, "Co", own[rebuilt.nodes], fast=fast)[rebuilt.rows] == pytest.approx(
        expected, rel=1e-12
    )
    assert (rebuilt.edges, rebuilt.size) == (len(edges), flow.size)
    assert rebuilt.masses["Co"][rebuilt.rows].tolist() == list(flow.mass)
    assert set(rebuilt.left.tolist()) == {0.25}
    base = state.base
    known = sweep(base, "Co", own[base.nodes], fast=False)
    rows = np.arange(state.size)
    changed = update(state, "Co", known, own[state.nodes(rows)], fast=fast)
    assert by_number(state, changed, known) == pytest.approx(expected, rel=1e-12)


@settings(max_examples=60, deadline=None)
@given(histories(), st.booleans())
def test_what_lies_after_and_before_a_lot_by_a_set(history, fast):
    state, edges, flow = history
    pairs = {(source, target) for source, target, _ in edges}
    for lot in range(0, flow.size, 5):
        for walk, onward in ((after, pairs), (before, {(b, a) for a, b in pairs})):
            found, fresh = {lot}, {lot}
            while fresh:
                fresh = {b for a, b in onward if a in fresh} - found
                found |= fresh
            rows = walk(state, state.rows([lot]), fast=fast)
            assert set(state.nodes(rows).tolist()) == found
            places = {int(node): at for at, node in enumerate(state.nodes(rows))}
            assert all(places[a] < places[b] for a, b in pairs if a in found and b in found)


def small():
    graph = compress(
        3, [0, 1], [1, 2], {"Co": np.array([1.0, 0.5])}, masses={"Co": [10, 10, 20]}, left=[0, 0, 1]
    )
    return State(base=graph, id="s", position=7)


def test_an_append_names_its_position_and_leaves_the_snapshot_alone():
    state = small()
    later = state.append(2, [2, 3], [3, 4], {"Co": [1.0, 1.0]}, position=9, left={2: 0.5, 4: 0.75})
    assert (state.size, state.position, later.size, later.position, later.id) == (3, 7, 5, 9, "s")
    assert later.left(later.rows(range(5))).tolist() == [0, 0, 0.5, 1, 0.75]
    assert later.worn == 1.0


def test_a_late_input_of_an_old_lot_is_a_correction():
    """A new lot turns out to have gone into an old one."""
    state = small().append(1, [], [], {"Co": []}).correct([1], [0, 3], [1, 1], {"Co": [0.25, 0.75]})
    assert not state.delta.ordered
    assert state.nodes(after(state, state.rows([3]))).tolist() == [3, 1, 2]
    own = np.zeros((4, 1))
    own[3] = 1
    found = update(state, "Co", np.zeros((3, 1)), own)
    assert dict(zip(state.nodes(found.rows).tolist(), found.values[:, 0].tolist(), strict=True)) == {
        3: 1.0, 1: 0.75, 2: 0.375,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        (lambda s: s.append(1, [0], [2], {"Co": [1.0]}), ValueError),
        (lambda s: s.append(1, [0], [3], {}), ValueError),
        (lambda s: s.append(1, [0], [3], {"Co": [1.0, 1.0]}), ValueError),
        (lambda s: s.append(1, [0], [3], {"Co": [float("inf")]}), ValueError),
        (lambda s: s.append(1, [9], [3], {"Co": [1.0]}), KeyError),
        (lambda s: s.append(1, [0], [3], {"Co": [1.0]}, masses={"Co": [1, 2]}), ValueError),
        (lambda s: s.correct([1], [0], [2], {"Co": [1.0]}), ValueError),
        (lambda s: s.correct([0], [2], [0], {"Co": [1.0]}), Circle),
        (lambda s: s.rows([-1]), KeyError),
    ],
)
def test_changes_that_fit_nothing_are_refused(change, wrong):
    with pytest.raises(wrong):
        change(small())


@settings(max_examples=15, deadline=None)
@given(flows())
def test_a_snapshot_comes_back_as_it_was(tmp_path_factory, flow):
    folder, graph = tmp_path_factory.mktemp("snapshots"), flow.graph()
    path = snapshot.write(graph, folder, position=5)
    assert snapshot.write(flow.graph(), folder, position=5) == path
    assert snapshot.write(graph, folder, position=6) != path
    found = snapshot.check(path)
    assert (found.id, found.position) == (path.name, 5)
    for key in (*snapshot.STRUCTURE, "left"):
        assert np.array_equal(getattr(found.graph, key), getattr(graph, key))
    assert np.array_equal(found.graph.weights["Co"], graph.weights["Co"])
    assert np.array_equal(found.graph.masses["Co"], graph.masses["Co"])
    own = np.ones((flow.size, 1))
    assert np.array_equal(sweep(found.graph, "Co", own), sweep(graph, "Co", own))
    assert not [one for one in folder.iterdir() if one.name.startswith(".")]


def edited(path, **more):
    file = path / snapshot.MANIFEST
    file.write_text(json.dumps(json.loads(file.read_text()) | more))


def _cut(path):
    data = (path / "sources.npy").read_bytes()
    (path / "sources.npy").write_bytes(data[:-4])


def _points_outside(path):
    np.save(path / "sources.npy", np.array([0, 77], np.int32))


def _longer(path):
    np.save(path / "left.npy", np.ones(9))


DAMAGES = [
    lambda path: (path / snapshot.MANIFEST).unlink(),
    lambda path: (path / snapshot.MANIFEST).write_text("["),
    lambda path: (path / snapshot.MANIFEST).write_text("[" * 100_000),
    lambda path: (path / snapshot.MANIFEST).write_text("[]"),
    lambda path: edited(path, format=99),
    lambda path: edited(path, arrays={}),
    lambda path: edited(path, arrays=[1]),
    lambda path: edited(path, arrays={"../../x": ["<f8", 3]}),
    lambda path: edited(path, position="much"),
    lambda path: (path / "sources.npy").unlink(),
    lambda path: (path / "sources.npy").write_bytes(b"no array"),
    lambda path: np.save(path / "sources.npy", np.array([{}, {}], object), allow_pickle=True),
    _cut,
    _longer,
]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_snapshot_is_not_opened(tmp_path, damage):
    path = snapshot.write(small().base, tmp_path, position=1)
    damage(path)
    with pytest.raises(SnapshotUnusable):
        snapshot.open_(path)


def test_content_that_is_not_what_the_id_says_is_found(tmp_path):
    path = snapshot.write(small().base, tmp_path, position=1)
    other = tmp_path / "other"
    shutil.copytree(path, other)
    _points_outside(other)
    with pytest.raises(SnapshotUnusable, match="points outside"):
        snapshot.check(other)
    shutil.rmtree(other)
    shutil.copytree(path, other)
    np.save(other / "weights.Co.npy", np.array([1.0, 0.25]))
    with pytest.raises(SnapshotUnusable, match="not what the id"):
        snapshot.check(other)


@pytest.mark.parametrize(
    ("file", "array", "words"),
    [
        ("sources", [1, 1], "topological order"),
        ("sources", [-1, 1], "points outside"),
        ("rows", [0, 1, 9], "points outside"),
        ("indptr", [0, 2, 1, 2], "does not grow"),
    ],
)
def test_a_structure_that_the_loops_could_not_walk_is_found(tmp_path, file, array, words):
    path = snapshot.write(small().base, tmp_path, position=1)
    np.save(path / f"{file}.npy", np.array(array, np.int32))
    with pytest.raises(SnapshotUnusable, match=words):
        snapshot.check(path)


def test_a_substance_is_no_file_name():
    graph = evolve(small().base, weights={"../x": np.ones(2)})
    with pytest.raises(ValueError, match="letters and digits"):
        snapshot.identity(dict(snapshot._arrays(graph)), 1)
