from __future__ import annotations

from typing import Any


def add_steps(steps: Any) -> None: ...
