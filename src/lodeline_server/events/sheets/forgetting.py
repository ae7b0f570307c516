"""What previews keep about a person whose data is erased."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lodeline_server.events.sheets.models import SheetPreview

if TYPE_CHECKING:
    from lodeline_server.log.purging import Erasing


def purge(erasing: Erasing) -> None:
    """Previews that quote what is erased go. Those that wait go all: their bytes cannot be looked through by word."""
    rows = SheetPreview.objects.filter(workspace_id=erasing.workspace)
    rows.filter(document__isnull=False).delete()
    for row in rows.defer("document"):
        if erasing.quoted_in([row.rows, row.findings, row.name], phrases=True):
            row.delete()
