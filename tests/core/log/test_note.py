"""Signed notes: the published example, notes of all key types, and everything that is not one."""

from __future__ import annotations

import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lodeline.keys import SigningKey
from lodeline.log import cosignature, note
from lodeline.log.note import COSIGNATURE, ED25519, MLDSA, NoteRefused, Plain, Signature, VKey

# The example of the signed-note specification (C2SP, v1.0.0).
VKEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
NOTE = (
    "This is an example message.\n\n— example.com/foo "
    "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
)
SEED = b"\3" * 32
SIGNER = SigningKey(SEED)
KEY = VKey("log.example/lode", ED25519, SIGNER.verify_key.raw)
names = st.text(st.characters(codec="utf-8", exclude_characters="+"), min_size=1, max_size=30).filter(
    lambda text: note.NAME.fullmatch(text) and all(sign >= " " for sign in text)
)
texts = st.text(st.characters(codec="utf-8"), max_size=200).map(
    lambda text: "".join(sign for sign in text if sign >= " " or sign == "\n") + "\n"
)


def signed(text, *, key=KEY, signer=SIGNER):
    return str(note.Note(text, (Signature(key.name, key.id, signer.sign(text.encode())),)))


def keys_of_all_types(name):
    return [
        KEY if name == KEY.name else VKey(name, ED25519, SIGNER.verify_key.raw),
        cosignature.Cosigner(name, COSIGNATURE, SEED).key,
        cosignature.Cosigner(name, MLDSA, SEED).key,
    ]


def test_the_published_example_verifies():
    key = note.parse_vkey(VKEY)
    assert (key.name, key.kind, key.id.hex(), str(key)) == ("example.com/foo", ED25519, "530d903a", VKEY)
    verified = note.verify(NOTE, [Plain(key)])
    assert verified.text == "This is an example message.\n"
    assert [(one.key, one.time) for one in verified.by] == [(key, None)]
    assert str(note.split(NOTE)) == NOTE
    with pytest.raises(NoteRefused, match="does not hold"):
        note.verify(NOTE.replace("an example", "no example"), [Plain(key)])


@given(texts, names)
def test_a_note_is_read_back(text, name):
    key = VKey(name, ED25519, SIGNER.verify_key.raw)
    made = signed(text, key=key)
    parts = note.split(made)
    assert parts.text == text
    assert str(parts) == made
    assert note.verify(made, [Plain(key)]).text == text


@given(st.integers(0, len(NOTE.encode()) - 1), st.integers(1, 255))
def test_a_changed_byte_is_refused(at, mask):
    data = bytearray(NOTE.encode())
    data[at] ^= mask
    with pytest.raises((NoteRefused, UnicodeDecodeError)):
        note.verify(data.decode(), [Plain(note.parse_vkey(VKEY))])


@given(st.integers(0, 2419), st.integers(0, 7), st.sampled_from([COSIGNATURE, MLDSA]))
def test_a_changed_bit_of_a_cosignature_is_refused(at, bit, kind):
    cosigner = cosignature.Cosigner("witness.example", kind, SEED)
    text = f"{KEY.name}\n7\n{note.to_base64(bytes(32))}\n"
    good = cosigner.sign(text, 1_700_000_000)
    data = bytearray(good.signature)
    data[at % len(data)] ^= 1 << bit
    bad = note.Note(text, (Signature(good.name, good.id, bytes(data)),))
    check = cosignature.verifier(cosigner.key)
    with pytest.raises(NoteRefused, match="does not hold|out of range"):
        note.verify(str(bad), [check])
    assert note.verify(str(note.Note(text, (good,))), [check]).by[0].time == 1_700_000_000


@pytest.mark.parametrize("kind", [COSIGNATURE, MLDSA])
@given(at=st.integers(0, 60), mask=st.integers(1, 127))
def test_a_changed_text_is_refused_by_cosignatures(kind, at, mask):
    cosigner = cosignature.Cosigner("witness.example", kind, SEED)
    text = f"log.example/lode\n7\n{note.to_base64(bytes(range(32)))}\n"
    good = cosigner.sign(text, 1)
    data = bytearray(text.encode())
    data[at % len(data)] ^= mask
    with pytest.raises((NoteRefused, UnicodeDecodeError)):
        note.verify(f"{data.decode()}\n{good.line()}", [cosignature.verifier(cosigner.key)])


def test_the_id_depends_on_name_and_type():
    plain, timed, lattice = keys_of_all_types("log.example/lode")
    assert (plain.public, timed.public) == (SIGNER.verify_key.raw,) * 2
    assert timed.id == hashlib.sha256(b"log.example/lode\n\x04" + timed.public).digest()[:4]
    assert lattice.id == hashlib.sha256(b"log.example/lode\n\x06" + lattice.public).digest()[:4]
    assert len(lattice.public) == 1312
    assert len({plain.id, timed.id, lattice.id, VKey("other", ED25519, plain.public).id}) == 4


@given(names)
def test_keys_of_all_types_are_read_back(name):
    for key in keys_of_all_types(name):
        assert note.parse_vkey(str(key)) == key


def vkey_text(name, kind, public):
    return (
        f"{name}+{note.key_id(name, public, kind).hex()}+{base64.b64encode(bytes([kind]) + public).decode()}"
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a+b",
        "a+b+c",
        "a+00000000+",
        VKEY.replace("530d903a", "530D903A"),
        VKEY.replace("530d903a", "530d903b"),
        VKEY + "=",
        VKEY + "\n",
        vkey_text("a", 0x02, bytes(range(32))),
        vkey_text("a", 0x05, bytes(range(32))),
        vkey_text("a", 0xFF, bytes(range(32))),
        vkey_text("a", COSIGNATURE, SIGNER.verify_key.raw[:31]),
        vkey_text("a", MLDSA, bytes(1311)),
        vkey_text("a", ED25519, bytes(32)),  # a point of small order
        vkey_text("a b", ED25519, SIGNER.verify_key.raw),
        vkey_text("a\u2003b", ED25519, SIGNER.verify_key.raw),
        vkey_text("a\x01", ED25519, SIGNER.verify_key.raw),
        "a" * 5000 + vkey_text("a", ED25519, SIGNER.verify_key.raw),
    ],
)
def test_what_is_no_known_verifier_key_is_refused(text):
    with pytest.raises(NoteRefused):
        note.parse_vkey(text)


def test_unknown_names_and_ids_are_ignored_and_do_not_suffice():
    text = "a text\n"
    good = note.split(signed(text)).signatures[0]
    strange = [
        Signature("other.example", KEY.id, bytes(64)),  # our id under another name
        Signature(KEY.name, bytes(4), bytes(64)),  # our name with another id
        Signature("third.example", bytes(4), b"?"),
    ]
    whole = note.Note(text, (*strange, good, *strange))
    assert [one.key for one in note.verify(str(whole), [Plain(KEY)]).by] == [KEY]
    with pytest.raises(NoteRefused, match="no known key"):
        note.verify(str(note.Note(text, tuple(strange))), [Plain(KEY)])
    with pytest.raises(NoteRefused, match="no known key"):
        note.verify(signed(text), [])


def test_one_bad_signature_of_a_known_key_refuses_the_note_wherever_it_stands():
    text = "a text\n"
    good = note.split(signed(text)).signatures[0]
    bad = Signature(KEY.name, KEY.id, bytes(64))
    for order in ((good, bad), (bad, good)):
        with pytest.raises(NoteRefused, match="does not hold"):
            note.verify(str(note.Note(text, order)), [Plain(KEY)])
    long = Signature(KEY.name, KEY.id, good.signature + b"\0")
    with pytest.raises(NoteRefused, match="wrong length"):
        note.verify(str(note.Note(text, (good, long))), [Plain(KEY)])


def test_a_key_that_signed_twice_counts_once():
    text = "a text\n"
    good = note.split(signed(text)).signatures[0]
    assert len(note.verify(str(note.Note(text, (good,) * 5)), [Plain(KEY)]).by) == 1


def test_many_signatures_are_taken_and_no_more():
    text = "a text\n"
    good = note.split(signed(text)).signatures[0]
    strangers = tuple(Signature(f"w{number}", bytes(4), bytes(64)) for number in range(63))
    assert note.verify(str(note.Note(text, (*strangers, good))), [Plain(KEY)]).text == text
    with pytest.raises(NoteRefused, match="too many"):
        note.split(str(note.Note(text, (*strangers, good, good))))


def test_the_text_ends_at_the_last_empty_line():
    text = "one\n\n\ntwo\n"
    assert note.split(signed(text)).text == text


LINE = NOTE.partition("\n\n")[2]


@pytest.mark.parametrize(
    "lines",
    [
        "",
        LINE[:-1],
        LINE + "\n",
        LINE.replace("— ", "- "),
        LINE.replace("— ", "—"),
        LINE.replace(" Uw2Q", "  Uw2Q"),
        LINE.replace("\n", " x\n"),
        LINE.replace("example", "exa+mple"),
        LINE.replace("example", "exa\u00a0mple"),
        LINE.replace("example", "exa\u0085mple"),
        LINE.replace("example", "exa\tmple"),
        LINE.replace("QM=", "QN="),
        LINE.replace("=", ""),
        LINE.replace("Uw2Q", "Uw-Q"),
        "— example.com/foo Uw2QOg==\n",
        "— example.com/foo \n",
    ],
)
def test_malformed_signature_lines(lines):
    with pytest.raises(NoteRefused):
        note.signatures(lines)
    with pytest.raises(NoteRefused):
        note.split(f"text\n\n{lines}")


@pytest.mark.parametrize(
    "text",
    ["", "\n", LINE, "\n" + LINE, "text" + LINE, "a\tb\n\n" + LINE, "a\r\n\n" + LINE, "a\ud800\n\n" + LINE],
)
def test_malformed_notes(text):
    with pytest.raises(NoteRefused):
        note.split(text)


def test_a_note_may_have_128_kib_and_no_more():
    space = note.MAX_NOTE - len(NOTE.encode())
    assert note.split("x" * space + NOTE).text.endswith("message.\n")
    for more in ("x" * (space + 1), "é" * (space // 2 + 1)):
        with pytest.raises(NoteRefused, match="too large"):
            note.split(more + NOTE)


@given(st.text(max_size=200))
def test_any_text_is_refused_without_another_error(text):
    for read in (note.split, note.parse_vkey, note.signatures):
        with pytest.raises(NoteRefused):
            read(text)
