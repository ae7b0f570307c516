"""Each gate: what closes it, what opens it, and what it says with nothing to look at."""

from __future__ import annotations

from datetime import timedelta

import pytest
from attrs import evolve
from tests.core.trust.samples import (
    EMPTY,
    LOTS,
    MINER,
    PARTY,
    REFINER,
    TODAY,
    V1,
    audit,
    certificate,
    days_ago,
    drill,
    incident,
    policy,
    screening,
    with_facts,
)

from lodeline.trust.evaluate import evaluate
from lodeline.trust.gates import Position
from lodeline.trust.score import score

P = Position


def gate(snapshot, gate_id):
    return next(verdict for verdict in evaluate(snapshot, V1).verdicts if verdict.gate.id == gate_id)


def test_the_sample_passes_all_that_apply():
    assert [verdict.position for verdict in evaluate(REFINER, V1).verdicts] == [
        P.CLEAR,
        P.CLEAR,
        P.CLEAR,
        P.CLEAR,
        P.CLEAR,
        P.CLEAR,
        P.NOT_APPLICABLE,
        P.CLEAR,
    ]


def test_nothing_on_record_is_not_clear():
    found = {verdict.gate.id: verdict.position for verdict in evaluate(EMPTY, V1).verdicts}
    assert found["G1"] is P.UNKNOWN
    assert found["G2"] is P.UNKNOWN
    assert found["G3"] is P.UNKNOWN
    assert found["G4"] is P.CLOSED
    assert found["G6"] is P.CLOSED
    assert found["G8"] is P.UNKNOWN


def test_g1_a_confirmed_hit_withholds_the_score():
    hit = with_facts(screening(60, PARTY, "confirmed", days=5))
    assert gate(hit, "G1").reason == "hit-confirmed"
    assert score(hit, V1)["score"] is None
    assert score(hit, V1)["withheldBy"] == ["G1"]
    cleared = with_facts(screening(60, PARTY, "confirmed", days=9), screening(61, PARTY, days=5))
    assert gate(cleared, "G1").position is P.CLEAR


def test_g1_a_possible_hit_warns():
    assert gate(with_facts(screening(60, PARTY, "possible")), "G1").position is P.WARNING


@pytest.mark.parametrize(
    ("last_lot", "position"), [(10, P.CLOSED), (31, P.WARNING), (30, P.WARNING), (29, P.CLOSED)]
)
def test_g1_upstream_counts_from_the_day_of_the_hit(last_lot, position):
    lots = evolve(LOTS, upstream={MINER: days_ago(last_lot)})
    hit = evolve(with_facts(screening(60, MINER, "confirmed", days=30)), lots=lots)
    assert gate(hit, "G1").position is position
    # A later screening that finds the same does not move the day.
    twice = with_facts(screening(60, MINER, "confirmed", days=30), screening(61, MINER, "confirmed", days=1))
    again = evolve(twice, lots=lots)
    assert gate(again, "G1").position is position


def test_g1_a_party_that_is_not_upstream_does_not_matter():
    assert gate(with_facts(screening(60, "https://id.gs1.org/417/1", "confirmed")), "G1").position is P.CLEAR


def test_g2_an_open_critical_incident_caps_at_20():
    hurt = with_facts(incident(60))
    assert gate(hurt, "G2").position is P.CLOSED
    assert score(hurt, V1)["score"] == "20.00"
    closed = with_facts(incident(60), incident(61, closed=days_ago(1).isoformat()))
    assert gate(closed, "G2").position is P.CLEAR
    assert gate(with_facts(incident(60, severity="major")), "G2").position is P.CLEAR
    assert gate(with_facts(audit(60, "security", critical=1)), "G2").position is P.CLOSED


@pytest.mark.parametrize(
    ("change", "position", "reason"),
    [
        ({"until": -1}, P.CLOSED, "certificate-expired"),
        ({"until": 0}, P.WARNING, "certificate-ends"),
        ({"until": 90}, P.WARNING, "certificate-ends"),
        ({"until": 91}, P.CLEAR, "certificate-valid"),
        ({"status": "suspended"}, P.CLOSED, "certificate-suspended"),
        ({"status": "withdrawn"}, P.CLOSED, "certificate-withdrawn"),
    ],
)
def test_g3_the_key_certificate(change, position, reason):
    verdict = gate(with_facts(certificate(60, **change), without={"certificate"}), "G3")
    assert (verdict.position, verdict.reason) == (position, reason)
    if reason == "certificate-ends":
        assert verdict.due == TODAY + timedelta(days=change["until"])


def test_g3_another_certificate_of_the_scheme_in_force_keeps_it_open():
    two = with_facts(certificate(60, until=-1), certificate(61, number="C-9"), without={"certificate"})
    assert gate(two, "G3").position is P.CLEAR


@pytest.mark.parametrize("scheme", ["ISO 14001", "SA8000", "UN 38.3", "iatf 16949"])
def test_g3_management_systems_and_tests_are_not_key(scheme):
    only = with_facts(certificate(60, scheme, until=-1), without={"certificate"})
    assert gate(only, "G3").position is P.UNKNOWN


def test_g4_the_code_of_conduct_must_be_signed_and_current():
    assert gate(with_facts(without={"policy.signature"}), "G4").position is P.CLOSED
    assert gate(with_facts(policy(60, "code_of_conduct", until=None)), "G4").position is P.CLEAR
    assert gate(with_facts(policy(60, "code_of_conduct", until=-1)), "G4").position is P.CLOSED
    assert score(with_facts(without={"policy.signature"}), V1)["score"] is None


@pytest.mark.parametrize(("days", "position"), [(30, P.CLOSED), (364, P.CLOSED), (366, P.CLEAR)])
def test_g5_falsification_counts_for_a_year(days, position):
    assert (
        gate(with_facts(incident(60, severity="major", area="falsification", days=days)), "G5").position
        is position
    )


def test_g6_a_theme_without_evidence_caps_at_55():
    silent = with_facts(without={"market.evidence"})
    verdict = gate(silent, "G6")
    assert (verdict.position, verdict.detail["pillar"]) == (P.CLOSED, "P6")
    assert evaluate(silent, V1).points <= 55


def test_g7_is_for_makers_of_cells_and_packs():
    pack = evolve(REFINER, segment="pack")
    assert gate(pack, "G7").position is P.CLEAR
    assert gate(evolve(pack, lots=evolve(LOTS, traceable=5)), "G7").position is P.CLOSED
    assert gate(evolve(pack, lots=None), "G7").position is P.UNKNOWN
    failed = [drill(60, found="0.5", days=50), drill(61, hours="30", days=40)]
    assert (
        gate(evolve(with_facts(*failed, without={"drill"}), segment="pack"), "G7").reason
        == "drill-failed-twice"
    )
    assert gate(evolve(with_facts(failed[0], without={"drill"}), segment="pack"), "G7").position is P.CLEAR


@pytest.mark.parametrize(("days", "position"), [(31, P.CLOSED), (30, P.WARNING)])
def test_g8_an_overdue_major_finding_after_thirty_days(days, position):
    late = with_facts(audit(60, "environment", major=1, overdue=1, days=days))
    assert gate(late, "G8").position is position
