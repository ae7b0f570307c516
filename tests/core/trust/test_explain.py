"""Why, what next, and what changed: exact, and about the right thing."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from attrs import evolve
from hypothesis import HealthCheck, given, settings
from tests.core.trust.samples import (
    REFINER,
    TODAY,
    V1,
    E,
    certificate,
    incident,
    metric,
    screening,
    snapshots,
    with_facts,
)

from lodeline.evidence import CAPS
from lodeline.trust import explain
from lodeline.trust.evaluate import evaluate
from lodeline.trust.score import score

slow = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@slow
@given(snapshots())
def test_steps_gain_something_and_never_more_than_there_is(snapshot):
    found = evaluate(snapshot, V1)
    rows = explain.steps(found)
    gains = [row.gain for row in rows]
    assert gains == sorted(gains, reverse=True)
    assert all(0 < gain <= 100 - found.points for gain in gains)
    assert len({row.about for row in rows}) == len(rows) <= 6


def with_carbon(level):
    facts = tuple(
        evolve(fact, level=level, content={**fact.content, "value": "0.5"}) if fact.position == 50 else fact
        for fact in REFINER.facts
    )
    return evaluate(evolve(REFINER, facts=facts), V1)


def test_a_step_of_evidence_is_what_the_better_level_would_earn(monkeypatch):
    monkeypatch.setattr(explain, "MOST_STEPS", 40)
    declared = with_carbon(E.E2)
    step = next(row for row in explain.steps(declared) if row.about == "ES1")
    assert (step.kind, step.level) == ("evidence", E.E4)
    assert step.gain == with_carbon(E.E4).points - declared.points
    assert step.gain == V1.sub("ES1").points * (CAPS[E.E4] - CAPS[E.E2])


def test_under_a_gate_only_lifting_it_helps():
    hurt = evaluate(with_facts(incident(60)), V1)
    (step,) = explain.steps(hurt)
    assert (step.kind, step.about) == ("lift", "G2")
    assert step.gain == evaluate(REFINER, V1).points - 20


def test_what_the_party_cannot_change_is_no_step():
    abouts = {row.about for row in explain.steps(evaluate(REFINER, V1))}
    assert not abouts & {"TP2", "DI1", "RA4"}


def test_the_next_loss_is_the_one_that_hurts_most():
    ending = with_facts(
        certificate(60, until=27), screening(61, REFINER.party, days=90), without={"certificate"}
    )
    found = evaluate(ending, V1)
    end, points = explain.next_loss(found)
    assert end == TODAY + timedelta(days=27)
    later = evolve(ending, now=ending.now + timedelta(days=28))
    assert points == found.points - evaluate(later, V1).points
    assert score(ending, V1)["nextLoss"] == {
        "date": end.isoformat(),
        "points": str(round(Decimal(float(points)), 2)),
    }


def test_nothing_that_ends_soon_is_no_loss():
    assert score(with_facts(without={"screening"}), V1)["nextLoss"] is None
    assert explain.next_loss(evaluate(REFINER, V1))[0] == TODAY + timedelta(days=70)  # the screenings


def test_change_separates_age_from_data_and_peers():
    before = with_facts(metric(60, "injury_rate", "4", until=10), without={"site.performance"})
    later = evolve(before, now=before.now + timedelta(days=100))
    aged, fresh, last = explain.between(before, evaluate(later, V1))
    assert aged == fresh == last < evaluate(before, V1).points
    better = evolve(later, facts=(*later.facts, metric(70, "injury_rate", "1", period="2026-Q4")))
    peers = evolve(better, peers={"TP2": ("0.9",) * 8})
    aged, fresh, last = explain.between(before, evaluate(peers, V1))
    assert aged < fresh < last
    assert last == evaluate(peers, V1).points
