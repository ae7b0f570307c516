"""The laws a score keeps, whatever is on record."""

from __future__ import annotations

import json
import random
from decimal import Decimal
from fractions import Fraction

import pytest
from attrs import evolve
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.core.trust.samples import EMPTY, FACTS, LOTS, REFINER, V1, E, snapshots

from lodeline.evidence import CAPS, LADDER
from lodeline.strictjson import canonical
from lodeline.trust import bundle, explain
from lodeline.trust.evaluate import band, evaluate
from lodeline.trust.score import score

slow = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def add(rows):
    return sum(map(Decimal, rows))


@slow
@given(snapshots())
def test_bounded_and_ordered(snapshot):
    found = evaluate(snapshot, V1)
    assert 0 <= found.whole.lower <= found.whole.points <= found.whole.upper <= 100
    assert 0 <= found.points <= found.whole.points
    assert 0 <= found.whole.confidence <= found.whole.coverage <= 1
    for cell in found.cells:
        assert 0 <= cell.lower <= cell.points <= cell.upper <= cell.weight


@slow
@given(snapshots())
def test_everything_shown_adds_up(snapshot):
    result = score(snapshot, V1)
    estimate = Decimal(result["estimate"])
    assert add(row["points"] for row in result["indicators"]) == estimate
    assert add(result["lost"].values()) == 100 - estimate
    for row in result["indicators"]:
        assert add(sub["points"] for sub in row["subs"]) == Decimal(row["points"])
        assert add(sub["max"] for sub in row["subs"]) == Decimal(row["max"])
        assert add(row["lost"].values()) == Decimal(row["max"]) - Decimal(row["points"])
        for sub in row["subs"]:
            assert add(sub["lost"].values()) == Decimal(sub["max"]) - Decimal(sub["points"])
    low, high = (Decimal(result["interval"][end]) for end in ("low", "high"))
    assert 0 <= low <= high <= 100
    if result["score"] is not None:
        assert Decimal(result["score"]) + Decimal(result["gateLoss"]) == estimate


@slow
@given(snapshots())
def test_exact_losses_add_up_too(snapshot):
    found = evaluate(snapshot, V1)
    assert explain.lost(found.cells).total == 100 - found.whole.points


@slow
@given(snapshots())
def test_recomputed_from_the_bundle_it_gives_the_same_bytes(snapshot):
    written = bundle.to_dict(snapshot)
    carried = json.loads(canonical(written))
    again = bundle.from_dict(carried)
    assert again == snapshot
    assert canonical(score(again, V1)) == canonical(score(snapshot, V1))


@slow
@given(st.integers(0, 2**32), snapshots())
def test_the_order_of_parties_and_lots_does_not_matter(seed, snapshot):
    if snapshot.lots is None:
        return
    rng = random.Random(seed)
    sources = list(snapshot.lots.sources)
    rng.shuffle(sources)
    mixed = evolve(snapshot, lots=evolve(snapshot.lots, sources=tuple(sources)))
    before, after = evaluate(snapshot, V1), evaluate(mixed, V1)
    assert [cell.points for cell in before.cells] == [cell.points for cell in after.cells]
    assert before.points == after.points


@slow
@given(snapshots())
def test_a_gate_never_raises_a_score(snapshot):
    found = evaluate(snapshot, V1)
    assert found.points <= found.whole.points
    for verdict in found.verdicts:
        if verdict.cap is not None:
            assert found.points <= verdict.cap


NUMBERS = [
    fact for fact in FACTS if fact.kind == "site.performance" and fact.content["metric"] != "fatalities"
]
SUB_OF = {
    "carbon_intensity_ratio": "ES1",
    "energy_renewable_share": "ES2",
    "fresh_water_change": "ES3",
    "waste_recovered_share": "ES4",
    "permit_breaches": "ES5",
    "injury_rate": "ES6",
    "grievances_answered_share": "ES8",
    "target_progress": "ES9",
}


def replaced(position, **changes):
    facts = tuple(evolve(fact, **changes) if fact.position == position else fact for fact in FACTS)
    return evolve(REFINER, facts=facts)


@settings(deadline=None, max_examples=80)
@given(st.sampled_from(NUMBERS), st.decimals(-2, 20, places=3), st.decimals(-2, 20, places=3))
def test_monotone_in_every_value(fact, first, second):
    sub = V1.sub(SUB_OF[fact.content["metric"]])
    worse, better = sorted((first, second), reverse=sub.low > sub.high)
    content = {**fact.content, "unit": "as is"}
    low = evaluate(replaced(fact.position, content={**content, "value": str(worse)}), V1)
    high = evaluate(replaced(fact.position, content={**content, "value": str(better)}), V1)
    assert low.whole.points <= high.whole.points
    assert low.points <= high.points


@settings(deadline=None, max_examples=80)
@given(st.sampled_from(FACTS), st.sampled_from(LADDER[1:]), st.sampled_from(LADDER[1:]))
def test_monotone_in_the_level_of_evidence(fact, first, second):
    worse, better = sorted((first, second), key=lambda level: CAPS[level])
    low = evaluate(replaced(fact.position, level=worse), V1)
    high = evaluate(replaced(fact.position, level=better), V1)
    if (
        fact.kind == "certificate"
    ):  # below E3 a certificate does not count as one: its cell becomes an estimate
        assert low.whole.lower <= high.whole.lower
    else:
        assert low.whole.points <= high.whole.points


@settings(deadline=None, max_examples=80)
@given(st.sampled_from(NUMBERS), st.integers(0, 1_000), st.integers(0, 1_000))
def test_monotone_in_freshness(fact, first, second):
    older, newer = sorted((REFINER.today.toordinal() + first - 700, REFINER.today.toordinal() + second - 700))
    low, high = (
        evaluate(replaced(fact.position, valid_until=REFINER.today.fromordinal(end)), V1)
        for end in (older, newer)
    )
    assert (
        low.whole.lower <= high.whole.lower
    )  # a cell that ran out is estimated, so the lower bound is the law
    sub = SUB_OF[fact.content["metric"]]
    cells = [next(cell for cell in found.cells if cell.sub.id == sub) for found in (low, high)]
    if not any(cell.estimated for cell in cells):
        assert cells[0].points <= cells[1].points


def test_nothing_on_record_is_neither_zero_nor_full():
    result = score(EMPTY, V1)
    assert result["score"] is None
    assert result["rated"] is False
    assert result["short"] == ["total", "OV", "CC", "ES", "TP", "DI"]
    assert result["coverage"] == "0.00"
    assert Decimal(result["bounds"]["low"]) == 0
    assert Decimal(result["bounds"]["high"]) <= 55  # G6: no theme has a lower bound of 15


def test_another_party_does_not_move_the_points_unless_cells_are_estimated_from_peers():
    peers = {"TP2": tuple(str(Fraction(n, 10)) for n in range(8)), "ES1": ("0.1",) * 9}
    alone, among = evaluate(REFINER, V1), evaluate(evolve(REFINER, peers=peers), V1)
    moved = {a.sub.id for a, b in zip(alone.cells, among.cells, strict=True) if a.points != b.points}
    assert moved == {"TP2"}
    assert next(cell for cell in among.cells if cell.sub.id == "TP2").estimated


def test_too_few_peers_are_not_asked():
    few = evolve(REFINER, peers={"TP2": ("0.9",) * 7})
    assert evaluate(few, V1).points == evaluate(REFINER, V1).points


def test_the_sample_is_rated_and_its_figures_are_known():
    result = score(REFINER, V1)
    figures = [result[key] for key in ("score", "estimate", "band", "coverage", "confidence", "gateLoss")]
    assert figures == ["65.30", "65.30", "C", "0.95", "0.83", "0.00"]
    assert result["bounds"] == {"low": "64.06", "high": "68.33"}
    low, high = (Decimal(result["interval"][end]) for end in ("low", "high"))
    assert low < Decimal(result["score"]) < high


def test_equal_input_gives_equal_draws_and_other_input_other_draws():
    first, second = score(REFINER, V1), score(REFINER, V1)
    assert canonical(first) == canonical(second)
    moved = score(evolve(REFINER, position=REFINER.position + 1), V1)
    assert moved["interval"]["seed"] != first["interval"]["seed"]
    assert moved["score"] == first["score"]


@given(st.sampled_from("ABCD"), st.fractions(0, 100))
def test_a_band_is_kept_for_two_points_and_never_given_early(previous, lower):
    fresh, kept = band(lower, V1), band(lower, V1, previous)
    order = "ABCD"
    assert kept == fresh or (kept == previous and order.index(kept) < order.index(fresh))
    assert band(Fraction(100), V1) == "A"
    assert band(Fraction("79.99"), V1) == "B"
    assert band(Fraction("78"), V1, "A") == "A"
    assert band(Fraction("77.99"), V1, "A") == "B"


@pytest.mark.parametrize("segment", V1.profiles)
def test_every_segment_can_be_scored(segment):
    result = score(evolve(REFINER, segment=segment), V1)
    listed = {sub["id"] for row in result["indicators"] for sub in row["subs"]}
    assert listed | set(result["notApplicable"]) == {sub.id for sub in V1.subs}
    assert not listed & set(result["notApplicable"])


def test_a_bundle_that_is_none_is_refused():
    good = bundle.to_dict(REFINER)
    for bad in (
        None,
        [],
        {},
        {**good, "extra": 1},
        {**good, "position": "x"},
        {**good, "facts": [{}]},
        {**good, "lots": 3},
    ):
        with pytest.raises(bundle.BundleError):
            bundle.from_dict(bad)


def test_levels_of_the_sample_cover_the_ladder():
    assert {fact.level for fact in FACTS} >= {E.E2, E.E3, E.E4, E.E5}
    assert LOTS.custody_level is E.E2
