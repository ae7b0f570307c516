"""Checks of an event against what is on record about its lots and items, and what it adds to that.

Who made a thing, when, from what, who had it. A `Ledger` reads the things a document touches in a few queries,
judges event after event as if the earlier ones were on record already, and hands back the rows to store.
"""

from __future__ import annotations

from collections import defaultdict, deque
from itertools import islice
from typing import TYPE_CHECKING, Any

from lodeline.events.epcis import parse_event
from lodeline.evidence import Finding, Severity
from lodeline.identifiers import is_item
from lodeline_server.events import queries
from lodeline_server.events.models import EventRecord
from lodeline_server.events.queries import KnownThing
from lodeline_server.events.touches import CLASS, Touch, place_of
from lodeline_server.log import queries as log

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from lodeline.events.epcis import Event
    from lodeline_server.log.queries import Statement

SENDING = frozenset({"shipping", "consigning", "departing", "retail_selling"})
RECEIVING = frozenset({"receiving", "arriving", "accepting"})
TO_PARTY = frozenset({"possessing_party", "owning_party"})
MOST_STEPS = 2_000
"""Transformations looked at for one event before the search for a cycle gives up, and says so."""
IN_ONE = 900
"""Values in one statement; databases limit their number."""
MOST_NESTED = 10
"""Containers in containers."""


class Ledger:
    """What is known of the things in one document, and what its events change."""

    def __init__(self, workspace: int, organisation: int, party: str, events: Sequence[Event]) -> None:
        self.workspace, self.organisation, self.party = workspace, organisation, party
        self._touches = {id(event): Touch(event) for event in events}
        touched: set[str] = set()
        for touch in self._touches.values():
            touched.update(key for of_them in (touch.named, touch.made, touch.used) for key, _ in of_them)
        self.things = queries.things(workspace, touched)
        self.changed: set[str] = set()
        # Transformations of this document that were taken: what came out of which, and what went in.
        self._made_in: dict[str, set[str]] = {}
        self._used_in: dict[str, set[str]] = {}
        # What lies behind them on record, read for one event and kept for the next ones.
        self._behind: dict[str, KnownThing | None] = {}
        self._went_in: dict[int | str, set[str]] = {}
        self._called: dict[int | str, str] = {}
        self._contents: dict[str, list[str]] = {}
        self._open({key for event in events if _moves(event) for key in self._touches[id(event)].keys})

    def _open(self, containers: set[str]) -> None:
        """Learn what is inside containers that move, and inside those."""
        for _ in range(MOST_NESTED):
            if not containers:
                return
            inside = [
                thing for thing in queries.contents(self.workspace, containers) if thing.key not in containers
            ]
            for thing in inside:
                self.things.setdefault(thing.key, thing)
                self._contents.setdefault(thing.parent, []).append(thing.key)
            containers = {thing.key for thing in inside}

    # --- judging ----------------------------------------------------------------------------------

    def judge(self, event: Event, place: str) -> list[Finding]:
        """Findings of one event against what is on record and what this document said before."""
        if event.error_declaration is not None:
            return []  # it repeats an event that was judged before
        found: list[Finding] = []
        if event.type == "TransformationEvent":
            for key, path in self._touches[id(event)].used:
                thing = self.things.get(key)
                if thing is not None and thing.maker is not None:
                    self._judge_use(event, thing, f"{place}{place_of(path)}", found)
            self._judge_cycle(event, place, found)
        elif event.biz_step in RECEIVING:
            self._judge_receipt(event, place, found)
        cycles = {finding.pointer for finding in found}
        for key, path in self._touches[id(event)].made:
            thing = self.things.get(key)
            if thing is not None and (pointer := f"{place}{place_of(path)}") not in cycles:
                self._judge_maker(event, thing, pointer, found)
        return found

    def _judge_maker(self, event: Event, thing: KnownThing, place: str, found: list[Finding]) -> None:
        key = thing.key
        if thing.maker is not None and thing.maker != self.organisation:
            if is_item(key):
                say = "item.claimed-twice", "Another party is on record as the maker of this single thing."
            else:
                say = (
                    "lot.other-party",
                    "Another party is on record as the maker of this lot. Use your own lot code.",
                )
            found.append(_finding(*say, place, event, key))
        elif thing.maker is not None and is_item(key) and thing.made_by != _group(event):
            say = "item.made-again", "You made this single thing before. Check the serial."
            found.append(_finding(*say, place, event, key, Severity.WARNING))
        if thing.used is not None and thing.used < event.time and thing.made is None:
            say = (
                "item.used-before",
                f"Made at {event.time:%Y-%m-%d %H:%M} but used {thing.used:%Y-%m-%d %H:%M} UTC.",
            )
            found.append(_finding(*say, place, event, key))

    def _judge_use(self, event: Event, thing: KnownThing, place: str, found: list[Finding]) -> None:
        key = thing.key
        if thing.maker != self.organisation and self.party not in thing.parties.splitlines():
            say = (
                "lot.not-yours",
                "This was made by another party and neither sent to you nor received by you.",
            )
            found.append(_finding(*say, place, event, key))
        if thing.made is not None and thing.made > event.time:
            say = (
                "item.not-made-yet",
                f"Used before it was made ({thing.made:%Y-%m-%d %H:%M} UTC). Check the times.",
            )
            found.append(_finding(*say, place, event, key))

    def _judge_receipt(self, event: Event, place: str, found: list[Finding]) -> None:
        for key, path in self._touches[id(event)].named:
            thing = self.things.get(key)
            if thing is None or thing.maker is None or thing.maker == self.organisation:
                continue
            if self.party not in thing.parties.splitlines():
                say = "custody.unpaired-receiving", "Received, but no shipping to you is on record."
                found.append(_finding(*say, f"{place}{place_of(path)}", event, key, Severity.WARNING))

    def _judge_cycle(self, event: Event, place: str, found: list[Finding]) -> None:
        """An output that is also an ancestor of an input. Only a thing that was used before can be one."""
        touch = self._touches[id(event)]
        suspects = {
            key: path
            for key, path in touch.made
            if (thing := self.things.get(key)) is not None and thing.used is not None
        }
        if not suspects:
            return
        entered = {key for key, _ in touch.used}
        suspects = {key: path for key, path in suspects.items() if key not in entered}
        if not suspects:
            return
        used = [thing.used for key in suspects if (thing := self.things[key]).used is not None]
        for key in self._ancestors(entered, min(used)):
            if key is None:
                say = (
                    "transformation.cycle-unknown",
                    f"Not checked for a cycle beyond {MOST_STEPS} transformations back.",
                )
                found.append(_finding(*say, place, event, "", Severity.WARNING))
            elif key in suspects:
                say = (
                    "transformation.cycle",
                    "This output is on record as an ancestor of an input. Name a new lot.",
                )
                found.append(_finding(*say, f"{place}{place_of(suspects[key])}", event, key))

    def _ancestors(self, keys: set[str], since: datetime) -> Iterator[str | None]:
        """What these things were made from since a time, as far as it is on record and not declared wrong.

        Nothing that was made before a lot was first used came from that lot. Ends with None when it gives up.
        """
        seen, steps = set(keys), set[int | str]()
        layer = set(keys)
        while layer:
            fresh = self._steps(layer, since) - steps
            if len(steps) + len(fresh) > MOST_STEPS:
                yield None
                return
            steps |= fresh
            layer = self._inputs(fresh) - seen
            seen |= layer
            yield from sorted(layer)

    def _steps(self, keys: set[str], since: datetime) -> set[int | str]:
        """The transformations that these came out of: positions on record, or groups of this document by name."""
        unread = [key for key in keys if key not in self.things and key not in self._behind]
        if unread:
            self._behind |= dict.fromkeys(unread) | queries.things(self.workspace, unread)
        found: set[int | str] = set()
        for key in keys:
            thing = self.things.get(key) or self._behind.get(key)
            positions = thing.made_at_positions.split() if thing else []
            if len(positions) > 1 or (thing and (thing.made is None or thing.made >= since)):
                found |= set(map(int, positions))
            found |= self._made_in.get(key, set())
        return found

    def _inputs(self, steps: set[int | str]) -> set[str]:
        """What went into some transformations. What is on record is read once for the whole document."""
        unread = {step for step in steps if step not in self._went_in}
        if unread:
            self._read_inputs({step for step in unread if isinstance(step, int)}, set(filter(_named, unread)))
        names = (step if isinstance(step, str) else self._called.get(step, "") for step in steps)
        own = (self._used_in.get(name, set()) for name in names)
        return set().union(*(self._went_in[step] for step in steps), *own)

    def _read_inputs(self, positions: set[int], groups: set[Any]) -> None:
        self._went_in |= {step: set() for step in (*positions, *groups)}
        rows = EventRecord.objects.filter(workspace_id=self.workspace, ended=False)
        of_step: dict[int, list[int | str]] = defaultdict(list)
        member_of: dict[str, list[int | str]] = defaultdict(list, {name: [name] for name in groups})
        for part in _parts(positions):
            for position, name in rows.filter(position__in=part).values_list("position", "transformation"):
                (member_of[name] if name else of_step[position]).append(position)
                if name:
                    self._called[position] = name
        for names in _parts(member_of):
            members = rows.filter(transformation__in=names).values_list("transformation", "position")
            for name, position in members:
                of_step[position] += member_of[name]
        for part in _parts(of_step):
            for position, statement in log.at(part, self.workspace).items():
                went_in = _inputs_of(statement)
                for step in of_step[position]:
                    self._went_in[step] |= went_in

    # --- remembering ------------------------------------------------------------------------------

    def take(self, event: Event, key: str) -> None:
        """Note what an accepted event says; `key` is its name in the log."""
        if event.error_declaration is not None:
            self._end(event)
            return
        touch, group = self._touches[id(event)], _group(event)
        for name, _ in touch.made:
            thing = self._thing(name)
            if thing.maker is None:
                thing.maker, thing.made, thing.made_by = self.organisation, event.time, group or key
            elif thing.made is not None and event.time < thing.made and thing.maker == self.organisation:
                thing.made = event.time
            self._add_party(thing, self.party)
        if event.type == "TransformationEvent":
            self._used_in.setdefault(group, set()).update(name for name, _ in touch.used)
            for name, _ in touch.made:
                self._made_in.setdefault(name, set()).add(group)
            for name, _ in touch.used:
                thing = self._thing(name)
                if thing.used is None or event.time < thing.used:
                    thing.used, thing.used_by = event.time, key
        if (
            event.type in {"AggregationEvent", "AssociationEvent"}
            and event.parent
            and event.action != "OBSERVE"
        ):
            for name in (*event.children, *(part.epc_class for part in event.child_quantities)):
                if not CLASS.fullmatch(name):
                    self._pack(self._thing(name), event.parent if event.action == "ADD" else "")
        if event.biz_step in SENDING:
            for link in event.destinations:
                if link.type in TO_PARTY:
                    self._hand_over(event, link.id)
        elif event.biz_step in RECEIVING:
            self._hand_over(event, self.party)

    def positions(self, event: Event, position: int) -> None:
        """Where in the log a transformation stands: the way back from what came out of it."""
        if event.type == "TransformationEvent" and event.error_declaration is None:
            for name, _ in self._touches[id(event)].made:
                thing = self._thing(name)
                before = thing.made_at_positions
                thing.made_at_positions = f"{before}\n{position}" if before else str(position)

    def rows(self) -> list[KnownThing]:
        """The things to store."""
        return [self.things[key] for key in sorted(self.changed)]

    def _end(self, event: Event) -> None:
        """An event was declared wrong: what only it said is not known any more."""
        self._went_in.clear()
        for name in {key for key, _ in (*self._touches[id(event)].made, *self._touches[id(event)].used)}:
            thing = self.things.get(name)
            if thing is None:
                continue
            if thing.made_by in {event.id, _group(event)} and thing.made_by:
                thing.maker, thing.made, thing.made_by = None, None, ""
                self.changed.add(name)
            if thing.used_by == event.id:
                thing.used, thing.used_by = None, ""
                self.changed.add(name)

    def _hand_over(self, event: Event, party: str) -> None:
        rest = deque(key for key, _ in self._touches[id(event)].named)
        seen: set[str] = set()
        while rest:
            key = rest.popleft()
            if key in seen:
                continue
            seen.add(key)
            self._add_party(self._thing(key), party)
            rest.extend(self._contents.get(key, ()))

    def _pack(self, thing: KnownThing, parent: str) -> None:
        if thing.parent and thing.key in self._contents.get(thing.parent, ()):
            self._contents[thing.parent].remove(thing.key)
        thing.parent = parent
        if parent:
            self._contents.setdefault(parent, []).append(thing.key)

    def _add_party(self, thing: KnownThing, party: str) -> None:
        if not thing.parties:
            thing.parties = party
        elif party and party != thing.parties and party not in thing.parties.splitlines():
            thing.parties = f"{thing.parties}\n{party}"

    def _thing(self, key: str) -> KnownThing:
        self.changed.add(key)
        thing = self.things.get(key)
        if thing is None:
            thing = self.things[key] = KnownThing(key)
        return thing


def _group(event: Event) -> str:
    """Members of one transformation id make the same things together."""
    return event.transformation_id or event.id


def _moves(event: Event) -> bool:
    return event.biz_step in SENDING or event.biz_step in RECEIVING


def _named(step: int | str) -> bool:
    return isinstance(step, str)


def _inputs_of(statement: Statement) -> set[str]:
    if not statement.payload:  # erased
        return set()
    body = statement.payload["body"]
    return {key for key, _ in Touch(parse_event(body["event"], body.get("context"))).used}


def _parts(values: Iterable[Any]) -> Iterator[list[Any]]:
    rest = iter(sorted(values))
    while part := list(islice(rest, IN_ONE)):
        yield part


def _finding(
    rule: str, message: str, place: str, event: Event, key: str, severity: Severity = Severity.ERROR
) -> Finding:
    return Finding(
        rule=rule, severity=severity, pointer=place, message=message, event_id=event.id, got=key[:80]
    )
