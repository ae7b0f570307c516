"""The signed member: what an issuer checks, what a reader refuses."""

from __future__ import annotations

import secrets

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from lodeline.credentials.thresholds import group
from lodeline.credentials.thresholds.commitment import (
    Commitment,
    CommitmentRefused,
    Opening,
    check_opening,
    check_part,
    commit,
)
from lodeline.keys import b64url

MADE = commit(Opening(170_000, 99), unit="%", scale=4, bits=20)
scalars = st.integers(1, group.ORDER - 1)


@settings(deadline=None)
@given(st.integers(0, 2**64 - 1), scalars)
def test_commitment_is_value_times_h_plus_blinding_times_g(value, blinding):
    made = commit(Opening(value, blinding), unit="g", scale=0, bits=64)
    assert made.point == group.combine([(value, group.H), (blinding, group.times_g(1))]).format()
    assert Commitment.read(made.write()) == made


@settings(deadline=None)
@given(st.integers(0, 2**30), st.integers(0, 2**30), scalars, scalars)
def test_only_its_own_opening_fits(value, other, blinding, second):
    made = commit(Opening(value, blinding), unit="g", scale=0, bits=31)
    check_opening(made, Opening(value, blinding))
    for wrong in (Opening(other, second), Opening(other, blinding), Opening(value, second)):
        if wrong != Opening(value, blinding):
            with pytest.raises(CommitmentRefused, match="does not fit"):
                check_opening(made, wrong)


def test_the_same_number_gives_another_commitment_each_time():
    points = {
        commit(Opening.draw(16, secrets.token_bytes), unit="g", scale=0, bits=8).point for _ in range(50)
    }
    assert len(points) == 50


@pytest.mark.parametrize(
    ("opening", "word"),
    [
        (Opening(-1, 5), "not in 0"),
        (Opening(2**20, 5), "not in 0"),
        (Opening(1_000_001, 5), "over 100 %"),
        (Opening(True, 5), "not in 0"),
        (Opening(5, 0), "blinding"),
        (Opening(5, group.ORDER), "blinding"),
        (Opening(5, -3), "blinding"),
    ],
)
def test_numbers_out_of_range_are_not_sealed(opening, word):
    with pytest.raises(CommitmentRefused, match=word):
        commit(opening, unit="%", scale=4, bits=20)
    with pytest.raises(CommitmentRefused, match=word):
        check_opening(MADE, opening)


def test_an_issuer_sees_that_the_part_is_at_most_the_whole():
    part, whole = Opening(100, 7), Opening(100, 8)
    sealed_whole = commit(whole, unit="g", scale=0, bits=30)
    sealed_part = commit(part, unit="g", scale=0, bits=30, part_of="/credentialSubject/mass")
    check_part(sealed_part, part, sealed_whole, whole, "/credentialSubject/mass")
    more = Opening(101, 7)
    sealed_more = evolve(sealed_part, point=commit(more, unit="g", scale=0, bits=30).point)
    with pytest.raises(CommitmentRefused, match="over 100 %"):
        check_part(sealed_more, more, sealed_whole, whole, "/credentialSubject/mass")
    with pytest.raises(CommitmentRefused, match="does not fit"):
        check_part(sealed_more, part, sealed_whole, whole, "/credentialSubject/mass")
    for path, one in (("/else", sealed_whole), ("/credentialSubject/mass", evolve(sealed_whole, scale=1))):
        with pytest.raises(CommitmentRefused, match="name the whole"):
            check_part(sealed_part, part, one, whole, path)


@pytest.mark.parametrize(
    "change",
    [
        {"commitment": None},
        {"commitment": "!"},
        {"commitment": MADE.text + "="},
        {"commitment": b64url(MADE.point + b"\0")},
        {"commitment": b64url(bytes(33))},
        {"unit": ""},
        {"unit": 5},
        {"unit": "g g"},
        {"unit": "g" * 33},
        {"scale": -1},
        {"scale": 13},
        {"scale": True},
        {"scale": 4.0},
        {"bits": 0},
        {"bits": 65},
        {"bits": "20"},
        {"value": 170_000},
        {"type": "Other"},
        {"type": None},
        {"partOf": None},
        {"partOf": "mass"},
        {"partOf": 3},
    ],
    ids=str,
)
def test_members_that_are_refused(change):
    with pytest.raises(CommitmentRefused):
        Commitment.read({**MADE.write(), **change})


@pytest.mark.parametrize("member", [None, [], "text", 17, {}, {"commitment": MADE.text}])
def test_what_is_no_member(member):
    with pytest.raises(CommitmentRefused):
        Commitment.read(member)


def test_known_members_are_read():
    assert Commitment.read({**MADE.write(), "type": "ThresholdCommitment"}) == MADE
    assert Commitment.read({**MADE.write(), "partOf": "/mass"}).write()["partOf"] == "/mass"
