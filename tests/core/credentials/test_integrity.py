"""Data Integrity by the worked examples of the specification; sets, chains, laws."""

from __future__ import annotations

import copy
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.core.credentials.making import (
    BEFORE,
    ED,
    HOST,
    LATER,
    NOW,
    OTHER,
    P256,
    PUBLISHED_KEY,
    PUBLISHED_METHOD,
    credential,
    held,
    resolver,
    web,
)

from lodeline.credentials import did, did_key, integrity, rdf
from lodeline.credentials.verdict import CredentialRefused
from lodeline.keys import SigningKey

# Data Integrity EdDSA Cryptosuites 1.0, appendix A and its TestVectors (unsigned, eddsa-*, proof-set-chain).
UNSIGNED = {
    "@context": ["https://www.w3.org/ns/credentials/v2", "https://www.w3.org/ns/credentials/examples/v2"],
    "id": "urn:uuid:58172aac-d8ba-11ed-83dd-0b3aef56cc33",
    "type": ["VerifiableCredential", "AlumniCredential"],
    "name": "Alumni Credential",
    "description": "A minimum viable example of an Alumni Credential.",
    "issuer": "https://vc.example/issuers/5678",
    "validFrom": "2023-01-01T00:00:00Z",
    "credentialSubject": {"id": "did:example:abcdefgh", "alumniOf": "The School of Examples"},
}
CREATED = datetime(2023, 2, 24, 23, 36, 38, tzinfo=UTC)
JCS_VALUE = "z2HnFSSPPBzR36zdDgK8PbEHeXbR56YF24jwMpt3R1eHXQzJDMWS93FCzpvJpwTWd3GAVFuUfjoJdcnTMuVor51aX"
RDFC_VALUE = "z2YwC8z3ap7yx1nZYCg4L3j3ApHsF8kgPdSb5xoS1VR7vPG3F561B52hYnQF9iseabecm3ijx4K1FBTQsCZahKZme"
SET = (
    (
        "26329423-bec9-4b2e-88cb-a7c7d9dc4544",
        "z6MktgKTsu1QhX6QPbyqG6geXdw6FQCZBPq7uQpieWbiQiG7",
        "z66vWyqwAghu52WbpRkCwFRTu6Msn92ArtjpJ3gGMSVoU5RADwBfszoDt1QWY8owqLPz4nTj7hAwV7xFti1p93zdr",
    ),
    (
        "8cc9022b-6b14-4cf3-8571-74972c5feb54",
        "z6MkhWqdDBPojHA7cprTGTt5yHv5yUi1B8cnXn8ReLumkw6E",
        "z2scr94SNNrGpP2bE7ajvKWeUHm7HJ2edDkxpARvFAQ8V3USzwEzibqrXKaLHBrWostswsfvg82twQR88BgtnsrXY",
    ),
)


@pytest.fixture(scope="module")
def worker():
    with rdf.Worker(held(), seconds=20) as made:
        yield made


def refused(document, step: str, now=NOW, find=None, **options) -> str:
    with pytest.raises(CredentialRefused) as refusal:
        integrity.verify(document, find or resolver(), now, **options)
    assert refusal.value.step == step, refusal.value
    return str(refusal.value)


def test_jcs_as_published():
    signed = integrity.add(UNSIGNED, PUBLISHED_KEY, PUBLISHED_METHOD, created=CREATED)
    assert signed["proof"]["proofValue"] == JCS_VALUE
    done = integrity.verify(signed, resolver(), NOW)
    assert done.document == UNSIGNED
    assert (done.proofs[0].method, done.proofs[0].created) == (PUBLISHED_METHOD, CREATED)


def test_rdfc_as_published(worker):
    options = {"created": CREATED, "cryptosuite": integrity.RDFC, "canonize": worker}
    signed = integrity.add(UNSIGNED, PUBLISHED_KEY, PUBLISHED_METHOD, **options)
    assert signed["proof"]["proofValue"] == RDFC_VALUE
    assert integrity.verify(signed, resolver(), NOW, canonize=worker).document == UNSIGNED
    assert "no RDF worker" in refused(signed, "signature")
    other = UNSIGNED["credentialSubject"] | {"alumniOf": "Another School"}
    refused(signed | {"credentialSubject": other}, "signature", canonize=worker)


def published_set() -> list[dict]:
    return [
        {
            "type": "DataIntegrityProof",
            "id": f"urn:uuid:{name}",
            "cryptosuite": "eddsa-rdfc-2022",
            "created": "2023-02-24T23:36:38Z",
            "verificationMethod": f"did:key:{key}#{key}",
            "proofPurpose": "assertionMethod",
            "proofValue": value,
        }
        for name, key, value in SET
    ]


def test_published_sets_and_chains(worker):
    proofs = published_set()
    assert len(integrity.verify(UNSIGNED | {"proof": proofs}, resolver(), NOW, canonize=worker).proofs) == 2
    third, fourth = (
        "z6MkmEq87wkHCYnWnNZkigeDMGTN7oUw1upkhzd77KuXERS1",
        "z6Mkm1S51iPHJvDEkJ9MRtxJmT8Pqo6wHipAFwBAjN83vntT",
    )
    chain = [
        proofs[0]
        | {
            "id": "urn:uuid:d94f792a-c546-4d06-b38a-da070ab56c23",
            "created": "2023-02-26T22:06:38Z",
            "verificationMethod": f"did:key:{third}#{third}",
            "previousProof": [proof["id"] for proof in proofs],
            "proofValue": "zWaPeEvBAkhQpNQj8pknuvg5STcKnt3cvM9t4kAYeJETFjvVMSXEEjadC4uxC9fKCn6JHbjt6fj2fhoaVNynBm6J",
        },
        {name: value for name, value in proofs[0].items() if name != "id"}
        | {
            "created": "2023-02-26T22:16:38Z",
            "verificationMethod": f"did:key:{fourth}#{fourth}",
            "previousProof": "urn:uuid:d94f792a-c546-4d06-b38a-da070ab56c23",
            "proofValue": "z4b5uUtxNiV4E541LiR8qLvA21xM1Vt4Hfn6nLmmDePdFvLB3jFj3HyEEJyRMbpJzv4Gfdr8ABeuRTxAvZv6KWRRh",
        },
    ]
    whole = UNSIGNED | {"proof": [*proofs, *chain]}
    assert len(integrity.verify(whole, resolver(), NOW, canonize=worker).proofs) == 4
    assert "not there" in refused(UNSIGNED | {"proof": [proofs[0], *chain]}, "signature", canonize=worker)
    changed = copy.deepcopy(whole)
    changed["proof"][1]["created"] = "2023-02-24T23:36:39Z"
    refused(changed, "signature", canonize=worker)


def signed(suite: str = integrity.JCS, **options) -> dict:
    return integrity.add(credential(), ED, f"{HOST}#k1", **{"created": NOW, "cryptosuite": suite, **options})


def test_chains_of_ours():
    one = signed(identifier="urn:uuid:1")
    friend = did_key.method(OTHER.verify_key)
    two = integrity.add(one, OTHER, friend, created=NOW, previous="urn:uuid:1", identifier="urn:uuid:2")
    done = integrity.verify(two, resolver(), NOW)
    assert done.dids() == {HOST, did_key.did(OTHER.verify_key)}
    assert integrity.of(done, HOST) is done
    with pytest.raises(CredentialRefused, match="signed by") as refusal:
        integrity.of(done, "did:web:other.example")
    assert refusal.value.step == "issuer"
    swapped = copy.deepcopy(two)
    swapped["proof"][0] = signed(identifier="urn:uuid:1", created=BEFORE)["proof"]
    refused(swapped, "signature")
    for change in ({"previousProof": "urn:uuid:9"}, {"previousProof": []}, {"previousProof": [7]}):
        wrong = copy.deepcopy(two)
        wrong["proof"][1] |= change
        refused(wrong, "signature")
    with pytest.raises(CredentialRefused, match="not there"):
        integrity.add(one, OTHER, friend, created=NOW, previous="urn:uuid:9")


def test_the_context_may_grow_behind_what_was_signed():
    grown = signed()
    grown["@context"] = [*grown["@context"], {"more": "https://a.example/more"}]
    assert integrity.verify(grown, resolver(), NOW).document == credential()
    grown["@context"] = grown["@context"][::-1]
    assert "does not begin" in refused(grown, "signature")


def test_keys_of_then():
    find = resolver(web(did.Published("k1", ED.verify_key, revoked=NOW)))
    assert integrity.verify(signed(created=BEFORE), find, LATER).proofs[0].key_revoked == NOW
    assert "revoked" in refused(signed(created=NOW), "key", LATER, find)
    undated = signed(created=BEFORE)
    del undated["proof"]["created"]
    assert "does not say" in refused(undated, "key", LATER, find)


@pytest.mark.parametrize(
    ("change", "step"),
    [
        ({"type": "Ed25519Signature2020"}, "signature"),
        ({"cryptosuite": "ecdsa-jcs-2019"}, "signature"),
        ({"cryptosuite": ["eddsa-jcs-2022"]}, "signature"),
        ({"cryptosuite": None}, "signature"),
        ({"created": "2026-11-22"}, "dates"),
        ({"created": "2026-11-22T10:00:00"}, "dates"),
        ({"created": "2027-11-22T10:00:00Z"}, "dates"),
        ({"expires": "2026-11-22T10:00:00+00:00"}, "dates"),
        ({"expires": 7}, "dates"),
        ({"proofPurpose": "authentication"}, "signature"),
        ({"proofPurpose": None}, "signature"),
        ({"verificationMethod": HOST}, "key"),
        ({"verificationMethod": f"{HOST}#k9"}, "key"),
        ({"verificationMethod": f"{HOST}#p1"}, "key"),
        ({"verificationMethod": {"id": f"{HOST}#k1"}}, "key"),
        ({"verificationMethod": did_key.method(OTHER.verify_key)}, "signature"),
        ({"proofValue": None}, "signature"),
        ({"proofValue": "u" + "A" * 86}, "signature"),
        ({"proofValue": "z" + "1" * 63}, "signature"),
        ({"proofValue": "z5nmMBw2u9TGKd9NxxHJtyZKgjN2Eh"}, "signature"),
        ({"proofValue": "z0OIl"}, "signature"),
        ({"proofValue": "z" + "1" * 5000}, "signature"),
        ({"challenge": "x"}, "signature"),
        ({"@context": ["https://a.example"]}, "signature"),
        ({"extra": 1}, "signature"),
    ],
)
def test_proofs_that_do_not_hold(change, step):
    document = signed()
    document["proof"] |= change
    refused(document, step)


@pytest.mark.parametrize("proof", [None, [], {}, "x", [1], [[]]])
def test_no_proof_at_all(proof):
    refused(credential() | {"proof": proof}, "signature")
    refused(credential(), "signature")


def test_no_more_proofs_than_work_allows():
    one = signed()["proof"]
    assert "at most" in refused(credential() | {"proof": [one] * 17}, "signature")
    assert "one id" in refused(credential() | {"proof": [one | {"id": "urn:a"}] * 2}, "signature")
    assert len(integrity.verify(credential() | {"proof": [one] * 2}, resolver(), NOW).proofs) == 2


def test_domain_and_challenge_are_demanded():
    options = {"purpose": "authentication", "challenge": "c-1"}
    document = signed(domain=["a.example", "b.example"], **options)
    asked = {"purpose": "authentication", "challenge": "c-1", "domain": "b.example"}
    assert integrity.verify(document, resolver(), NOW, **asked).proofs
    for wrong in ({"challenge": "c-2"}, {"domain": "c.example"}, {"domain": ""}):
        refused(document, "signature", **{**asked, **wrong})
    refused(signed(**options), "signature", **asked)
    refused(signed(purpose="authentication"), "signature", **asked)


def test_expiry():
    document = signed(expires=LATER)
    assert integrity.verify(document, resolver(), LATER - timedelta(seconds=1)).proofs[0].expires == LATER
    refused(document, "dates", LATER)


def test_only_ed25519():
    assert isinstance(P256.sign(b""), bytes)
    document = signed()
    document["proof"]["verificationMethod"] = f"{HOST}#p1-jwk"
    assert "wants an Ed25519 key" in refused(document, "key")


def leaves(value, path=()):
    if isinstance(value, dict | list):
        for name, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(item, (*path, name))
    else:
        yield path


@given(st.binary(min_size=32, max_size=32), st.data())
def test_any_change_is_refused(seed, data):
    key = SigningKey(seed)
    owner = did_key.did(key.verify_key)
    document = integrity.add(credential(owner), key, did_key.method(key.verify_key), created=NOW)
    assert integrity.verify(document, resolver(), NOW).document == credential(owner)
    path = data.draw(st.sampled_from(sorted(leaves(document), key=str)))
    changed = copy.deepcopy(document)
    place = changed
    for step in path[:-1]:
        place = place[step]
    old = place[path[-1]]
    place[path[-1]] = old + "x" if isinstance(old, str) else old + 1
    with pytest.raises(CredentialRefused):
        integrity.verify(changed, resolver(), NOW)
