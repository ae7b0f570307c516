"""The kernel's graph on the server: it follows the log, is written and opened again, and belongs to one log."""

from __future__ import annotations

import random

import pytest
from tests.apps.lots.chain import (
    GARAGE,
    MINE,
    commission,
    declare,
    described,
    item,
    lot,
    observe,
    pack,
    profiles,
    tell,
    transform,
    world,
)
from tests.core.lots.test_advance import content, trail

from lodeline.lots.kernel import advance, snapshot
from lodeline_server.log import projections
from lodeline_server.lots import queries, standing, tasks
from lodeline_server.lots.record import Record
from lodeline_server.recalls.models import Recall  # noqa: F401 - its projection is registered

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def apart(settings, tmp_path):
    settings.DATA = tmp_path
    standing._held.clear()
    yield
    standing._held.clear()


def whole(workspace):
    return content(advance.whole(queries.graph(workspace), 0))


def now(workspace):
    """What the standing says, without lots that are no more."""
    edges, lots = content(standing.now(workspace))
    return edges, {name: said for name, said in lots.items() if said != (0.0, (0,) * len(said[1]))}


def later():
    """More of the story: rework, a late input, boxes, an error."""
    wrong = transform(7, [(lot("CAM"), 10)], [(lot("BAD"), 9)], ilmd=described("cell", Co="0.4"))
    pool = [(lot("CAM"), 5)]
    return [
        [commission(lot("NEW"), 4, MINE, by="deep"), wrong],
        [transform(8, [(lot("NEW"), 20)], [(lot("CAM"), 20)], ilmd=described("cathode", Co="0.5"))],
        [pack(9, item("P2"), [lot("NEW")], put=True)],
        [declare(wrong)],
        [transform(9, pool, [(lot("T1"), 4)], transformationID="urn:x:t", ilmd=described("cell", Co="0.5"))],
        [transform(9, [(lot("NEW"), 3)], [(lot("T2"), 4)], transformationID="urn:x:t")],
        [observe("receiving", 12, GARAGE, [item("P2")])],
    ]


def test_it_follows_the_log_and_equals_the_whole_record(workspace):
    world(workspace.pk)
    assert now(workspace.pk) == whole(workspace.pk)
    for statements in later():
        tell(workspace.pk, *statements)
        assert now(workspace.pk) == whole(workspace.pk)
    assert standing.now(workspace.pk).state.position == queries.position()


def test_a_step_reads_its_own_part(workspace, django_assert_max_num_queries, monkeypatch):
    world(workspace.pk)
    standing.now(workspace.pk)
    tell(workspace.pk, transform(11, [(lot("CAM"), 1)], [(lot("LAST"), 1)], ilmd=described("cell", Co="0.5")))
    monkeypatch.setattr(standing, "graph", None)  # nothing asks for the whole record
    with django_assert_max_num_queries(25):
        found = standing.now(workspace.pk)
    assert len(found.state.delta.sources) == 1
    with django_assert_max_num_queries(4):
        assert standing.now(workspace.pk) is found


def test_what_is_written_is_opened_and_gone_on_from(workspace):
    world(workspace.pk)
    path = standing.write(workspace.pk)
    assert standing.write(workspace.pk) is None
    assert snapshot.check(path).position == queries.position()
    opened = standing.now(workspace.pk)
    assert (opened.state.id, len(opened.state.delta.rows)) == (path.name, 0)
    assert opened.names.versions(lot("CAM"))
    tell(workspace.pk, *later()[0])
    after = standing.now(workspace.pk)
    assert (after.state.id, after.state.position) == (path.name, queries.position())
    assert now(workspace.pk) == whole(workspace.pk)


def test_small_steps_and_rebuilds_come_to_the_same(workspace, monkeypatch):
    world(workspace.pk)
    for statements in later():
        tell(workspace.pk, *statements)
    monkeypatch.setattr(standing, "AT_ONCE", 0)
    monkeypatch.setattr(standing, "STEP", 2)
    monkeypatch.setattr(advance, "SMALL", 2)
    assert now(workspace.pk) == whole(workspace.pk)


def test_the_clock_writes_when_it_is_worth_it(workspace, monkeypatch):
    world(workspace.pk)
    assert tasks.settle_graphs.func("2026-11-01T12:00:00+00:00") == "0 snapshots written"
    monkeypatch.setattr(tasks, "WORTH", 1)
    assert tasks.settle_graphs.func("2026-11-01T12:00:00+00:00") == "1 snapshots written"
    assert tasks.settle_graphs.func("2026-11-01T12:00:00+00:00") == "0 snapshots written"


def test_old_snapshots_go(workspace):
    world(workspace.pk)
    for statements in later()[:4]:
        standing.write(workspace.pk)
        tell(workspace.pk, *statements)
    assert len(list(standing.folder(workspace.pk).iterdir())) == standing.KEPT


def test_a_snapshot_of_another_log_or_a_broken_one_is_not_used(workspace):
    world(workspace.pk)
    path = standing.write(workspace.pk)
    projections.rebuild(["lots"])  # as after an erasure: what was derived may be another
    assert standing.opened(workspace.pk, queries.position()) is None
    assert now(workspace.pk) == whole(workspace.pk)
    path = standing.write(workspace.pk) or path
    (path / "weights.Co.npy").write_bytes(b"")
    standing._held.clear()
    assert standing.opened(workspace.pk, queries.position()) is None
    assert now(workspace.pk) == whole(workspace.pk)


def test_lots_that_flow_into_themselves_are_answered_from_the_whole_record(workspace):
    tell(workspace.pk, *profiles(), commission(lot("A"), 0, MINE))
    standing.now(workspace.pk)
    tell(
        workspace.pk,
        transform(2, [(lot("B"), 1)], [(lot("C"), 1)]),
        back := transform(2, [(lot("C"), 1)], [(lot("B"), 1)]),
    )
    assert now(workspace.pk) == whole(workspace.pk)
    assert standing.now(workspace.pk).tangled
    assert standing.write(workspace.pk) is None
    tell(workspace.pk, declare(back))
    assert now(workspace.pk) == whole(workspace.pk)
    assert not standing.now(workspace.pk).tangled


def test_what_lies_around_a_lot_is_as_in_the_whole_picture(workspace):
    world(workspace.pk)
    for statements in later():
        tell(workspace.pk, *statements)
    picture = queries.picture(workspace.pk)
    keys = sorted({node.key for node in picture.graph.order})
    for key in random.Random(1).sample(keys, len(keys)):
        for onward in (False, True):
            near = queries.around(workspace.pk, [key], onward=onward)
            assert (near.position, near.places) == (picture.position, picture.places)
            wanted = trail(picture.graph.versions(key), onward=onward)
            assert trail(near.graph.versions(key), onward=onward) == wanted


def test_the_record_as_it_was_known_then(workspace):
    world(workspace.pk)
    before = queries.position()
    known = whole(workspace.pk)
    for statements in later():
        tell(workspace.pk, *statements)
    then = queries.graph(workspace.pk, before)
    assert content(advance.whole(then, 0)) == known
    wrong = [row for row in Record(workspace=workspace.pk).changed(before) if row.key == lot("BAD")]
    assert wrong == []  # it came and was declared an error since then
