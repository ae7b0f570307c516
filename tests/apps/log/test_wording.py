"""The rows of a receipt, and the drawing of where a leaf stands."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.core.log.trees import leaves, subtrees

from lodeline.log.merkle import inclusion
from lodeline_server.log import wording
from lodeline_server.log.drawing import tree


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("validUntil", "Valid until"),
        ("valid_until", "Valid until"),
        ("party.profile", "Party profile"),
        ("GTIN", "GTIN"),
        ("openMajor", "Open major"),
        ("", ""),
    ],
)
def test_names_become_words(name, said):
    assert wording.words(name) == said


def test_a_statement_is_told_by_what_it_is_about():
    body = {
        "kind": "certificate",
        "id": "urn:uuid:1",
        "subject": "https://id.gs1.org/417/1",
        "issuer": "https://id.gs1.org/417/2",
        "issued": "2026-01-01",
        "assurance": {"assessorLevel": "3rdParty"},
        "content": {"scheme": "IRMA", "sites": ["a", "b", "c", "d", "e"], "open": True, "none": None},
    }
    assert wording.rows("certificate", {"body": body}) == [
        ("About", "https://id.gs1.org/417/1"),
        ("Scheme", "IRMA"),
        ("Sites", "a, b, c and 2 more"),
        ("Open", "yes"),
        ("Assessor level", "3rdParty"),
        ("Issued", "2026-01-01"),
    ]


def test_an_event_is_told_by_what_went_in_and_out():
    event = {
        "type": "TransformationEvent",
        "bizStep": "commissioning",
        "eventTime": "2026-03-09T11:40:00Z",
        "eventTimeZoneOffset": "+02:00",
        "inputQuantityList": [{"epcClass": "urn:a", "quantity": 5.5, "uom": "KGM"}],
        "outputEPCList": ["urn:x", "urn:y"],
        "outputQuantityList": [{"epcClass": "urn:b", "quantity": 3}],
        "bizLocation": {"id": "urn:site"},
        "ilmd": {"lode:composition": [{"lode:substance": "Ni", "lode:massFraction": "0.2"}]},
    }
    assert wording.rows("epcis.event", {"body": {"event": event}}) == [
        ("Event", "TransformationEvent · commissioning"),
        ("Event time", "2026-03-09T11:40:00Z"),
        ("Time zone there", "+02:00"),
        ("Site", "urn:site"),
        ("Inputs", "5.5 KGM urn:a"),
        ("Outputs", "urn:x, urn:y, 3 urn:b"),
        ("Composition", "Substance Ni; Mass fraction 0.2"),
    ]


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)


@given(
    st.sampled_from(["epcis.event", "certificate", "score"]),
    st.dictionaries(st.text(max_size=5), values),
    values,
)
def test_any_payload_has_rows(name, body, event):
    for payload in (
        {"body": body},
        {"body": event},
        {"body": {"event": body, "content": event}},
        {"body": {"event": event}},
    ):
        rows = wording.rows(name, payload)
        assert len(rows) <= wording.MOST_ROWS
        assert all(isinstance(label, str) and said and len(said) <= wording.LONGEST for label, said in rows)


def test_the_drawing_shows_as_many_hashes_as_the_proof_has():
    for size in range(1, 50):
        for position in range(size):
            hashes = len(inclusion(subtrees(leaves(size)), position, size))
            drawn = str(tree(position, size, hashes))
            above = re.search(r"(\d+) more levels", drawn)
            assert drawn.count('class="ring"') + int(above[1] if above else 0) == hashes, (position, size)
            assert drawn.count('class="dot"') + int(above[1] if above else 0) == hashes + 1
            assert ">the root<" in drawn or above


def test_the_drawing_of_one_leaf():
    assert "its proof has 0 hashes" in str(tree(0, 1, 0))
