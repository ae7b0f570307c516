"""The events of a lot or an item as a credential: what the organisation itself has told of it.

What went into a lot is left out unless the choice `inputs` says `yes`: it would tell the recipe.
"""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Final

from lodeline.credentials.contexts import is_iri
from lodeline.credentials.kinds.parts import scheme_of
from lodeline.credentials.kinds.terms import UNITS
from lodeline.credentials.kinds.values import Amount, Event, Events, Party, Place, Scheme, Thing
from lodeline.identifiers import DOMAIN, IdentifierError, parse_digital_link
from lodeline_server.credentials.kinds import Said
from lodeline_server.credentials.naming import key as written
from lodeline_server.evidence import queries as evidence
from lodeline_server.kit.problems import Problem
from lodeline_server.lots import queries
from lodeline_server.lots.models import Touch

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lodeline_server.credentials.kinds import Wanted

MOST: Final = 100
_ACTS: Final = {
    Touch.MADE: "make",
    Touch.SHIPPED: "move",
    Touch.RECEIVED: "move",
    Touch.SOLD: "move",
}


def events(wanted: Wanted) -> Said:
    """`about`: identifier of a lot or an item, in any spelling."""
    workspace, party = wanted.organisation.workspace_id, wanted.organisation.party
    lot = queries.lot(workspace, written(wanted.about))
    if lot is None:
        raise Problem(404, "There is no such lot or item on record", detail=wanted.about[:200])
    touched = [
        row
        for row in queries.touches(workspace, lot.key)
        if not row.void and row.captured_by == party and row.act != Touch.USED
    ]
    if not touched:
        raise Problem(404, "The organisation has told no event of it", detail=wanted.about[:200])
    if len(touched) > MOST:
        raise Problem(409, f"More than {MOST} events do not go into one credential", detail=lot.label)
    names = {one.uri: one.name for one in evidence.sites(workspace)}
    people = {one.uri: one.name for one in evidence.parties(workspace)}
    inputs = _inputs(workspace, touched) if wanted.choices.get("inputs") == "yes" else {}
    return Said(
        values=Events(
            about=lot.key,
            name=lot.label,
            events=tuple(
                _event(row, lot.product, names, people, inputs.get(row.event, ())) for row in touched
            ),
        )
    )


def _inputs(workspace: int, touched: Iterable[Touch]) -> dict[str, tuple[Amount, ...]]:
    ids = [row.event for row in touched if row.act == Touch.MADE]
    found: dict[str, list[Amount]] = defaultdict(list)
    rows = Touch.objects.filter(workspace_id=workspace, event__in=ids, act=Touch.USED, void=False)
    for row in rows.order_by("pk"):
        found[row.event].append(_amount(row, ""))
    return {event: tuple(amounts) for event, amounts in found.items()}


def _event(
    row: Touch, product: str, names: dict[str, str], people: dict[str, str], inputs: tuple[Amount, ...]
) -> Event:
    act = _ACTS.get(row.act, "modify")
    site = Place(id=row.site, name=names.get(row.site, row.site)) if is_iri(row.site) else None
    arrived = row.act == Touch.RECEIVED
    return Event(
        act=act,
        id=row.event,
        name=row.step or row.act,
        time=row.time,
        activity=row.step or row.act,
        inputs=inputs,
        outputs=(_amount(row, product),),
        place=None if arrived else site,
        to=site if arrived else None,
        parties=(("manufacturer" if act == "make" else "operator", _party(row.captured_by, people)),),
    )


def _party(uri: str, people: dict[str, str]) -> Party:
    number, address, name = scheme_of(uri)
    return Party(id=uri, name=people.get(uri, uri), number=number, scheme=Scheme(id=address, name=name))


def _amount(row: Touch, product: str) -> Amount:
    try:
        quantity = Decimal(row.amount) if row.amount else None
    except InvalidOperation:
        quantity = None
    unit = row.uom if row.uom in UNITS else ""
    return Amount(
        thing=thing(row.key, product),
        quantity=quantity if unit or not row.uom else None,
        unit=unit,
    )


def thing(key: str, product: str) -> Thing:
    """A lot or an item as credentials name it."""
    try:
        keys = parse_digital_link(key.removeprefix(DOMAIN)).keys
    except IdentifierError:
        keys = {}
    item, batch = keys.get("21", ""), keys.get("10", "")
    return Thing(
        id=key,
        name=product or item or batch or key,
        granularity="item" if item else "batch",
        scheme=Scheme(id="https://id.gs1.org/01", name="GS1 trade item (GTIN)") if "01" in keys else None,
        model=keys.get("01", ""),
        batch=batch,
        item=item,
    )
