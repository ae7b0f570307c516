"""What is on record against what was counted, weighed and possible; cases about what does not fit."""

from __future__ import annotations

from datetime import timedelta


def ready() -> None:
    """Called from the app's `ready()`."""
    from lodeline_server.kit import scheduler
    from lodeline_server.log import sources
    from lodeline_server.log.projections import register
    from lodeline_server.log.purging import offer_quotes
    from lodeline_server.lots.reconciling.models import CaseEntry
    from lodeline_server.lots.reconciling.projection import TYPES, Cases
    from lodeline_server.lots.reconciling.tasks import reconcile_all

    for kind in sorted(TYPES):
        offer_quotes(kind, lambda payload, erasing: erasing.quoted_in(payload["body"]))
    register(Cases())
    sources.offer("cases", CaseEntry, TYPES, projection="cases")
    scheduler.register(scheduler.Clock(name="reconciliation", task=reconcile_all, every=timedelta(days=1)))
