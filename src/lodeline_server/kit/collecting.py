"""No search for cycles while many small values without cycles are made: it costs a fifth of the time and more."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_UNSEEN = 2_000_000
"""Values that may go by without a look. In a thousand events of a document, three are in a cycle."""
_unseen = 0


@contextmanager
def uncollected() -> Iterator[None]:
    """Memory is freed by counting references meanwhile, as ever; the search is taken up again afterwards.

    What was made here counts as old then: looked through with everything old, after many such times at the latest.
    """
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            _grow_old()
            gc.enable()


def _grow_old() -> None:
    global _unseen  # noqa: PLW0603 - one collector per process
    _unseen += gc.get_count()[0]
    if _unseen > MOST_UNSEEN:
        gc.collect()
        _unseen = 0
    else:
        gc.freeze()  # all generations are put aside, and then into the oldest: lists are joined, nothing is looked at
        gc.unfreeze()
