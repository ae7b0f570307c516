"""Reading published bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lodeline_server.publishing.models import Published

if TYPE_CHECKING:
    from django.db.models import QuerySet


def forms(key: str, audience: str = "public") -> QuerySet[Published]:
    """All forms under a key."""
    return Published.objects.filter(key=key, audience=audience).order_by("media_type")


def published(key: str, media_type: str, audience: str = "public") -> Published | None:
    """One form, or None."""
    return forms(key, audience).filter(media_type=media_type).first()
