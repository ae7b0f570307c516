"""Sub-indicators on small bundles: the value, the cap, the reason."""

from __future__ import annotations

from fractions import Fraction

import pytest
from attrs import evolve
from tests.core.trust.samples import (
    BODY,
    LOTS,
    MINE,
    MINER,
    PARTY,
    RECORDED,
    REFINER,
    SECOND,
    SITE,
    V1,
    E,
    audit,
    certificate,
    days_ago,
    drill,
    duty,
    fact,
    incident,
    metric,
    policy,
    screening,
    source,
    with_facts,
)

from lodeline.trust.aggregate import cells
from lodeline.trust.measured import State


def cell(snapshot, sub_id):
    return next(cell for cell in cells(snapshot, V1) if cell.sub.id == sub_id)


def measured(snapshot, sub_id):
    return cell(snapshot, sub_id).measured


def with_lots(**changes):
    return evolve(REFINER, lots=evolve(LOTS, **changes))


def with_record(**changes):
    return evolve(REFINER, recorded=evolve(RECORDED, **changes))


def test_ov1_a_tonne_of_graphite_cannot_hide_a_kilo_of_cobalt():
    graphite = evolve(source(1), masses={"C": 10**9})
    lots = with_lots(sources=(graphite,), unknown={"Co": 10**7})
    assert measured(lots, "OV1").value == Fraction(1, 2)


def test_ov1_materials_below_half_a_percent_do_not_count():
    lots = with_lots(sources=(evolve(source(1), masses={"Co": 10**6}),), unknown={"Li": 4_000})
    assert measured(lots, "OV1").value == 1


def test_ov1_falls_back_to_what_is_tracked_where_nothing_critical_is_there():
    lots = with_lots(sources=(evolve(source(1), masses={"Cu": 10**6}),), unknown={"Cu": 10**6})
    assert measured(lots, "OV1").value == Fraction(1, 2)


def test_ov1_is_capped_by_the_weakest_evidence_of_the_origin():
    bare = with_lots(sources=(source(1, attested=False),), unknown={})
    assert (measured(bare, "OV1").level, cell(bare, "OV1").cap) == (E.E1, Fraction(1, 4))
    proven = with_lots(sources=(source(1),), unknown={})
    assert cell(proven, "OV1").points == 7


def test_ov2_attestations_run_out():
    later = evolve(REFINER, now=REFINER.now.replace(year=2028))
    assert measured(later, "OV2").state is State.MISSING
    assert measured(REFINER, "OV2").detail["of"] == "4"


def test_ov3_counts_standing_on_the_day_and_active_half():
    assert measured(REFINER, "OV3").value == 1
    content = {"scheme": "Clearmine Assurance", "site": MINE, "result": "active", "area": "custody"}
    active = with_facts(
        *[f for f in REFINER.facts if f.kind == "certificate" and f.position < 40],
        fact(60, "assessment.result", content, subject=MINER, days=300),
        without={"certificate"},
    )
    assert measured(active, "OV3").value == Fraction(1, 2)
    late = with_facts(
        certificate(60, number="M-1", subject=MINER, sites=(MINE,), days=20), without={"certificate"}
    )
    assert measured(late, "OV3").state is State.MISSING


def test_ov4_screenings_count_for_ninety_days_and_high_risk_mass_wants_diligence():
    old = with_facts(screening(60, MINER, days=91), without={"screening"})
    assert measured(old, "OV4").state is State.MISSING
    congo = with_lots(sources=(source(1, country="CD"), source(2)))
    assert measured(congo, "OV4").value == 1  # diligence is assessed as conformant
    careless = evolve(congo, facts=tuple(f for f in congo.facts if f.content.get("area") != "due_diligence"))
    assert measured(careless, "OV4").value == Fraction(1, 2)


def test_cc1_goalposts_follow_the_segment():
    assert cell(REFINER, "CC1").goal == Fraction(7, 8)
    assert cell(evolve(REFINER, segment="pack"), "CC1").goal == Fraction(7, 32)


def test_cc4_custody_models_by_mass():
    assert measured(REFINER, "CC4").value == Fraction(3, 4) * Fraction(9, 10) + Fraction(1, 4) * Fraction(
        6, 10
    )
    assert measured(with_lots(custody={"unknown": 5}), "CC4").state is State.MISSING


@pytest.mark.parametrize(
    ("value", "unit"), [("46", "%"), ("0.46", "share"), ("4.6e-1", ""), ("46.0", "percent")]
)
def test_performance_is_read_exactly_and_percent_becomes_a_share(value, unit):
    given = with_facts(metric(60, "energy_renewable_share", value, unit=unit))
    assert measured(given, "ES2").value == Fraction(46, 100)


@pytest.mark.parametrize("value", [None, "", "much", "NaN", "Infinity", True, [], "1" * 99, "1e999"])
def test_what_is_no_number_is_missing(value):
    given = with_facts(metric(60, "energy_renewable_share", value), without={"site.performance"})
    assert measured(given, "ES2").state is State.MISSING


def test_the_latest_period_counts_not_the_latest_statement():
    given = with_facts(
        metric(60, "injury_rate", "2", period="2026-Q2"),
        metric(61, "injury_rate", "9", period="2025-Q4"),
        without={"site.performance"},
    )
    assert measured(given, "ES6").value == 2


def test_a_second_site_without_a_word_halves_the_cap():
    sites = (*REFINER.sites, evolve(REFINER.sites[0], uri=SECOND))
    two = evolve(REFINER, sites=sites)
    assert cell(two, "ES1").cap == Fraction(1, 2)
    assert measured(two, "ES1").detail["of"] == "2"


def test_sources_that_contradict_each_other_take_the_worse_value():
    given = with_facts(metric(60, "carbon_intensity_ratio", "1.2", unit="ratio", issuer=PARTY, level=E.E2))
    found = measured(given, "ES1")
    assert (found.state, found.value, found.level) == (State.CONTRADICTED, Fraction(12, 10), E.E2)


def test_independent_sources_that_agree_raise_the_level():
    given = with_facts(
        metric(60, "injury_rate", "4.1", level=E.E2, issuer=PARTY),
        metric(61, "injury_rate", "4.10", level=E.E2, issuer=BODY),
        without={"site.performance"},
    )
    assert measured(given, "ES6").level is E.E3


def test_a_fatality_puts_injuries_at_the_bottom():
    given = with_facts(metric(60, "fatalities", "1", unit="count"))
    assert (measured(given, "ES6").reason, cell(given, "ES6").points) == ("fatality", 0)
    old = with_facts(metric(60, "fatalities", "1", period="2024-Q3"))
    assert measured(old, "ES6").reason == "performance"


def test_measurements_fade_and_certificates_do_not():
    half = with_facts(metric(60, "injury_rate", "4", until=-182), without={"site.performance"})
    assert 0 < measured(half, "ES6").age < 1
    gone = with_facts(metric(60, "injury_rate", "4", until=-366), without={"site.performance"})
    assert (measured(gone, "ES6").state, measured(gone, "ES6").evidence) == (State.EXPIRED, (60,))
    expired = with_facts(certificate(60, until=-1), without={"certificate"})
    assert measured(expired, "TP1").state is State.EXPIRED


def test_es7_labour_findings():
    given = with_facts(audit(60, "labour", major=1, minor=3))
    assert measured(given, "ES7").value == Fraction(16, 10)
    assert measured(with_facts(without={"assessment.result"}), "ES7").state is State.MISSING


@pytest.mark.parametrize(
    ("value", "step"),
    [("0.59", Fraction(3, 10)), ("0.6", Fraction(6, 10)), ("7", Fraction(1)), ("-1", Fraction(0))],
)
def test_es9_goes_down_to_the_next_step(value, step):
    assert measured(with_facts(metric(60, "target_progress", value)), "ES9").value == step


def test_tp1_pairs_of_site_and_material():
    site = evolve(REFINER.sites[0], materials=("Co", "Ni"))
    only = with_facts(certificate(60), snapshot=evolve(REFINER, sites=(site,)), without={"certificate"})
    assert measured(only, "TP1").value == Fraction(1, 2)
    declared = with_facts(certificate(60, level=E.E2), without={"certificate"})
    assert measured(declared, "TP1").value is None


def test_tp3_asks_for_the_issuers_own_signature():
    assert measured(REFINER, "TP3").value == Fraction(1, 2)
    assert (
        measured(with_facts(certificate(60, status="suspended"), without={"certificate"}), "TP3").value == 0
    )


def test_tp5_battery_tests_cover_battery_sites():
    plant = evolve(REFINER.sites[0], kind="cell_plant")
    cell_maker = evolve(REFINER, segment="cell", sites=(plant, evolve(plant, uri=SECOND)))
    tested = with_facts(certificate(60, "UN 38.3", "T-1", sites=(SITE,)), snapshot=cell_maker)
    assert measured(tested, "TP5").value == Fraction(1, 2)
    assert measured(cell_maker, "TP5").state is State.MISSING


def test_di1_without_a_witness_is_the_operators_word():
    assert (measured(REFINER, "DI1").level, cell(REFINER, "DI1").cap) == (E.E2, Fraction(2, 5))
    assert cell(with_record(witnesses=2), "DI1").points == 4


def test_di4_is_the_median():
    assert measured(with_record(delays=((1, 5), (9, 4))), "DI4").value == 1
    assert measured(with_record(delays=((9, 5), (1, 4))), "DI4").value == 9


def test_di5_a_security_certificate_answers_the_fifth_rule():
    assert measured(REFINER, "DI5").value == Fraction(4, 5)
    certified = with_facts(certificate(60, "ISO/IEC 27001", "S-1"))
    assert measured(certified, "DI5").value == 1


def test_ra_duties_by_their_date():
    assert measured(REFINER, "RA1").value == Fraction(1, 2)
    assert measured(REFINER, "RA2").value == Fraction(1, 2)
    assert measured(REFINER, "RA3").value == 1
    assert measured(with_facts(duty(60, "Far", "2031-01-01", met=False)), "RA3").value == 1
    renewed = with_facts(duty(60, "OECD step 2", "2025-01-01", met=True))
    assert measured(renewed, "RA1").value == 1


def test_ra4_silence_is_missing_and_closed_cases_are_zero():
    assert measured(REFINER, "RA4").state is State.MISSING
    closed = with_facts(incident(60, severity="major", area="customs", closed=days_ago(3).isoformat()))
    assert (measured(closed, "RA4").value, cell(closed, "RA4").goal) == (0, 1)


def test_rr2_an_announced_drill_counts_as_second_party():
    assert measured(REFINER, "RR2").level is E.E5
    announced = with_facts(drill(60, announced=True, days=10))
    assert (measured(announced, "RR2").level, measured(announced, "RR2").lowered) == (E.E3, ("announced",))
    assert measured(with_facts(drill(60, announced=None, days=10)), "RR2").level is E.E3


def test_rr4_counts_whole_months():
    assert measured(with_facts(drill(60, days=29), without={"drill"}), "RR4").value == 0
    assert measured(with_facts(drill(60, days=32), without={"drill"}), "RR4").value == 1


def test_rr5_parts_of_the_plan():
    assert measured(REFINER, "RR5").value == Fraction(3, 5)
    assert measured(with_facts(without={"policy.signature"}), "RR5").state is State.MISSING
    unsigned = with_facts(policy(60, "recall_roles"), without={"policy.signature"})
    assert measured(unsigned, "RR5").value == Fraction(1, 5)
