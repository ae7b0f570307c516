"""All statements of the demonstration, in documents: profiles, papers by the calendar, batteries, stories."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from typing import TYPE_CHECKING

from lodeline_server.demo import papers
from lodeline_server.demo.batteries import item_statements, model_statements
from lodeline_server.demo.desk import ACCREDITED, BUYER, CHECKED, SELF, TESTED, Desk
from lodeline_server.demo.network import RECALLED
from lodeline_server.demo.papers import body_of, fortune

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lodeline_server.demo.documents import Document
    from lodeline_server.demo.network import Network
    from lodeline_server.demo.stock import Lot
    from lodeline_server.demo.world import Party, World

ON_TIME = {"a": 0.985, "b": 0.955, "c": 0.91, "d": 0.86}
DEFECTS = {"a": 12, "b": 45, "c": 130, "d": 320}


def statement_documents(world: World, network: Network) -> Iterator[Document]:
    """Every StatementDocument of the story."""
    desk = Desk(world)
    for party in world.parties.values():
        if party.roles:
            profile(desk, party)
    model_statements(desk)
    suppliers = [party for party in world.parties.values() if party.supplier]
    for party in suppliers:
        papers.certificates(desk, party)
    for month in range(world.months):
        first = world.month(month)
        for party in suppliers:
            _month(desk, party, month, first)
    attestations(desk, network)
    deliveries(desk, network)
    incidents(desk, network)
    item_statements(desk, network)
    yield from desk.documents()


def profile(desk: Desk, party: Party) -> None:
    """Who the party is and where it works, on the first day."""
    world, day = desk.world, desk.world.month(0)
    content = {
        "name": party.name,
        "country": party.country,
        "roles": list(party.roles),
        "materials": list(party.materials),
        "contact": f"demonstration@{party.slug}.example",
    }
    if party.parent in world.parties:
        content["parent"] = world.parties[party.parent].uri
    desk.say(party, day, "party.profile", party.uri, content)
    for site in party.sites:
        desk.say(
            party,
            day,
            "site.profile",
            site.uri,
            {
                "name": site.name,
                "party": party.uri,
                "country": site.country,
                "kind": site.kind,
                "latitude": site.latitude,
                "longitude": site.longitude,
                "materials": list(party.materials),
            },
        )


def _month(desk: Desk, party: Party, month: int, first: date) -> None:
    """What falls due in this month of the story. The best report every quarter, the others every half-year."""
    world = desk.world
    day = first + timedelta(days=11)
    if month % 12 == 0:
        papers.promises(desk, party, day if month else first)
    if month % 12 == (0 if world.small else party.number % 6):
        papers.assessments(desk, party, day, month // 12)
    if month % 12 == (0 if world.small else 6 * (party.number % 2)):
        papers.drills(desk, party, day)
    if month % (3 if party.grade == "a" else 6) == 0:
        papers.performance(desk, party, day, month // 3)
    if month % 3 == 0:
        papers.screening(desk, party, first + timedelta(days=2), late=month >= world.months - 3)


def attestations(desk: Desk, network: Network) -> None:
    """Where source lots come from: by a body for good papers, by the mine itself for fair ones."""
    world = desk.world
    groups: dict[tuple[str, date], list[Lot]] = defaultdict(list)
    for happening in network.happenings:
        lot = happening.described
        if lot is None or happening.step != "commissioning" or happening.type != "ObjectEvent":
            continue
        party = world.parties[happening.party]
        if party.grade == "d" or not {"mine", "recycler"} & set(party.roles):
            continue
        groups[party.slug, lot.made.date().replace(day=1)].append(lot)
    for (slug, first), lots in groups.items():
        party = world.parties[slug]
        for lot in lots:
            chance = fortune(world, "origin", lot.uri).random()
            if chance > {"a": 1.0, "b": 0.94, "c": 0.75}[party.grade]:
                continue
            issuer = party if party.grade == "c" else body_of(world, party)
            day = max(_round(world, party, first), lot.made.date() + timedelta(days=1))
            desk.say(
                issuer,
                day,
                "origin.attestation",
                lot.uri,
                {
                    "lot": lot.uri,
                    "site": party.site.uri,
                    "country": party.country,
                    "materials": list(lot.ppm),
                    "scheme": papers.tables()["scheme"][party.roles[0]],
                },
                assurance={"a": ACCREDITED, "b": CHECKED, "c": SELF}[party.grade],
                until=day + timedelta(days=2 * papers.YEAR),
                on_paper=party.grade != "c",
            )


def _round(world: World, party: Party, first: date) -> date:
    """When attestations for a month's lots are written: that month, or once a quarter by the mine itself."""
    start = world.month(0)
    month = (first.year - start.year) * 12 + first.month - start.month
    last = month if party.grade != "c" or world.small else min(month + 2 - month % 3, world.months - 1)
    return world.month(last) + timedelta(days=20)


def deliveries(desk: Desk, network: Network) -> None:
    """Each customer about each of its suppliers, once a quarter."""
    world = desk.world
    pairs = {(h.destination, h.source) for h in network.happenings if h.step == "shipping"}
    for month in range(3, world.months, 3):
        day = world.month(month) + timedelta(days=11)
        period = f"{world.month(month - 1):%Y-%m}"
        for customer, supplier in sorted(pairs):
            sender = world.parties[supplier]
            if not sender.supplier or not world.parties[customer].supplier:
                continue
            rng = fortune(world, "delivery", customer, supplier, month)
            share = min(1.0, ON_TIME[sender.grade] + rng.uniform(-0.03, 0.02))
            content = {
                "period": period,
                "on_time_in_full": f"{share:.3f}",
                "defect_ppm": int(DEFECTS[sender.grade] * rng.uniform(0.5, 1.6)),
            }
            desk.say(
                world.parties[customer], day, "delivery.performance", sender.uri, content, assurance=BUYER
            )


def incidents(desk: Desk, network: Network) -> None:
    """The confirmed incident at a mine, a closed one, and the laboratory's word on the contaminated lot."""
    world = desk.world
    late = world.month(world.months - (2 if world.small else 3))
    mine, body = world.parties["kolomba"], world.parties["nordmark"]
    desk.say(
        body,
        late + timedelta(days=15),
        "incident",
        mine.uri,
        {
            "severity": "critical",
            "area": "labour",
            "opened": (late + timedelta(days=11)).isoformat(),
            "description": "Unannounced visit: miners below 18 underground. Confirmed, open. Invented.",
            "site": mine.site.uri,
        },
        assurance=ACCREDITED,
        on_paper=True,
    )
    tamarind = world.parties["tamarind"]
    opened = world.month(0) + timedelta(days=3)
    desk.say(
        tamarind,
        opened + timedelta(days=20),
        "incident",
        tamarind.uri,
        {
            "severity": "major",
            "area": "environment",
            "opened": opened.isoformat(),
            "closed": (opened + timedelta(days=17)).isoformat(),
            "description": "Acid mist filter out of order for two shifts. Repaired. Invented.",
            "site": tamarind.site.uri,
        },
        on_paper=True,
    )
    for lot in network.lots.values():
        if lot.code == RECALLED:
            desk.say(
                world.parties["lindmoor"],
                world.anchor - timedelta(days=6),
                "assessment.result",
                lot.uri,
                {
                    "scheme": "Retained sample: sodium 410 mg/kg, specification 100 mg/kg. Invented.",
                    "result": "not_conformant",
                    "findings": {"critical": 0, "major": 1, "minor": 0},
                    "area": "management",
                },
                assurance=TESTED,
                on_paper=True,
            )
