"""The seal: small, steady, inside its frame, another for another hash."""

from __future__ import annotations

import hashlib
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lodeline_server.kit.seal import LIMIT, rosette
from lodeline_server.kit.templatetags.lode import seal


@settings(max_examples=40)
@given(st.binary(min_size=8, max_size=32))
def test_is_one_small_path_and_always_the_same(digest):
    drawn = rosette(digest)
    assert len(drawn.encode()) < LIMIT
    assert re.fullmatch(r"[Msz0-9. -]+", drawn)
    assert rosette(digest) == drawn


@settings(max_examples=40)
@given(st.binary(min_size=8, max_size=8))
def test_closes_and_stays_inside_its_frame(digest):
    for ring in rosette(digest).split("z")[:-1]:
        start, *curves = re.split("s", ring[1:])
        x0, y0 = x, y = tuple(map(float, numbers(start)))
        for curve in curves:
            _hx, _hy, dx, dy = numbers(curve)
            x, y = x + float(dx), y + float(dy)
            assert max(abs(x), abs(y)) < 60
        assert (x, y) == (pytest.approx(x0, abs=0.051), pytest.approx(y0, abs=0.051))


def numbers(text):
    return re.findall(r"-?(?:\d+\.\d|\d+|\.\d)", text)


def test_hashes_that_differ_early_are_drawn_apart():
    drawn = {rosette(hashlib.sha256(bytes([n])).digest()) for n in range(50)}
    assert len(drawn) == 50


def test_a_short_hash_is_refused():
    with pytest.raises(ValueError, match="needs 8 bytes, this has 7"):
        rosette(b"1234567")


def test_the_mark_takes_bytes_and_hexadecimal():
    digest = hashlib.sha256(b"x").digest()
    assert seal(digest) == seal(digest.hex())
    assert 'aria-hidden="true"' in seal(digest)
