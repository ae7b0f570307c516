"""Ed25519 by published vectors; keys that must not be registered."""

from __future__ import annotations

from collections import Counter
from hashlib import sha512

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from lodeline.keys import _SODIUM, SignatureRefused, SigningKey, VerifyKey, _sodium_accepts, b64url, unb64url

PRIME = 2**255 - 19
D = -121665 * pow(121666, -1, PRIME) % PRIME

# RFC 8032, section 7.1: seed, public key, message, signature.
VECTORS = [
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
]


@pytest.mark.parametrize(("seed", "public", "message", "signature"), VECTORS, ids=["empty", "one byte"])
def test_published_vectors(seed, public, message, signature):
    key = SigningKey.from_seed(bytes.fromhex(seed))
    assert key.verify_key.raw.hex() == public
    assert key.sign(bytes.fromhex(message)).hex() == signature
    key.verify_key.verify(bytes.fromhex(signature), bytes.fromhex(message))


@given(st.binary(max_size=200), st.integers(0, 511))
def test_every_flipped_bit_of_a_signature_is_refused(message, bit):
    key = SigningKey.from_seed(bytes(32))
    signature = bytearray(key.sign(message))
    signature[bit // 8] ^= 1 << bit % 8
    with pytest.raises(SignatureRefused):
        key.verify_key.verify(bytes(signature), message)


@given(st.binary(max_size=100))
def test_a_signature_is_over_these_bytes_only(message):
    key = SigningKey.from_seed(bytes(32))
    with pytest.raises(SignatureRefused):
        key.verify_key.verify(key.sign(message), message + b"\0")
    with pytest.raises(SignatureRefused):
        SigningKey.from_seed(bytes(31) + b"\1").verify_key.verify(key.sign(message), message)


@pytest.mark.parametrize("size", [0, 63, 65])
def test_a_signature_of_another_length_is_refused(size):
    with pytest.raises(SignatureRefused):
        SigningKey.from_seed(bytes(32)).verify_key.verify(bytes(size), b"")


@pytest.mark.parametrize("size", [0, 31, 33])
def test_keys_have_32_bytes(size):
    with pytest.raises(ValueError, match="32 bytes"):
        VerifyKey(b"\2" * size)
    with pytest.raises(ValueError, match="32 bytes"):
        SigningKey.from_seed(bytes(size))


def test_the_seed_is_not_shown():
    assert repr(SigningKey.from_seed(b"\x07" * 32)) == "SigningKey()"


# --- points of small order ------------------------------------------------------------------------------


def _add(one, two):
    """Edwards addition, affine (RFC 8032, section 5.1.4)."""
    (x1, y1), (x2, y2) = one, two
    product = D * x1 * x2 * y1 * y2 % PRIME
    return (
        (x1 * y2 + x2 * y1) * pow(1 + product, -1, PRIME) % PRIME,
        (y1 * y2 + x1 * x2) * pow(1 - product, -1, PRIME) % PRIME,
    )


def _x_of(y):
    """A square root of x² = (y² − 1) / (d y² + 1); None when there is none."""
    square = (y * y - 1) * pow(D * y * y + 1, -1, PRIME) % PRIME
    root = pow(square, (PRIME + 3) // 8, PRIME)
    if root * root % PRIME != square:
        root = root * pow(2, (PRIME - 1) // 4, PRIME) % PRIME
    return root if root * root % PRIME == square else None


def _torsion():
    """The eight points of order 1, 2, 4 and 8, found by climbing from one of order 8."""
    y = 0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7
    first = (_x_of(y), y)
    points = [first]
    while points[-1] != (0, 1):
        points.append(_add(points[-1], first))
    return points


def test_points_of_small_order_are_no_keys():
    points = _torsion()
    assert len(points) == 8
    for _, y in points:
        for sign in (0, 1 << 255):
            with pytest.raises(ValueError, match="small order"):
                VerifyKey((y | sign).to_bytes(32, "little"))


@pytest.mark.parametrize("above", range(19))
def test_a_coordinate_from_the_prime_on_is_not_canonical(above):
    with pytest.raises(ValueError, match="canonical"):
        VerifyKey((PRIME + above).to_bytes(32, "little"))


# --- two libraries, one verdict --------------------------------------------------------------------------

ORDER = 2**252 + 27742317777372353535851937790883648493
BASE_Y = 4 * pow(5, -1, PRIME) % PRIME
BASE = (min(_x_of(BASE_Y), PRIME - _x_of(BASE_Y), key=lambda x: x & 1), BASE_Y)


def _times(number, point):
    found = (0, 1)
    while number:
        if number & 1:
            found = _add(found, point)
        point, number = _add(point, point), number >> 1
    return found


def _text(point):
    return (point[1] | (point[0] & 1) << 255).to_bytes(32, "little")


def _odd_signatures():
    """(key, signature, message): points of small order added to R or to the key, R nothing else, s beyond the order.

    RFC 8032 leaves some of them to the implementation; those that multiply by the cofactor accept more.
    """
    secret, nonce = 31415926535, 27182818284
    for key_part in _torsion():
        for nonce_part in _torsion():
            for factor in (nonce, 0):
                key = _text(_add(_times(secret, BASE), key_part))
                first = _text(_add(_times(factor, BASE), nonce_part))
                for message in (b"one", b"two", b"three"):
                    hashed = int.from_bytes(sha512(first + key + message).digest(), "little") % ORDER
                    scalar = (factor + hashed * secret) % ORDER
                    for high in (0, ORDER):
                        yield key, first + (scalar + high).to_bytes(32, "little"), message


def test_the_verdict_is_that_of_openssl_whichever_library_is_asked():
    assert _SODIUM, "libsodium cannot be loaded: each verification takes twice the time"
    said = Counter()
    for raw, signature, message in _odd_signatures():
        key = VerifyKey(raw)
        judged = []
        for verify in (Ed25519PublicKey.from_public_bytes(raw).verify, key.verify):
            try:
                verify(signature, message)
                judged.append(True)
            except (InvalidSignature, SignatureRefused):
                judged.append(False)
        quick = _sodium_accepts(signature, message, raw)
        assert judged[0] == judged[1]
        assert judged[0] or not quick
        said[judged[0], quick] += 1
    assert said[True, True] > 0  # honest ones
    assert said[True, False] > 0  # R of small order: refused by libsodium, settled by OpenSSL
    assert said[False, False] > 300


@given(st.binary(max_size=200), st.integers(0, 63), st.integers(1, 255))
def test_a_changed_signature_is_refused_by_both(message, place, change):
    key = SigningKey(b"\x07" * 32)
    signature = bytearray(key.sign(message))
    assert _sodium_accepts(bytes(signature), message, key.verify_key.raw)
    signature[place] ^= change
    with pytest.raises(SignatureRefused):
        key.verify_key.verify(bytes(signature), message)
    for wrong in (b"", bytes(63), bytes(65)):
        with pytest.raises(SignatureRefused):
            key.verify_key.verify(wrong, message)


# --- base64url ------------------------------------------------------------------------------------------


@given(st.binary())
def test_base64url_has_one_spelling(data):
    text = b64url(data)
    assert unb64url(text) == data
    assert "=" not in text
    with pytest.raises(SignatureRefused):
        unb64url(text + "=")


@pytest.mark.parametrize("text", ["AB", "A", "AA+A", "AA/A", "AA A", "AAA\n", "é"])
def test_other_spellings_are_refused(text):
    with pytest.raises(SignatureRefused):
        unb64url(text)


@given(st.text("AEQgw048z-_+/= \n", max_size=9))
def test_what_is_read_is_what_would_be_written(text):
    try:
        data = unb64url(text)
    except SignatureRefused:
        return
    assert b64url(data) == text
