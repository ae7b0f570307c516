"""The published method is the method that computes: its tables are those of the data."""

from __future__ import annotations

import os
import re
from fractions import Fraction
from pathlib import Path

import pytest
from tests.core.trust.samples import V1

from lodeline.trust import publish

PAGE = Path(__file__).resolve().parents[3] / "docs" / "method" / "trust-score.md"
PLACE = re.compile(r"(<!-- begin: ([a-z-]+) -->\n).*?(<!-- end: \2 -->)", re.DOTALL)


def test_the_tables_of_the_page_are_those_of_the_method():
    """LODELINE_WRITE_DOCS=1 writes them."""
    text = PAGE.read_text()
    tables = publish.sections(V1)
    assert {found[1] for found in PLACE.findall(text)} == set(tables)
    current = PLACE.sub(lambda found: f"{found[1]}\n{tables[found[2]]}\n\n{found[3]}", text)
    if os.environ.get("LODELINE_WRITE_DOCS"):
        PAGE.write_text(current)
    assert current == PAGE.read_text(), "the page is out of date; run this test with LODELINE_WRITE_DOCS=1"


def test_every_sub_indicator_and_gate_is_published():
    tables = publish.sections(V1)
    assert all(f"| {sub.id} |" in tables["sub-indicators"] for sub in V1.subs)
    assert all(f"| {gate.id} |" in tables["gates"] for gate in V1.gates)
    assert V1.hash in tables["identity"]


@pytest.mark.parametrize(
    ("value", "text"),
    [("0.5", "0.5"), ("20", "20"), ("-0.30", "−0.3"), ("0", "0"), ("2.5", "2.5"), ("100", "100")],
)
def test_numbers_are_written_as_they_are(value, text):
    assert publish.number(Fraction(value)) == text
