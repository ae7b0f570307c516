"""/healthz: 200 only when this process can do its work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import DatabaseError, connection
from django.http import HttpResponse

from lodeline_server.config import folder
from lodeline_server.kit.permissions import public

if TYPE_CHECKING:
    from django.http import HttpRequest

_migrated = False


@public
def healthz(_request: HttpRequest) -> HttpResponse:
    """Plain words; 503 while the database is away or behind this program."""
    global _migrated  # noqa: PLW0603 - once true it stays true for this process
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        _migrated = _migrated or not folder.pending()
    except DatabaseError:
        return HttpResponse("the database does not answer\n", status=503, content_type="text/plain")
    if not _migrated:
        return HttpResponse("the database is behind this program\n", status=503, content_type="text/plain")
    return HttpResponse("ready\n", content_type="text/plain", headers={"Cache-Control": "no-store"})
