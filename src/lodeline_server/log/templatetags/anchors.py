"""What pages show of anchors: {% load anchors %}{% anchored position %}."""

from __future__ import annotations

from typing import Any

from django import template

from lodeline_server.log.anchoring import queries
from lodeline_server.log.books import MAIN

register = template.Library()


@register.inclusion_tag("log/anchored.html")
def anchored(position: int) -> dict[str, Any]:
    """Since when it was in the log, as somebody outside says, with the proof; or that nothing covers it yet."""
    found = [{"row": row, "until": queries.until(row)} for row in queries.before(MAIN, position)]
    return {"position": position, "anchors": found}
