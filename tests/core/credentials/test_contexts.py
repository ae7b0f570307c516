"""The table of contexts: pinned bytes, names that mean something, meanings that do not change."""

from __future__ import annotations

import pytest
from tests.core.credentials.making import VENDOR, held

from lodeline.credentials import contexts
from lodeline.credentials.verdict import CredentialRefused

DID = "https://www.w3.org/ns/did/v1"
MULTIKEY = "https://w3id.org/security/multikey/v1"


@pytest.mark.parametrize("address", sorted(contexts.PINNED))
def test_other_bytes_are_refused(address):
    held()
    file = contexts.PINNED[address][0]

    def read(name: str) -> bytes:
        return (VENDOR / name).read_bytes() + (b" " if name == file else b"")

    with pytest.raises(ValueError, match="pinned"):
        contexts.load(read)


@pytest.mark.parametrize(
    "combination",
    [
        [contexts.V2],
        [contexts.V2, contexts.EXAMPLES],
        [contexts.V2, contexts.DATA_INTEGRITY, MULTIKEY],
        [contexts.V2, "https://www.w3.org/ns/credentials/status/v1"],
        [contexts.V1, contexts.DATA_INTEGRITY],
        [DID, MULTIKEY],
        [contexts.V2, {"@context": {"Part": "https://a.example/#Part"}}],
        [contexts.V2, {"ex": "https://a.example/#", "Part": "ex:Part", "grams": {"@id": "ex:grams"}}],
    ],
)
def test_combinations_that_agree(combination):
    terms = held().terms(combination)
    assert terms.has("https://a.example/x")
    assert terms.has("unheard") == (contexts.EXAMPLES in combination)
    assert terms.has("id")
    assert terms.mapping.get("Part", "https://a.example/#Part") == "https://a.example/#Part"


@pytest.mark.parametrize(
    "item",
    [
        {"VerifiableCredential": "https://example.org/#Bad"},
        {"VerifiableCredential": "https://www.w3.org/2018/credentials#VerifiableCredential"},
        {"type": "https://a.example/type"},
        {"Mine": "https ://not-a-url#Mine"},
        {"Mine": None},
        {"Mine": {"@id": None}},
        {"Mine": 7},
        {"Mine": "relative"},
        {"@import": "https://a.example/context"},
        "https://evil.example/context",
        "https ://not-a-url",
        123192875,
        None,
        ["nested"],
    ],
)
def test_contexts_that_change_fetch_or_clear(item):
    with pytest.raises(CredentialRefused) as refusal:
        held().terms([contexts.V2, item])
    assert refusal.value.step == "structure"
    protected = [{"@protected": True, "Mine": "https://a.example/1"}, {"Mine": "https://a.example/2"}]
    with pytest.raises(CredentialRefused, match="protected"):
        held().terms([contexts.V2, *protected])


def test_ours_may_be_added():
    address = "https://lodeline.example/contexts/v1"
    mine = {"@context": {"@protected": True, "lot": "https://lodeline.example/#lot"}}
    held()
    more = contexts.load(lambda file: (VENDOR / file).read_bytes(), {address: mine})
    assert more.terms([contexts.V2, address]).has("lot")
    assert not held().terms([contexts.V2, {"@vocab": None}]).has("lot")


AWAY = "https://elsewhere.example/context"


@pytest.mark.parametrize(
    "within",
    [
        {"credentialSubject": {"id": "urn:x", "@context": AWAY}},
        {"credentialSubject": [{"deep": [{"@context": [contexts.V2, AWAY]}]}]},
        {"@context": [contexts.V2, {"a": {"@id": "urn:x:a", "@context": AWAY}}]},
        {"@context": [contexts.V2, {"a": {"@id": "urn:x:a", "@context": [{"b": {"@context": AWAY}}]}}]},
        {"credentialSubject": {"@context": {"@import": AWAY}}},
        {"credentialSubject": {"@context": None}},
    ],
)
def test_a_context_within_is_one_that_is_held(within):
    known = contexts.Contexts({contexts.V2: {"@context": {}}})
    with pytest.raises(CredentialRefused) as refusal:
        known.inside({"@context": [contexts.V2], **within})
    assert refusal.value.step == "structure"
    known.inside({"@context": [contexts.V2], "credentialSubject": {"@context": contexts.V2, "x": [{"y": 1}]}})
