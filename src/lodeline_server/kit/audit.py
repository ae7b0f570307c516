"""The audit trail, as every app may write to it: who read, changed, granted, exported, signed in, was denied.

The log keeps it and lies above this package, so it registers its writer here (`offer`). Two ways in: `record` is a
row in the caller's transaction, kept or undone with it; `note` is for reads and waits in memory for at most half a
second. A request has one line (kit.middleware writes it) unless an action inside it wrote a more telling one.
"""

from __future__ import annotations

import os
import secrets
from contextlib import contextmanager
from contextvars import ContextVar
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

import structlog
from attrs import define, field, frozen
from django.db import DatabaseError

from lodeline.access import Actor
from lodeline_server.kit import clock

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

log = structlog.get_logger(__name__)
LONGEST = 200  # characters of an object's id that are kept
PERSON = "person"  # an object of this name is a user's number; the writer puts the pseudonym in its place


class Kind(StrEnum):
    """The types of statements in the audit book; they stand in the open in its leaves."""

    READ = "audit.read"
    EXPORT = "audit.export"
    CHANGE = "audit.change"
    GRANT = "audit.grant"
    REVOKE = "audit.revoke"
    SIGNIN = "audit.signin"
    SIGNOUT = "audit.signout"
    ACCOUNT = "audit.account"
    COMMAND = "audit.command"
    DENIED = "audit.denied"
    REFUSED = "audit.refused"
    FAILED = "audit.failed"


class Outcome(StrEnum):
    """`denied`: no right to it. `refused`: the input was. `failed`: the fault was ours."""

    OK = "ok"
    DENIED = "denied"
    REFUSED = "refused"
    FAILED = "failed"


@frozen(kw_only=True)
class Event:
    """One line. `actor` is None for whoever did not say who they are; the writer keeps a pseudonym, never a name.

    `objects`: ids by name, control characters encoded. `workspace`: whose trail it stands in, 0 the installation's.
    """

    kind: Kind
    action: str
    outcome: Outcome
    actor: Actor | None
    workspace: int
    objects: Mapping[str, str]
    permission: str
    request: str
    time: datetime


class Writer(Protocol):
    """What the log registers."""

    def record(self, event: Event) -> None:
        """A row in the current transaction."""

    def note(self, event: Event) -> None:
        """A row soon: kept in memory until then."""


@define
class Trail:
    """What is known about the request that this thread answers. `told`: an action inside it wrote its line."""

    request: str = field(factory=lambda: secrets.token_hex(8))
    told: bool = False


_writers: list[Writer] = []
_trail: ContextVar[Trail | None] = ContextVar("audit trail", default=None)


def offer(writer: Writer) -> None:
    """Called once, from the `ready()` of the app that keeps the trail."""
    _writers[:] = [writer]


@contextmanager
def following() -> Iterator[Trail]:
    """The lines written in this block belong to one request."""
    mark = _trail.set(Trail())
    try:
        yield _trail.get() or Trail()
    finally:
        _trail.reset(mark)


def visible(text: object, longest: int = LONGEST) -> str:
    """Text for a line of a log or a terminal: cut, and what is not printable encoded as in Python (escape as x1b)."""
    said = str(text)[:longest]
    if said.isprintable():
        return said
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in said)


def event(
    kind: Kind,
    action: str,
    *,
    actor: Actor | None,
    now: datetime,
    objects: Mapping[str, object] | None = None,
    outcome: Outcome = Outcome.OK,
    workspace: int | None = None,
    permission: str = "",
) -> Event:
    """A line of the request at hand. Without a `workspace` it stands in the actor's own trail."""
    trail = _trail.get()
    return Event(
        kind=kind,
        action=visible(action),
        outcome=outcome,
        actor=actor,
        workspace=workspace if workspace is not None else (actor.workspace if actor else None) or 0,
        objects={visible(name): visible(value) for name, value in (objects or {}).items()},
        permission=permission,
        request=trail.request if trail else "",
        time=now,
    )


def record(
    kind: Kind,
    action: str,
    *,
    actor: Actor | None,
    now: datetime | None = None,
    objects: Mapping[str, object] | None = None,
    outcome: Outcome = Outcome.OK,
    workspace: int | None = None,
) -> None:
    """Write a line in the current transaction: for actions. It stands for the request it happens in."""
    line = event(
        kind,
        action,
        actor=actor,
        now=now or clock.now(),
        objects=objects,
        outcome=outcome,
        workspace=workspace,
    )
    write(line)
    if trail := _trail.get():
        trail.told = True


def write(line: Event) -> None:
    """A row in the current transaction, or in one of its own."""
    for writer in _writers:
        writer.record(line)


def note(line: Event) -> None:
    """A row within half a second. What waits in memory is lost when the process is killed."""
    for writer in _writers:
        writer.note(line)


def command(
    action: str, objects: Mapping[str, object] | None = None, *, outcome: Outcome = Outcome.OK
) -> str:
    """Somebody at the command line did this. The actor is the system's user number, as a pseudonym.

    A command goes on when there is no trail to write to (an older or a read-only database): it answers why, and the
    log file says so.
    """
    shell = Actor(kind="shell", id=f"shell:{os.getuid()}")
    try:
        record(Kind.COMMAND, action, actor=shell, objects=objects, outcome=outcome)
    except DatabaseError as error:
        log.warning("not in the audit trail", action=action, error=str(error))
        return f"{error}. 'lodeline manage migrate' brings an older database up to this program."
    return ""
