"""What every kind of anchor offers, and the values that pass between it and the outbox."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from attrs import field, frozen

if TYPE_CHECKING:
    from datetime import datetime

    from lodeline.log.anchors.states import State
    from lodeline_server.log.anchoring.targets import Target


class AnchorError(Exception):
    """It did not work now; the message says why. It is tried again."""


class Superseded(AnchorError):  # noqa: N818 - a state of the target
    """The target holds a later checkpoint of this log, which covers this one. It is not tried again."""


@frozen(kw_only=True)
class Subject:
    """The checkpoint to anchor. `note` is as signed; `text` of it is what is hashed, with its last newline."""

    book: str
    size: int
    root: bytes
    note: str
    queued_at: datetime

    @property
    def origin(self) -> str:
        return self.note.split("\n", 1)[0]

    @property
    def text(self) -> bytes:
        """What a time stamp covers: the note without its signatures, which may grow."""
        return (self.note.rpartition("\n\n")[0] + "\n").encode()

    @property
    def name(self) -> str:
        """For files: book, size and the beginning of the root."""
        return f"{self.book}-{self.size}-{self.root.hex()[:16]}"


@frozen(kw_only=True)
class Outcome:
    """Where an anchor is now. What is None stays as it was."""

    state: State
    receipt: bytes | None = None
    detail: dict[str, Any] = field(factory=dict)
    request: bytes | None = None
    attested_at: datetime | None = None
    said: str = ""


class Kind(Protocol):
    """One target of a kind, opened. May use the network, so nothing is called inside a transaction.

    All of them raise `AnchorError`.
    """

    def __init__(self, target: Target) -> None: ...

    def begin(self, subject: Subject) -> tuple[bytes, dict[str, Any]]:
        """The request that will be sent, and what must be remembered with it. Both are stored before `send`."""
        ...

    def send(self, subject: Subject, request: bytes, detail: dict[str, Any], now: datetime) -> Outcome:
        """Send it. Sending the same request twice anchors once."""
        ...

    def look(self, subject: Subject, receipt: bytes, detail: dict[str, Any]) -> Outcome | None:
        """Where what was sent is now; None when the target knows nothing of it."""
        ...

    def verify(self, subject: Subject, receipt: bytes, detail: dict[str, Any]) -> datetime | None:
        """Check stored evidence again, as of today's trust; the time it vouches for, None if it vouches for none."""
        ...


def opened(target: Target) -> Kind:
    """The target, ready to use. What only one kind needs is imported for that kind alone."""
    if target.kind == "rfc3161":
        from lodeline_server.log.anchoring.rfc3161 import Authority

        return Authority(target)
    if target.kind == "evm":
        from lodeline_server.log.anchoring.evm import Chain

        return Chain(target)
    from lodeline_server.log.anchoring.export import Folder

    return Folder(target)
