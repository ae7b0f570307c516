"""The states of an anchor, and when a refused one is tried again. One table for every kind."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum

FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=6)


class State(StrEnum):
    """How far an anchor is.

    `waiting`: in the outbox, nothing was sent. `submitted`: the request may have left this machine.
    `included`: it was taken in, and could still go (a block may be dropped). `final`: it stays, and its evidence is
    stored. `lost`: it was taken in or sent and is gone; it is submitted again.
    """

    WAITING = "waiting"
    SUBMITTED = "submitted"
    INCLUDED = "included"
    FINAL = "final"
    LOST = "lost"


S = State
NEXT: dict[State, frozenset[State]] = {
    S.WAITING: frozenset({S.SUBMITTED}),
    S.SUBMITTED: frozenset({S.INCLUDED, S.FINAL, S.LOST}),
    S.INCLUDED: frozenset({S.FINAL, S.LOST}),
    S.LOST: frozenset({S.SUBMITTED}),
    S.FINAL: frozenset(),
}
OPEN = frozenset(State) - {S.FINAL}


def move(old: State, new: State) -> State:
    """`new`, if the table allows it from `old`; staying is allowed. Raises `ValueError`."""
    if new is not old and new not in NEXT[old]:
        raise ValueError(f"an anchor that is {old} cannot become {new}")
    return new


def pause(failures: int) -> timedelta:
    """How long to wait after the `failures`-th refusal in a row (from 1): doubles, up to six hours."""
    if failures < 1:
        raise ValueError("a pause comes after a failure")
    return min(FIRST_PAUSE * (1 << min(failures - 1, 20)), LONGEST_PAUSE)
