"""Receipts as text: what is written is read back; what does not lead to a trusted checkpoint is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.core.log.trees import by_definition, leaves, subtrees

from lodeline.keys import SigningKey
from lodeline.log import merkle, receipt
from lodeline.log import note as notes
from lodeline.log import policy as policies
from lodeline.log.checkpoint import Checkpoint, CheckpointRefused, sign, to_base64, vkey
from lodeline.log.cosignature import Cosigner
from lodeline.log.note import COSIGNATURE
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


def witnessed(index, size, *numbers, time=1_700_000_000):
    """A receipt whose checkpoint these witnesses have cosigned, and what policy lines name them."""
    made = issued(index, size)
    text = notes.split(made.note).text
    cosigners = [Cosigner(f"w{number}.example", COSIGNATURE, bytes([number]) * 32) for number in range(1, 4)]
    lines = "".join(cosigners[number - 1].sign(text, time).line() for number in numbers)
    known = "".join(f"witness w{number} {one.key}\n" for number, one in enumerate(cosigners, 1))
    policy = policies.read(
        f"log {vkey(ORIGIN, KEY.verify_key)}\n{known}group g 2 w1 w2 w3\nquorum g\n".encode()
    )
    return receipt.make(made.index, made.path, made.note + lines), policy


def test_a_receipt_with_a_quorum_of_witnesses():
    made, policy = witnessed(1, 3, 1, 3)
    judged = receipt.read(made.text()).judge(leaves(3)[1], policy)
    assert (judged.checkpoint.size, judged.witnesses, judged.reached) == (3, ("w1", "w3"), True)
    assert receipt.read(made.text()).verify(leaves(3)[1], KEYS).size == 3  # without a policy as before
    with pytest.raises(ProofError, match="another root"):
        made.judge(leaves(3)[2], policy)


def test_a_receipt_without_its_quorum():
    for numbers in ((), (2,), (2, 2)):
        made, policy = witnessed(1, 3, *numbers)
        with pytest.raises(CheckpointRefused, match="quorum"):
            made.judge(leaves(3)[1], policy)
    made, policy = witnessed(1, 3, 1, 2, time=2_000_000_000)
    with pytest.raises(CheckpointRefused, match="quorum"):
        made.judge(leaves(3)[1], policy, now=1_900_000_000)
    assert made.judge(leaves(3)[1], policy, now=2_000_000_000).reached


def test_witnesses_do_not_stand_in_for_the_log():
    made, policy = witnessed(1, 3, 1, 2)
    parts = notes.split(made.note)
    unsigned = receipt.make(1, made.path, str(notes.Note(parts.text, parts.signatures[1:])))
    with pytest.raises(CheckpointRefused, match="no known key of the log"):
        unsigned.judge(leaves(3)[1], policy)
