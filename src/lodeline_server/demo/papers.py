"""Certificates, assessments, performance, duties, policies: papers by grade, with the stories in them."""

from __future__ import annotations

import tomllib
from datetime import date, timedelta
from functools import cache
from importlib.resources import files
from random import Random
from typing import TYPE_CHECKING, Any

from lodeline_server.demo.desk import ACCREDITED, BUYER, CERTIFIED, CHECKED, SELF, TESTED
from lodeline_server.demo.world import shift

if TYPE_CHECKING:
    from lodeline_server.demo.desk import Desk
    from lodeline_server.demo.world import Party, World

LATE_CERTIFICATE = {"taluwa", "jinyuan"}  # certified in the middle of the story
NEVER_CERTIFIED = {"kolomba", "huaymi"}
UNSIGNED_CODE = {"qingmu"}
OVERDUE = {"jinyuan"}
SCREENING_HIT = {"port-aldous"}
EXPIRED, EXPIRES_SOON = "bluff-point", "vellamo"
EXPIRED_DAYS_AGO, EXPIRES_IN_DAYS = 38, 27
THREE_YEARS, YEAR = 1095, 365


@cache
def tables() -> dict[str, Any]:
    return tomllib.loads((files("lodeline_server.demo") / "data" / "papers.toml").read_text())


def fortune(world: World, *words: object) -> Random:
    """Chance of its own for each paper, so that adding one changes no other."""
    return Random("|".join(map(str, ("lodeline demonstration papers", world.small, *words))))  # noqa: S311


def body_of(world: World, party: Party) -> Party:
    """The certification body that knows the party."""
    second = world.parties.get("cassel")
    return (
        second
        if second and party.number % 2 == 0 and party.slug != EXPIRES_SOON
        else world.parties["nordmark"]
    )


def quarter_before(day: date) -> str:
    last = shift(day.replace(day=1), -((day.month - 1) % 3) - 1)
    return f"{last.year}-Q{(last.month - 1) // 3 + 1}"


def certificates(desk: Desk, party: Party) -> None:
    """The scheme of the party's stage, more for better papers, and battery tests by the laboratory."""
    world, body = desk.world, body_of(desk.world, party)
    start = world.month(0)
    schemes = [tables()["scheme"][party.roles[0]], *tables()["more_schemes"][party.grade]]
    if party.grade == "d" or party.slug in NEVER_CERTIFIED:
        schemes = []
    for number, scheme in enumerate(schemes):
        rng = fortune(world, "certificate", party.slug, scheme)
        since = start - timedelta(days=rng.randrange(20, 400))
        until = since + timedelta(days=THREE_YEARS)
        said = start + timedelta(days=1)
        code = f"{body.name[:2].upper()}-{party.number}{number}"
        if number == 0 and party.slug in LATE_CERTIFICATE:
            since = said = world.month(world.months // 2) + timedelta(days=4)
            until = since + timedelta(days=THREE_YEARS)
        if number == 0 and party.slug == EXPIRED:
            until = world.anchor - timedelta(days=EXPIRED_DAYS_AGO)
            since = until - timedelta(days=THREE_YEARS)
        if number == 0 and party.slug == EXPIRES_SOON:
            until = world.anchor + timedelta(days=EXPIRES_IN_DAYS)
            since, code = until - timedelta(days=THREE_YEARS), "NM-2207"
        desk.say(
            body,
            said,
            "certificate",
            party.uri,
            {
                "scheme": scheme,
                "number": code,
                "sites": [party.site.uri],
                "materials": list(party.materials),
                "accreditation": f"Demonstration accreditation {body.number}",
                "status": "valid",
            },
            assurance=CERTIFIED,
            since=since,
            until=until,
            on_paper=True,
        )
    laboratory = world.parties["lindmoor"]
    for number, scheme in enumerate(tables()["battery_tests"].get(party.roles[0], ())):
        if number and party.grade == "c":
            continue
        desk.say(
            laboratory,
            start + timedelta(days=1),
            "certificate",
            party.uri,
            {
                "scheme": scheme,
                "number": f"LM-{party.number}-{number}",
                "sites": [party.site.uri],
                "materials": [],
                "accreditation": "Demonstration accreditation ISO/IEC 17025",
                "status": "valid",
            },
            assurance=TESTED,
            since=start - timedelta(days=90),
            until=start + timedelta(days=THREE_YEARS),
            on_paper=True,
        )


def assessments(desk: Desk, party: Party, day: date, number: int) -> None:
    """A yearly visit: labour, environment, management, due diligence. Nobody visits the weakest."""
    found = tables()["findings"].get(party.grade)
    if found is None:
        return
    world, body = desk.world, body_of(desk.world, party)
    for area in ("labour", "environment", "management", "due_diligence"):
        rng = fortune(world, "assessment", party.slug, area, number)
        major = max(0, found["major"] - number - rng.randrange(2))
        minor = rng.randrange(found["minor"] + 1)
        overdue = 1 if party.slug in OVERDUE and area == "environment" else 0
        desk.say(
            body,
            day,
            "assessment.result",
            party.uri,
            {
                "scheme": tables()["scheme"][party.roles[0]],
                "site": party.site.uri,
                "result": "active" if party.grade == "c" else "conformant",
                "findings": {"critical": 0, "major": max(major, overdue), "minor": minor},
                "openMajor": max(major if party.grade == "c" else 0, overdue),
                "overdueMajor": overdue,
                "area": area,
            },
            assurance=CHECKED if party.grade == "c" else ACCREDITED,
            until=day + timedelta(days=YEAR + 60),
            on_paper=True,
        )


def performance(desk: Desk, party: Party, day: date, quarter: int) -> None:
    """Figures of the quarter before, with targets, by whoever states them for this grade."""
    world = desk.world
    body = body_of(world, party)
    for metric, row in tables()["metric"].items():
        grade = party.grade
        if grade in row.get("verified", ""):
            issuer, assurance = body, ACCREDITED
        elif grade in row.get("checked", ""):
            issuer, assurance = body, CHECKED
        elif grade in row.get("declared", ""):
            issuer, assurance = party, SELF
        else:
            continue
        rng = fortune(world, metric, party.slug)
        spread = 0.12 * abs(row["value"][grade])
        value = row["value"][grade] + rng.uniform(-spread, spread) + row["step"] * quarter
        value += fortune(world, metric, party.slug, quarter).uniform(-0.1, 0.1) * spread
        if row["unit"] in {"share", "index"} and metric != "fresh_water_change":
            value = min(max(value, 0.0), 1.0)
        if metric == "target_progress":
            value = row["value"][grade]
        desk.say(
            issuer,
            day,
            "site.performance",
            party.site.uri,
            {
                "site": party.site.uri,
                "period": quarter_before(day),
                "metric": metric,
                "value": f"{value if metric == 'fresh_water_change' else max(value, 0.0):.{row['digits']}f}",
                "unit": row["unit"],
                "target": row["target"],
            },
            assurance=assurance,
            until=day + timedelta(days=YEAR),
            on_paper=assurance is not SELF or grade in "ab",
        )


def promises(desk: Desk, party: Party, day: date) -> None:
    """Signed policies and the duties of the buyer's markets; renewed every year."""
    world = desk.world
    for policy in tables()["policies"][party.grade]:
        if policy == "code_of_conduct" and party.slug in UNSIGNED_CODE:
            continue
        desk.say(
            party,
            day,
            "policy.signature",
            party.uri,
            {
                "policy": policy,
                "version": "2",
                "signatory": "Managing director (demonstration)",
                "signed": (day - timedelta(days=12)).isoformat(),
            },
            until=day + timedelta(days=YEAR + 30),
            on_paper=True,
        )
    body = body_of(world, party)
    for duty in tables()["duty"]:
        chance = fortune(world, "duty", party.slug, duty["duty"]).random()
        met = party.grade in duty["met"] and chance < 0.9
        if not met and party.grade in "cd" and chance < 0.5:
            continue  # says nothing rather than no
        # A body looks at everything for the best, and at what is in force already for the good.
        looked = party.grade == "a" or (party.grade == "b" and duty["due"] <= day.isoformat())
        desk.say(
            body if looked else party,
            day + timedelta(days=1 if looked else 0),
            "market.evidence",
            party.uri,
            {
                "market": duty["market"],
                "duty": duty["duty"],
                "due": duty["due"],
                "met": met or party.grade == "a",
            },
            assurance=SELF if not looked else ACCREDITED if party.grade == "a" else CHECKED,
            until=day + timedelta(days=YEAR + 60),
            on_paper=party.grade in "ab",
        )


def drills(desk: Desk, party: Party, day: date) -> None:
    """A recall drill a year: unannounced by a body, before the buyer's eyes, or one's own with notice."""
    world = desk.world
    rng = fortune(world, "drill", party.slug, day.year)
    buyer = world.parties["fjellvind"]
    issuer, assurance, announced, hours, found = {
        "a": (body_of(world, party), ACCREDITED, False, rng.uniform(1.8, 4.5), rng.uniform(0.985, 1.0)),
        "b": (party, SELF, True, rng.uniform(5, 11), rng.uniform(0.95, 0.99)),
        "c": (party, SELF, True, rng.uniform(13, 22), rng.uniform(0.91, 0.95)),
        "d": (party, SELF, True, 0.0, 0.0),
    }[party.grade]
    if party.grade == "d":
        return
    if party.slug == "haldenvik":
        issuer, assurance, announced, hours, found = buyer, BUYER, False, 5.2, 0.972
    if party.slug == "tejara":
        hours, found = 19.0, 0.84
    desk.say(
        issuer,
        day,
        "drill",
        party.uri,
        {
            "announced": announced,
            "hours": f"{hours:.1f}",
            "found_share": f"{found:.3f}",
            "date": (day - timedelta(days=3)).isoformat(),
        },
        assurance=assurance,
        on_paper=True,
    )


def screening(desk: Desk, party: Party, day: date, *, late: bool) -> None:
    """The buyer looks every supplier up in the lists, once a quarter."""
    hit = "confirmed" if late and party.slug in SCREENING_HIT else "none"
    desk.say(
        desk.world.parties["fjellvind"],
        day,
        "screening",
        party.uri,
        {"list": "Demonstration consolidated list", "date": day.isoformat(), "hit": hit},
        assurance=BUYER,
        on_paper=True,
    )
