"""P-256, Multikey and JSON Web Keys by published vectors; texts that are none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lodeline.credentials import multibase, multikey
from lodeline.credentials.keys import P256SigningKey, P256VerifyKey, algorithms, from_jwk, to_jwk
from lodeline.keys import SignatureRefused, SigningKey, b64url

# RFC 6979, appendix A.2.5: P-256, SHA-256, message "sample".
SCALAR = "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721"
X = "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
Y = "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299"
R = "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
S = "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"
KEY = P256SigningKey(bytes.fromhex(SCALAR))


def test_p256_signs_as_published():
    assert KEY.verify_key.raw.hex() == "03" + X
    assert KEY.sign(b"sample").hex() == R + S
    KEY.verify_key.verify(KEY.sign(b"sample"), b"sample")
    assert SCALAR not in repr(KEY)


def test_keys_as_published():
    # RFC 8037, appendix A.2; RFC 6979 as JSON Web Key; Data Integrity EdDSA 1.0, appendix A.
    ed = from_jwk({"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})
    assert ed.raw.hex() == "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
    x, y = (b64url(bytes.fromhex(text)) for text in (X, Y))
    assert from_jwk({"kty": "EC", "crv": "P-256", "x": x, "y": y}) == KEY.verify_key
    assert to_jwk(KEY.verify_key) == {"kty": "EC", "crv": "P-256", "x": x, "y": y}
    seed = multibase.decode("z3u2en7t5LR2WtQH5PfFqMqwVHBeXouLzo6haApm8XHqvjxq")[2:]
    assert multikey.encode(SigningKey(seed).verify_key) == "z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2"
    p256 = "zDnaegE6RR3atJtHKwTRTWHsJ3kNHqFwv7n9YjTgmU7TyfU76"
    assert isinstance(multikey.decode(p256), P256VerifyKey)
    assert multikey.encode(multikey.decode(p256)) == p256
    assert algorithms(ed) == ("Ed25519", "EdDSA")


@given(st.binary(max_size=80))
def test_base58_and_back(data):
    assert multibase.unb58(multibase.b58(data)) == data
    assert multibase.decode(multibase.encode(data)) == data
    assert multibase.decode(multibase.encode_url(data)) == data


@given(st.binary(min_size=32, max_size=32).filter(any), st.binary(max_size=100), st.data())
def test_any_changed_byte_is_refused(seed, message, data):
    for key in (SigningKey(seed), P256SigningKey(b"\0" + seed[1:] if any(seed[1:]) else seed)):
        signature = key.sign(message)
        key.verify_key.verify(signature, message)
        assert from_jwk(to_jwk(key.verify_key)) == key.verify_key
        assert multikey.decode(multikey.encode(key.verify_key)) == key.verify_key
        place, flip = data.draw(st.integers(0, 63)), data.draw(st.integers(1, 255))
        changed = bytes(value ^ flip if at == place else value for at, value in enumerate(signature))
        with pytest.raises(SignatureRefused):
            key.verify_key.verify(changed, message)
        with pytest.raises(SignatureRefused):
            key.verify_key.verify(signature, message + b"\0")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "z",
        "6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2",
        "uzQHXWpgBgrEKt9VL_tPJZAc6DuFy89qmIyWvAhpo9wdRGg",
        "z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbT0l",
        "z3u2en7t5LR2WtQH5PfFqMqwVHBeXouLzo6haApm8XHqvjxq",
        multibase.encode(b"\xed\x01" + bytes(31)),
        multibase.encode(b"\xed\x01" + bytes(32)),
        multibase.encode(b"\x80\x24\x02" + b"\xff" * 32),
        multibase.encode(b"\x80\x24\x04" + b"\x01" * 64),
        multibase.encode(b"\xe7\x01" + b"\x02" * 33),
        "z" + "1" * 100_000,
    ],
)
def test_what_is_no_multikey(text):
    with pytest.raises(ValueError, match="."):
        multikey.decode(text)


@pytest.mark.parametrize(
    "change",
    [
        {"d": "AAAA"},
        {"kty": "oct", "k": "AAAA"},
        {"crv": "P-384"},
        {"crv": "secp256k1"},
        {"x": 5},
        {"x": None},
        {"y": None},
        {"y": b64url(bytes(32))},
        {"x": b64url(bytes.fromhex(X)[1:])},
        {"x": b64url(bytes.fromhex(X)) + "="},
        {"alg": "ES384"},
        {"use": "enc"},
        {"key_ops": ["sign"]},
        {"key_ops": 7},
    ],
)
def test_what_is_no_web_key(change):
    with pytest.raises(ValueError, match="."):
        from_jwk(to_jwk(KEY.verify_key) | change)


def test_scalars_outside_the_group():
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    for wrong in (bytes(32), order.to_bytes(32, "big"), b"\x01" * 31):
        with pytest.raises(ValueError, match="P-256"):
            P256SigningKey(wrong)
