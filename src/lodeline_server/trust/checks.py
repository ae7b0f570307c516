"""How a party's captured documents fared in the checks: the input of the data-quality measure."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from lodeline_server.events.models import CaptureJob

if TYPE_CHECKING:
    from datetime import date, datetime

# Weight of a finding; an event or statement that passed all rules stands for as much as an error.
WEIGHTS = {"error": 10, "warning": 3}
WHOLE = 10


def quality(workspace: int, *, since: date, now: datetime) -> dict[str, tuple[int, int]]:
    """Party to (weight of the checks that ran, weight of those that did not pass), over finished documents."""
    rows = CaptureJob.objects.filter(
        workspace_id=workspace,
        created_at__date__gt=since,
        created_at__lte=now,
        state__in=[CaptureJob.State.TAKEN, CaptureJob.State.REFUSED],
    ).values_list("organisation__party", "accepted", "rejected", "findings")
    ran: dict[str, int] = defaultdict(int)
    failed: dict[str, int] = defaultdict(int)
    for party, accepted, rejected, findings in rows.iterator():
        whole = WHOLE * max(accepted + rejected, 1)
        weights = sum(WEIGHTS.get(finding.get("severity", ""), 0) for finding in findings)
        ran[party] += whole
        failed[party] += min(weights + WHOLE * rejected, whole)
    return {party: (weight, failed[party]) for party, weight in ran.items()}
