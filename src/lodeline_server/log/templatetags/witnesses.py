"""What pages show of witnesses: {% load witnesses %}{% witnessed size %}, of a checkpoint of the main book."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django import template

from lodeline_server.log import quorum
from lodeline_server.log.books import MAIN

register = template.Library()


@register.inclusion_tag("log/witnessed.html")
def witnessed(size: int) -> dict[str, Any]:
    """Who cosigned our checkpoint of `size`, when, and whether they are enough by our policy."""
    found = [{"name": name, "at": datetime.fromtimestamp(time, UTC)} for name, time in quorum.by(MAIN, size)]
    return {"witnesses": found, "reached": quorum.cosigned(MAIN, size) is not None}
