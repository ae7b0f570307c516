"""vc+jwt and vp+jwt: laws, another library's tokens and ours in it, keys of then."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.core.credentials.making import BEFORE, ED, HOST, LATER, NOW, OTHER, P256, credential, resolver, web

from lodeline import strictjson
from lodeline.credentials import did, did_key, jose
from lodeline.credentials.keys import to_jwk
from lodeline.credentials.verdict import CredentialRefused
from lodeline.keys import b64url, unb64url

KIDS = ((ED, f"{HOST}#k1-jwk"), (P256, f"{HOST}#p1-jwk"), (ED, f"{HOST}#k1"))


def refused(token: str, find=None, now=NOW, **options) -> CredentialRefused:
    with pytest.raises(CredentialRefused) as refusal:
        jose.verify(token, find or resolver(), now, **options)
    return refusal.value


def parts(token: str) -> tuple[dict, dict]:
    head, body, _ = token.split(".")
    return json.loads(unb64url(head)), json.loads(unb64url(body))


@pytest.mark.parametrize(("key", "kid"), KIDS)
def test_signed_and_verified(key, kid):
    token = jose.sign(credential(), key, kid, now=NOW, expires=LATER)
    header, payload = parts(token)
    algorithm = "ES256" if key is P256 else "Ed25519"
    assert header == {"alg": algorithm, "typ": "vc+jwt", "cty": "vc", "kid": kid}
    assert "vc" not in payload
    done = jose.verify(token, resolver(), NOW)
    assert (done.document, done.did, done.method) == (credential(), HOST, kid)
    assert (done.signed_at, done.expires, done.key_revoked) == (NOW, LATER, None)
    assert jose.sign(credential(), key, kid, now=NOW, expires=LATER) == token


def test_old_verifiers_get_eddsa():
    token = jose.sign(credential(), ED, f"{HOST}#k1", now=NOW, algorithm="EdDSA")
    assert jose.verify(token, resolver(), NOW).algorithm == "EdDSA"
    for key, algorithm in ((ED, "ES256"), (P256, "EdDSA"), (ED, "none")):
        with pytest.raises(ValueError, match="not for this key"):
            jose.sign(credential(), key, HOST, now=NOW, algorithm=algorithm)
    with pytest.raises(ValueError, match="members of a token"):
        jose.sign(credential() | {"iss": HOST}, ED, HOST, now=NOW)


@pytest.mark.parametrize(("key", "algorithm"), [(ED, "Ed25519"), (ED, "EdDSA"), (P256, "ES256")])
def test_another_library_reads_ours_and_we_read_its(key, algorithm):
    from joserfc import jwk, jws

    public = jwk.import_key(to_jwk(key.verify_key))
    secret = {**to_jwk(key.verify_key), "d": b64url(key.seed)}
    kid = f"{HOST}#{'p1' if key is P256 else 'k1'}-jwk"
    token = jose.sign(credential(), key, kid, now=NOW, algorithm=algorithm)
    registry = jws.JWSRegistry(algorithms=[algorithm])
    read = jws.deserialize_compact(token, public, registry=registry)
    assert json.loads(read.payload)["credentialSubject"] == credential()["credentialSubject"]
    header = {"alg": algorithm, "typ": "vc+jwt", "kid": kid}
    theirs = jws.serialize_compact(
        header, json.dumps(credential()), jwk.import_key(secret), registry=registry
    )
    assert jose.verify(theirs, resolver(), NOW).document == credential()


def test_presentations_answer_who_asked():
    holder = did_key.did(OTHER.verify_key)
    document = {
        "@context": [credential()["@context"][0]],
        "type": ["VerifiablePresentation"],
        "holder": holder,
    }
    asked = {"audience": "https://us.example", "nonce": "n-1"}
    token = jose.sign(document, OTHER, did_key.method(OTHER.verify_key), now=NOW, kind="vp", **asked)
    assert jose.verify(token, resolver(), NOW, kind="vp", **asked).document == document
    assert refused(token, kind="vp", audience="https://them.example").step == "signature"
    assert refused(token, kind="vp", nonce="n-2").step == "signature"
    assert refused(token).step == "structure"
    assert refused(jose.sign(document, ED, f"{HOST}#k1", now=NOW, kind="vp"), kind="vp").step == "issuer"
    plain = jose.sign(document, OTHER, did_key.method(OTHER.verify_key), now=NOW, kind="vp")
    assert refused(plain, kind="vp", **asked).step == "signature"


def test_a_key_signs_for_its_purpose_and_in_its_time():
    rotated = web(
        did.Published("k1", ED.verify_key, revoked=NOW),
        did.Published("k2", OTHER.verify_key, ["authentication"]),
    )
    find = resolver(rotated)
    old = jose.sign(credential(), ED, f"{HOST}#k1", now=BEFORE)
    assert jose.verify(old, find, LATER).key_revoked == NOW
    assert refused(jose.sign(credential(), ED, f"{HOST}#k1", now=NOW), find, LATER).step == "key"
    wrong = refused(jose.sign(credential(), OTHER, f"{HOST}#k2", now=NOW), find)
    assert (wrong.step, "assertionMethod" in str(wrong)) == ("key", True)
    header, payload = parts(old)
    del payload["iat"]
    assert refused(made(header, payload), find).step == "key"


def made(header: dict, payload: object, key=ED) -> str:
    """A token with whatever header and payload, well signed."""
    signed = ".".join(
        b64url(part if isinstance(part, bytes) else strictjson.canonical(part)) for part in (header, payload)
    )
    return f"{signed}.{b64url(key.sign(signed.encode()))}"


def test_times_of_the_signature():
    token = jose.sign(credential(), ED, f"{HOST}#k1", now=NOW, expires=LATER)
    assert refused(token, now=LATER).step == "dates"
    assert refused(token, now=BEFORE).step == "dates"
    assert jose.verify(token, resolver(), NOW - timedelta(minutes=4)).signed_at == NOW
    header, payload = parts(token)
    for change in (
        {"iat": "now"},
        {"iat": True},
        {"iat": 1e300},
        {"exp": None},
        {"nbf": int(LATER.timestamp())},
    ):
        assert refused(made(header, payload | change)).step == "dates"
    assert refused(made(header | {"iat": 5}, payload)).step == "dates"
    inside = {name: value for name, value in payload.items() if name not in ("iat", "exp")}
    done = jose.verify(made(header | {"iat": payload["iat"], "exp": payload["exp"]}, inside), resolver(), NOW)
    assert (done.signed_at, done.expires) == (NOW, LATER)


@given(st.data())
def test_any_changed_byte_is_refused(data):
    key, kid = data.draw(st.sampled_from(KIDS))
    token = jose.sign(credential(), key, kid, now=NOW)
    place = data.draw(st.integers(0, len(token) - 1))
    changed = token[:place] + data.draw(st.characters(codec="ascii")) + token[place + 1 :]
    if changed != token:
        refused(changed)


@given(
    st.dictionaries(
        st.text(max_size=10),
        st.recursive(
            st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(max_size=20),
            lambda inner: (
                st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
            ),
            max_leaves=10,
        ),
        max_size=5,
    )
)
def test_what_was_signed_is_what_is_read(claims):
    document = credential(credentialSubject=claims)
    token = jose.sign(document, ED, f"{HOST}#k1", now=NOW)
    assert jose.verify(token, resolver(), NOW).document == document
