"""From a verified credential to what is judged about it."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lodeline.credentials import claims
from lodeline.credentials.kinds import build
from lodeline.credentials.kinds.values import Conformity, Party, Scheme, Thing
from lodeline.credentials.standing import Standing
from lodeline.evidence import EvidenceLevel

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
LINK = "https://id.gs1.org/01/09521234543213/21/A1"


def claim(**more):
    document = {
        "type": ["VerifiableCredential"],
        "issuer": "did:example:lab",
        "credentialSubject": {},
        **more,
    }
    return claims.claim(document, signed_at=None, standing=Standing.GOOD, now=NOW)


def test_what_is_absent_reads_as_the_weakest():
    found = claim()
    assert (found.kind, found.about, found.decided) == ("VerifiableCredential", "", NOW.date())
    assert (found.assurance.level, found.referenced, found.in_scope) == (EvidenceLevel.E2, False, False)


def test_a_certificate_in_untps_words():
    found = claim(
        id="urn:uuid:1",
        type=["VerifiableCredential", "DigitalConformityCredential"],
        validFrom="2026-01-05T00:00:00Z",
        validUntil="2027-01-05T00:00:00+02:00",
        credentialSubject={
            "assessorLevel": "3rdParty", "assessmentLevel": "Accredited", "attestationType": "certification",
            "scope": [{"id": "https://scheme.example/1", "name": "Scheme"}],
            "issuedToParty": {"id": "did:example:mill"},
            "assessment": [{"assessedFacility": [{"facility": {"id": "https://id.gs1.org/414/9521234500006"}}]}],
        },
    )  # fmt: skip
    assert (found.kind, found.about, found.scheme) == (
        "DigitalConformityCredential", "did:example:mill", "https://scheme.example/1",
    )  # fmt: skip
    assert (found.assurance.level, found.in_scope, found.referenced) == (EvidenceLevel.E5, True, True)
    assert (found.decided, found.valid_until) == (date(2026, 1, 5), date(2027, 1, 4))


@pytest.mark.parametrize(
    "name",
    [
        LINK,
        "https://maker.example/some/path/01/09521234543213/21/A1?x=1",
        "urn:epc:id:sgtin:9521234.054321.A1",
        "did:web:maker.example:batteries:09521234543213:A1",
        "did:web:maker.example%3A8443:01:09521234543213:21:A1",
    ],
)
def test_one_battery_has_one_key(name):
    assert claims.same(name) == LINK
    assert claims.matches({"credentialSubject": {"product": {"id": name}}}, LINK)


def test_a_mere_mention_is_not_what_it_is_about():
    document = {
        "credentialSubject": {"id": "did:example:other", "note": {"id": LINK}, "links": [{"id": LINK}]}
    }
    assert claims.about(document) == ["did:example:other"]
    assert not claims.matches(document, LINK)


@given(st.text(max_size=40))
def test_any_text_is_a_name(text):
    claims.same(text)
    claims.same(f"did:web:{text}")
    claims.same(f"did:web:maker.example:batteries:{text}")


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["id", "product", "assessment", "facility", "scope", "issuedToParty"]),
                inner,
                max_size=4,
            )
        ),
        max_leaves=12,
    )
)
def test_any_subject_is_read(subject):
    claim(credentialSubject=subject)
    claims.about({"credentialSubject": subject})


@pytest.mark.parametrize("version", ["0.6", "0.7"])
def test_what_we_issue_ourselves_is_read(version):
    """The codes and members of both versions of the vocabulary, as our own kinds write them."""
    said = Conformity(
        id="urn:uuid:2", name="Site audit", scheme=Scheme(id="https://scheme.example/1", name="Scheme"),
        holder=Party(id="did:example:mill", name="Mill"), decided=date(2026, 1, 5), conforms=True,
        assessor="3rdParty", assessment="authority-globalmra", things=(Thing(id=LINK, name="Pack"),),
    )  # fmt: skip
    made = build(said, Party(id="did:example:lab", name="Lab"), version=version)
    found = claims.claim(made | {"id": "urn:uuid:1"}, signed_at=NOW, standing=Standing.GOOD, now=NOW)
    assert (found.kind, found.about) == ("DigitalConformityCredential", "did:example:mill")
    assert (found.assurance.level, found.in_scope) == (EvidenceLevel.E5, True)
    assert found.scheme == "https://scheme.example/1"
    assert claims.matches(made, LINK)
