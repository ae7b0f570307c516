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
        ).iterator():
            yield json.dumps(one)
        for declared in Declared.objects.order_by("workspace_id", "event", "captured_by"):
            yield json.dumps([declared.workspace_id, declared.event, declared.captured_by])


def _apply(workspace: int, statements: Sequence[Statement]) -> None:
    parties = dict(Organisation.objects.filter(workspace_id=workspace).values_list("slug", "party"))
    events = [
        (one, parse_event(one.payload["body"]["event"], one.payload["body"].get("context")))
        for one in statements
    ]
    known = {one.event for one in _rows(Touch, workspace, "event", {event.id for _, event in events})}
    fresh: list[Touch] = []
    declared: list[Declared] = []
    for statement, event in events:
        payload, position = statement.payload, statement.position
        captured_by = parties.get(payload.get("captured_by", ""), payload.get("issuer", ""))
        if event.error_declaration is not None:
            declared.append(
                Declared(workspace_id=workspace, event=event.id, captured_by=captured_by, position=position)
            )
        elif event.id not in known:  # another edition of a known event moves no mass again
            known.add(event.id)
            fresh += touches.of(event, workspace=workspace, position=position, captured_by=captured_by)
    Declared.objects.bulk_create(declared, batch_size=BULK, ignore_conflicts=True)
    touched = {one.key for one in fresh} | _end(workspace, fresh, declared)
    Touch.objects.bulk_create(fresh, batch_size=BULK)
    _fold(workspace, touched)


def _rows(model: type[Row], workspace: int, field: str, values: Iterable[str]) -> Iterator[Row]:
    """Rows of `model` whose `field` is among `values`; databases limit how many can be asked for at once."""
    manager = model._default_manager  # noqa: SLF001 - Django's public name for it
    wanted = sorted(values)
    for start in range(0, len(wanted), BULK):
        part = wanted[start : start + BULK]
        yield from manager.filter(workspace_id=workspace, **{f"{field}__in": part})


def _end(workspace: int, fresh: list[Touch], declared: list[Declared]) -> set[str]:
    """Void what was declared an error by who captured it, also where the declaration came first.

    The lots it concerns.
    """
    events = {one.event for one in (*fresh, *declared)}
    ended = {
        (one.event, one.captured_by): one.position for one in _rows(Declared, workspace, "event", events)
    }
    if not ended:
        return set()
    for one in fresh:
        one.ended = ended.get((one.event, one.captured_by))
        one.void = one.ended is not None
    stored = [
        one
        for one in _rows(Touch, workspace, "event", {one.event for one in declared})
        if not one.void and (one.event, one.captured_by) in ended
    ]
    for one in stored:
        one.void, one.ended = True, ended[one.event, one.captured_by]
    Touch.objects.bulk_update(stored, ["void", "ended"], batch_size=BULK)
    return {one.key for one in stored}


def _fold(workspace: int, keys: set[str]) -> None:
    """Recompute the lots of `keys` and of whatever is packed in them."""
    layer = keys
    for _ in range(NESTING):
        layer = {one.key for one in _rows(Touch, workspace, "other", layer)} - keys
        if not layer:
            break
        keys = keys | layer
    own: dict[str, list[Touch]] = defaultdict(list)
    for one in _rows(Touch, workspace, "key", keys):
        own[one.key].append(one)
    known, parents = set(keys), {one.other for rows in own.values() for one in rows if one.other}
    for _ in range(NESTING):
        parents -= known
        if not parents:
            break
        above = list(_rows(Touch, workspace, "key", parents))
        for one in above:
            own[one.key].append(one)
        known, parents = known | parents, {one.other for one in above if one.other}
    lots = [fold(workspace, key, own[key], list(_carried(key, own, NESTING))) for key in sorted(keys)]
    there = [lot for lot in lots if lot is not None]
    gone = keys - {lot.key for lot in there}
    for one in _rows(Lot, workspace, "key", gone):
        one.delete()
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
            if row.act == Touch.UNPACKED and not row.other and not row.void and row.time > one.time
        ]
        until = min([*emptied, *([until] if until else [])], default=None)
        for row in parent:
            if row.time >= one.time and (until is None or row.time <= until) and row.act != Touch.MADE:
                yield row
