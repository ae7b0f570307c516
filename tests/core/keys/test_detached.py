"""Detached JWS: one algorithm, registered keys only; a second library agrees."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws
from joserfc.jwk import OKPKey

from lodeline.keys import (
    MAX_JWS,
    SignatureRefused,
    SigningKey,
    VerifyKey,
    b64url,
    sign_detached,
    unb64url,
    verify_detached,
)

KEY = SigningKey.from_seed(unb64url("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"))
OTHER = SigningKey.from_seed(bytes(32))
KEYS = {"plant-7": KEY.verify_key}


def crafted(header, data=b"{}", *, key=KEY, encoded=False):
    """A JWS over any header, signed rightly."""
    head = b64url(header if isinstance(header, bytes) else json.dumps(header).encode())
    signed = b64url(data).encode() if encoded else data
    return f"{head}..{b64url(key.sign(head.encode() + b'.' + signed))}"


def good(**more):
    return {"alg": "EdDSA", "b64": False, "crit": ["b64"], "kid": "plant-7"} | more


def test_published_example():
    """RFC 8037, appendix A.4."""
    head, payload, signature = (
        "eyJhbGciOiJFZERTQSJ9",
        "RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc",
        "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
    )
    assert b64url(KEY.verify_key.raw) == "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
    KEY.verify_key.verify(unb64url(signature), f"{head}.{payload}".encode())


@given(st.binary(max_size=500))
def test_what_was_signed_verifies(data):
    assert verify_detached(sign_detached(KEY, data, "plant-7"), data, KEYS) == "plant-7"


@given(st.binary(max_size=100), st.binary(min_size=1, max_size=5))
def test_other_bytes_do_not(data, more):
    for changed in (data + more, more + data):
        with pytest.raises(SignatureRefused, match="does not fit"):
            verify_detached(sign_detached(KEY, data, "plant-7"), changed, KEYS)


@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")  # RFC 9864 names it Ed25519
def test_a_second_library_reads_ours_and_we_read_its():
    key = OKPKey.import_key(
        {"kty": "OKP", "crv": "Ed25519", "x": b64url(KEY.verify_key.raw), "d": b64url(KEY.seed)}
    )
    data = b'{"a": 1}'
    ours = jws.deserialize_compact(
        sign_detached(KEY, data, "plant-7"), key, payload=data, algorithms=["EdDSA"]
    )
    assert ours.headers()["kid"] == "plant-7"
    raw = jws.serialize_compact(
        {"alg": "EdDSA", "kid": "plant-7", "b64": False, "crit": ["b64"]}, data, key, algorithms=["EdDSA"]
    )
    whole = jws.serialize_compact({"alg": "EdDSA", "kid": "plant-7"}, data, key, algorithms=["EdDSA"])
    for text in (raw, whole):
        head, _, signature = text.split(".")[0], None, text.rsplit(".", 1)[1]
        assert verify_detached(f"{head}..{signature}", data, KEYS) == "plant-7"


@pytest.mark.parametrize(
    ("header", "words"),
    [
        (good(alg="none"), "EdDSA"),
        (good(alg="HS256"), "EdDSA"),
        (good(alg="ES256"), "EdDSA"),
        (good(alg="eddsa"), "EdDSA"),
        (good(alg=["EdDSA"]), "EdDSA"),
        (good(jwk={"kty": "OKP"}), "jwk"),
        (good(jku="https://example.com/keys"), "jku"),
        (good(x5u="https://example.com/keys"), "x5u"),
        (good(x5c=["AAAA"]), "x5c"),
        (good(zip="DEF"), "zip"),
        (good(kid="plant-8"), "no registered key"),
        (good(kid=7), "no registered key"),
        (good(kid=["plant-7"]), "no registered key"),
        ({"alg": "EdDSA"}, "no registered key"),
        (good(crit=["b64", "exp"]), "crit"),
        (good(crit=[]), "crit"),
        (good(b64="false"), "b64"),
        ({"alg": "EdDSA", "kid": "plant-7", "b64": False}, "crit"),
        ({"alg": "EdDSA", "kid": "plant-7", "crit": ["b64"]}, "crit"),
        ([1], "EdDSA"),
        (b"\xff", "JSON"),
        (b'{"alg":"EdDSA","alg":"none"}', "JSON"),
        (b"", "JSON"),
    ],
)
def test_headers_that_are_refused(header, words):
    with pytest.raises(SignatureRefused, match=words):
        verify_detached(crafted(header), b"{}", KEYS)


def test_the_flag_says_what_was_signed():
    plain = {"alg": "EdDSA", "kid": "plant-7"}
    assert verify_detached(crafted(plain, encoded=True), b"{}", KEYS) == "plant-7"
    assert verify_detached(crafted(good(b64=True), encoded=True), b"{}", KEYS) == "plant-7"
    with pytest.raises(SignatureRefused, match="does not fit"):
        verify_detached(crafted(plain, encoded=False), b"{}", KEYS)
    with pytest.raises(SignatureRefused, match="does not fit"):
        verify_detached(crafted(good(), encoded=True), b"{}", KEYS)


def test_a_key_of_another_is_refused():
    with pytest.raises(SignatureRefused, match="does not fit"):
        verify_detached(crafted(good(), key=OTHER), b"{}", KEYS)


@pytest.mark.parametrize(
    "text",
    ["", "a", "a..b..c", "..", "a.b.c", "é..é", "\x00..\x00", "." * 3, f"{'A' * MAX_JWS}..AAAA", "AA=..AAAA"],
)
def test_what_is_no_detached_jws_is_refused(text):
    with pytest.raises(SignatureRefused):
        verify_detached(text, b"{}", KEYS)


@given(st.text(max_size=80))
def test_any_text_is_refused_without_another_error(text):
    with pytest.raises(SignatureRefused):
        verify_detached(text, b"{}", KEYS)


def test_a_key_is_compared_by_value():
    assert VerifyKey(KEY.verify_key.raw) == KEY.verify_key
