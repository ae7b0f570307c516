"""An anchor with a real time stamp, made without a network: for tests of what shows anchors."""

from __future__ import annotations

from tests.core.log.tsa import Authority

from lodeline.log.anchors import rfc3161
from lodeline.log.anchors.states import State
from lodeline_server.log import notebook
from lodeline_server.log.anchoring.actions import subject_of
from lodeline_server.log.anchoring.models import Anchor
from lodeline_server.log.books import MAIN

NONCE = 77
AUTHORITY = Authority()


def stamped(now, *, target="one", book=MAIN, at=None):
    """Of the newest checkpoint of a book, by `target`, confirmed at `at` or now."""
    newest = notebook.newest(book)
    row, fresh = Anchor.objects.get_or_create(
        book=book.name,
        size=newest.size,
        root=bytes(newest.root),
        kind="rfc3161",
        target=target,
        defaults={"note": newest.note, "state": State.FINAL, "queued_at": now, "changed_at": now},
    )
    if fresh:
        row.request = rfc3161.request(subject_of(row).text, nonce=NONCE)
        row.receipt = AUTHORITY.answer(row.request, at or now)
        row.attested_at = rfc3161.check(
            row.receipt, subject_of(row).text, roots_pem=AUTHORITY.pem, nonce=NONCE
        ).time
        row.detail = {"nonce": f"{NONCE:x}"}
        row.save()
    return row
