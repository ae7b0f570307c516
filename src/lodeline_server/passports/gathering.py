"""What is on record about the batteries of a workspace, as the core wants it. Reads projections, writes nothing."""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from attrs import frozen
from django.conf import settings
from django.db.models import Q

from lodeline.identifiers import DOMAIN, IdentifierError, normalise, parse_digital_link
from lodeline.lots.origin import origins
from lodeline.passports.record import ITEM, MODEL, Making, Profile, Record, Share, Source, Stated, Traced
from lodeline_server.evidence.models import Fact
from lodeline_server.evidence.queries import parties, sites, statements
from lodeline_server.log import projections
from lodeline_server.lots import queries as lots
from lodeline_server.lots.models import Lot, Touch

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from datetime import date

    from django.db.models import QuerySet

    from lodeline.lots.graph import Node
    from lodeline.lots.origin import Origin
    from lodeline_server.evidence.models import Party, Site
    from lodeline_server.lots.queries import Picture

USED, GONE = "used", "destroying"
CHUNK = 500


@frozen(kw_only=True, eq=False)
class Ground:
    """Everything that the passports of some batteries rest on, read once."""

    position: int
    seen: Picture
    models: dict[tuple[str, str], list[Fact]]  # (gtin, issuer)
    items: dict[str, list[Fact]]  # by battery
    derived: dict[str, dict[str, tuple[str, ...]]]  # battery to issuer to what it is derived from
    parties: dict[str, Party]
    sites: dict[str, Site]
    events: dict[tuple[str, int], str]  # (battery, position) of the making event
    held: dict[str, frozenset[str]]  # battery to everybody who ever had it in hand
    destroyed: frozenset[str]
    profiles: dict[int, Source]


def gtins(workspace: int) -> frozenset[str]:
    """GTINs that some maker has stated a battery model for."""
    rows = statements(workspace, kinds=["battery.model"]).values_list("subject", flat=True).distinct()
    return frozenset(gtin for gtin in map(gtin_of, rows) if gtin)


def batteries(workspace: int) -> QuerySet[Lot]:
    """Serialised items of a stated battery model, as a queryset of lots."""
    return lots.items(workspace).filter(gtin__in=gtins(workspace))


def gtin_of(subject: str) -> str:
    """The GTIN-14 of a model's identifier, else nothing."""
    try:
        return parse_digital_link(subject.removeprefix(DOMAIN)).keys.get("01", "")
    except IdentifierError:
        return ""


def ground(workspace: int, keys: Collection[str], today: date) -> Ground:
    """Read what the batteries `keys` need. Statements count while they are in force on `today`."""
    position = max(projections.position("evidence"), projections.position("lots"), 1) - 1
    in_force = (Q(valid_from=None) | Q(valid_from__lte=today)) & (
        Q(valid_until=None) | Q(valid_until__gte=today)
    )
    models: dict[tuple[str, str], list[Fact]] = defaultdict(list)
    for fact in statements(workspace, kinds=["battery.model"]).filter(in_force):
        models[gtin_of(fact.subject), fact.issuer].append(fact)
    wanted = frozenset(keys)
    items: dict[str, list[Fact]] = defaultdict(list)
    derived: dict[str, dict[str, tuple[str, ...]]] = defaultdict(dict)
    for fact in statements(workspace, kinds=["battery.item"]).filter(in_force).iterator(CHUNK):
        if fact.subject in wanted:
            items[fact.subject].append(fact)
        if sources := _links(fact.content.get("derivedFrom")):
            derived[fact.subject][fact.issuer] = sources
    involved = wanted | {
        source for makers in derived.values() for found in makers.values() for source in found
    }
    events, held, destroyed = _touched(workspace, involved)
    people, places = ({one.uri: one for one in rows(workspace)} for rows in (parties, sites))
    positions = {one.position for one in (*people.values(), *places.values())}
    return Ground(
        position=position,
        seen=lots.behind(workspace, wanted),
        models=models,
        items=items,
        derived=derived,
        parties=people,  # type: ignore[arg-type]
        sites=places,  # type: ignore[arg-type]
        events=events,
        held=held,
        destroyed=destroyed,
        profiles={fact.position: source(fact) for fact in Fact.objects.filter(position__in=positions)},
    )


def _touched(
    workspace: int, keys: Iterable[str]
) -> tuple[dict[tuple[str, int], str], dict[str, frozenset[str]], frozenset[str]]:
    events: dict[tuple[str, int], str] = {}
    held: dict[str, set[str]] = defaultdict(set)
    destroyed = set()
    ordered = sorted(keys)
    for start in range(0, len(ordered), CHUNK):
        rows = Touch.objects.filter(
            workspace_id=workspace, void=False, key__in=ordered[start : start + CHUNK]
        )
        for key, position, event, act, step, party, captured_by in rows.values_list(
            "key", "position", "event", "act", "step", "party", "captured_by"
        ):
            held[key] |= {party, captured_by}
            if act == Touch.MADE:
                events[key, position] = event
            if act == Touch.ENDED and step == GONE:
                destroyed.add(key)
    return events, {key: frozenset(found - {""}) for key, found in held.items()}, frozenset(destroyed)


def source(fact: Fact) -> Source:
    """A fact as the source of a value."""
    return Source(
        position=fact.position,
        id=fact.statement_id,
        kind=fact.kind,
        issuer=fact.issuer,
        level=fact.level,
        signed_by=fact.signed_by,
        day=fact.issued.isoformat() if fact.issued else "",
    )


def record(ground: Ground, lot: Lot) -> Record | None:
    """Everything about one battery; None when its maker has not stated the model."""
    stated = ground.models.get((lot.gtin, lot.party), [])
    category = next(
        (one.content.get("category") for one in reversed(stated) if one.content.get("category")), None
    )
    if category not in {"EV", "LMT", "industrial"}:
        return None
    derived = ground.derived.get(lot.key, {}).get(lot.party, ())
    after = tuple(
        sorted(
            key
            for key, makers in ground.derived.items()
            for issuer, sources in makers.items()
            if lot.key in sources and issuer in ground.held.get(lot.key, ())
        )
    )
    ceased = lot.key in ground.destroyed
    return Record(
        key=lot.key,
        gtin=lot.gtin,
        serial=parse_digital_link(lot.key.removeprefix(DOMAIN)).keys["21"],
        category=category,
        base=settings.PUBLIC_URL,
        position=ground.position,
        maker=_maker(ground, lot.party),
        statements=(*_models(stated), *_items(ground, lot)),
        model=source(stated[-1]),
        making=_making(ground, lot),
        facility=_facility(ground, lot.site),
        status="inactive" if ceased else "archived" if lot.status == USED and after else "active",
        derived_from=derived,
        succeeded_by=after,
    )


def _models(stated: Iterable[Fact]) -> list[Stated]:
    return [Stated(part=MODEL, source=source(fact), points=_points(fact)) for fact in stated]


def _items(ground: Ground, lot: Lot) -> list[Stated]:
    """The maker's word about the battery, and the word of whoever has held it about its status."""
    found = []
    for fact in ground.items.get(lot.key, ()):
        own = fact.issuer == lot.party
        if own or fact.issuer in ground.held.get(lot.key, ()):
            status = fact.content.get("status")
            status = status if isinstance(status, str) else ""
            found.append(
                Stated(part=ITEM, source=source(fact), points=_points(fact), status=status, by_maker=own)
            )
    return found


def _points(fact: Fact) -> dict[str, Any]:
    points = fact.content.get("points")
    return points if isinstance(points, dict) else {}


def _links(stated: Any) -> tuple[str, ...]:
    found = []
    for one in stated if isinstance(stated, list) else ():
        try:
            found.append(normalise(one))
        except (IdentifierError, TypeError, AttributeError):
            continue
    return tuple(dict.fromkeys(found))


def _maker(ground: Ground, uri: str) -> Profile:
    row = ground.parties.get(uri)
    if row is None:
        return Profile(uri=uri, name=uri)
    return Profile(
        uri=uri,
        name=row.name,
        country=row.country,
        contact=row.contact,
        source=ground.profiles.get(row.position),
    )


def _facility(ground: Ground, uri: str) -> Profile | None:
    row = ground.sites.get(uri)
    if row is None:
        return None
    return Profile(
        uri=uri, name=row.name, country=row.country, kind=row.kind, source=ground.profiles.get(row.position)
    )


def _making(ground: Ground, lot: Lot) -> Making | None:
    node = ground.seen.graph.last(lot.key)
    if node is None:
        return None
    made = node.made[-1]
    return Making(
        time=made.time,
        source=Source(
            position=made.position,
            id=ground.events.get((lot.key, made.position), ""),
            kind="epcis.event",
            issuer=lot.party,
            level="S",
            day=made.time.date().isoformat(),
        ),
        product=made.description.product,
        mass=made.mass,
        composition=made.description.composition,
        traced=_traced(ground, node),
    )


def _traced(ground: Ground, node: Node) -> dict[str, Traced]:
    """Origins by substance; nothing for a battery whose inputs nobody has told."""
    if node.source:
        return {}
    return {name: _origin(one) for name, one in origins(node, ground.seen.places).items()}


def _origin(one: Origin) -> Traced:
    shares: dict[tuple[str, bool], Fraction] = defaultdict(Fraction)
    for found in one.sources:
        shares[found.place.country, found.recycled] += found.share
    return Traced(
        substance=one.substance,
        mass=one.mass,
        shares=tuple(
            Share(country=country, recycled=recycled, share=share)
            for (country, recycled), share in sorted(shares.items(), key=lambda item: (-item[1], item[0]))
        ),
        unknown=one.unknown,
        positions=tuple(sorted({found.position for found in one.sources})),
    )


def circle(ground: Ground, key: str) -> bool:
    """Whether a battery is derived from itself, over any number of steps."""
    rest, seen = [key], set()
    while rest:
        here = rest.pop()
        for sources in ground.derived.get(here, {}).values():
            if key in sources:
                return True
            rest += [one for one in sources if one not in seen]
            seen.update(sources)
    return False
