"""Commitments hide and bind; a sealed payload opens at its own place only."""

from __future__ import annotations

import hashlib
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lodeline import sealing

keys = st.binary(min_size=32, max_size=32)


def dice(seed):
    return random.Random(seed).randbytes


def test_a_commitment_is_the_hash_of_salt_and_payload():
    assert sealing.commit(b"s" * 32, b'{"a":1}') == hashlib.sha256(b"s" * 32 + b'{"a":1}').digest()


@pytest.mark.parametrize("size", [0, 31, 33])
def test_a_salt_has_32_bytes(size):
    """Otherwise salt and payload could be cut at another place."""
    with pytest.raises(ValueError, match="32 bytes"):
        sealing.commit(bytes(size), b"{}")


@given(keys, st.binary(max_size=300), st.binary(max_size=50), st.integers())
def test_what_is_sealed_opens(key, plain, aad, seed):
    sealed = sealing.seal(key, plain, aad=aad, random=dice(seed))
    assert len(sealed) == 12 + len(plain) + 16
    assert sealing.unseal(key, sealed, aad=aad) == plain


@given(keys, st.binary(max_size=60), st.data())
def test_no_changed_bit_and_no_other_place_opens(key, plain, data):
    sealed = bytearray(sealing.seal(key, plain, aad=b"here", random=dice(1)))
    with pytest.raises(sealing.Unreadable):
        sealing.unseal(key, bytes(sealed), aad=b"there")
    with pytest.raises(sealing.Unreadable):
        sealing.unseal(bytes(31) + bytes([key[31] ^ 1]), bytes(sealed), aad=b"here")
    bit = data.draw(st.integers(0, len(sealed) * 8 - 1))
    sealed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(sealing.Unreadable):
        sealing.unseal(key, bytes(sealed), aad=b"here")


@given(st.binary(max_size=40))
def test_what_is_no_sealed_payload_is_unreadable(data):
    with pytest.raises(sealing.Unreadable):
        sealing.unseal(bytes(32), data, aad=b"")


@given(
    st.lists(st.one_of(st.text(), st.integers()), max_size=4),
    st.lists(st.one_of(st.text(), st.integers()), max_size=4),
)
def test_two_places_are_never_written_alike(one, two):
    same = list(map(str, one)) == list(map(str, two))
    assert (sealing.place(*one) == sealing.place(*two)) == same


def test_a_key_is_rewrapped_and_stays_the_same():
    old, new, inner = bytes(32), b"\1" * 32, b"k" * 32
    wrapped = sealing.wrap(old, inner, aad=b"v1", random=dice(1))
    again = sealing.rewrap(old, new, wrapped, aad=b"v1", new_aad=b"v2", random=dice(2))
    assert sealing.unwrap(new, again, aad=b"v2") == inner
    for key, aad in ((old, b"v2"), (new, b"v1")):
        with pytest.raises(sealing.Unreadable):
            sealing.unwrap(key, again, aad=aad)


def test_only_keys_are_wrapped():
    with pytest.raises(ValueError, match="32 bytes"):
        sealing.wrap(bytes(32), b"short", aad=b"", random=dice(1))
