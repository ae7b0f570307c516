"""The allow-list, the budget, and questions that would close in on a value."""

from __future__ import annotations

import secrets
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from tests.core.credentials.thresholds.parties import JOINT, LEAD, NOW, SHARE, check, one_share, three

from lodeline.credentials.thresholds.adapter import Predicate, predicate
from lodeline.credentials.thresholds.law import LAW
from lodeline.credentials.thresholds.policy import Budget, Claim, Policy, Question, admit
from lodeline.credentials.thresholds.prove import REFUSAL, NotProven, answer
from lodeline.credentials.thresholds.statement import ThresholdRefused

BUDGET = Budget(3, timedelta(days=365))
VALUES = frozenset({"cobalt of lot 1"})


def step(threshold, operator=">=", claim=SHARE, **other):
    return evolve(
        claim, id=f"{operator}{threshold}", threshold=Decimal(threshold), operator=operator, **other
    )


def asked(claim=SHARE, verifier="did:web:oem.example", values=VALUES, days=0):
    return Question(verifier, claim, values, NOW - timedelta(days=days))


def test_the_law():
    """Article 8(2) and (3), Annex I: the numbers of the regulation, and where they stand."""
    found = {claim.id: (claim.operator, claim.threshold, claim.source) for claim in LAW.claims}
    assert found["recycled-cobalt-2031"] == (
        ">=",
        16,
        "Regulation (EU) 2023/1542, Article 8(2), from 18 August 2031",
    )
    steps = {
        (metal, year): int(found[f"recycled-{metal}-{year}-joint"][1])
        for metal in ("cobalt", "lead", "lithium", "nickel")
        for year in (2031, 2036)
    }
    assert list(steps.values()) == [16, 26, 85, 85, 6, 12, 6, 15]
    assert found["lead-at-most"][:2] == ("<=", Decimal("0.01"))
    assert (found["mercury-at-most"][1], found["cadmium-at-most"][1]) == (Decimal("0.0005"), Decimal("0.002"))
    assert all(claim.source for claim in LAW.claims)


def test_steps_and_coefficients():
    assert (SHARE.steps, LEAD.steps, JOINT.steps) == (160_000, 100, 0)
    assert SHARE.coefficients(1) == [1]
    assert SHARE.coefficients(2) is None
    assert JOINT.coefficients(6) == [100, -16] * 3
    assert JOINT.coefficients(3) is None
    assert step("12.5", claim=JOINT).coefficients(2) == [1000, -125]
    whole = step(5, claim=SHARE, kind="sum", unit="g", scale=0)
    assert whole.coefficients(3) == [1, 1, 1]
    assert whole.coefficients(1) is None


@given(st.integers(0, 10**6), st.sampled_from([">=", ">", "<=", "<"]))
def test_an_edge_is_where_the_answer_changes(number, operator):
    claim = step(Decimal(number).scaleb(-4), operator)
    cut = claim.edge * 10**4
    holds = {
        ">=": lambda v: v >= number,
        ">": lambda v: v > number,
        "<=": lambda v: v <= number,
        "<": lambda v: v < number,
    }[operator]
    assert cut.denominator == 1
    assert holds(int(cut)) != holds(int(cut) - 1)


@pytest.mark.parametrize("claim", LAW.claims, ids=lambda claim: claim.id)
def test_a_claim_goes_through_json(claim):
    assert Claim.read(claim.write()) == claim


@pytest.mark.parametrize(
    "change",
    [
        {"source": "  "},
        {"kind": "guess"},
        {"operator": "=="},
        {"id": ""},
        {"id": "part-of-whole"},
        {"path": "credentialSubject"},
        {"whole": "/credentialSubject/mass"},
        {"kind": "share"},
        {"kind": "sum"},
        {"kind": "share", "whole": SHARE.path, "unit": "g"},
        {"kind": "share", "whole": "/credentialSubject/mass"},
        {"bits": 0},
        {"bits": 65},
        {"bits": "20"},
        {"bits": True},
        {"scale": 13},
        {"threshold": "100.5"},
        {"threshold": "-1"},
        {"threshold": "0.00001"},
        {"threshold": "NaN"},
        {"threshold": "1e5"},
        {"threshold": 16},
        {"spacing": "0"},
        {"extra": "member"},
    ],
    ids=str,
)
def test_claims_that_are_refused(change):
    with pytest.raises(ValueError):
        Claim.read({**SHARE.write(), **change})


@pytest.mark.parametrize("said", [None, [], {}, {"id": "x"}])
def test_what_is_no_claim(said):
    with pytest.raises(ValueError, match="members"):
        Claim.read(said)


def test_ids_are_unique():
    with pytest.raises(ValueError, match="same id"):
        Policy((SHARE, SHARE))


def test_budget_per_verifier_and_value():
    spent = [asked(days=day) for day in (1, 2, 3)]
    with pytest.raises(ThresholdRefused, match="spent"):
        admit(asked(), spent, BUDGET)
    admit(asked(), spent[:2], BUDGET)
    admit(asked(verifier="did:web:other.example"), spent, BUDGET)
    admit(asked(values=frozenset({"nickel of lot 1"})), spent, BUDGET)
    admit(asked(), [evolve(one, at=one.at - timedelta(days=365)) for one in spent], BUDGET)


def test_a_sum_spends_the_budget_of_each_of_its_values():
    several = frozenset({"cobalt of lot 1", "cobalt of lot 2"})
    spent = [asked(claim=JOINT, values=several, days=day) for day in (1, 2, 3)]
    for values in (VALUES, frozenset({"cobalt of lot 2"}), several | {"cobalt of lot 3"}):
        with pytest.raises(ThresholdRefused, match="spent"):
            admit(asked(values=values), spent, BUDGET)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (step(16), step("16.0001", "<")),
        (step("16.0001", "<"), step(16)),
        (step(16), step(16, "<=")),
        (step(16), step("16.5")),
    ],
)
def test_never_both_tight_sides(first, second):
    """However long ago the first was asked."""
    with pytest.raises(ThresholdRefused, match="close in"):
        admit(asked(second), [asked(first, days=4000)], BUDGET)
    admit(asked(second), [asked(first, verifier="did:web:other.example")], BUDGET)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (step(16), step(16)),
        (step(16), step(16, "<")),
        (step(16), step("15.9999", ">")),
        (step(16), step(17)),
        (step(16), step(26)),
    ],
)
def test_the_same_edge_and_steps_apart_are_admitted(first, second):
    admit(asked(second), [asked(first)], BUDGET)


def test_the_larger_spacing_counts():
    wide = step(26, spacing=Decimal(20))
    with pytest.raises(ThresholdRefused, match="close in"):
        admit(asked(step(16)), [asked(wide)], BUDGET)


@given(st.lists(st.tuples(st.integers(0, 1000), st.sampled_from([">=", ">", "<=", "<"])), max_size=30))
def test_no_sequence_of_questions_closes_in(tenths):
    """Whatever a verifier asks, in any order: two thresholds it gets answers about are one, or a point apart."""
    answered = []
    for tenth, operator in tenths:
        question = asked(step(Decimal(tenth) / 10, operator))
        try:
            admit(question, answered, Budget(1000, timedelta(days=1)))
        except ThresholdRefused:
            continue
        answered.append(question)
    edges = sorted({one.claim.edge for one in answered})
    assert all(high - low >= 1 for low, high in pairwise(edges))
    assert bool(answered) == bool(tenths)


def test_a_budget_is_positive():
    with pytest.raises(ValueError, match="no budget"):
        Budget(0, timedelta(days=1))


def give(value, *, policy=LAW, earlier=(), now=NOW, claim=SHARE):
    shelf, said, openings = one_share(value, claim=claim)
    message = answer(
        said,
        openings,
        policy=policy,
        values=VALUES,
        earlier=earlier,
        budget=BUDGET,
        now=now,
        random=secrets.token_bytes,
    )
    return check(message, shelf, policy=policy)


def test_an_answer_within_policy_and_budget():
    assert give(170_000).claim == SHARE


def test_refusals_look_alike():
    """False, not on the list, not as on the list, budget spent, closing in, expired: one text for all."""
    spent = [asked(days=day) for day in (1, 2, 3)]
    near = [asked(step("16.5"))]
    wider = Policy((evolve(SHARE, bits=30),))
    requests = [
        {"value": 159_999},
        {"value": 170_000, "policy": Policy((JOINT,))},
        {"value": 170_000, "policy": wider},
        {"value": 170_000, "earlier": spent},
        {"value": 159_999, "earlier": spent},
        {"value": 170_000, "earlier": near},
        {"value": 170_000, "now": NOW + timedelta(hours=1)},
    ]
    seen, reasons = set(), []
    for request in requests:
        with pytest.raises(NotProven) as refused:
            give(**request)
        seen.add((str(refused.value), repr(refused.value), refused.value.args))
        reasons.append(refused.value.reason)
    assert seen == {(REFUSAL, f"NotProven('{REFUSAL}')", (REFUSAL,))}
    assert "the claim is false" in reasons[0]
    assert "spent" in reasons[3]
    assert "spent" in reasons[4]
    assert "the claim is false" in reasons[4]


def test_the_seam_for_anoncreds():
    assert predicate(LEAD, "lead_ppm") == Predicate("lead_ppm", "<=", 100)
    with pytest.raises(ThresholdRefused, match="compares one"):
        predicate(JOINT, "cobalt")
    with pytest.raises(ThresholdRefused, match="32 bits"):
        predicate(step(2**31, claim=SHARE, unit="g", scale=0), "mass")


def test_a_joint_claim_needs_pairs():
    _, said, _ = three([(16, 100)])
    with pytest.raises(ThresholdRefused, match="coefficients"):
        JOINT.check(evolve(said, terms=said.terms[:1]))
