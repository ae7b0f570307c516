"""Points in time as a request gives them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime


def in_utc(moment: datetime) -> datetime:
    """The same instant in UTC. PostgreSQL takes offsets below 16 hours only; `ValueError` beyond the calendar."""
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("the instant is outside of the calendar") from None


Instant = Annotated[AwareDatetime, AfterValidator(in_utc)]
