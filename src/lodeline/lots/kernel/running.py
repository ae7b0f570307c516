"""How a loop of the kernel runs: as it stands, or compiled by numba."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

PLAIN_BELOW = 100_000
"""Edges below which loading the compiler takes longer than the loop as it stands."""


@cache
def available() -> bool:
    """Whether numba is installed (`pip install lodeline[kernel]`). Looked up, not imported."""
    return find_spec("numba") is not None


@cache
def compiled(loop: Callable[..., Any]) -> Callable[..., Any]:
    """The loop in machine code, kept on disk for the next process."""
    from numba import njit

    made: Callable[..., Any] = njit(cache=True, nogil=True)(loop)
    return made


def run(loop: Callable[..., Any], edges: int, *arguments: Any, fast: bool | None = None) -> Any:
    """Call a loop on a graph of so many edges; `fast` overrules the choice."""
    if fast if fast is not None else edges >= PLAIN_BELOW and available():
        return compiled(loop)(*arguments)
    return loop(*(one.data if isinstance(one, np.ndarray) else one for one in arguments))
