"""DID URLs, documents and the two methods without a history."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.core.credentials.making import BEFORE, ED, HOST, NOW, OTHER, P256, web

from lodeline.credentials import did, did_key, did_web
from lodeline.credentials.verdict import CredentialRefused


def refused(step: str, call, *args) -> str:
    with pytest.raises(CredentialRefused) as refusal:
        call(*args)
    assert refusal.value.step == step
    return str(refusal.value)


def test_parts_of_a_did_url():
    url = did.parse("did:web:maker.example:lots:7/a/b?versionTime=2026-01-01T00:00:00Z&x=1#k-1")
    assert (url.did, url.method, url.name) == (
        "did:web:maker.example:lots:7",
        "web",
        "maker.example:lots:7",
    )
    assert (url.path, url.fragment) == ("/a/b", "k-1")
    assert url.query == {"versionTime": "2026-01-01T00:00:00Z", "x": "1"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "did",
        "did:web",
        "did:web:",
        "did:WEB:a.example",
        "did:web:a.example:",
        "did:web:ä.example",
        "x did:web:a",
        "did:web:a.example%zz",
        "did:web:a.example%3",
        "did:web:a b",
        "did:web:a#x#y",
        "did:web:a?x=1&x=2",
        None,
        7,
        "did:web:" + "a" * 3000,
        "did:web:a\n",
        "https://a.example",
    ],
)
def test_what_is_no_did_url(text):
    refused("key", did.parse, text)


# did:key method, test vectors (Ed25519), and Data Integrity ECDSA 1.0 (P-256).
@pytest.mark.parametrize(
    "text",
    [
        "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK",
        "did:key:zDnaepBuvsQ8cpsWrVKw8fbpGpvPeNSjVPTWoq6cRqaYzBKVP",
    ],
)
def test_did_key_both_ways(text):
    assert did_key.did(did_key.key(text)) == text
    document = did_key.document(text)
    name = f"{text}#{text.removeprefix('did:key:')}"
    assert document.method(name, "assertionMethod", None).key == did_key.key(text)
    assert did_key.method(did_key.key(text)) == name


@pytest.mark.parametrize(
    "text",
    [
        "did:key:z6Mk",
        "did:key:abc",
        "did:web:a.example",
        "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK#x",
    ],
)
def test_what_is_no_did_key(text):
    refused("key", did_key.document, text)


@pytest.mark.parametrize(
    ("identifier", "url"),
    [
        ("did:web:w3c-ccg.github.io", "https://w3c-ccg.github.io/.well-known/did.json"),
        ("did:web:w3c-ccg.github.io:user:alice", "https://w3c-ccg.github.io/user/alice/did.json"),
        ("did:web:example.com%3A3000:user:alice", "https://example.com:3000/user/alice/did.json"),
        ("did:web:Example.com", "https://example.com/.well-known/did.json"),
        ("did:web:a.example:%E7%94%A8", "https://a.example/%E7%94%A8/did.json"),
    ],
)
def test_where_a_did_web_is(identifier, url):
    # did:web method, section 2.5.2.1 (examples) and ours.
    assert did_web.url(identifier) == url


@pytest.mark.parametrize(
    "name",
    [
        "127.0.0.1",
        "127%2E0%2E0%2E1",
        "0x7f.1",
        "2130706433",
        "localhost",
        "a.example%3A0",
        "a.example%3A70000",
        "a.example%3Ax",
        "a.example:..:b",
        "a.example:%2e%2E:b",
        "a.example:a%2Fb",
        "a.example:a%5Cb",
        "a.example:a%00",
        "a.example:%20a",
        "a.example%3A80%3A80",
        "user%40a.example",
        "a..example",
        "-a.example",
        "a.example.",
        "%5B::1%5D",
        "a.example:%ff",
        "a.example%23.b",
        "a.example%2Fb",
        "169.254.169.254",
        "a.0x1",
        "a.example:%253a",
        "a_b.example",
    ],
)
def test_hosts_and_paths_that_lead_elsewhere(name):
    refused("key", did_web.url, f"did:web:{name}")


@given(st.lists(st.text(min_size=1, max_size=8), max_size=3), st.sampled_from([None, 443, 8443]))
def test_made_and_found_again(path, port):
    try:
        made = did_web.did("maker.example", path, port)
    except ValueError:
        return
    url = did_web.url(made)
    assert url.startswith(f"https://maker.example{f':{port}' if port else ''}/")
    assert url.count("/") == 3 + max(len(path), 1)


def test_our_documents_are_read_again_with_both_forms_of_each_key():
    document = did.read(web(), HOST)
    for name, key in (("k1", ED), ("k1-jwk", ED), ("p1", P256), ("p1-jwk", P256)):
        for purpose in ("assertionMethod", "authentication"):
            assert document.method(f"{HOST}#{name}", purpose, NOW).key == key.verify_key
        assert "capabilityInvocation" in refused(
            "key", document.method, f"{HOST}#{name}", "capabilityInvocation", NOW
        )


def test_a_key_ends_when_it_was_revoked():
    keys = did.Published("k1", ED.verify_key, revoked=NOW), did.Published("k2", OTHER.verify_key, expires=NOW)
    document = did.read(web(*keys), HOST)
    for name in ("k1", "k2", "k1-jwk"):
        url = f"{HOST}#{name}"
        assert document.method(url, "assertionMethod", BEFORE).id == url
        for moment in (NOW, NOW + timedelta(seconds=1), None):
            assert "2026-11-22T10:00:00Z" in refused("key", document.method, url, "assertionMethod", moment)


@pytest.mark.parametrize(
    "change",
    [
        {"id": "did:web:other.example"},
        {"verificationMethod": {}},
        {"verificationMethod": ["#k1"]},
        {"verificationMethod": [{"type": "Multikey"}]},
        {"verificationMethod": [{"id": "#k1"}, {"id": f"{HOST}#k1"}]},
        {"verificationMethod": [{"id": f"#{number}"} for number in range(201)]},
        {"assertionMethod": "#k1"},
        {"assertionMethod": [1]},
    ],
)
def test_documents_that_are_none(change):
    refused("key", did.read, web() | change, HOST)


@pytest.mark.parametrize(
    "change",
    [
        {"controller": "did:web:other.example"},
        {"publicKeyMultibase": "z6Mk"},
        {"publicKeyMultibase": 7},
        {"publicKeyJwk": {"kty": "oct", "k": "AAAA"}},
        {"publicKeyMultibase": None},
        {"revoked": "yesterday"},
    ],
)
def test_a_key_that_cannot_be_used_spoils_no_other(change):
    raw = web()
    raw["verificationMethod"][0] |= change
    document = did.read(raw, HOST)
    with pytest.raises(CredentialRefused):
        document.method(f"{HOST}#k1", "assertionMethod", NOW)
    assert document.method(f"{HOST}#p1", "assertionMethod", NOW).key == P256.verify_key


def test_an_embedded_key_serves_its_purpose_only():
    raw = web()
    raw["authentication"] = [raw["verificationMethod"].pop(0)]
    raw["assertionMethod"].remove(f"{HOST}#k1")
    document = did.read(raw, HOST)
    assert document.method(f"{HOST}#k1", "authentication", NOW).key == ED.verify_key
    refused("key", document.method, f"{HOST}#k1", "assertionMethod", NOW)
