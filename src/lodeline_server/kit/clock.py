"""The one place in the server that reads the clock. Everything below the edges is given `now`."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    """The current instant, in UTC."""
    return datetime.now(UTC)  # noqa: TID251
