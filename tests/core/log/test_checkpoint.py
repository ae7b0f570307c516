"""Signed notes and checkpoints: the published example, and everything that is not one."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lodeline.keys import SigningKey, VerifyKey
from lodeline.log.checkpoint import (
    MAX_NOTE,
    Checkpoint,
    CheckpointRefused,
    key_id,
    parse,
    parse_vkey,
    sign,
    verify_note,
    vkey,
)

# The example of the signed-note specification (C2SP, v1.0.0).
VKEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
NOTE = (
    "This is an example message.\n\n— example.com/foo "
    "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
)
ORIGIN = "log.example/lode"
KEY, OTHER = SigningKey.from_seed(bytes(32)), SigningKey.from_seed(b"\1" * 32)
KEYS = {ORIGIN: KEY.verify_key}
POINT = Checkpoint(origin=ORIGIN, size=7, root=b"\7" * 32)


def line(name=ORIGIN, key=KEY, text=None, blob=None):
    text = POINT.text() if text is None else text
    blob = key_id(name, key.verify_key.raw) + key.sign(text.encode()) if blob is None else blob
    return f"— {name} {base64.b64encode(blob).decode()}\n"


def signed(text):
    return f"{text}\n{line(text=text)}"


def test_the_published_example_verifies():
    name, key = parse_vkey(VKEY)
    assert (name, vkey(name, key)) == ("example.com/foo", VKEY)
    assert verify_note(NOTE, {name: key}) == "This is an example message.\n"
    with pytest.raises(CheckpointRefused, match="does not hold"):
        verify_note(NOTE.replace("an example", "no example"), {name: key})


def test_the_bytes_of_a_checkpoint():
    note = sign(POINT, KEY)
    root = base64.b64encode(b"\7" * 32).decode()
    assert note.startswith(f"{ORIGIN}\n7\n{root}\n\n— {ORIGIN} ")
    assert note == f"{POINT.text()}\n{line()}"
    assert parse(note, KEYS) == POINT


@given(st.integers(0, 2**63), st.binary(min_size=32, max_size=32))
def test_a_checkpoint_is_read_back(size, root):
    point = Checkpoint(origin=ORIGIN, size=size, root=root)
    assert parse(sign(point, KEY), KEYS) == point


def test_signatures_of_strangers_are_ignored_but_do_not_suffice():
    stranger = line("witness.example", OTHER)
    assert parse(f"{POINT.text()}\n{stranger}{line()}", KEYS) == POINT
    assert parse(f"{POINT.text()}\n{line()}{stranger * 15}", KEYS) == POINT
    with pytest.raises(CheckpointRefused, match="no known key"):
        parse(f"{POINT.text()}\n{stranger}", KEYS)


def test_one_wrong_signature_of_a_known_key_refuses_the_note():
    bad = line(blob=key_id(ORIGIN, KEY.verify_key.raw) + bytes(64))
    short = line(blob=key_id(ORIGIN, KEY.verify_key.raw) + bytes(63))
    for note in (f"{POINT.text()}\n{line()}{bad}", f"{POINT.text()}\n{bad}{line()}"):
        with pytest.raises(CheckpointRefused, match="does not hold"):
            parse(note, KEYS)
    with pytest.raises(CheckpointRefused, match="wrong length"):
        parse(f"{POINT.text()}\n{short}", KEYS)


def test_another_key_under_the_same_name_is_a_stranger():
    with pytest.raises(CheckpointRefused, match="no known key"):
        parse(f"{POINT.text()}\n{line(key=OTHER)}", KEYS)


ROOT = base64.b64encode(b"\7" * 32).decode()


@pytest.mark.parametrize(
    "text",
    [
        f"{ORIGIN}\n07\n{ROOT}\n",
        f"{ORIGIN}\n+7\n{ROOT}\n",
        f"{ORIGIN}\n-7\n{ROOT}\n",
        f"{ORIGIN}\n 7\n{ROOT}\n",
        f"{ORIGIN}\n٧\n{ROOT}\n",
        f"{ORIGIN}\n7\n{ROOT[:-1]}\n",
        f"{ORIGIN}\n7\n{ROOT[:-2]}d=\n",
        f"{ORIGIN}\n7\n{base64.b64encode(bytes(31)).decode()}\n",
        f"{ORIGIN}\n7\n{ROOT}\nextension\n",
        f"{ORIGIN}\n7\n",
        f"\n7\n{ROOT}\n",
        f"{ORIGIN}\n{10**30}\n{ROOT}\n",
    ],
)
def test_well_signed_texts_that_are_no_checkpoints(text):
    with pytest.raises(CheckpointRefused):
        parse(signed(text), KEYS)


@pytest.mark.parametrize(
    "note",
    [
        "",
        "\n\n",
        POINT.text(),
        f"{POINT.text()}\n",
        f"{POINT.text()}{line()}",
        sign(POINT, KEY)[:-1],
        sign(POINT, KEY).replace("—", "-"),
        sign(POINT, KEY).replace("— ", "—  "),
        sign(POINT, KEY).replace("\n", "\r\n"),
        sign(POINT, KEY) + "\0",
        sign(POINT, KEY) + "\t\n",
        sign(POINT, KEY) + "\ud800\n",
        sign(POINT, KEY) + "\n",
        f"{POINT.text()}\n{line(name='a+b')}",
        f"{POINT.text()}\n{line() * 65}",
        f"{'x' * MAX_NOTE}\n\n{line()}",
        sign(POINT, KEY).replace("=\n", "\n"),
    ],
)
def test_what_is_no_signed_note_is_refused(note):
    with pytest.raises(CheckpointRefused):
        parse(note, KEYS)


@given(st.text(max_size=200))
def test_any_text_is_refused_without_another_error(text):
    with pytest.raises(CheckpointRefused):
        parse(text, KEYS)
    with pytest.raises(CheckpointRefused):
        parse_vkey(text)


@pytest.mark.parametrize(
    "text",
    [
        VKEY.replace("530d903a", "530d903b"),
        VKEY.replace("530d903a", "530D903A"),
        VKEY.replace("example.com/foo", "example.com/bar"),
        VKEY.replace("example.com/foo", ""),
        VKEY.replace("example.com/foo", "example com"),
        VKEY.replace("+AekyeR", "+BOkyeR"),
        VKEY + "=",
        "a+b",
    ],
)
def test_what_is_no_verifier_key_is_refused(text):
    with pytest.raises(CheckpointRefused):
        parse_vkey(text)


def test_a_verifier_key_may_hold_a_plus_in_its_base64():
    for number in range(200):
        key = SigningKey.from_seed(number.to_bytes(32, "big")).verify_key
        text = vkey(ORIGIN, key)
        if text.count("+") > 2:
            assert parse_vkey(text) == (ORIGIN, VerifyKey(key.raw))
            return
    pytest.fail("no key with a plus sign was made")


@pytest.mark.parametrize(
    ("origin", "size", "root"),
    [
        ("", 1, bytes(32)),
        ("a b", 1, bytes(32)),
        ("a+b", 1, bytes(32)),
        ("a", -1, bytes(32)),
        ("a", 1, bytes(31)),
    ],
)
def test_only_checkpoints_are_signed(origin, size, root):
    with pytest.raises(ValueError, match="origin"):
        sign(Checkpoint(origin=origin, size=size, root=root), KEY)
