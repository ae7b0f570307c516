"""What this process appended a moment ago, so that its projections need not read, open and parse it again.

Only a shortcut. A batch is kept once its transaction is committed, and handed out only after the database has said that
the same leaf stands at its end and that nothing of it was put under a person's key since: then it is what reading the
log would give, to the byte. What speaks of a person is never kept, nor what does not fit.
"""

from __future__ import annotations

from collections import OrderedDict
from datetime import UTC
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING

import orjson
from attrs import Factory, define
from django.db import transaction

from lodeline_server.log import rows
from lodeline_server.log.books import MAIN
from lodeline_server.log.queries import Statement

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime
    from typing import Any

MOST_BYTES = 32_000_000


@define
class Batch:
    """What one transaction appended: canonical payloads as `texts`, what reading them gives as `payloads`, if known."""

    first: int
    workspace: int
    organisation: int | None
    time: datetime
    types: Sequence[str]
    texts: Sequence[bytes]
    payloads: Sequence[dict[str, Any] | None]
    salts: Sequence[bytes]
    leaves: Sequence[bytes]
    hashes: Sequence[bytes]
    size: int = 0
    _parsed: dict[int, Statement] = Factory(dict)

    @property
    def stop(self) -> int:
        return self.first + len(self.texts)

    def statements(self, start: int, stop: int, types: Collection[str], limit: int) -> list[Statement]:
        """Those of some types between two positions, at most `limit`; each is parsed once for all who ask."""
        found = []
        for index in range(max(start - self.first, 0), min(stop, self.stop) - self.first):
            if self.types[index] in types:
                if len(found) == limit:
                    break
                found.append(self._parsed.get(index) or self._parse(index))
        return found

    def _parse(self, index: int) -> Statement:
        made = self._parsed[index] = Statement(
            position=self.first + index,
            type=self.types[index],
            workspace=self.workspace,
            time=self.time,
            payload=self.payloads[index] or orjson.loads(self.texts[index]),
            leaf=self.leaves[index],
            leaf_hash=self.hashes[index],
            salt=self.salts[index],
            organisation=self.organisation,
        )
        return made


class Fresh:
    """Batches by their first position, up to a total weight."""

    def __init__(self, most: int = MOST_BYTES) -> None:
        self.most = most
        self._weight = 0
        self._held: OrderedDict[int, Batch] = OrderedDict()
        self._lock = Lock()

    def put(self, batch: Batch) -> None:
        """Keep a batch; older ones make room."""
        if batch.size > self.most:
            return
        with self._lock:
            self._drop(batch.first)
            self._held[batch.first] = batch
            self._weight += batch.size
            while self._weight > self.most:
                self._drop(next(iter(self._held)))

    def since(self, start: int) -> list[Batch]:
        """Batches that follow each other from the one that holds `start` on; none if that is not here."""
        with self._lock:
            known = sorted(self._held.values(), key=lambda one: one.first)
        found: list[Batch] = []
        for batch in known:
            if batch.first <= start < batch.stop or (found and found[-1].stop == batch.first):
                found.append(batch)
            elif found:
                break
        return found

    def forget(self, below: int | None = None) -> None:
        """Let go of what ends at or below a position; without one, of everything."""
        with self._lock:
            for first in [one.first for one in self._held.values() if below is None or one.stop <= below]:
                self._drop(first)

    def _drop(self, first: int) -> None:
        gone = self._held.pop(first, None)
        self._weight -= gone.size if gone else 0


HELD = Fresh()


def keep(
    *,
    first: int,
    workspace: int,
    organisation: int | None,
    now: datetime,
    parts: Sequence[tuple[str, bytes, bytes, dict[str, Any] | None]],
    leaves: Sequence[bytes],
    hashes: Sequence[bytes],
) -> None:
    """Keep what is being appended once it is committed. `parts`: type, salt, text and payload of each."""
    types, salts, texts, payloads = zip(*parts, strict=True)
    batch = Batch(
        first=first, workspace=workspace, organisation=organisation, time=now.astimezone(UTC), types=types,
        texts=texts, payloads=payloads, salts=salts, leaves=leaves, hashes=hashes, size=sum(map(len, texts)),
    )  # fmt: skip
    transaction.on_commit(partial(HELD.put, batch), robust=True)


def read(start: int, stop: int, types: Collection[str], limit: int) -> list[Statement] | None:
    """As `queries.read` of the main book, or None: then the log has to be read.

    Only as many batches are looked at as the statements come from: a long way is gone in many such steps.
    """
    found: list[Statement] = []
    for batch in HELD.since(start):
        if not _stands(batch):
            return None
        found += batch.statements(start, stop, types, limit - len(found))
        if len(found) == limit or batch.stop >= stop:
            return found
    return None


def _stands(batch: Batch) -> bool:
    """Whether the log still says this: its last leaf is at its place, and nobody's key was put over any of it."""
    last = rows.read(MAIN.entries, "leaf_hash", "WHERE position = %s", batch.stop - 1)
    if not last or bytes(last[0][0]) != batch.hashes[-1]:
        return False
    over = "WHERE position >= %s AND position < %s AND subject_key_id IS NOT NULL LIMIT 1"
    return not rows.read(MAIN.entries, "position", over, batch.first, batch.stop)
