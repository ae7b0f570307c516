"""Lots follow the log. What is stored depends on the set of events, not on the order in which they came."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING, TypeVar

from attrs import frozen
from django.db.models import Model

from lodeline.events.epcis import parse_event
from lodeline_server.lots import touches
from lodeline_server.lots.folding import fold
from lodeline_server.lots.models import Declared, Lot, Touch
from lodeline_server.parties.models import Organisation

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from django.db.models import QuerySet

    from lodeline_server.log.queries import Statement

BULK = 500
Row = TypeVar("Row", bound=Model)
NESTING = 8
DUMPED = ("key", "label", "item", "gtin", "product", "party", "site", "amount", "uom", "mass", "custody",
          "current_site", "holder", "inside", "status", "position")  # fmt: skip


@frozen
class Lots:
    name: str = "lots"
    types: frozenset[str] = frozenset({"epcis.event"})
    order: int = 20

    def reset(self) -> None:
        Touch.objects.all().delete()
        Declared.objects.all().delete()
        Lot.objects.all().delete()

    def apply(self, statements: Sequence[Statement]) -> None:
        by_workspace: dict[int, list[Statement]] = defaultdict(list)
        for statement in statements:
            by_workspace[statement.workspace].append(statement)
        for workspace, own in by_workspace.items():
            _apply(workspace, own)

    def dump(self) -> Iterator[str]:
        for lot in Lot.objects.order_by("workspace_id", "key").iterator():
            content = {name: getattr(lot, name) for name in DUMPED}
            content |= {"made_at": lot.made_at.isoformat(), "seen_at": lot.seen_at.isoformat()}
            content["composition"] = dict(sorted(lot.composition.items()))
            yield json.dumps([lot.workspace_id, content], sort_keys=True)
        rows = Touch.objects.order_by(
            "workspace_id", "key", "time", "event", "act", "group", "other", "amount"
        )
        for one in rows.values_list(
            "workspace_id", "key", "event", "act", "group", "other", "amount", "uom", "void"
        ):
            yield json.dumps(one)


def _apply(workspace: int, statements: Sequence[Statement]) -> None:
    parties = dict(Organisation.objects.filter(workspace_id=workspace).values_list("slug", "party"))
    events = [
        (one, parse_event(one.payload["body"]["event"], one.payload["body"].get("context")))
        for one in statements
    ]
    ids = {event.id for _, event in events}
    known = set(_in(Touch, workspace, "event", ids).values_list("event", flat=True))
    fresh: list[Touch] = []
    ended: dict[str, int] = {}
    for statement, event in events:
        if event.error_declaration is not None:
            ended.setdefault(event.id, statement.position)
        elif event.id not in known:  # another edition of a known event moves no mass again
            known.add(event.id)
            captured_by = parties.get(
                statement.payload.get("captured_by", ""), statement.payload.get("issuer", "")
            )
            fresh += touches.of(
                event, workspace=workspace, position=statement.position, captured_by=captured_by
            )
    touched = {one.key for one in fresh}
    touched |= _end(workspace, ended, fresh, ids)
    Touch.objects.bulk_create(fresh, batch_size=BULK)
    _fold(workspace, touched)


def _in(model: type[Row], workspace: int, field: str, values: Iterable[str]) -> QuerySet[Row]:
    """Rows of `model` whose `field` is among `values`."""
    rows: QuerySet[Row] = model._default_manager.filter(
        workspace_id=workspace, **{f"{field}__in": list(values)}
    )  # noqa: SLF001
    return rows


def _end(workspace: int, ended: dict[str, int], fresh: list[Touch], ids: set[str]) -> set[str]:
    """Void what was declared an error, also where the declaration came first; the lots it concerns."""
    Declared.objects.bulk_create(
        [
            Declared(workspace_id=workspace, event=event, position=position)
            for event, position in ended.items()
        ],
        ignore_conflicts=True,
    )
    declared = set(_in(Declared, workspace, "event", ids).values_list("event", flat=True))
    for one in fresh:
        one.void = one.event in declared
    stored = _in(Touch, workspace, "event", declared).filter(void=False)
    concerned = set(stored.values_list("key", flat=True))
    stored.update(void=True)
    return concerned


def _fold(workspace: int, keys: set[str]) -> None:
    """Recompute the lots of `keys` and of whatever is packed in them."""
    layer = keys
    for _ in range(NESTING):
        layer = set(_in(Touch, workspace, "other", layer).values_list("key", flat=True)) - keys
        if not layer:
            break
        keys = keys | layer
    own: dict[str, list[Touch]] = defaultdict(list)
    for one in _in(Touch, workspace, "key", keys):
        own[one.key].append(one)
    parents = {one.other for rows in own.values() for one in rows if one.other}
    for one in _in(Touch, workspace, "key", parents - keys):
        own[one.key].append(one)
    lots = [fold(workspace, key, own[key], list(_carried(key, own, NESTING))) for key in sorted(keys)]
    there = [lot for lot in lots if lot is not None]
    gone = keys - {lot.key for lot in there}
    Lot.objects.filter(workspace_id=workspace, key__in=list(gone)).delete()
    fields = [field.name for field in Lot._meta.fields if field.name not in {"id", "workspace", "key"}]  # noqa: SLF001
    Lot.objects.bulk_create(
        there,
        batch_size=BULK,
        update_conflicts=True,
        unique_fields=["workspace", "key"],
        update_fields=fields,
    )


def _carried(key: str, own: dict[str, list[Touch]], depth: int) -> Iterator[Touch]:
    """What happened to the packages of `key` while it was in them, packages in packages included."""
    if not depth:
        return
    packing = sorted(
        (one for one in own[key] if one.other and not one.void and one.act in {Touch.PACKED, Touch.UNPACKED}),
        key=lambda one: (one.time, one.act == Touch.PACKED, one.event),
    )
    for number, one in enumerate(packing):
        if one.act != Touch.PACKED:
            continue
        until = next((later.time for later in packing[number + 1 :] if later.other == one.other), None)
        parent = [*own[one.other], *_carried(one.other, own, depth - 1)]
        emptied = [
            row.time
            for row in own[one.other]
            if row.act == Touch.UNPACKED and not row.other and row.time > one.time
        ]
        until = min([*emptied, *([until] if until else [])], default=None)
        for row in parent:
            if row.time >= one.time and (until is None or row.time <= until) and row.act != Touch.MADE:
                yield row
