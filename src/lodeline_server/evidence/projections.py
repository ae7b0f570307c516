"""The evidence projection: facts, profiles and record counts, derived from the log and nothing else."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from attrs import Factory, define

from lodeline_server.evidence.models import Fact, Party, Record, Site
from lodeline_server.evidence.reading import KINDS, fact, text, uri, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import date

    from lodeline_server.log.queries import Statement

DAY = 86_400
_KEYS = {"id", "workspace", "uri"}
Key = tuple[int, str, "date"]


@define
class Tally:
    """What one batch adds to a party's record of one day."""

    own: int = 0
    proxy: int = 0
    corrections: int = 0
    unexplained: int = 0
    last_position: int = 0
    delays: Counter[str] = Factory(Counter)


class EvidenceProjection:
    name = "evidence"
    types = KINDS | {"epcis.event"}
    order = 10

    def reset(self) -> None:
        for model in (Fact, Party, Site, Record):
            model.objects.all().delete()

    def apply(self, statements: Sequence[Statement]) -> None:
        stated = [statement for statement in statements if statement.type in KINDS]
        if stated:
            self._facts(stated)
        self._records(statements)

    def dump(self) -> Iterator[str]:
        """One canonical line per row, without row ids."""
        for model, order in (
            (Fact, ("position",)),
            (Party, ("workspace_id", "uri")),
            (Site, ("workspace_id", "uri")),
            (Record, ("workspace_id", "party", "day")),
        ):
            yield from _lines(model, order)

    def _facts(self, statements: Sequence[Statement]) -> None:
        spaces = {statement.workspace for statement in statements}
        rows = Site.objects.filter(workspace_id__in=spaces).values_list("workspace_id", "uri", "party")
        owners: dict[int, dict[str, str]] = defaultdict(dict)
        for space, site, party in rows:
            owners[space][site] = party
        parties: dict[tuple[int, str], Party] = {}
        sites: dict[tuple[int, str], Site] = {}
        facts = []
        for statement in statements:
            known = owners[statement.workspace]
            if statement.type == "site.profile":
                place = _site(statement)
                known[place.uri] = place.party
                sites[statement.workspace, place.uri] = place
            elif statement.type == "party.profile":
                profile = _party(statement)
                parties[statement.workspace, profile.uri] = profile
            facts.append(fact(statement, known))
        Fact.objects.bulk_create(facts, batch_size=500)
        _latest(Party, parties.values())
        _latest(Site, sites.values())

    def _records(self, statements: Sequence[Statement]) -> None:
        tallies: dict[Key, Tally] = defaultdict(Tally)
        for statement in statements:
            payload = statement.payload
            key = (statement.workspace, uri(payload.get("issuer")), statement.time.astimezone(UTC).date())
            tally = tallies[key]
            signature = payload.get("signature")
            if isinstance(signature, dict) and signature.get("by") == "party":
                tally.own += 1
            else:
                tally.proxy += 1
            tally.last_position = max(tally.last_position, statement.position)
            if statement.type == "epcis.event":
                _count_event(tally, payload, statement.time)
        _add(tallies)


def _content(statement: Statement) -> tuple[str, dict[str, Any]]:
    body = statement.payload.get("body")
    stated = body if isinstance(body, dict) else {}
    content = stated.get("content")
    return uri(stated.get("subject")), content if isinstance(content, dict) else {}


def _party(statement: Statement) -> Party:
    subject, content = _content(statement)
    return Party(
        workspace_id=statement.workspace,
        uri=subject,
        name=text(content.get("name"), 300) or subject,
        country=text(content.get("country"), 2),
        roles=words(content.get("roles")),
        materials=words(content.get("materials")),
        parent=uri(content.get("parent")),
        contact=text(content.get("contact"), 300),
        position=statement.position,
    )


def _site(statement: Statement) -> Site:
    subject, content = _content(statement)
    return Site(
        workspace_id=statement.workspace,
        uri=subject,
        name=text(content.get("name"), 300) or subject,
        party=uri(content.get("party")),
        country=text(content.get("country"), 2),
        kind=text(content.get("kind"), 30) or "other",
        latitude=text(content.get("latitude"), 30),
        longitude=text(content.get("longitude"), 30),
        materials=words(content.get("materials")),
        position=statement.position,
    )


def _latest(model: type[Party | Site], rows: Iterable[Party | Site]) -> None:
    """The later position wins: within a batch by order, across batches by overwriting."""
    fields = [field.name for field in model._meta.fields if field.name not in _KEYS]  # noqa: SLF001 (documented)
    model.objects.bulk_create(
        list(rows),
        batch_size=500,
        update_conflicts=True,
        unique_fields=["workspace", "uri"],
        update_fields=fields,
    )


def _count_event(tally: Tally, payload: dict[str, Any], logged: datetime) -> None:
    body = payload.get("body")
    event = body.get("event") if isinstance(body, dict) else None
    if not isinstance(event, dict):
        return
    declared = event.get("errorDeclaration")
    if isinstance(declared, dict):
        tally.corrections += 1
        if not declared.get("reason"):
            tally.unexplained += 1
        return
    happened = _moment(event.get("eventTime"))
    if happened is not None:
        seconds = max(0, int((logged - happened).total_seconds()))
        tally.delays[str(-(-seconds // DAY))] += 1


def _moment(value: Any) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value)
    except (ValueError, TypeError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _add(tallies: dict[Key, Tally]) -> None:
    spaces, parties, days = (
        (set(column) for column in zip(*tallies, strict=True)) if tallies else ((), (), ())
    )
    present = {
        (row.workspace_id, row.party, row.day): row
        for row in Record.objects.filter(workspace_id__in=spaces, party__in=parties, day__in=days)
    }
    rows = []
    for (space, party, when), tally in tallies.items():
        row = present.get((space, party, when)) or Record(
            workspace_id=space, party=party, day=when, delays={}
        )
        row.own += tally.own
        row.proxy += tally.proxy
        row.corrections += tally.corrections
        row.unexplained += tally.unexplained
        row.last_position = max(row.last_position, tally.last_position)
        row.delays = dict(sorted((Counter(row.delays) + tally.delays).items(), key=lambda item: int(item[0])))
        rows.append(row)
    Record.objects.bulk_create(
        rows,
        batch_size=500,
        update_conflicts=True,
        unique_fields=["workspace", "party", "day"],
        update_fields=["own", "proxy", "corrections", "unexplained", "last_position", "delays"],
    )


def _lines(model: type[Fact | Party | Site | Record], order: tuple[str, ...]) -> Iterator[str]:
    names = [field.attname for field in model._meta.fields if field.name != "id"]  # noqa: SLF001
    for row in model.objects.order_by(*order).values(*names).iterator(chunk_size=1000):
        yield json.dumps([model.__name__, row], sort_keys=True, default=str, ensure_ascii=False)
