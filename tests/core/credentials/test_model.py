"""The data model's rules, each by what breaks it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.core.credentials.making import NOW, credential, held

from lodeline.credentials import contexts, model
from lodeline.credentials.verdict import CredentialRefused

SECURED = credential() | {"proof": {"type": "DataIntegrityProof"}}
ENVELOPE = {"@context": contexts.V2, "type": model.ENVELOPED, "id": "data:application/vc+jwt,ey.ey.ey"}


def refused(step: str, call, *args) -> str:
    with pytest.raises(CredentialRefused) as refusal:
        call(*args)
    assert refusal.value.step == step
    return str(refusal.value)


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"type": "VerifiableCredential"},
        {"type": ["https://example.org/#One", "VerifiableCredential", "https://example.org/#Two"]},
        {"issuer": {"id": "did:x:y", "name": {"@value": "x", "@language": "en", "@direction": "ltr"}}},
        {"name": ["x", {"@value": "y", "@language": "fr"}]},
        {"credentialSubject": [{"id": "did:x:y"}, {"grams": 1}]},
        {"credentialStatus": [{"type": "A"}, {"type": "B", "id": "urn:x:1"}]},
        {"credentialSchema": {"id": "https://a.example/schema", "type": "JsonSchema"}},
        {"evidence": {"type": ["A", "B"]}, "termsOfUse": [{"type": "A", "id": "urn:x:1"}]},
        {"validFrom": "2026-01-01T00:00:00.123+14:00", "validUntil": "4023-01-01T00:00:00-14:00"},
        {"relatedResource": {"id": "https://a.example/a", "digestSRI": "sha256-x"}},
    ],
)
def test_credentials_that_are_well_formed(change):
    model.credential(credential(**change))
    model.credential(credential(**change), held())


@pytest.mark.parametrize(
    "change",
    [
        {"@context": None},
        {"@context": contexts.V2},
        {"@context": [contexts.EXAMPLES, contexts.V2]},
        {"@context": [contexts.V2, 123192875]},
        {"@context": [contexts.V2, "https ://not-a-url/contexts/example/v1"]},
        {"type": None},
        {"type": ["CobaltOriginCredential"]},
        {"type": ["VerifiableCredential", 7]},
        {"id": ["urn:x:1", "urn:x:2"]},
        {"id": "not a url"},
        {"id": None},
        {"issuer": None},
        {"issuer": "fake-issuer"},
        {"issuer": {"name": "x"}},
        {"issuer": {"id": None}},
        {"issuer": ["did:x:y"]},
        {"credentialSubject": {}},
        {"credentialSubject": []},
        {"credentialSubject": [{"id": "did:x:y"}, {}]},
        {"credentialSubject": "did:x:y"},
        {"credentialSubject": {"id": "lot 7"}},
        {"credentialStatus": {"id": "urn:x:1"}},
        {"credentialStatus": {"type": 2}},
        {"credentialStatus": {"type": "A", "id": ["urn:x:1"]}},
        {"credentialStatus": None},
        {"credentialSchema": {"type": "A"}},
        {"credentialSchema": {"id": "x", "type": "A"}},
        {"credentialSchema": {"id": "urn:x:1"}},
        {"evidence": {"id": "urn:x:1"}},
        {"refreshService": {"id": "urn:x:1"}},
        {"termsOfUse": ["x"]},
        {"proof": {"proofValue": "z"}},
        {"name": {"@value": "x", "url": "did:x:y"}},
        {"name": 7},
        {"description": {"@language": "en"}},
        {"issuer": {"id": "did:x:y", "description": {"@value": 7}}},
        {"relatedResource": ["https://a.example/a"]},
        {"relatedResource": {"digestSRI": "sha256-x"}},
        {"relatedResource": {"id": "https://a.example/a"}},
        {
            "relatedResource": [
                {"id": "urn:x:1", "digestSRI": "sha256-x"},
                {"id": "urn:x:1", "digestMultibase": "u"},
            ]
        },
        {"relatedResource": {"id": "urn:x:1", "digestSRI": 7}},
    ],
)
def test_credentials_that_are_not(change):
    refused("structure", model.credential, credential() | change)


@pytest.mark.parametrize(
    "change",
    [
        {"validFrom": "2026-01-01T00:00:00"},
        {"validFrom": None},
        {"validUntil": "soon"},
        {"validUntil": "2025-12-31T23:59:59Z"},
    ],
)
def test_dates_that_are_none(change):
    refused("dates", model.credential, credential() | change)


def test_documents_that_are_no_objects():
    for document in (None, [], "x", 7):
        refused("structure", model.credential, document)
        refused("structure", model.presentation, document)


@pytest.mark.parametrize(
    "change",
    [
        {"@context": [contexts.V2], "type": ["VerifiableCredential", "Unheard"]},
        {"@context": [contexts.V2], "colour": "blue"},
        {"@context": [contexts.V2, {"VerifiableCredential": "https://example.org/#Bad"}]},
        {"@context": [contexts.V2, {"A": "https ://not-a-url#A"}], "type": ["VerifiableCredential", "A"]},
        {"@context": [contexts.V2, {"@vocab": None}], "type": ["VerifiableCredential", "A"]},
        {"@context": [contexts.V2, "https://evil.example/context"]},
    ],
)
def test_names_without_a_meaning(change):
    document = credential() | {"type": ["VerifiableCredential"]} | change
    model.credential(document)
    refused("structure", model.credential, document, held())


def test_in_force():
    document = credential(validFrom="2026-11-22T10:00:00Z", validUntil="2026-11-22T12:00:00+01:00")
    for minutes, holds in ((-6, False), (-4, True), (0, True), (60, True), (61, False)):
        moment = NOW + timedelta(minutes=minutes)
        if holds:
            model.in_force(document, moment)
        else:
            refused("dates", model.in_force, document, moment)


def test_credentials_of_the_older_model():
    old = {
        "@context": [contexts.V1],
        "type": ["VerifiableCredential"],
        "issuer": "did:x:y",
        "issuanceDate": "2020-01-01T00:00:00Z",
        "credentialSubject": {"id": "did:x:y"},
    }
    model.credential(old, held())
    assert model.with_data_integrity(old)["@context"] == [contexts.V1, contexts.DATA_INTEGRITY]
    assert model.with_data_integrity(model.with_data_integrity(old)) == model.with_data_integrity(old)
    assert model.with_data_integrity(credential()) == credential()
    refused("structure", model.credential, {name: old[name] for name in old if name != "issuanceDate"})
    refused("dates", model.in_force, old | {"expirationDate": "2021-01-01T00:00:00Z"}, NOW)


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"holder": "did:x:y"},
        {"holder": {"id": "did:x:y"}},
        {"id": "urn:x:1"},
        {"verifiableCredential": SECURED},
        {"verifiableCredential": [SECURED, ENVELOPE]},
    ],
)
def test_presentations_that_are_well_formed(change):
    document = {"@context": [contexts.V2], "type": ["VerifiablePresentation"], **change}
    model.presentation(document, held())


@pytest.mark.parametrize(
    "change",
    [
        {"type": ["VerifiableCredential"]},
        {"@context": [{"x": "https://a.example"}, contexts.V2]},
        {"holder": "z6MkpJySvETLnxhQG9DzEdmKJtysBDjuuTeDfUj1uNNCUqcj"},
        {"holder": {"name": "Acme"}},
        {"holder": None},
        {"verifiableCredential": credential()},
        {"verifiableCredential": ["ey.ey.ey"]},
        {"verifiableCredential": None},
        {"verifiableCredential": ENVELOPE | {"id": "ey.ey.ey"}},
        {"verifiableCredential": ENVELOPE | {"id": "data:text/html,<b>"}},
        {"verifiableCredential": ENVELOPE | {"id": "data:application/vc+jwt"}},
        {"verifiableCredential": ENVELOPE | {"@context": []}},
        {"verifiableCredential": ENVELOPE | {"type": "VerifiableCredential"}},
    ],
)
def test_presentations_that_are_not(change):
    document = {"@context": [contexts.V2], "type": ["VerifiablePresentation"], **change}
    refused("structure", model.presentation, document)


def test_envelopes():
    assert model.enveloped(ENVELOPE) == ("application/vc+jwt", "ey.ey.ey")
    sd = ENVELOPE | {"id": "data:application/VC+SD-JWT;charset=x,a~b"}
    assert model.enveloped(sd) == ("application/vc+sd-jwt", "a~b")


# vc-data-model-2.0-test-suite (fixtures.js) and the Recommendation's own bytes.
@pytest.mark.parametrize(
    "digest",
    [
        {"digestSRI": "sha384-NSOcNpmdIVUxIJGvGUoe22FjTWrXiaXlsZ8q6912LdnR3KraQO2n75Ica4wK4Qeg"},
        {"digestMultibase": "uJKGMkOmFbVJhEfKTduMC2XCyvRAYLjOVmZWwIH1wQ7k"},
        {"digestSRI": "sha384-l/HrjlBCNWyAX91hr6LFV2Y3heB5Tcr6IeE4/Tje8YyzYBM8IhqjHWiWpr8+ZbYU"},
        {"digestMultibase": "uEiBZlVztZpfWHgPyslVv6-UwirFoQoRvW1htfx963sknNA"},
    ],
)
def test_digests_of_related_resources(digest):
    document = credential(relatedResource=[{"id": contexts.V2, **digest}])
    model.related(document, contexts.PUBLISHED)
    (name, value), *_ = digest.items()
    wrong = value[:-6] + ("A" if value[-6] != "A" else "B") + value[-5:]
    text = refused(
        "structure",
        model.related,
        credential(relatedResource={"id": contexts.V2, name: wrong}),
        contexts.PUBLISHED,
    )
    assert "another digest" in text
    unknown = credential(relatedResource={"id": "https://a.example/x", **digest})
    assert "not held" in refused("structure", model.related, unknown, contexts.PUBLISHED)
    for text in ("md5-AAAA", "sha256-AAAA", "sha384-!", "x"):
        odd = credential(relatedResource={"id": contexts.V2, "digestSRI": text})
        refused("structure", model.related, odd, contexts.PUBLISHED)
