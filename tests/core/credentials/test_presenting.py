"""A holder: parts of an SD-JWT, presentations in each form, keys in files. Laws and refusals."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.core.credentials.making import ED, NOW, OTHER, P256

from lodeline import strictjson
from lodeline.credentials import (
    did_key,
    integrity,
    jose,
    keybinding,
    keyfile,
    pointers,
    presenting,
    sdjwt_verify,
    self_signing,
)
from lodeline.credentials.contexts import V2
from lodeline.credentials.verdict import CredentialRefused
from lodeline.keys import b64url

OWNER = keyfile.read(keyfile.write(ED))
PLAIN = {
    "@context": [V2],
    "type": ["VerifiableCredential"],
    "credentialSubject": {
        "id": "urn:x:1",
        "mass": "12",
        "maker": {"name": "A", "sites": ["n", "s"]},
        "a/b~c": 1,
    },
}
ASKED = {"challenge": "n-1", "domain": "verifier.example"}


def resolve(url, _at):
    return did_key.document(url.partition("#")[0])


def signed(form="eddsa-jcs-2022", owner=OWNER, **more):
    return self_signing.sign(
        {**PLAIN, **more.pop("plain", {})}, owner, form, now=NOW, identifier="urn:x:c",
        random=random.Random(7).randbytes, **more,
    )  # fmt: skip


def token(secured):
    return secured["id"].partition(",")[2]


# --- pointers ---------------------------------------------------------------------------------------


@given(st.recursive(st.integers(), lambda inner: st.dictionaries(st.text(max_size=4), inner, max_size=3)
                    | st.lists(inner, max_size=3), max_leaves=12))  # fmt: skip
def test_every_place_of_a_document_has_a_pointer_that_finds_it(document):
    for place in places(document, ()):
        assert pointers.path(strictjson.pointer(place), document, "it") == place


def places(value, here):
    yield here
    if isinstance(value, dict):
        for name, item in value.items():
            yield from places(item, (*here, name))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from places(item, (*here, number))


@pytest.mark.parametrize(
    "pointer", ["credentialSubject", "/none", "/type/1", "/type/01", "/type/-", "/x~2", 7, None]
)
def test_pointers_to_nothing(pointer):
    with pytest.raises(CredentialRefused) as refusal:
        pointers.path(pointer, PLAIN, "it")
    assert refusal.value.step == "structure"


def test_what_must_be_shown_is_not_hidden_nor_what_holds_it():
    deep = pointers.path("/credentialSubject/maker/sites/0", PLAIN, "it")
    assert ("credentialSubject", "maker") not in pointers.hidden(PLAIN, [deep])
    assert ("credentialSubject", "mass") in pointers.hidden(PLAIN, [deep])
    two = {"credentialSubject": [{"id": "a", "x": 1}, {"y": 2}]}
    assert pointers.members(two) == [("credentialSubject", 0, "x"), ("credentialSubject", 1, "y")]


# --- parts ------------------------------------------------------------------------------------------


@given(st.sets(st.sampled_from(["mass", "maker", "a/b~c"])))
def test_exactly_what_is_wanted_is_shown(wanted):
    whole = token(signed("vc+sd-jwt"))
    part = presenting.derive(whole, [("credentialSubject", name) for name in wanted])
    shown = sdjwt_verify.hold(part).payload["credentialSubject"]
    assert set(shown) == {"id", *wanted}
    assert part.split("~")[0] == whole.split("~")[0]


def test_a_place_inside_means_all_of_what_is_disclosed_as_one():
    part = presenting.derive(token(signed("vc+sd-jwt")), [("credentialSubject", "maker", "name")])
    shown = sdjwt_verify.hold(part).payload["credentialSubject"]
    assert shown["maker"] == PLAIN["credentialSubject"]["maker"]
    assert "mass" not in shown


# --- presentations ------------------------------------------------------------------------------------


def presentation(items=None):
    return presenting.gather([signed()] if items is None else items, OWNER.did)


def test_each_form_holds_for_the_one_who_asked():
    made = presenting.sign(presentation(), OWNER, "eddsa-jcs-2022", now=NOW, **ASKED)
    for asked, good in ((ASKED, True), ({**ASKED, "domain": "other.example"}, False)):
        held = True
        try:
            integrity.verify(made, resolve, NOW, purpose="authentication", **asked)
        except CredentialRefused:
            held = False
        assert held is good
    sealed = token(presenting.sign(presentation(), OWNER, "vp+jwt", now=NOW, **ASKED))
    assert (
        jose.verify(sealed, resolve, NOW, kind="vp", audience=ASKED["domain"], nonce="n-1").did == OWNER.did
    )
    with pytest.raises(CredentialRefused):
        jose.verify(sealed, resolve, NOW, kind="vp", audience=ASKED["domain"], nonce="n-2")


def test_an_assertion_is_no_authentication():
    made = presenting.sign(presentation(), OWNER, "eddsa-jcs-2022", now=NOW, **ASKED)
    with pytest.raises(CredentialRefused):
        integrity.verify(made, resolve, NOW)


@pytest.mark.parametrize(
    ("change", "form", "step"),
    [
        ({"holder": "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"}, "eddsa-jcs-2022", "issuer"),
        ({"holder": None}, "vp+jwt", "structure"),
        ({"proof": {}}, "eddsa-jcs-2022", "structure"),
        ({"nonce": "x"}, "vp+jwt", "structure"),
        ({}, "rot13", "structure"),
        ({"verifiableCredential": [PLAIN]}, "vp+jwt", "structure"),
    ],
)
def test_presentations_that_are_not_signed(change, form, step):
    with pytest.raises(CredentialRefused) as refusal:
        presenting.sign({**presentation(), **change}, OWNER, form, now=NOW)
    assert refusal.value.step == step


def test_nothing_is_no_presentation():
    with pytest.raises(CredentialRefused, match="nothing"):
        presenting.gather([], OWNER.did)


def test_a_binding_is_for_the_key_that_the_issuer_named():
    bound_to = token(signed("vc+sd-jwt", holder=OWNER.did))
    made = presenting.bound(bound_to, OWNER, now=NOW, **ASKED)
    policy = sdjwt_verify.Policy(binding=keybinding.Expected(audience=ASKED["domain"], nonce="n-1"))
    moment = int(NOW.timestamp())
    assert sdjwt_verify.verify(made, ED.verify_key, now=moment, policy=policy).bound
    stranger = keyfile.read(keyfile.write(OTHER))
    with pytest.raises(CredentialRefused) as refusal:
        presenting.bound(bound_to, stranger, now=NOW, **ASKED)
    assert refusal.value.step == "key"
    with pytest.raises(CredentialRefused) as refusal:
        presenting.bound(token(signed("vc+sd-jwt")), OWNER, now=NOW, **ASKED)
    assert refusal.value.step == "key"


# --- keys in files --------------------------------------------------------------------------------


@pytest.mark.parametrize("key", [ED, P256])
def test_a_key_comes_back_from_its_file(key):
    found = keyfile.read(keyfile.write(key))
    assert (found.key, found.did) == (key, did_key.did(key.verify_key))
    named = keyfile.read(keyfile.write(key, "did:web:a.example", "did:web:a.example#k"))
    assert (named.did, named.method) == ("did:web:a.example", "did:web:a.example#k")


def _jwk(**more):
    return strictjson.canonical({**strictjson.loads(keyfile.write(ED)), **more})


@pytest.mark.parametrize(
    "data",
    [
        b"", b"[]", b"{}", b"7", b"\xff", _jwk(d=7), _jwk(d="AA"), _jwk(x="AA"), _jwk(kty="RSA"),
        _jwk(d=b64url(OTHER.seed)), _jwk(did=7), _jwk(kid=7), _jwk(did="did:web:a.example"),
        _jwk(did="did:web:a.example", kid="did:web:b.example#k"),
        _jwk(did="did:web:a.example", kid="did:web:a.example"),
    ],
)  # fmt: skip
def test_files_that_are_none_are_refused_without_a_word_of_the_key(data):
    with pytest.raises(CredentialRefused) as refusal:
        keyfile.read(data)
    assert refusal.value.step == "key"
    assert b64url(ED.seed) not in str(refusal.value)


# --- signing without a server -----------------------------------------------------------------------


@pytest.mark.parametrize("form", ["eddsa-jcs-2022", "vc+jwt", "vc+sd-jwt"])
def test_what_is_signed_verifies(form):
    made = signed(form)
    if form == "eddsa-jcs-2022":
        assert integrity.of(integrity.verify(made, resolve, NOW), OWNER.did)
    elif form == "vc+jwt":
        assert jose.verify(token(made), resolve, NOW).document["validFrom"]
    else:
        assert (
            sdjwt_verify.verify_issuer(token(made), resolve, now=int(NOW.timestamp())).payload["id"]
            == "urn:x:c"
        )


@pytest.mark.parametrize(
    ("form", "change", "step"),
    [
        ("rot13", {}, "structure"),
        ("vc+jwt", {"proof": {"type": "x"}}, "structure"),
        ("vc+jwt", {"iat": 7}, "structure"),
        ("vc+sd-jwt", {"exp": 7}, "structure"),
        ("vc+jwt", {"issuer": "did:web:other.example"}, "issuer"),
        ("eddsa-jcs-2022", {"credentialSubject": {}}, "structure"),
        ("eddsa-jcs-2022", {"validUntil": "2020-01-01"}, "dates"),
    ],
)
def test_what_nobody_should_sign(form, change, step):
    with pytest.raises(CredentialRefused) as refusal:
        signed(form, plain=change)
    assert refusal.value.step == step


def test_proofs_want_ed25519():
    with pytest.raises(CredentialRefused) as refusal:
        signed(owner=keyfile.read(keyfile.write(P256)))
    assert refusal.value.step == "key"
