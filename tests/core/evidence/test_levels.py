"""Evidence levels: what codes, signatures and documents earn, and why not more."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lodeline.evidence import CAPS, LADDER, Assurance, EvidenceLevel, agreeing, grade, lower, weakest

E = EvidenceLevel
LEVELS = st.sampled_from(LADDER)
CODES = st.builds(
    Assurance,
    assessor_level=st.sampled_from(["Self", "Commercial", "Buyer", "Membership", "Unspecified", "3rdParty"]),
    assessment_level=st.sampled_from(
        ["GovtApproval", "GlobalMRA", "Accredited", "Verified", "Validated", "Unspecified"]
    ),
)
FLAGS = ("own_signature", "about_itself", "in_scope", "accredited_for_scope", "referenced")


@pytest.mark.parametrize(
    ("codes", "level"),
    [
        ({}, E.E2),
        ({"assessorLevel": "Self", "attestationType": "declaration"}, E.E2),
        ({"assessorLevel": "Unspecified"}, E.E2),
        ({"assessorLevel": 7}, E.E2),
        ({"assessorLevel": "Buyer"}, E.E3),
        ({"assessorLevel": "Membership"}, E.E3),
        ({"assessorLevel": "Commercial", "assessmentLevel": "Accredited"}, E.E3),
        ({"assessorLevel": "3rdParty", "assessmentLevel": "Verified"}, E.E4),
        ({"assessorLevel": "3rdParty"}, E.E4),
        ({"assessorLevel": "3rdParty", "assessmentLevel": "Accredited"}, E.E5),
        ({"assessorLevel": "3rdParty", "assessmentLevel": "GovtApproval"}, E.E5),
    ],
)
def test_codes_map_to_levels(codes, level):
    assert Assurance.of(codes).level is level


def best(**changes):
    return grade(
        Assurance(assessor_level="3rdParty", assessment_level="Accredited"),
        **{"own_signature": True, "referenced": True, "about_itself": False, **changes},
    )


def test_an_accredited_third_party_with_a_live_signature_reaches_the_top():
    assert best().level is E.E5
    assert best().lowered == ()


@pytest.mark.parametrize(
    ("flag", "reason"),
    [
        ("own_signature", "no-own-signature"),
        ("in_scope", "group-not-site"),
        ("accredited_for_scope", "accreditation-not-named"),
        ("referenced", "no-reference"),
    ],
)
def test_each_weakness_costs_one_level(flag, reason):
    assert best(**{flag: False}).level is E.E4
    assert best(**{flag: False}).lowered == (reason,)


def test_weaknesses_add_up_but_never_below_what_is_on_record():
    assert best(own_signature=False, in_scope=False).level is E.E3
    worst = best(own_signature=False, in_scope=False, accredited_for_scope=False, referenced=False)
    assert worst.level is E.E1


def test_speaking_about_oneself_is_a_declaration_whatever_codes_it_carries():
    assert best(about_itself=True).level is E.E2
    assert best(about_itself=True, own_signature=False).level is E.E1
    assert best(about_itself=True, referenced=False).lowered == ("self-declared", "no-reference")


@given(CODES, st.fixed_dictionaries({flag: st.booleans() for flag in FLAGS}), st.sampled_from(FLAGS))
def test_a_weaker_statement_never_earns_more(codes, flags, flag):
    better, worse = (flag != "about_itself"), (flag == "about_itself")
    up = grade(codes, **{**flags, flag: better}).level
    down = grade(codes, **{**flags, flag: worse}).level
    assert CAPS[down] <= CAPS[up]


@given(CODES, st.fixed_dictionaries({flag: st.booleans() for flag in FLAGS}))
def test_every_level_below_the_top_says_why(codes, flags):
    graded = grade(codes, **flags)
    assert graded.level is E.E5 or graded.lowered
    assert graded.level not in {E.E0, E.S}


def test_caps_are_those_of_the_published_method():
    assert [CAPS[level] for level in LADDER] == [
        0,
        Fraction(1, 4),
        Fraction(2, 5),
        Fraction(3, 5),
        Fraction(4, 5),
        1,
    ]


@given(st.lists(LEVELS, min_size=1))
def test_the_weakest_bounds_all(levels):
    assert all(CAPS[weakest(levels)] <= CAPS[level] for level in levels)


def test_weakest_prefers_a_statement_over_a_check_and_is_nothing_for_none():
    assert weakest([E.S, E.E5]) is E.E5
    assert weakest([E.S]) is E.S
    assert weakest([]) is E.E0


@pytest.mark.parametrize(
    ("levels", "together"),
    [
        ([], E.E0),
        ([E.E2], E.E2),
        ([E.E2, E.E2], E.E3),
        ([E.E3, E.E3], E.E4),
        ([E.E4, E.E4], E.E4),
        ([E.E5, E.E5], E.E5),
        ([E.E2, E.E2, E.E4], E.E4),
        ([E.E2, E.E3], E.E3),
    ],
)
def test_independent_sources_that_agree(levels, together):
    assert agreeing(levels) is together


@given(LEVELS, st.integers(0, 9))
def test_lowering_goes_down_and_stops_at_the_first_level(level, steps):
    assert CAPS[lower(level, steps)] <= CAPS[level]
    assert lower(level, steps) is not E.E0 or level is E.E0
    assert lower(E.S, steps) is E.S
