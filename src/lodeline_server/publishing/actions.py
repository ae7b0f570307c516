"""Publishing: canonical bytes, written in the same transaction as the decision they show."""

from __future__ import annotations

import gzip
import hashlib
from typing import TYPE_CHECKING

from lodeline_server.publishing.models import Published

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

GONE = 410
LEVEL = 6


def publish(
    *,
    key: str,
    forms: Mapping[str, bytes],
    kind: str,
    position: int,
    now: datetime,
    audience: str = "public",
    status: int = 200,
) -> None:
    """Replace all forms under `key` for `audience`. `forms` maps media types to bytes; ETag is their SHA-256.

    Runs inside the transaction of the decision that is shown. To take something away, `withdraw` it.
    """
    if not forms:
        raise ValueError("publish at least one form; to take something away, withdraw it")
    Published.objects.bulk_create(
        [
            Published(
                key=key,
                audience=audience,
                media_type=media_type,
                body=body,
                gzip=gzip.compress(body, LEVEL, mtime=0),
                etag=hashlib.sha256(body).hexdigest(),
                kind=kind,
                status=status,
                position=position,
                published_at=now,
            )
            for media_type, body in forms.items()
        ],
        update_conflicts=True,
        unique_fields=["key", "audience", "media_type"],
        update_fields=["body", "gzip", "etag", "kind", "status", "position", "published_at"],
    )
    Published.objects.filter(key=key, audience=audience).exclude(media_type__in=list(forms)).delete()


def withdraw(
    *,
    key: str,
    forms: Mapping[str, bytes],
    kind: str,
    position: int,
    now: datetime,
    audience: str = "public",
) -> None:
    """Put a tombstone (410) in place of what was published."""
    publish(key=key, forms=forms, kind=kind, position=position, now=now, audience=audience, status=GONE)
