"""What is to be dealt with after a recall, whom to tell, and how far that has come."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import define, field, frozen

from lodeline.recalls.closure import Balance, Outcome, Thing, balance
from lodeline_server.evidence import queries as evidence
from lodeline_server.lots import queries as lots
from lodeline_server.recalls.closing.models import Closure, Notice, Settled

if TYPE_CHECKING:
    from datetime import datetime

    from django.db.models import QuerySet

    from lodeline_server.evidence.models import Party
    from lodeline_server.recalls.models import Hit, Recall


@define
class Case:
    """One thing on the list with what is known of it. `dose` is empty for the suspect lot itself."""

    thing: Thing
    label: str
    product: str
    dose: str
    site: str
    status: str
    note: str = ""
    on: datetime | None = None


@frozen(kw_only=True)
class Marked:
    """The newest word on a mark, and how often it was set."""

    on: datetime
    note: str
    position: int
    times: int


@define
class Addressee:
    """A holder of something that was reached: whom to tell. Contact and country as they are known now."""

    party: str
    name: str
    country: str = ""
    contact: str = ""
    cases: list[Case] = field(factory=list)
    marks: dict[str, Marked] = field(factory=dict)

    @property
    def items(self) -> int:
        return sum(case.thing.item for case in self.cases)

    @property
    def lots(self) -> int:
        return len(self.cases) - self.items

    @property
    def mass(self) -> int:
        return sum(case.thing.mass or 0 for case in self.cases)

    @property
    def open(self) -> int:
        return sum(case.thing.outcome is None for case in self.cases)


def to_settle(recall: Recall) -> QuerySet[Hit]:
    """Items at or above the threshold, and such lots on the way that hold some of the lot or may."""
    rows = recall.hits.filter(share__gte=recall.threshold).order_by("rank")
    return rows.exclude(item=False, held=0)


def cases(recall: Recall) -> list[Case]:
    """Everything to deal with, the suspect lot itself first when some of it is or may be left."""
    told = {row.key: row for row in Settled.objects.filter(recall=recall)}

    def case(key: str, holder: str, mass: int | None, *, item: bool, **more: str) -> Case:
        row = told.get(key)
        outcome = Outcome(row.outcome) if row else None
        thing = Thing(key=key, holder=holder, item=item, mass=mass, outcome=outcome)
        return Case(thing=thing, note=row.note if row else "", on=row.on if row else None, **more)

    found = []
    if recall.held != 0:
        lot = lots.lot(recall.workspace_id, recall.lot)
        found.append(
            case(
                recall.lot, lot.holder if lot else "", recall.held, item=bool(lot and lot.item), label=recall.label,
                product=recall.product, dose="", site=lot.current_site if lot else "", status=lot.status if lot else "",
            )
        )  # fmt: skip
    found += [
        case(
            hit.key, hit.holder, hit.held, item=hit.item, label=hit.label, product=hit.product,
            dose=f"{hit.share.normalize():f}", site=hit.site_name or hit.site, status=hit.status,
        )
        for hit in to_settle(recall).iterator(chunk_size=1000)
    ]  # fmt: skip
    return found


def weighed(found: list[Case]) -> Balance:
    return balance(case.thing for case in found)


def addressees(recall: Recall, found: list[Case] | None = None) -> list[Addressee]:
    """Whom to tell, most things first; who is not known comes last."""
    names = {row.holder: row.holder_name for row in to_settle(recall).exclude(holder_name="")}
    known: dict[str, Party] = {}
    people: dict[str, Addressee] = {}
    for case in cases(recall) if found is None else found:
        party = case.thing.holder
        one = people.setdefault(party, Addressee(party=party, name=names.get(party, party)))
        one.cases.append(case)
    known = {row.uri: row for row in evidence.parties(recall.workspace_id).filter(uri__in=list(people)[:900])}
    for party, one in people.items():
        if party in known:
            row = known[party]
            one.name, one.country, one.contact = row.name, row.country, row.contact
    for row in Notice.objects.filter(recall=recall).order_by("position"):
        if row.party in people:
            marks = people[row.party].marks
            times = marks[row.mark].times + 1 if row.mark in marks else 1
            marks[row.mark] = Marked(on=row.on, note=row.note, position=row.position, times=times)
    return sorted(people.values(), key=lambda one: (not one.party, -len(one.cases), one.name, one.party))


def closure(recall: Recall) -> Closure | None:
    return Closure.objects.filter(recall=recall).first()


def statements(recall: Recall) -> list[int]:
    """Positions of the recall, its notices and its outcomes."""
    notices = Notice.objects.filter(recall=recall).values_list("position", flat=True)
    outcomes = Settled.objects.filter(recall=recall).values_list("position", flat=True)
    return sorted({recall.position, *notices, *outcomes})
