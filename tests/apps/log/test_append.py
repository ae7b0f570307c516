"""The one door: dense positions, a root that brute force agrees with, nothing outside a transaction."""

from __future__ import annotations

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lodeline.access import platform
from lodeline.log.merkle import leaf_hash, root_of
from lodeline.log.proof import verify_consistency, verify_inclusion
from lodeline_server.log import queries
from lodeline_server.log.actions import LogInconsistent, NewStatement, append
from lodeline_server.log.fsck import fsck
from lodeline_server.log.models import Checkpoint, Entry, LogState, Tile
from lodeline_server.publishing.queries import published

pytestmark = pytest.mark.django_db


def said(*numbers: int) -> list[NewStatement]:
    return [
        NewStatement(type="test.said", payload={"id": f"urn:test:{n}", "body": {"n": n}}) for n in numbers
    ]


def put(now, *numbers: int, workspace: int = 1):
    with transaction.atomic():
        return append(actor=platform(), workspace=workspace, statements=said(*numbers), now=now)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(1, 600), min_size=1, max_size=4))
def test_positions_are_dense_and_the_root_is_that_of_the_leaves(now, batches):
    with transaction.atomic():
        start, sizes = queries.size(), []
        for count in batches:
            appended = put(now, *range(count))
            assert [one.position for one in appended] == list(range(start, start + count))
            start += count
            sizes.append(start)
        leaves = [
            leaf_hash(bytes(leaf))
            for leaf in Entry.objects.order_by("position").values_list("leaf", flat=True)
        ]
        roots = {row.size: bytes(row.root) for row in Checkpoint.objects.all()}
        assert {size: root_of(leaves[:size]) for size in sizes} == {size: roots[size] for size in sizes}
        for index in {0, start // 2, start - 1}:
            verify_inclusion(leaves[index], index, start, queries.inclusion(index, start), roots[start])
        verify_consistency(
            sizes[0], start, roots[sizes[0]], roots[start], queries.consistency(sizes[0], start)
        )
        assert fsck().findings == ()
        transaction.set_rollback(True)


def test_what_was_said_can_be_read_again(now):
    put(now, 1, 2, 3)
    put(now, 4, workspace=2)
    assert [one.payload["body"]["n"] for one in queries.read()] == [1, 2, 3, 4]
    assert [one.payload["body"]["n"] for one in queries.read(1, workspace=1, limit=1)] == [2]
    assert list(queries.read(types={"other"})) == []
    assert queries.get(3, workspace=1) is None
    assert queries.get(3, workspace=2).payload["id"] == "urn:test:4"


def test_a_rolled_back_append_leaves_nothing(now):
    put(now, 1)
    with pytest.raises(RuntimeError, match="power"), transaction.atomic():
        append(actor=platform(), workspace=1, statements=said(2, 3), now=now)
        raise RuntimeError("power")
    assert queries.size() == 1
    assert [one.position for one in put(now, 4)] == [1]
    assert fsck().findings == ()


@pytest.mark.django_db(transaction=True)
def test_append_wants_a_transaction(now):
    with pytest.raises(transaction.TransactionManagementError):
        append(actor=platform(), workspace=1, statements=said(1), now=now)


def test_nobody_appends_to_another_workspace(now, actor, other_workspace):
    with transaction.atomic(), pytest.raises(PermissionError):
        append(actor=actor("maker"), workspace=other_workspace.pk, statements=said(1), now=now)


def test_a_tree_that_is_not_the_signed_one_is_refused(now):
    put(now, 1, 2)
    Checkpoint.objects.filter(size=2).update(root=b"x" * 32)
    with pytest.raises(LogInconsistent, match="nothing is appended"):
        put(now, 3)
    assert queries.size() == 2


@pytest.mark.django_db(transaction=True)
def test_the_checkpoint_is_published_after_the_append(now):
    with transaction.atomic():
        put(now, 1)
        assert published("/log/checkpoint", "text/plain; charset=utf-8") is None
    form = published("/log/checkpoint", "text/plain; charset=utf-8")
    assert bytes(form.body).decode() == queries.checkpoint()
    assert queries.checkpoint().split("\n")[1] == "1"


def _flip(model, field, **where):
    row = model.objects.get(**where)
    data = bytearray(bytes(getattr(row, field)))
    data[-1] ^= 1
    model.objects.filter(**where).update(**{field: bytes(data)})


@pytest.mark.parametrize(
    ("damage", "rule"),
    [
        (lambda: _flip(Entry, "leaf", position=1), "L-LEAF"),
        (lambda: _flip(Entry, "leaf_hash", position=1), "L-HASH"),
        (lambda: _flip(Entry, "sealed", position=1), "L-SEALED"),
        (lambda: Entry.objects.filter(position=1).update(type="test.other"), "L-ROW"),
        (lambda: Entry.objects.filter(position=1).delete(), "L-GAP"),
        (lambda: _flip(Checkpoint, "root", size=3), None),
        (lambda: _flip(LogState, "root", name="main"), "L-CHECKPOINT"),
        (lambda: Checkpoint.objects.filter(size=3).update(note="x"), "L-SIGNATURE"),
    ],
    ids=["leaf", "leaf hash", "payload", "type", "gap", "checkpoint row", "root", "note"],
)
def test_fsck_names_what_was_changed(now, damage, rule):
    put(now, 1, 2, 3)
    damage()
    if rule is None:  # the row beside the note is not trusted: the next append stops there
        with pytest.raises(LogInconsistent):
            put(now, 4)
    else:
        assert rule in {finding.rule for finding in fsck().findings}


def test_swapping_two_entries_is_found(now):
    put(now, 1, 2, 3)
    one, two = Entry.objects.get(position=0), Entry.objects.get(position=1)
    one.position, two.position = 1, 0
    one.save()
    two.save()
    assert {"L-SEALED", "L-ROOT"} <= {finding.rule for finding in fsck().findings}


def test_a_data_subject_can_be_erased_and_the_proofs_stand(now):
    from lodeline_server.log.models import SubjectKey

    with transaction.atomic():
        statement = NewStatement(type="test.person", payload={"name": "Anna"}, data_subject="anna")
        append(actor=platform(), workspace=1, statements=[statement], now=now)
    put(now, 1)
    assert queries.get(0).payload == {"name": "Anna"}
    SubjectKey.objects.update(destroyed_at=now)
    assert (queries.get(0).payload, queries.get(0).erased) == ({}, True)
    assert fsck().findings == ()


def test_tiles_hold_the_leaves_in_the_published_layout(now):
    put(now, *range(300))
    put(now, *range(5))
    widths = [len(bytes(tile.hashes)) // 32 for tile in Tile.objects.order_by("level", "index")]
    assert widths == [256, 49, 1]
    assert bytes(Tile.objects.get(level=0, index=1).hashes)[:32] == queries.get(256).leaf_hash


def test_business_data_stands_nowhere_in_the_open(now):
    with transaction.atomic():
        secret = NewStatement(type="test.said", payload={"recipe": "CANARY-NMC-622-CANARY"})
        append(actor=platform(), workspace=1, statements=[secret], now=now)
    with connection.cursor() as cursor:
        for table in ("log_entry", "log_tile", "log_tenantkey", "publishing_published", "log_checkpoint"):
            cursor.execute(f"SELECT * FROM {table}")
            text = repr(
                [[bytes(v) if isinstance(v, memoryview) else v for v in row] for row in cursor.fetchall()]
            )
            assert "CANARY" not in text
