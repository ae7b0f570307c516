"""Any order of appends, crashes, follows and rebuilds: dense positions, the root of brute force, a sound log."""

from __future__ import annotations

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from tests.apps.log.saying import NOON, Seen, said
from tests.core.log.trees import by_definition

from lodeline.access import platform
from lodeline.log.merkle import EMPTY_ROOT
from lodeline.log.proof import verify_consistency, verify_inclusion
from lodeline_server.log import notebook, projections, queries
from lodeline_server.log.actions import append
from lodeline_server.log.fsck import fsck
from lodeline_server.log.models import Checkpoint, Entry, LogState, SubjectKey, Tile
from lodeline_server.publishing.queries import published

pytestmark = pytest.mark.django_db


# Small, and around the width of a tile.
counts = st.one_of(st.integers(0, 9), st.sampled_from([200, 255, 256, 257]))


class Crash(Exception):  # noqa: N818
    pass


class Log(RuleBasedStateMachine):
    """The model: a list of (workspace, number) or None for erased, and the checkpoints that were seen."""

    @initialize()
    def start(self):
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        self.seen = Seen("seen")
        projections.register(self.seen)
        self.model, self.served, self.erased, self.next = [], {}, set(), 0

    def teardown(self):
        transaction.set_rollback(True)
        self.atomic.__exit__(None, None, None)

    def statements(self, count, subject=""):
        self.next += count
        return said(*range(self.next - count, self.next), subject=subject)

    @rule(count=counts, workspace=st.integers(1, 3), batches=st.integers(1, 2))
    def appends(self, count, workspace, batches):
        with transaction.atomic():
            for _ in range(batches):
                new = self.statements(count)
                done = append(actor=platform(), workspace=workspace, statements=new, now=NOON)
                assert [one.position for one in done] == list(range(len(self.model), len(self.model) + count))
                self.model += [(workspace, one.payload["body"]["n"]) for one in new]
                self.serve()

    @rule(count=counts)
    def crashes(self, count):
        with pytest.raises(Crash), transaction.atomic():
            append(actor=platform(), workspace=1, statements=self.statements(count), now=NOON)
            raise Crash

    @rule(name=st.sampled_from("ab"))
    def says_of_a_person(self, name):
        if name in self.erased:
            return
        new = self.statements(1, subject=name)
        with transaction.atomic():
            append(actor=platform(), workspace=1, statements=new, now=NOON)
        self.model.append((1, new[0].payload["body"]["n"], name))
        self.serve()

    @rule(name=st.sampled_from("ab"))
    def erases(self, name):
        """As the later erasure does it: the person's key is destroyed."""
        keys = [row for row in SubjectKey.objects.all() if row.destroyed_at is None]
        mine = {entry.subject_key_id for entry in Entry.objects.all() if self.owner(entry.position) == name}
        for row in keys:
            if row.pk in mine:
                row.destroyed_at = NOON
                row.save()
                self.erased.add(name)

    @rule(batch=st.integers(1, 200))
    def follows(self, batch):
        assert [one for one in projections.follow_all(batch) if one.projection == "seen"] == []
        assert projections.position("seen") == len(self.model)

    @rule()
    def rebuilds(self):
        projections.rebuild({"seen"})
        assert self.seen.positions() == [
            at for at in range(len(self.model)) if self.owner(at) not in self.erased
        ]

    def owner(self, position):
        return (*self.model[position], None)[2]

    def serve(self):
        if point := notebook.newest():
            self.served.setdefault(point.size, bytes(point.root))

    @invariant()
    def positions_are_dense_and_the_tree_is_that_of_the_leaves(self):
        rows = list(Entry.objects.order_by("position").values_list("position", "leaf_hash", "workspace"))
        assert [row[0] for row in rows] == list(range(len(self.model)))
        assert [row[2] for row in rows] == [one[0] for one in self.model]
        leaves = [bytes(row[1]) for row in rows]
        state = LogState.objects.first()
        root = bytes(state.root) if state else EMPTY_ROOT
        assert (queries.size(), root) == (len(leaves), by_definition(leaves))
        if leaves:
            notebook.publish_newest()
            form = published(notebook.key(), notebook.MEDIA_TYPE)
            assert bytes(form.body).decode() == queries.checkpoint()
            for at in {0, len(leaves) // 2, len(leaves) - 1}:
                verify_inclusion(leaves[at], at, len(leaves), queries.inclusion(at, len(leaves)), root)

    @invariant()
    def every_checkpoint_that_was_served_still_holds(self):
        assert {row.size: bytes(row.root) for row in Checkpoint.objects.all()} == self.served
        if self.served:
            last = max(self.served)
            for size in list(self.served)[:: max(1, len(self.served) // 3)]:
                proof = queries.consistency(size, last)
                verify_consistency(size, last, self.served[size], self.served[last], proof)

    @invariant()
    def everything_said_can_be_read(self):
        for statement, wanted in zip(queries.read(), self.model, strict=True):
            if self.owner(statement.position) in self.erased:
                assert (statement.erased, statement.payload) == (True, {})
            else:
                assert statement.payload["body"]["n"] == wanted[1]

    @invariant()
    def the_log_is_sound(self):
        assert fsck().findings == ()
        widths = [len(bytes(tile.hashes)) // 32 for tile in Tile.objects.filter(level=0).order_by("index")]
        assert sum(widths) == len(self.model)


def test_the_log_under_any_order_of_steps(registered):
    run_state_machine_as_test(
        Log,
        settings=settings(
            max_examples=20,
            stateful_step_count=12,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
