"""The evidence projection: facts, profiles and record counts, derived from the log and nothing else."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from lodeline_server.evidence.models import Fact, Party, Record, Site
from lodeline_server.evidence.reading import KINDS, fact, party_of, site_of, uri
from lodeline_server.evidence.tallying import COUNTED, store, tally

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from lodeline_server.log.queries import Statement

_KEYS = {"id", "workspace", "uri"}


class EvidenceProjection:
    name = "evidence"
    types = COUNTED
    order = 10

    def reset(self) -> None:
        for model in (Fact, Party, Site, Record):
            model.objects.all().delete()

    def apply(self, statements: Sequence[Statement]) -> None:
        stated = [statement for statement in statements if statement.type in KINDS]
        if stated:
            self._facts(stated)
        store(tally(statements))

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


def _content(statement: Statement) -> tuple[str, dict[str, Any]]:
    body = statement.payload.get("body")
    stated = body if isinstance(body, dict) else {}
    content = stated.get("content")
    return uri(stated.get("subject")), content if isinstance(content, dict) else {}


def _party(statement: Statement) -> Party:
    return party_of(statement.workspace, *_content(statement), statement.position)


def _site(statement: Statement) -> Site:
    return site_of(statement.workspace, *_content(statement), statement.position)


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


def _lines(model: type[Fact | Party | Site | Record], order: tuple[str, ...]) -> Iterator[str]:
    names = [field.attname for field in model._meta.fields if field.name != "id"]  # noqa: SLF001
    for row in model.objects.order_by(*order).values(*names).iterator(chunk_size=1000):
        yield json.dumps([model.__name__, row], sort_keys=True, default=str, ensure_ascii=False)
