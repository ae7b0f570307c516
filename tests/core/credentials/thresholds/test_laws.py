"""Laws: a proof verifies if and only if the claim is true; its form tells nothing but the claim."""

from __future__ import annotations

import secrets
from decimal import Decimal

import pytest
from attrs import evolve
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests.core.credentials.thresholds.parties import (
    SHARE,
    check,
    one_share,
    seeded,
    three,
)

from lodeline import strictjson
from lodeline.credentials.thresholds import bits, group
from lodeline.credentials.thresholds.commitment import Opening
from lodeline.credentials.thresholds.policy import Claim, Policy
from lodeline.credentials.thresholds.prove import REFUSAL, NotProven, prove
from lodeline.credentials.thresholds.statement import ThresholdRefused
from lodeline.keys import unb64url

percent = st.integers(0, 1_000_000)
FULL = 1_000_000


def asked(operator, threshold):
    return Claim(
        "asked", "value", SHARE.path, "%", 4, operator, Decimal(threshold).scaleb(-4), 20, "contract 7"
    )


def holds(value, operator, threshold):
    return {
        ">=": value >= threshold,
        ">": value > threshold,
        "<=": value <= threshold,
        "<": value < threshold,
    }[operator]


@settings(max_examples=60, deadline=None)
@given(percent, percent, st.sampled_from([">=", ">", "<=", "<"]), st.booleans())
def test_a_proof_exists_and_verifies_if_and_only_if_the_claim_is_true(value, threshold, operator, near):
    if near:  # around the threshold is where mistakes live
        threshold = min(FULL, max(0, value + threshold % 3 - 1))
    claim = asked(operator, threshold)
    shelf, said, openings = one_share(value, claim=claim)
    if holds(value, operator, threshold):
        proven = check(prove(said, openings, secrets.token_bytes), shelf, policy=Policy((claim,)))
        assert proven.statement == said
        assert proven.claim == claim
    else:
        with pytest.raises(NotProven):
            prove(said, openings, secrets.token_bytes)


@settings(max_examples=25, deadline=None)
@given(percent, percent, st.sampled_from([">=", "<"]))
def test_a_forced_proof_of_a_false_claim_does_not_verify(value, threshold, operator):
    """The prover's own check taken out: the low bits of a negative number, and its wrap-around."""
    assume(not holds(value, operator, threshold))
    claim = asked(operator, threshold)
    shelf, said, openings = one_share(value, claim=claim)
    number, blinding = said.witness(tuple(openings))
    for forged in (number % 2**20, number % group.ORDER % 2**20, 0):
        proof = bits.prove(said.transcript(), forged, blinding, said.bits, secrets.token_bytes(32))
        with pytest.raises(ThresholdRefused) as refused:
            check(said.message(proof), shelf, policy=Policy((claim,)))
        assert refused.value.step == "proof"


masses = st.tuples(st.integers(0, 10**9), st.integers(1, 10**9)).map(lambda pair: (min(pair), max(pair)))


@settings(max_examples=12, deadline=None)
@given(st.lists(masses, min_size=1, max_size=3))
def test_a_joint_share_verifies_if_and_only_if_it_is_reached(found):
    shelf, said, openings = three(found)
    true = 100 * sum(part for part, _ in found) >= 16 * sum(whole for _, whole in found)
    if true:
        assert check(prove(said, openings, secrets.token_bytes), shelf).statement == said
    else:
        with pytest.raises(NotProven):
            prove(said, openings, secrets.token_bytes)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 16), st.data())
def test_the_range_is_exact(width, data):
    """0 and 2^n - 1 are inside; the number one above fits no proof of n bits."""
    number = data.draw(st.sampled_from([0, 2**width - 1]) | st.integers(0, 2**width - 1))
    opening = Opening.draw(number, secrets.token_bytes)
    point = group.combine([(1, group.times_g(opening.blinding)), (number, group.H)])
    proof = bits.prove(b"here", number, opening.blinding, width, bytes(32))
    bits.verify(b"here", point, width, proof)
    with pytest.raises(bits.ProofWrong):
        bits.verify(b"there", point, width, proof)
    above = group.add(group.times_g(opening.blinding), group.times(group.H, 2**width))
    with pytest.raises(bits.ProofWrong):
        bits.verify(b"here", above, width, bits.prove(b"here", 2**width, opening.blinding, width, bytes(32)))


@settings(max_examples=20, deadline=None)
@given(st.integers(160_000, FULL))
def test_form_does_not_depend_on_the_value(value):
    """Same length, same members, same text but for the proof; every field of the proof is new each time."""
    shelf, said, openings = one_share(value)
    one, two = (strictjson.loads(prove(said, openings, secrets.token_bytes)) for _ in range(2))
    plain = strictjson.loads(said.message(bytes(bits.length(20))))
    assert len(one["proof"]) == len(plain["proof"])
    assert {**one, "proof": ""} == {**plain, "proof": ""}
    assert one["proof"][:60] != two["proof"][:60]
    check(strictjson.canonical(two), shelf)


def test_bits_of_the_proof_tell_nothing_about_the_bits_of_the_value():
    """Over many proofs, each scalar of a bit 0 and of a bit 1 has the same distribution: the mean of its first byte
    stays within five standard deviations of that of a uniform byte. So does the parity of the bit's commitment."""
    runs = 400
    for number in (0, 1):
        sums = [0, 0, 0, 0]
        for run in range(runs):
            fresh = seeded(f"{number}/{run}")
            proof = bits.prove(b"t", number, group.draw(fresh), 1, fresh(32))[32:]
            sums[0] += proof[0] - 2
            for index, at in enumerate((33, 65, 97)):
                sums[index + 1] += proof[at]
        assert abs(sums[0] - runs / 2) < 5 * (runs / 4) ** 0.5
        for total in sums[1:]:
            assert abs(total / runs - 127.5) < 5 * 73.9 / runs**0.5


def test_what_is_random_is_not_used_twice():
    """The same 32 bytes for two statements (a machine restored from a copy) share no secret scalar: had they one
    nonce under two challenges, the blinding would follow from two proofs."""
    _, said, openings = one_share(170_000)
    again = evolve(said, nonce="another-nonce-0001")
    proofs = [strictjson.loads(prove(what, openings, bytes))["proof"] for what in (said, again, said)]
    assert proofs[0] == proofs[2]
    parts = []
    for proof in map(unb64url, proofs[:2]):
        starts = [32 + 129 * place + at for place in range(20) for at in (1, 33, 65, 97)]
        parts.append({proof[at : at + 32] for at in starts} | {proof[:32]})
    assert len(parts[0]) == len(parts[1]) == 81
    assert not parts[0] & parts[1]


def test_refusals_look_alike():
    """A false claim, a number beyond the range, an opening that does not fit, one that is missing."""
    _, low, low_openings = one_share(159_999)
    _, far, far_openings = three([(10**10, 10**10)] * 3, bits=40)
    _, said, openings = one_share(170_000)
    wrong = [Opening(openings[0].value, openings[0].blinding - 1)]
    seen = set()
    for what, with_ in ((low, low_openings), (far, far_openings), (said, wrong), (said, [])):
        with pytest.raises(NotProven) as refused:
            prove(what, with_, secrets.token_bytes)
        seen.add((str(refused.value), repr(refused.value), refused.value.args))
        assert refused.value.reason
    assert seen == {(REFUSAL, f"NotProven('{REFUSAL}')", (REFUSAL,))}


def test_the_witness_stays_out_of_representations():
    opening = Opening(170_000, 12345)
    assert "170000" not in repr(opening)
    assert "12345" not in repr(opening)


def test_whole_joint_proof_at_exactly_the_threshold():
    shelf, said, openings = three([(16, 100), (0, 0), (32, 200)])
    assert said.witness(tuple(openings))[0] == 0
    check(prove(said, openings, secrets.token_bytes), shelf)
