"""Statements without a sound proof cannot be made; everything in one is in its transcript."""

from __future__ import annotations

import secrets

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from tests.core.credentials.thresholds.parties import NONCE, check, one_share, sealed, seeded, three

from lodeline import strictjson
from lodeline.credentials.thresholds import group, statement
from lodeline.credentials.thresholds.commitment import Opening, commit
from lodeline.credentials.thresholds.prove import prove
from lodeline.credentials.thresholds.statement import ThresholdRefused
from lodeline.keys import unb64url

SHELF, SAID, OPENINGS = one_share(170_000, random=seeded("statement"))
(TERM,) = SAID.terms
OTHER, _ = sealed(170_000, random=seeded("other"))


@pytest.mark.parametrize(
    "change",
    [
        {"claim": "another"},
        {"operator": ">"},
        {"threshold": 160_001},
        {"bits": 21},
        {"audience": "did:web:other.example"},
        {"nonce": NONCE + "x"},
        {"expires": "2026-11-22T09:10:01Z"},
        {"terms": (evolve(TERM, coefficient=2),)},
        {"terms": (evolve(TERM, issuer="did:web:other.example"),)},
        {"terms": (evolve(TERM, credential="urn:other"),)},
        {"terms": (evolve(TERM, path="/other"),)},
        {"terms": (evolve(TERM, commitment=OTHER),)},
        {"terms": (evolve(TERM, commitment=evolve(TERM.commitment, unit="ppm")),)},
        {"terms": (evolve(TERM, commitment=evolve(TERM.commitment, scale=3)),)},
        {"terms": (evolve(TERM, commitment=evolve(TERM.commitment, bits=21)),)},
        {"terms": (TERM, evolve(TERM, path="/other", commitment=OTHER))},
    ],
    ids=str,
)
def test_everything_is_in_the_transcript(change):
    assert evolve(SAID, **change).transcript() != SAID.transcript()


def test_the_transcript_names_protocol_curve_and_generator():
    said = strictjson.loads(SAID.transcript())
    assert (said["protocol"], said["curve"]) == ("lodeline-threshold/1", "secp256k1")
    published = "02136617c41bbe7605356d07e47ed53746052461bc1ca7ab1dd8f37e933057ed30"
    assert unb64url(said["generator"]).hex() == published


@pytest.mark.parametrize(
    ("change", "step"),
    [
        ({"terms": ()}, "structure"),
        ({"terms": (TERM, TERM)}, "structure"),
        ({"terms": (TERM, evolve(TERM, path="/other"))}, "commitment"),
        ({"terms": (TERM, evolve(TERM, path="/x", commitment=evolve(OTHER, unit="g")))}, "commitment"),
        ({"terms": (TERM, evolve(TERM, path="/x", commitment=evolve(OTHER, scale=3)))}, "commitment"),
        ({"terms": (evolve(TERM, coefficient=0),)}, "structure"),
        ({"terms": (evolve(TERM, coefficient=True),)}, "structure"),
        ({"terms": (evolve(TERM, coefficient=10**9 + 1),)}, "structure"),
        ({"terms": (evolve(TERM, path="credentialSubject"),)}, "structure"),
        ({"terms": (evolve(TERM, issuer=""),)}, "structure"),
        ({"terms": (evolve(TERM, credential="x" * 501),)}, "structure"),
        ({"claim": ""}, "structure"),
        ({"operator": "="}, "structure"),
        ({"threshold": 2**64 + 1}, "structure"),
        ({"threshold": 16.0}, "structure"),
        ({"bits": 0}, "structure"),
        ({"bits": 65}, "structure"),
        ({"nonce": "short"}, "structure"),
        ({"nonce": None}, "structure"),
        ({"nonce": "with spaces in it, long"}, "structure"),
        ({"expires": "2026-11-22T09:10:00+01:00"}, "structure"),
        ({"expires": "2026-13-22T09:10:00Z"}, "structure"),
        ({"expires": None}, "structure"),
    ],
    ids=str,
)
def test_statements_that_cannot_be_made(change, step):
    with pytest.raises(ThresholdRefused) as refused:
        evolve(SAID, **change)
    assert refused.value.step == step


def test_no_form_comes_near_the_group_order():
    """What a statement may hold at most, and a number of 64 bits: no negative number is one modulo q."""
    most = evolve(SAID, threshold=2**64, operator=">", terms=tuple(largest(index) for index in range(64)))
    form, _ = most.witness(tuple(Opening(2**64 - 1, 1) for _ in most.terms))
    assert 2**99 < -form < statement.MAX_FORM < group.ORDER // 2**128
    with pytest.raises(ThresholdRefused):
        evolve(most, terms=(*most.terms, largest(64)))


def largest(index):
    opening = Opening(1, index + 1)
    return evolve(
        TERM, coefficient=-(10**9), path=f"/{index}", commitment=commit(opening, unit="%", scale=4, bits=64)
    )


@given(st.integers(-(2**64), 2**64), st.integers(0, 10**6), st.sampled_from([">=", ">", "<=", "<"]))
def test_the_reduction_is_not_negative_if_and_only_if_the_claim_is_true(threshold, value, operator):
    sign, constant = evolve(SAID, threshold=threshold, operator=operator).reduction()
    truth = {
        ">=": value >= threshold,
        ">": value > threshold,
        "<=": value <= threshold,
        "<": value < threshold,
    }
    assert (sign * value + constant >= 0) == truth[operator]


def test_the_commitment_of_the_form_is_to_its_witness():
    for said, openings in ((SAID, OPENINGS), three([(20, 100), (30, 100)])[1:]):
        number, blinding = said.witness(tuple(openings))
        assert said.point() == group.combine([(number, group.H), (blinding, group.times_g(1))])


def test_a_credential_function_that_answers_with_another_document():
    """Whoever looks credentials up wrongly does not make a proof hold."""
    message = prove(SAID, OPENINGS, secrets.token_bytes)
    check(message, SHELF)
    for change in ({"id": "urn:other"}, {"id": None}, {"issuer": None}, {"issuer": {"name": "no id"}}):
        with pytest.raises(ThresholdRefused) as refused:
            check(message, lambda name, change=change: {**SHELF(name), **change})
        assert refused.value.step == "commitment"
    with pytest.raises(ThresholdRefused):
        check(message, lambda _name: [])
    check(message, lambda name: {**SHELF(name), "issuer": {"id": TERM.issuer, "name": "Refiner"}})


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/a~1b/0", 1),
        ("/m~0n", 2),
        ("/list/1", 4),
        ("/list/01", None),
        ("/list/-1", None),
        ("/list/9", None),
        ("/list/99999999999999999999", None),
        ("/list/-", None),
        ("/list/١", None),
        ("/a", None),
        ("/list/1/x", None),
    ],
)
def test_pointers(path, found):
    """RFC 6901: escapes, plain indexes only."""
    from lodeline.credentials.thresholds.verify import _at

    assert _at({"a/b": [1], "m~n": 2, "list": [3, 4]}, path) == found


def test_hostile_messages_are_refused_in_good_time():
    import time

    hostile = [
        b"",
        b"[" * 100_000,
        b"{}" * 40_000,
        b'{"threshold":"' + b"9" * 60_000 + b'"}',
        SAID.message(bytes(40_000)),
        strictjson.canonical({**strictjson.loads(SAID.message(b"x")), "threshold": "9" * 60_000}),
        strictjson.canonical({**strictjson.loads(SAID.message(b"x")), "terms": [[]] * 5_000}),
        '{"claim":"\ud800"}'.encode("utf-8", "surrogatepass"),
        b'{"claim":"\\ud800"}',
        b"\xef\xbb\xbf" + SAID.message(b"x"),
    ]
    started = time.process_time()
    for message in hostile:
        with pytest.raises(ThresholdRefused):
            check(message, SHELF)
    assert time.process_time() - started < 2
