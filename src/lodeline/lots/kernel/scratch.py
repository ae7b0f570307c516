"""Room for marks on every row, kept between questions: clearing what was marked costs less than clearing everything."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

SPARE = 1 << 16
"""Rows more than there are: appended lots fit without new room."""
KEPT = 8
"""At most so many are kept for a graph: one for each question that is answered at the same time."""


@frozen(kw_only=True, eq=False)
class Scratch:
    """`seen` and `slots` are all zero between questions; `found` holds anything. 9 bytes a row."""

    seen: NDArray[np.uint8]
    slots: NDArray[np.int32]
    found: NDArray[np.int32]


@contextmanager
def borrowed(pool: list[Scratch], size: int) -> Iterator[Scratch]:
    """Room for `size` rows. Whoever borrows it clears what it marked; after an error it is thrown away."""
    try:
        one = pool.pop()  # one step, whatever other threads do
    except IndexError:
        one = None
    if one is None or len(one.seen) < size:
        room = size + SPARE
        one = Scratch(
            seen=np.zeros(room, np.uint8), slots=np.zeros(room, np.int32), found=np.empty(room, np.int32)
        )
    yield one
    if len(pool) < KEPT:
        pool.append(one)
