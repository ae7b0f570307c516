"""What we issue verifies in libraries of other makers, what they issue verifies here; both refuse what was altered.

One run of `conformance/credential-peer` verifies our files and writes its own.
"""

from __future__ import annotations

import json

import pytest
from tests.conftest import missing
from tests.core.credentials import peers
from tests.core.credentials.making import held

from lodeline.credentials import rdf, status
from lodeline.credentials.verdict import CredentialRefused


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    with rdf.Worker(held(), seconds=20) as worker:
        yield peers.Here(tmp_path_factory.mktemp("peers"), worker)


@pytest.fixture(scope="module")
def files(here):
    return peers.ours(here.canonize)


@pytest.fixture(scope="module")
def told(here, files):
    if not peers.there():
        missing("node with the credential libraries of conformance/")
    return peers.exchange(here.folder, files)


@pytest.fixture(scope="module")
def theirs(here, told):
    """Name to text."""
    return {path.name: path.read_text() for path in (here.folder / "peer").iterdir()}


def test_they_say_of_ours_what_we_say(here, files, told):
    """Every form, both verdicts, and the same content: nothing is refused by one side only."""
    wrong = []
    for file in files:
        bad, said = file.name.endswith("!"), told[file.name]
        refused, subject = None, None
        try:
            subject = here.verify(file.form, file.text, bound=file.bound)["credentialSubject"]
        except CredentialRefused as error:
            refused = str(error)
        if ("refused" in said) != (bad and not file.name.endswith(peers.LOOSE)):
            wrong.append(f"{file.name}: they say {said}")
        if (refused is not None) != (bad and not file.status):  # the list is asked for by itself, below
            wrong.append(f"{file.name}: we say {refused}")
        if not bad and subject != said["subject"]:
            wrong.append(f"{file.name}: {subject} here, {said['subject']} there")
    assert wrong == []
    assert len(files) > 30


def test_what_was_not_signed_is_shown_by_nobody(files, told):
    loose = [told[file.name]["subject"] for file in files if file.name.endswith(peers.LOOSE)]
    assert len(loose) == 2
    assert not any("another value" in subject.values() for subject in loose)


def test_they_refuse_for_the_reason_meant(told):
    for name, word in {
        "vc+jwt P-256, altered!": "signature verification failed",
        "vc+jwt expired!": '"exp"',
        "eddsa-jcs-2022, altered!": "Invalid signature",
        "eddsa-rdfc-2022, altered!": "Invalid signature",
        "SD-JWT P-256, other nonce!": "nonce",
        "SD-JWT P-256, other audience!": "audience",
        "eddsa-jcs-2022, status revoked!": "status: revocation",
        "eddsa-rdfc-2022, status revoked, last!": "status: revocation",
    }.items():
        assert word.lower() in told[name]["refused"].lower(), name


@pytest.mark.parametrize(
    ("name", "form", "shown"),
    [
        ("ed25519.jwt", "vc+jwt", peers.HIDDEN),
        ("p256.jwt", "vc+jwt", peers.HIDDEN),
        ("whole.sd-jwt", "sd-jwt", peers.HIDDEN),
        ("shown.sd-jwt", "sd-jwt", peers.HIDDEN[:1]),
        ("bound.sd-jwt", "sd-jwt", peers.HIDDEN[:1]),
        ("eddsa-jcs-2022.json", "proofs", peers.HIDDEN),
        ("eddsa-rdfc-2022.json", "proofs", peers.HIDDEN),
    ],
)
def test_theirs_holds_here(here, theirs, name, form, shown):
    bound = name.startswith("bound")
    said = here.verify(form, theirs[name], bound=bound)
    assert said["issuer"] == peers.THEM
    subject = said["credentialSubject"]
    assert set(subject) - {"id"} == set(shown)
    assert subject["share"] == 16.5
    text = theirs[name]
    changed = text.replace("16.5", "16.6") if form == "proofs" else peers.altered(text)
    with pytest.raises(CredentialRefused) as refusal:
        here.verify(form, changed, bound=bound)
    assert refusal.value.step == "signature"


def test_their_key_binding_is_for_one_verifier_and_one_question(here, theirs, monkeypatch):
    here.verify("sd-jwt", theirs["bound.sd-jwt"], bound=True)
    with pytest.raises(CredentialRefused, match="nobody asked"):
        here.verify("sd-jwt", theirs["bound.sd-jwt"])
    with pytest.raises(CredentialRefused, match="required and missing"):
        here.verify("sd-jwt", theirs["shown.sd-jwt"], bound=True)
    monkeypatch.setattr(peers, "NONCE", "another")
    with pytest.raises(CredentialRefused, match="'nonce'"):
        here.verify("sd-jwt", theirs["bound.sd-jwt"], bound=True)


@pytest.mark.parametrize("suite", peers.SUITES)
def test_their_status_list_is_read_here(here, theirs, suite):
    listed = json.loads(theirs[f"list-{suite}.json"])
    found = {index: here.status(listed, index) for index in (0, 6, 7, 8, status.MINIMUM - 1)}
    assert found == {0: 0, 6: 0, 7: 1, 8: 0, status.MINIMUM - 1: 1}
    subject = {**listed["credentialSubject"], "statusPurpose": "suspension"}
    with pytest.raises(CredentialRefused) as refusal:
        here.status({**listed, "credentialSubject": subject}, 7)
    assert refusal.value.step == "signature"
