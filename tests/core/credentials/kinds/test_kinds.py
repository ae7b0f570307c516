"""Each kind in each version: every word has a meaning, nothing is lost on the way to the graph."""

from __future__ import annotations

from decimal import Decimal
from hashlib import sha256

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from tests.core.credentials.kinds.saying import CELL, ISSUER, MADE, SAID, SINCE
from tests.core.credentials.making import VENDOR

from lodeline import strictjson
from lodeline.credentials import contexts, kinds, model, rdf
from lodeline.credentials.kinds import terms
from lodeline.credentials.kinds.parts import number, scheme_of
from lodeline.credentials.kinds.values import Amount
from lodeline.credentials.verdict import CredentialRefused
from lodeline.passports.datapoints import points
from lodeline.passports.document import ENVELOPE, OPEN

ALL = [(kind, version) for kind in kinds.KINDS for version in kinds.VERSIONS]


@pytest.fixture(scope="module")
def held():
    if not (VENDOR / "did-context").is_dir():
        pytest.skip("the context packages are not here: set-up had no npm")
    return contexts.load(lambda file: (VENDOR / file).read_bytes(), kinds.DOCUMENTS)


@pytest.fixture(scope="module")
def worker(held):
    with rdf.Worker(held, seconds=20) as made:
        yield made


def made(kind, version="0.7", **change):
    return kinds.build(evolve(SAID[kind], **change), ISSUER, version=version, since=SINCE)


def test_there_is_an_example_of_each():
    assert set(SAID) == set(kinds.KINDS)


@pytest.mark.parametrize(("kind", "version"), ALL)
def test_every_word_reaches_the_graph(kind, version, worker, held):
    credential = made(kind, version)
    model.credential(credential, held)
    (quads,) = worker([{**credential, "id": "urn:x:1"}])
    # Addresses of ours stand only where UNTP has no word; no word went to a catch-all.
    assert b"lost.invalid" not in quads
    assert b"uncefact.org" in quads


@pytest.mark.parametrize(("kind", "version"), ALL)
def test_a_word_that_no_context_knows_is_refused(kind, version, worker):
    credential = made(kind, version)
    subject = credential["credentialSubject"]
    (subject[0] if isinstance(subject, list) else subject)["surprise"] = "x"
    with pytest.raises(CredentialRefused, match="surprise"):
        worker([credential])


def test_a_code_that_is_none_is_refused(worker):
    credential = made("conformity")
    credential["credentialSubject"]["assessorLevel"] = "best"
    with pytest.raises(CredentialRefused, match="best"):
        worker([credential])


def test_words_of_untp(worker):
    (quads,) = worker([made("identity")])
    text = quads.decode()
    untp = "https://vocabulary.uncefact.org/untp/"
    assert f"<{untp}registerType> <{untp}RegistryType#business>" in text
    assert f'<{untp}registeredId> "9521000000004"' in text
    assert f"<{untp}DigitalIdentityAnchor>" in text
    (quads,) = worker([made("identity", "0.6")])
    assert "untp/dia/0/RegistryTypeCodeList#Business" in quads.decode()


def test_contexts_are_those_that_are_pinned():
    assert set(terms.DOCUMENTS) == set(terms.PINNED) == set(terms.FILES.values())
    for address, document in terms.DOCUMENTS.items():
        assert sha256(strictjson.canonical(document)).hexdigest() == terms.PINNED[address]
        assert "@vocab" not in [key for part in _objects(document) for key in part]


def test_a_changed_context_is_noticed(monkeypatch):
    monkeypatch.setattr(terms, "UNITS", ["KGM"])
    with pytest.raises(AssertionError, match="pinned"):
        terms._held()


def _objects(value):
    if isinstance(value, dict):
        yield value
        for item in value.values():
            yield from _objects(item)


def test_the_points_are_those_of_passports():
    assert set(terms.POINTS) == {one.id for one in points().values()}
    assert set(terms.ENVELOPE) == {*ENVELOPE, *OPEN}


@pytest.mark.parametrize(
    ("kind", "change", "said"),
    [
        ("identity", {"did": "cells"}, "no absolute address"),
        ("events", {"events": ()}, "nothing is on record"),
        ("passport", {"elements": {"colour": {}}}, "colour"),
        (
            "events",
            {"events": (evolve(MADE, inputs=(Amount(thing=CELL, quantity=Decimal(1), unit="XX"),)),)},
            "XX",
        ),
        (
            "events",
            {
                "events": (
                    evolve(MADE, inputs=(Amount(thing=CELL, quantity=Decimal("0.12345678901234567890")),)),
                )
            },
            "digits",
        ),
    ],
)
def test_refused(kind, change, said):
    with pytest.raises(CredentialRefused, match=said) as refusal:
        made(kind, **change)
    assert refusal.value.step == "structure"


def test_an_unknown_version():
    with pytest.raises(CredentialRefused, match=r"0\.7"):
        made("identity", "9")


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**8), max_value=10**8))
def test_numbers_come_back_as_they_were(value):
    assert Decimal(repr(number(value))) == value


@pytest.mark.parametrize(
    ("identifier", "expected"),
    [
        ("https://id.gs1.org/417/9521000000004", ("9521000000004", "https://id.gs1.org/417")),
        ("https://id.gs1.org/254/X", ("X", "https://id.gs1.org/254")),
        ("https://mine.example/parties/7", ("7", "https://mine.example/parties")),
        ("urn:x:party:7", ("7", "urn:x:party")),
    ],
)
def test_scheme_of_an_identifier(identifier, expected):
    assert scheme_of(identifier)[:2] == expected
