"""Findings of the books of credits, taken in as cases beside those of the physical flows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lodeline.evidence import Severity
from lodeline.lots.mismatch import Cause, Mismatch
from lodeline_server.evidence import queries as evidence
from lodeline_server.lots.custody import queries as custody

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

CAUSES: Final = {
    "RB-CREDITS": Cause.MISSING_RECEIPT,
    "RB-CLAIMS": Cause.MISSING_EVENT,
    "RB-EVENT": Cause.MISSING_EVENT,
    "RB-TIME": Cause.TIME_SHIFT,
    "RB-DOUBLED": Cause.DOUBLE_USE,
    "RB-CARRIED": Cause.WRONG_FACTOR,
    "MB-03": Cause.MISSING_EVENT,
    "MB-09": Cause.MISSING_EVENT,
    "MB-11": Cause.MISSING_EVENT,
    "MB-12": Cause.DOUBLE_USE,
}
"""What is most likely behind a finding of the books; an entry that is missing for what is not listed."""


def of_books(workspace: int, now: datetime) -> Iterator[Mismatch]:
    """What the ledgers of credits say does not fit. Notes are for the page of the book; nobody has to act on them."""
    found = [one for one in custody.findings(workspace, now) if one.severity is not Severity.NOTE]
    keepers = {one.uri: one.party for one in evidence.sites(workspace)} if found else {}
    for one in found:
        keeper = keepers.get(one.site, "")
        yield Mismatch(
            rule=one.rule,
            subject=f"{one.book} {one.subject}".strip(),
            period=one.period,
            pointer=one.entry or one.event or one.book,
            message=one.message,
            cause=CAUSES.get(one.rule, Cause.MISSING_EVENT),
            here=(one.entry,) if one.entry else (),
            there=(one.event,) if one.event else (),
            site=one.site,
            parties=(keeper,) if keeper else (),
        )
