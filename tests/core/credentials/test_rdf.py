"""JSON-LD in a worker: what would be lost is refused, poison is stopped in time, nobody is asked for a context."""

from __future__ import annotations

import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.core.credentials.making import credential, held

from lodeline.credentials import contexts, rdf
from lodeline.credentials.verdict import CredentialRefused


@pytest.fixture(scope="module")
def worker():
    with rdf.Worker(held(), seconds=20) as made:
        yield made


def lost(worker, document) -> str:
    with pytest.raises(CredentialRefused) as refusal:
        worker([document])
    assert refusal.value.step == "structure"
    return str(refusal.value)


def test_canonical_quads(worker):
    document = {
        "@context": [contexts.V2, {"grams": "https://a.example/grams", "part": "https://a.example/part"}],
        "id": "urn:x:1",
        "type": ["VerifiableCredential"],
        "name": {"@value": 'Say "Grüß"\n\t\\', "@language": "de-AT"},
        "credentialSubject": {"grams": [1200, 0.5, True], "part": {"part": {}}},
    }
    (text,) = worker([document])
    rdf_type, xsd = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>", "http://www.w3.org/2001/XMLSchema#"
    assert text.decode().splitlines() == [
        f"<urn:x:1> {rdf_type} <https://www.w3.org/2018/credentials#VerifiableCredential> .",
        '<urn:x:1> <https://schema.org/name> "Say \\"Grüß\\"\\n\\t\\\\"@de-at .',
        "<urn:x:1> <https://www.w3.org/2018/credentials#credentialSubject> _:c14n2 .",
        "_:c14n1 <https://a.example/part> _:c14n0 .",
        f'_:c14n2 <https://a.example/grams> "1200"^^<{xsd}integer> .',
        f'_:c14n2 <https://a.example/grams> "5.0E-1"^^<{xsd}double> .',
        f'_:c14n2 <https://a.example/grams> "true"^^<{xsd}boolean> .',
        "_:c14n2 <https://a.example/part> _:c14n1 .",
    ]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"colour": "blue"}, "colour"),
        ({"credentialSubject": {"id": "did:x:y", "colour": "blue"}}, "colour"),
        ({"type": ["VerifiableCredential", "Unheard"]}, "Unheard"),
        ({"id": "seven"}, "seven"),
        ({"credentialSubject": {"id": "../seven"}}, "seven"),
        ({"credentialSubject": "lot 7"}, "address"),
        ({"validUntil": None}, "no place"),
        ({"evidence": []}, "no place"),
        ({"@odd": "x"}, "JSON-LD|no place"),
        ({"@fooBar": "x"}, "no place"),
        ({"id": "@fooBar"}, "no place|address|JSON-LD"),
        ({"name": {"@value": "x", "@direction": "rtl"}}, "direction"),
        ({"name": {"@value": "x", "@language": "no language"}}, "language|JSON-LD"),
        ({"name": {"@value": None}}, "no place"),
        ({"name": {"@value": "x", "@type": "unheard"}}, "unheard|JSON-LD"),
        ({"credentialSubject": {"https://a.example/n": 0.30000000000000004}}, "digits"),
        ({"credentialSubject": {"_:b": "x"}}, "absolute|no place"),
        ({"credentialSubject": {"https://a.example/a b": "x"}}, "no place"),
        ({"@context": [contexts.V2, {"@vocab": None}]}, "clears"),
        ({"@context": [contexts.V2, None]}, "clears"),
        ({"@context": [contexts.V2, {"colour": None}], "colour": "blue"}, "clears"),
        ({"@context": [contexts.V2, {"colour": {"@id": None}}], "colour": "blue"}, "clears"),
        ({"credentialSubject": {"@context": None, "id": "did:x:y"}}, "clears"),
        ({"@context": [contexts.V2, "https://evil.example/context"]}, "not among those held"),
        (
            {"credentialSubject": {"@context": "http://169.254.169.254/", "id": "did:x:y"}},
            "not among those held",
        ),
        ({"@context": [contexts.V2, {"@import": "https://evil.example/context"}]}, "held|JSON-LD"),
        ({"@context": [contexts.V2, {"VerifiableCredential": "https://a.example/#Other"}]}, "protected"),
        ({"@context": [contexts.V2, {"name": "https://a.example/#other"}]}, "protected"),
        ({"@context": [contexts.V2, 7]}, "JSON-LD"),
    ],
)
def test_what_would_be_lost(worker, change, reason):
    document = credential() | {"@context": [contexts.V2], "type": ["VerifiableCredential"]}
    document["credentialSubject"] = {"id": "did:x:y"}
    assert worker([document])
    with pytest.raises(CredentialRefused, match=reason):
        worker([document | change])


def clique(size: int) -> dict:
    """All nodes alike: the canonical order must try very many."""
    nodes = [f"_:n{number}" for number in range(size)]
    return {
        "@context": {"knows": {"@id": "https://a.example/knows", "@type": "@id"}},
        "@graph": [{"@id": node, "knows": [other for other in nodes if other != node]} for node in nodes],
    }


def test_poison_is_stopped_in_time_and_the_next_is_served():
    with rdf.Worker(held()) as worker:
        fine = credential()
        before = worker([fine])
        for size in (10, 40):
            start = time.monotonic()
            assert "takes more" in lost(worker, clique(size))
            assert time.monotonic() - start < 10  # never, if it were not stopped
        worker([clique(3)])
        assert worker([fine]) == before


def test_sizes_are_limited(worker):
    assert "bytes" in lost(worker, {"@context": contexts.V2, "name": "x" * (rdf.MAX_INPUT + 1)})
    deep: dict = {"https://a.example/p": 1}
    for _ in range(60):
        deep = {"https://a.example/p": deep}
    assert worker([deep])
    for _ in range(20):
        deep = {"https://a.example/p": deep}
    lost(worker, deep)
    lost(worker, {"https://a.example/p": float("nan")})


def test_started_closed_and_used_again():
    worker = rdf.Worker(held(), seconds=20)
    worker.start()
    first = worker([credential()])
    worker.close()
    worker.close()
    assert worker([credential()]) == first
    worker._process.kill()
    worker._process.wait()
    assert worker([credential()]) == first
    worker.close()


NAMES = st.sampled_from(["https://a.example/p", "https://a.example/q", "name", "description"])
VALUES = (
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=8) | st.integers(-9, 9) | st.booleans()
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(
    st.recursive(
        st.dictionaries(NAMES, VALUES, min_size=1, max_size=3),
        lambda inner: st.dictionaries(NAMES.filter(lambda name: ":" in name), inner, min_size=1, max_size=3),
        max_leaves=6,
    )
)
def test_order_of_members_and_another_implementation_agree(worker, subject):
    from pyld import jsonld

    document = {"@context": contexts.V2, "type": ["VerifiableCredential"], "credentialSubject": subject}
    held_here = held()

    def turned(value):
        if isinstance(value, dict):
            return {name: turned(item) for name, item in reversed(value.items())}
        return value

    one, two = worker([document, turned(document)])
    assert one == two

    def load(address, _options):
        found = held_here.documents[address]
        return {"contextUrl": None, "documentUrl": address, "document": found, "contentType": ""}

    options = {"algorithm": "URDNA2015", "format": "application/n-quads", "documentLoader": load}
    assert one.decode() == jsonld.normalize(document, options)
