"""Counting how facts came into the log: who signed, how late, what was corrected."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from attrs import Factory, define

from lodeline_server.evidence.models import Record
from lodeline_server.evidence.reading import KINDS, uri

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from lodeline_server.log.queries import Statement

EVENT = "epcis.event"
COUNTED = KINDS | {EVENT}
DAY = 86_400
Key = tuple[int, str, "date"]


@define
class Tally:
    """What some statements add to a party's record of one day."""

    own: int = 0
    proxy: int = 0
    corrections: int = 0
    unexplained: int = 0
    first_position: int = 0
    last_position: int = 0
    delays: Counter[str] = Factory(Counter)


def tally(statements: Iterable[Statement]) -> dict[Key, Tally]:
    """By workspace, party and day of the log; statements in log order."""
    found: dict[Key, Tally] = {}
    for statement in statements:
        payload = statement.payload
        key = (statement.workspace, uri(payload.get("issuer")), statement.time.astimezone(UTC).date())
        row = found.setdefault(key, Tally(first_position=statement.position))
        signature = payload.get("signature")
        if isinstance(signature, dict) and signature.get("by") == "party":
            row.own += 1
        else:
            row.proxy += 1
        row.last_position = statement.position
        if statement.type == EVENT:
            _count_event(row, payload, statement.time)
    return found


def add(record: Record, row: Tally) -> None:
    """Put what was counted on top of what is there."""
    record.own += row.own
    record.proxy += row.proxy
    record.corrections += row.corrections
    record.unexplained += row.unexplained
    record.last_position = max(record.last_position, row.last_position)
    record.delays = dict(sorted((Counter(record.delays) + row.delays).items(), key=lambda item: int(item[0])))


def store(tallies: dict[Key, Tally]) -> None:
    """Add to the records in the database, in two statements."""
    if not tallies:
        return
    spaces, parties, days = (set(column) for column in zip(*tallies, strict=True))
    present = Record.objects.filter(workspace_id__in=spaces, party__in=parties, day__in=days)
    rows = {(record.workspace_id, record.party, record.day): record for record in present}
    changed = []
    for key, row in tallies.items():
        record = rows.get(key) or fresh(key, row)
        add(record, row)
        changed.append(record)
    Record.objects.bulk_create(
        changed,
        batch_size=500,
        update_conflicts=True,
        unique_fields=["workspace", "party", "day"],
        update_fields=["own", "proxy", "corrections", "unexplained", "last_position", "delays"],
    )


def fresh(key: Key, row: Tally) -> Record:
    """An empty record for the key, not saved."""
    space, party, day = key
    return Record(
        workspace_id=space,
        party=party,
        day=day,
        delays={},
        first_position=row.first_position,
        last_position=0,
    )


def _count_event(row: Tally, payload: dict[str, Any], logged: datetime) -> None:
    body = payload.get("body")
    event = body.get("event") if isinstance(body, dict) else None
    if not isinstance(event, dict):
        return
    declared = event.get("errorDeclaration")
    if isinstance(declared, dict):
        row.corrections += 1
        row.unexplained += not declared.get("reason")
        return
    happened = _moment(event.get("eventTime"))
    if happened is not None:
        seconds = max(0, int((logged - happened).total_seconds()))
        row.delays[str(-(-seconds // DAY))] += 1


def _moment(value: Any) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value)
    except (ValueError, TypeError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
