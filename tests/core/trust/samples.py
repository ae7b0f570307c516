"""A refiner with good papers, as a snapshot, and strategies that vary it. Shared by the tests of this folder."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from attrs import evolve
from hypothesis import strategies as st

from lodeline.evidence import EvidenceLevel
from lodeline.trust import method
from lodeline.trust.snapshot import Attested, Balance, Fact, Inflow, Lots, Recorded, Site, Snapshot, Source

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
TODAY = NOW.date()
PARTY = "https://id.gs1.org/417/9521304000002"
SITE = "https://id.gs1.org/414/9521304000019"
SECOND = "https://id.gs1.org/414/9521304000026"
MINE = "https://id.gs1.org/414/9521101000012"
MINER = "https://id.gs1.org/417/9521101000009"
BODY = "https://id.gs1.org/417/9521901000001"
BUYER = "https://id.gs1.org/417/9521801000002"
E = EvidenceLevel
V1 = method.load()
SEGMENTS = tuple(V1.profiles)


def days_ago(days):
    return TODAY - timedelta(days=days)


def fact(
    position, kind, content, *, level=E.E5, days=60, until=400, subject=PARTY, issuer=BODY, signed_by="party"
):
    start = days_ago(days)
    return Fact(
        position=position,
        kind=kind,
        subject=subject,
        issuer=issuer,
        issued=start,
        valid_from=start,
        valid_until=None if until is None else TODAY + timedelta(days=until),
        level=level,
        lowered=(),
        signed_by=signed_by,
        content=content,
    )


def metric(
    position, name, value, *, site=SITE, level=E.E5, period="2026-Q3", unit="share", issuer=BODY, until=400
):
    content = {"site": site, "metric": name, "value": value, "unit": unit, "period": period}
    return fact(position, "site.performance", content, level=level, subject=site, issuer=issuer, until=until)


def certificate(
    position, scheme="Clearmine Assurance", number="C-1", *, status="valid", sites=(SITE,), **changes
):
    content = {
        "scheme": scheme,
        "number": number,
        "sites": list(sites),
        "materials": ["Co"],
        "status": status,
    }
    return fact(position, "certificate", {**content, "accreditation": "A-1"}, **changes)


def audit(position, area, *, critical=0, major=0, minor=0, overdue=0, **changes):
    content = {
        "scheme": "Clearmine Assurance",
        "site": SITE,
        "result": "conformant",
        "findings": {"critical": critical, "major": major, "minor": minor},
        "openMajor": major,
        "overdueMajor": overdue,
        "area": area,
    }
    return fact(position, "assessment.result", content, **changes)


def policy(position, name, **changes):
    content = {
        "policy": name,
        "version": "2",
        "signatory": "Head of works",
        "signed": days_ago(60).isoformat(),
    }
    return fact(position, "policy.signature", content, level=E.E2, issuer=PARTY, **changes)


def duty(position, name, due, met, **changes):
    return fact(
        position, "market.evidence", {"market": "EU", "duty": name, "due": due, "met": met}, **changes
    )


def screening(position, subject, hit="none", days=20):
    content = {"list": "Consolidated list", "date": days_ago(days).isoformat(), "hit": hit}
    return fact(position, "screening", content, subject=subject, issuer=BUYER, level=E.E3, days=days)


def drill(position, *, hours="3", found="0.99", announced=False, days=90, **changes):
    content = {
        "announced": announced,
        "hours": hours,
        "found_share": found,
        "date": days_ago(days).isoformat(),
    }
    return fact(position, "drill", content, days=days, **changes)


def incident(position, *, severity="critical", area="labour", closed=None, days=30):
    content = {"severity": severity, "area": area, "opened": days_ago(days).isoformat(), "description": "x"}
    return fact(position, "incident", {**content, "closed": closed} if closed else content, days=days)


def source(number, *, mass=1_000, level=E.E5, attested=True, named=True, country="FI"):
    held = Attested(position=900 + number, level=level, since=days_ago(90), until=TODAY + timedelta(days=300))
    return Source(
        lot=f"https://id.gs1.org/01/09521101001011/10/L{number}",
        site=MINE,
        country=country,
        named=named,
        level=E.E1,
        position=800 + number,
        masses={"Co": mass, "Ni": mass // 2},
        attestation=held if attested else None,
    )


LOTS = Lots(
    since=days_ago(365),
    until=TODAY,
    lots=12,
    events=40,
    position=870,
    sources=(source(1), source(2), source(3, level=E.E4), source(4, attested=False)),
    unknown={"Co": 200},
    inflows=(Inflow(site=MINE, party=MINER, day=days_ago(40), mass=4_000),),
    upstream={MINER: days_ago(40)},
    stages={"1": 500, "2": 3_500},
    input_mass=5_000,
    linked_mass=4_700,
    balances=(
        Balance(site=SITE, substance="Co", quarter="2026-Q2", taken_in=1_000, given_out=985),
        Balance(site=SITE, substance="Co", quarter="2026-Q3", taken_in=1_000, given_out=950),
    ),
    custody={"segregated": 3_000, "mass_balance": 1_000},
    custody_level=E.E2,
    handovers=20,
    confirmed=18,
    shipped=12,
    traceable=11,
)

RECORDED = Recorded(
    position=950,
    own=60,
    proxy=40,
    checkpointed=100,
    witnesses=0,
    delays=((1, 30), (3, 20), (9, 10)),
    rules=200,
    failed=12,
    corrections=2,
    unexplained=0,
)

GOVERNANCE = [policy(20 + at, name) for at, name in enumerate(V1.words["governance"][:4])]
PLAN = [policy(30 + at, name) for at, name in enumerate(V1.words["recall_plan"][:3])]
FACTS = (
    certificate(1),
    certificate(2, "ISO 14001", "C-2", signed_by="platform-on-behalf", level=E.E4),
    audit(3, "labour", minor=2),
    audit(4, "environment", major=1, minor=1),
    audit(5, "due_diligence"),
    policy(6, "code_of_conduct"),
    duty(7, "EU-2023/1542 Art. 6", "2024-02-18", met=True),
    duty(8, "OECD step 2", "2025-01-01", met=False),
    duty(9, "EU-2023/1542 Art. 48", "2027-08-18", met=True),
    screening(10, PARTY),
    screening(11, MINER),
    drill(12),
    *GOVERNANCE,
    *PLAN,
    certificate(40, "Clearmine Assurance", "M-1", subject=MINER, sites=(MINE,), days=300),
    metric(50, "carbon_intensity_ratio", "0.82", unit="ratio"),
    metric(51, "energy_renewable_share", "46", unit="%"),
    metric(52, "fresh_water_change", "-0.11", level=E.E2, issuer=PARTY),
    metric(53, "waste_recovered_share", "0.81", level=E.E4),
    metric(54, "permit_breaches", "0", unit="count"),
    metric(55, "injury_rate", "4.1", unit="per million hours", level=E.E2, issuer=PARTY),
    metric(56, "fatalities", "0", unit="count"),
    metric(57, "grievances_answered_share", "0.9"),
    metric(58, "target_progress", "0.6"),
)

REFINER = Snapshot(
    party=PARTY,
    name="Vellamo Cobalt Refining Oy",
    country="FI",
    region="Europe",
    segment="refiner",
    roles=("refiner",),
    materials=("Co",),
    now=NOW,
    position=1_000,
    sites=(Site(uri=SITE, name="Refinery", country="FI", kind="refinery", materials=("Co",)),),
    facts=FACTS,
    lots=LOTS,
    recorded=RECORDED,
)
EMPTY = evolve(REFINER, facts=(), lots=None, recorded=None)


def with_facts(*facts, without=(), snapshot=REFINER):
    """The snapshot with more facts, and without the kinds named."""
    kept = [fact for fact in snapshot.facts if fact.kind not in without]
    return evolve(snapshot, facts=tuple(sorted((*kept, *facts), key=lambda fact: fact.position)))


@st.composite
def snapshots(draw):
    """Part of the evidence, at other levels, in any segment, on another day."""
    kept = draw(st.lists(st.sampled_from(FACTS), unique_by=lambda fact: fact.position))
    facts = [
        evolve(fact, level=draw(st.sampled_from([E.E1, E.E2, E.E3, E.E4, E.E5])), content=dict(fact.content))
        for fact in sorted(kept, key=lambda fact: fact.position)
    ]
    share = st.integers(0, 5_000)
    lots = draw(
        st.none()
        | st.builds(
            lambda sources, linked, stages, custody, unknown: evolve(
                LOTS,
                sources=tuple(sources),
                linked_mass=linked,
                stages=stages,
                custody=custody,
                unknown=unknown,
            ),
            st.lists(st.sampled_from(LOTS.sources), unique_by=lambda row: row.lot),
            share,
            st.dictionaries(st.sampled_from("012345"), share),
            st.dictionaries(st.sampled_from([*V1.custody, "other"]), share),
            st.dictionaries(st.sampled_from(["Co", "Ni", "Cu"]), share),
        )
    )
    return evolve(
        REFINER,
        segment=draw(st.sampled_from(SEGMENTS)),
        facts=tuple(facts),
        lots=lots,
        recorded=draw(st.sampled_from([None, RECORDED])),
        now=NOW + timedelta(days=draw(st.integers(0, 1_500))),
    )


def iso(day: date) -> str:
    return day.isoformat()
