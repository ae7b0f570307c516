"""Limits of strict JSON, its error, and how a place in a document is named."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Sequence

JSON: TypeAlias = Any
"""What a JSON text can hold: dict, list, str, int, float, bool, None."""
Path: TypeAlias = "tuple[str | int, ...]"

MAX_BYTES: Final = 32 * 1024 * 1024
MAX_DEPTH: Final = 64
MAX_VALUES: Final = 1_500_000
MAX_NUMBER: Final = 100
"""Most characters of one number."""
MAX_INTEGER: Final = 2**53 - 1
"""Largest integer that every JSON reader keeps exactly (RFC 8259 section 6, RFC 8785 section 3.1)."""
EXPONENTS: Final = 1e21
"""From here on RFC 8785 writes a whole double with an exponent."""


class StrictJSONError(ValueError):
    """The bytes are not acceptable JSON.

    `rule` is a stable code, `position` the byte offset, `pointer` the JSON pointer of the value at fault
    ("" when it is the whole text or not known).
    """

    def __init__(self, rule: str, message: str, position: int = 0, pointer: str = "") -> None:
        super().__init__(message)
        self.rule, self.position, self.pointer = rule, position, pointer


def pointer(path: Sequence[str | int]) -> str:
    """JSON pointer (RFC 6901) of a path of keys and indexes."""
    return "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in path)
