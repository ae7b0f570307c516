"""Lots follow the log. What is stored depends on the set of events, not on the order in which they came."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from attrs import frozen

from lodeline.events.context import Names
from lodeline.events.epcis import EVENTS, parse_event
from lodeline_server.lots import rows, touches
from lodeline_server.lots.carrying import NESTING, carried, with_parents
from lodeline_server.lots.folding import fold, goes_on
from lodeline_server.lots.models import Declared, Effect, Happening, Lot, Touch
from lodeline_server.parties.models import Organisation

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from lodeline.events.epcis import Event
    from lodeline_server.log.queries import Statement
    from lodeline_server.lots.rows import LotRow, TouchRow

BULK = 500
DUMPED = ("key", "label", "item", "gtin", "product", "party", "site", "amount", "uom", "mass", "custody",
          "current_site", "holder", "inside", "status", "position")  # fmt: skip


@frozen
class Lots:
    name: str = "lots"
    types: frozenset[str] = frozenset({"epcis.event"})
    order: int = 20

    def reset(self) -> None:
        Effect.objects.all().delete()
        Happening.objects.all().delete()
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
        stored = Touch.objects.order_by(
            "workspace_id", "key", "time", "event", "act", "group", "other", "amount"
        )
        for one in stored.values_list(
            "workspace_id", "key", "event", "act", "group", "other", "amount", "uom", "void", "point"
        ).iterator():
            yield json.dumps(one)
        for declared in Declared.objects.order_by("workspace_id", "event", "captured_by"):
            yield json.dumps([declared.workspace_id, declared.event, declared.captured_by])


def _apply(workspace: int, statements: Sequence[Statement]) -> None:
    parties = dict(Organisation.objects.filter(workspace_id=workspace).values_list("slug", "party"))
    names = NamesSeen()
    events = [(one, _event(one, names)) for one in statements]
    known = rows.events_known(workspace, {event.id for _, event in events})
    fresh: list[TouchRow] = []
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
            fresh += touches.of(event, position=position, captured_by=captured_by)
    if declared:
        Declared.objects.bulk_create(declared, batch_size=BULK, ignore_conflicts=True)
    ended = _end(workspace, fresh, declared)
    rows.insert(workspace, fresh)
    _fold(workspace, fresh, ended, statements[0].position)


def _event(statement: Statement, names: NamesSeen) -> Event:
    """As it was parsed a moment ago in this process, or parsed now."""
    body = statement.payload["body"]
    return EVENTS.take(statement.leaf_hash) or parse_event(body["event"], names.of(body.get("context")))


class NamesSeen:
    """The prefixes of contexts, read once for all events of a document."""

    def __init__(self) -> None:
        self._last: tuple[Any, Names] = (None, Names.of(None))

    def of(self, context: Any) -> Names:
        if context != self._last[0]:
            self._last = context, Names.of(context)
        return self._last[1]


def _ended(workspace: int, events: Iterable[str]) -> dict[tuple[str, str], int]:
    """Position of the declaration by event and who captured it."""
    found = {}
    wanted = sorted(events)
    for start in range(0, len(wanted), BULK):
        part = Declared.objects.filter(workspace_id=workspace, event__in=wanted[start : start + BULK])
        for event, captured_by, position in part.values_list("event", "captured_by", "position"):
            found[event, captured_by] = position
    return found


def _end(workspace: int, fresh: list[TouchRow], declared: list[Declared]) -> set[str]:
    """Void what was declared an error by who captured it, also where the declaration came first.

    The lots it concerns.
    """
    if not Declared.objects.filter(workspace_id=workspace).exists():
        return set()
    ended = _ended(workspace, {one.event for one in (*fresh, *declared)})
    if not ended:
        return set()
    for one in fresh:
        one.ended = ended.get((one.event, one.captured_by))
        one.void = one.ended is not None
    named = {one.event for one in declared}
    return rows.end(workspace, {place: at for place, at in ended.items() if place[0] in named})


def _fold(workspace: int, fresh: list[TouchRow], ended: set[str], before: int) -> None:
    """Bring up the lots that were touched, and whatever is packed in them. `fresh`: the rows from `before` on.

    `ended`: something about these was declared wrong, so one may be no lot any more.
    """
    new: dict[str, list[TouchRow]] = defaultdict(list)
    for one in fresh:
        new[one.key].append(one)
    whole = ended | _inside(workspace, new.keys() | ended)
    there = rows.lots(workspace, new.keys() - whole)
    moved, made = [], set()
    for key, touched in new.items():
        if key in whole:
            continue
        lot = there.get(key)
        if lot is None:
            if any(one.act == Touch.MADE for one in touched):
                made.add(key)
        elif goes_on(lot, touched):
            moved.append(lot)
        else:
            whole.add(key)
    rows.move_lots(moved)
    folded = _folded(workspace, whole | made, new, before)
    rows.store_lots(workspace, folded)
    for gone in rows.lots_known(workspace, ended - {lot.key for lot in folded}):
        Lot.objects.filter(workspace_id=workspace, key=gone).delete()


def _inside(workspace: int, keys: set[str]) -> set[str]:
    """Whatever was ever packed in these, and in that: what happens to a package happens to it."""
    found: set[str] = set()
    layer = set(keys) if rows.packing(workspace) else set()
    seen = set(layer)
    for _ in range(NESTING):
        if not layer:
            break
        inside = rows.packed_in(workspace, layer)
        found |= inside
        layer = inside - seen
        seen |= layer
    return found


def _folded(workspace: int, keys: set[str], new: dict[str, list[TouchRow]], before: int) -> list[LotRow]:
    """The lots among `keys`, from all their touches."""
    own = with_parents(keys, lambda some: _touches(workspace, some, new, before))
    found = []
    for key in sorted(keys):
        lot = fold(key, own[key], list(carried(key, own)))
        if lot is not None:
            found.append(lot)
    return found


def _touches(
    workspace: int, keys: set[str], new: dict[str, list[TouchRow]], before: int
) -> dict[str, list[TouchRow]]:
    """All touches of `keys`: the stored ones, then the fresh ones."""
    found: dict[str, list[TouchRow]] = defaultdict(list)
    for one in rows.touches(workspace, keys, before=before):
        found[one.key].append(one)
    for key in keys & new.keys():
        found[key] += new[key]
    return found
