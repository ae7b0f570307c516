"""How much a document may hold and which times are believable."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from attrs import frozen

from lodeline import strictjson


@frozen(kw_only=True)
class Limits:
    """Defaults are announced by the server (`GS1-EPCIS-Capture-Limit` and so on) and may be lowered."""

    max_bytes: int = strictjson.MAX_BYTES
    max_depth: int = strictjson.MAX_DEPTH
    max_values: int = strictjson.MAX_VALUES
    max_events: int = 10_000
    max_epcs: int = 20_000
    """Identifiers in one event, over all its lists."""
    max_findings: int = 500
    ahead: timedelta = timedelta(hours=24)
    """How far an event may lie ahead of now: clocks differ, plans are no events."""
    earliest: datetime = datetime(1990, 1, 1, tzinfo=UTC)
    max_milligrams: int = 10**18
    """A million tonnes and more in one element is a slip of the unit; also what 64 bits hold."""
