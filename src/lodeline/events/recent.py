"""Parsed events and documents of a moment ago, so that the next step of the same process need not parse them again.

Only a shortcut: a key is a hash of the bytes the value was made from, and what is not here is parsed.
"""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Recent(Generic[Value]):
    """The last values put, up to a total weight; each is handed out once."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._weight = 0
        self._held: OrderedDict[bytes, tuple[int, Value]] = OrderedDict()
        self._lock = Lock()

    def put(self, key: bytes, value: Value, weight: int = 1) -> None:
        """Keep a value; older ones make room. One that is too heavy is not kept."""
        if weight > self.most:
            return
        with self._lock:
            self._weight -= self._held.pop(key, (0, None))[0]
            self._held[key] = weight, value
            self._weight += weight
            while self._weight > self.most:
                self._weight -= self._held.popitem(last=False)[1][0]

    def take(self, key: bytes) -> Value | None:
        """The value, which is not kept any longer; None when it is not here."""
        with self._lock:
            weight, value = self._held.pop(key, (0, None))
            self._weight -= weight
        return value

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._held.clear()
            self._weight = 0
