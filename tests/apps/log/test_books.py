"""The audit trail is a second log of the same form: tables, key, origin and lock of its own."""

from __future__ import annotations

import pytest
from django.db import transaction

from lodeline.access import platform
from lodeline.log.checkpoint import CheckpointRefused
from lodeline_server.log import notebook, queries
from lodeline_server.log.actions import NewStatement, append
from lodeline_server.log.books import AUDIT, MAIN
from lodeline_server.log.fsck import fsck

pytestmark = pytest.mark.django_db


def say(book, now, *texts):
    statements = [NewStatement(type="test.said", payload={"text": text}) for text in texts]
    with transaction.atomic():
        return append(actor=platform(), workspace=7, statements=statements, now=now, book=book)


def test_the_books_grow_apart(now):
    say(MAIN, now, "a", "b")
    (at,) = say(AUDIT, now, "c")
    assert (at.position, queries.size(), queries.size(AUDIT)) == (0, 2, 1)
    assert [one.payload["text"] for one in queries.read(book=AUDIT)] == ["c"]
    assert queries.get(1).payload == {"text": "b"}
    assert queries.get(1, book=AUDIT) is None
    assert (fsck().findings, fsck(book=AUDIT).findings) == ((), ())


def test_each_signs_under_its_own_name_and_key(now):
    say(MAIN, now, "a")
    say(AUDIT, now, "a")
    note = notebook.newest(AUDIT).note
    assert note.startswith(f"{MAIN.origin}/audit\n1\n")
    assert notebook.read(note, AUDIT).size == 1
    with pytest.raises(CheckpointRefused):
        notebook.read(note, MAIN)


def test_an_entry_moved_to_the_other_book_does_not_open(now):
    say(MAIN, now, "a")
    say(AUDIT, now, "a")
    entry = MAIN.entries.objects.get()
    AUDIT.entries.objects.update(leaf=entry.leaf, leaf_hash=entry.leaf_hash, sealed=entry.sealed)
    assert {"L-SEALED", "L-ROOT"} <= {finding.rule for finding in fsck(book=AUDIT).findings}
