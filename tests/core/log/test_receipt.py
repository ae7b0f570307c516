"""Receipts as text: what is written is read back; what does not lead to a trusted checkpoint is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.core.log.trees import by_definition, leaves, subtrees

from lodeline.keys import SigningKey
from lodeline.log import merkle, receipt
from lodeline.log.checkpoint import Checkpoint, CheckpointRefused, sign, to_base64
from lodeline.log.proof import ProofError

ORIGIN = "log.example/lode"
KEY = SigningKey.from_seed(bytes(32))
KEYS = {ORIGIN: KEY.verify_key}


def issued(index, size, origin=ORIGIN, key=KEY):
    hashes = leaves(size)
    note = sign(Checkpoint(origin=origin, size=size, root=by_definition(hashes)), key)
    return receipt.make(index, merkle.inclusion(subtrees(hashes), index, size), note)


def test_the_bytes_of_a_receipt():
    hashes = leaves(2)
    made = issued(1, 2)
    assert made.text().split("\n")[:5] == [
        "c2sp.org/tlog-proof@v1",
        "index 1",
        to_base64(hashes[0]),
        "",
        ORIGIN,
    ]
    assert made.text().endswith(made.note)


@given(st.integers(1, 40), st.data())
def test_a_receipt_is_read_back_and_verifies(size, data):
    index = data.draw(st.integers(0, size - 1))
    read = receipt.read(issued(index, size).text())
    assert read == issued(index, size)
    assert read.verify(leaves(size)[index], KEYS).size == size
    with pytest.raises(ProofError):
        read.verify(b"\xee" * 32, KEYS)


def test_an_extra_line_changes_nothing():
    text = issued(1, 3).text().replace("index", "extra AAAA\nindex")
    assert receipt.read(text) == issued(1, 3)


def test_only_trusted_logs_count():
    with pytest.raises(CheckpointRefused, match="no known key"):
        issued(1, 3).verify(leaves(3)[1], {"other.example": KEY.verify_key})
    with pytest.raises(CheckpointRefused, match="no known key"):
        issued(1, 3, key=SigningKey.from_seed(b"\1" * 32)).verify(leaves(3)[1], KEYS)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: "",
        lambda text: text.replace("@v1", "@v2"),
        lambda text: text.replace("index 1", "index 01"),
        lambda text: text.replace("index 1", "index -1"),
        lambda text: text.replace("index 1", "index 1 "),
        lambda text: text.replace("index 1", f"index {10**20}"),
        lambda text: text.replace("index 1\n", ""),
        lambda text: text.replace("=\n", "\n", 1),
        lambda text: text.replace("index 1\n", "index 1\nAAAA\n"),
        lambda text: text.replace("index 1\n", "index 1\n" + "A" * 43 + "=\n" * 64),
        lambda text: text.replace("\n\n", "\n"),
        lambda text: text + "x" * receipt.MAX_RECEIPT,
        lambda text: text.replace("\n", "\r\n"),
    ],
)
def test_what_is_no_receipt_is_refused(change):
    with pytest.raises(ProofError):
        receipt.read(change(issued(1, 3).text()))


@given(st.text(max_size=100))
def test_any_text_is_refused_without_another_error(text):
    with pytest.raises(ProofError):
        receipt.read(text)


def test_a_moved_index_leads_elsewhere():
    text = issued(1, 3).text().replace("index 1", "index 0")
    with pytest.raises(ProofError, match="another root"):
        receipt.read(text).verify(leaves(3)[1], KEYS)
