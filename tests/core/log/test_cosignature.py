"""Cosignatures of both types: what is signed, byte by byte, and what is refused."""

from __future__ import annotations

import struct

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from lodeline.keys import SigningKey
from lodeline.log import note
from lodeline.log.checkpoint import Checkpoint, sign
from lodeline.log.cosignature import MAX_TIME, Cosigner, ed25519_message, mldsa_message, verifier
from lodeline.log.note import COSIGNATURE, ED25519, MLDSA, NoteRefused, Plain, Signature, VKey

ORIGIN, NAME, TIME = "log.example/lode", "witness.example/w1", 1_679_315_147
SEED = b"\5" * 32
LOG = SigningKey(b"\6" * 32)
POINT = Checkpoint(origin=ORIGIN, size=7, root=b"\7" * 32)
KINDS = [COSIGNATURE, MLDSA]


def checked(signature, key, text=None):
    return verifier(key).check(POINT.text() if text is None else text, signature.signature)


def test_the_message_of_the_specification():
    """The example in C2SP tlog-cosignature, section "Ed25519 signed message"."""
    text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    assert ed25519_message(text, TIME) == (
        b"cosignature/v1\ntime 1679315147\nexample.com/behind-the-sofa\n20852163\n"
        b"CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    )


def test_the_message_of_mldsa():
    expected = b"subtree/v1\n\0" + b"\x12witness.example/w1" + struct.pack(">Q", TIME)
    expected += b"\x10log.example/lode" + struct.pack(">QQ", 0, 7) + b"\7" * 32
    assert mldsa_message(NAME, TIME, POINT) == expected


def test_the_bytes_of_an_ed25519_cosignature():
    made = Cosigner(NAME, COSIGNATURE, SEED).sign(POINT.text(), TIME)
    bare = Ed25519PrivateKey.from_private_bytes(SEED).sign(ed25519_message(POINT.text(), TIME))
    assert made.signature == struct.pack(">Q", TIME) + bare
    assert (made.name, made.id) == (NAME, note.key_id(NAME, SigningKey(SEED).verify_key.raw, 0x04))


def test_the_bytes_of_an_mldsa_cosignature():
    cosigner = Cosigner(NAME, MLDSA, SEED)
    made, public = cosigner.sign(POINT.text(), TIME), MLDSA44PrivateKey.from_seed_bytes(SEED).public_key()
    assert (len(made.signature), made.signature[:8]) == (8 + 2420, struct.pack(">Q", TIME))
    public.verify(made.signature[8:], mldsa_message(NAME, TIME, POINT))  # raises
    assert cosigner.key == VKey(NAME, MLDSA, public.public_bytes_raw())


@given(
    kind=st.sampled_from(KINDS),
    size=st.integers(0, MAX_TIME),
    root=st.binary(min_size=32, max_size=32),
    time=st.integers(1, MAX_TIME),
)
def test_a_cosignature_verifies_and_tells_its_time(kind, size, root, time):
    text = Checkpoint(origin=ORIGIN, size=size, root=root).text()
    cosigner = Cosigner(NAME, kind, SEED)
    assert checked(cosigner.sign(text, time), cosigner.key, text) == time


@pytest.mark.parametrize("kind", KINDS)
def test_the_time_is_signed(kind):
    cosigner = Cosigner(NAME, kind, SEED)
    made = cosigner.sign(POINT.text(), TIME)
    later = struct.pack(">Q", TIME + 1) + made.signature[8:]
    with pytest.raises(NoteRefused, match="does not hold"):
        checked(Signature(NAME, made.id, later), cosigner.key)


@pytest.mark.parametrize("kind", KINDS)
def test_a_time_from_2_to_the_63_is_refused_before_the_signature(kind):
    cosigner = Cosigner(NAME, kind, SEED)
    made = cosigner.sign(POINT.text(), TIME)
    for time in (2**63, 2**64 - 1):
        with pytest.raises(NoteRefused, match="out of range"):
            checked(Signature(NAME, made.id, struct.pack(">Q", time) + made.signature[8:]), cosigner.key)
        with pytest.raises(ValueError, match="out of range"):
            cosigner.sign(POINT.text(), time)
    with pytest.raises(ValueError, match="out of range"):
        cosigner.sign(POINT.text(), -1)


def test_only_mldsa_may_leave_the_time_out():
    with pytest.raises(ValueError, match="out of range"):
        Cosigner(NAME, COSIGNATURE, SEED).sign(POINT.text(), 0)
    cosigner = Cosigner(NAME, MLDSA, SEED)
    assert checked(cosigner.sign(POINT.text(), 0), cosigner.key) == 0


def test_mldsa_signs_the_name_and_ed25519_does_not():
    made = Cosigner(NAME, MLDSA, SEED).sign(POINT.text(), TIME)
    with pytest.raises(NoteRefused, match="does not hold"):
        checked(made, Cosigner("witness.example/w2", MLDSA, SEED).key)
    made = Cosigner(NAME, COSIGNATURE, SEED).sign(POINT.text(), TIME)
    assert checked(made, Cosigner("witness.example/w2", COSIGNATURE, SEED).key) == TIME


def test_extension_lines_are_covered_by_ed25519_and_not_by_mldsa():
    longer = POINT.text() + "extension\n"
    cosigner = Cosigner(NAME, COSIGNATURE, SEED)
    assert checked(cosigner.sign(longer, TIME), cosigner.key, longer) == TIME
    with pytest.raises(NoteRefused, match="does not hold"):
        checked(cosigner.sign(POINT.text(), TIME), cosigner.key, longer)
    lattice = Cosigner(NAME, MLDSA, SEED)
    assert checked(lattice.sign(POINT.text(), TIME), lattice.key, longer) == TIME


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("length", [0, 1, 8, 63, 64, 71, 73, 2419, 2427, 2429])
def test_signatures_of_another_length(kind, length):
    cosigner = Cosigner(NAME, kind, SEED)
    with pytest.raises(NoteRefused, match="wrong length"):
        checked(Signature(NAME, cosigner.key.id, bytes(length)), cosigner.key)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("text", ["", "a\n", f"{ORIGIN}\n07\n{note.to_base64(bytes(32))}\n", "a\n1\nAAAA\n"])
def test_what_is_no_checkpoint_is_not_cosigned(kind, text):
    with pytest.raises(NoteRefused):
        Cosigner(NAME, kind, SEED).sign(text, TIME)


def test_mldsa_refuses_what_its_form_cannot_hold():
    cosigner = Cosigner(NAME, MLDSA, SEED)
    for point in (
        Checkpoint(origin="x" * 256, size=1, root=bytes(32)),
        Checkpoint(origin=ORIGIN, size=2**63, root=bytes(32)),
    ):
        with pytest.raises(NoteRefused):
            cosigner.sign(point.text(), TIME)
        with pytest.raises(NoteRefused):
            verifier(cosigner.key).check(point.text(), bytes(2428))
    with pytest.raises(NoteRefused, match="1 to 255"):
        Cosigner("x" * 256, MLDSA, SEED).sign(POINT.text(), TIME)


def test_a_cosigned_note_verifies_with_all_its_keys():
    base = sign(POINT, LOG)
    cosigners = [Cosigner(NAME, kind, SEED) for kind in KINDS]
    whole = base + "".join(one.sign(POINT.text(), TIME).line() for one in cosigners)
    log = VKey(ORIGIN, ED25519, LOG.verify_key.raw)
    keys = [log, *(one.key for one in cosigners)]
    verified = note.verify(whole, map(verifier, keys))
    assert [(one.key, one.time) for one in verified.by] == [(keys[0], None), (keys[1], TIME), (keys[2], TIME)]
    assert note.verify(whole, [Plain(log)]).text == POINT.text()  # strangers do not disturb


def test_one_public_key_of_two_types_is_not_confused():
    """The plain signature over what a cosignature would sign is no cosignature, nor the other way round."""
    made = Cosigner(ORIGIN, COSIGNATURE, SEED).sign(POINT.text(), TIME)
    plain = VKey(ORIGIN, ED25519, SigningKey(SEED).verify_key.raw)
    with pytest.raises(NoteRefused, match="no known key"):
        note.verify(f"{POINT.text()}\n{made.line()}", [Plain(plain)])
    moved = Signature(ORIGIN, plain.id, made.signature[8:])
    with pytest.raises(NoteRefused, match="does not hold"):
        note.verify(f"{POINT.text()}\n{moved.line()}", [Plain(plain)])


@pytest.mark.parametrize(("kind", "seed"), [(ED25519, SEED), (0x05, SEED), (MLDSA, SEED[:31]), (MLDSA, b"")])
def test_only_cosigning_keys_cosign(kind, seed):
    with pytest.raises(ValueError, match="cosigner"):
        Cosigner(NAME, kind, seed)


def test_seeds_stay_out_of_representations():
    assert "5" not in repr(Cosigner(NAME, MLDSA, SEED)).replace(NAME, "")
