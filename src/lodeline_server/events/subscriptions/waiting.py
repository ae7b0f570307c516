"""A reader that waits: the answer comes when there is something, or after a while without.

In place of the standard's WebSocket, which this server does not speak: a thread is held while somebody waits, so few
may at once, and not for long. Who finds no place is answered at once, and told when to come again.
"""

from __future__ import annotations

import os
import threading
from time import monotonic, sleep
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

LONGEST: Final = 20
"""Seconds of one wait."""
EVERY: Final = 0.5
AGAIN: Final = 5
"""Seconds after which who found no place comes again."""
AT_ONCE: Final = max(0, int(os.environ.get("LODELINE_WAITING") or 1))
"""Readers that wait at the same time in one server process."""
_places = threading.BoundedSemaphore(AT_ONCE) if AT_ONCE else None


def until(moved: Callable[[], bool], seconds: float) -> bool:
    """Wait until `moved` says yes or the time is over; False when there was no place to wait in."""
    if _places is None or not _places.acquire(blocking=False):
        return False
    try:
        end = monotonic() + min(seconds, LONGEST)
        while not moved() and (left := end - monotonic()) > 0:
            sleep(min(EVERY, left))
        return True
    finally:
        _places.release()
