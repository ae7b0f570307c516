"""Every forgery is refused at its step, by us and by a verifier that shares no code with us."""

from __future__ import annotations

import json
import shutil
import subprocess

import pytest
from tests.conftest import ROOT, missing
from tests.core.credentials.thresholds.forgeries import POLICY, VECTORS, cases, vectors
from tests.core.credentials.thresholds.parties import Nonces, check

from lodeline.credentials.thresholds.statement import STEPS, ThresholdRefused
from lodeline.credentials.verdict import CredentialRefused

NODE = shutil.which("node", path=str(ROOT / ".tools" / "bin")) or shutil.which("node")
NOBLE = ROOT / "conformance" / "node_modules" / "@noble" / "curves"
CASES = cases()


def verdict(case):
    try:
        check(
            case.message,
            case.shelf,
            nonces=Nonces(*case.nonces),
            policy=POLICY,
            audience=case.audience,
            now=case.now,
            bounds=case.bounds,
        )
    except ThresholdRefused as refused:
        assert refused.step in STEPS
        assert refused.message
        return refused.step
    except CredentialRefused:
        return "credential"
    return None


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_verdict(case):
    assert verdict(case) == case.step


def test_there_are_enough_kinds():
    assert len({case.name for case in CASES}) == len(CASES)
    assert len([case for case in CASES if case.step]) >= 60
    assert {case.step for case in CASES} >= {*STEPS, "credential", None}


@pytest.mark.parametrize("case", [case for case in CASES if case.step is None], ids=lambda case: case.name)
def test_a_nonce_is_good_once(case):
    nonces = Nonces(*case.nonces)
    arguments = {"nonces": nonces, "policy": POLICY, "bounds": case.bounds}
    check(case.message, case.shelf, **arguments)
    with pytest.raises(ThresholdRefused, match="used already"):
        check(case.message, case.shelf, **arguments)


def test_every_byte_of_a_proof_counts():
    """One bit flipped anywhere, in message or proof, and it is refused."""
    case = CASES[0]
    for at in range(0, len(case.message), 7):
        changed = bytearray(case.message)
        changed[at] ^= 1
        with pytest.raises((ThresholdRefused, CredentialRefused)):
            check(bytes(changed), case.shelf, policy=POLICY)


def test_published_vectors_are_what_we_make():
    assert json.loads(VECTORS.read_text()) == json.loads(json.dumps(vectors()))


@pytest.mark.parametrize("given", ["all cases", "vectors.json"])
@pytest.mark.parametrize("curve", ["@noble/curves", "our pages'"])
def test_the_other_verifier_says_the_same(given, curve):
    """In JavaScript, on the curve of another maker and on the one that our pages bring along."""
    own = curve == "our pages'"
    if NODE is None or not (own or NOBLE.is_dir()):
        missing(f"node with the curve of {curve}")
    script = ROOT / "conformance" / "threshold-verifier" / "check.mjs"
    everything = {**vectors(), "cases": [case.write() for case in CASES]}
    text = json.dumps(everything) if given == "all cases" else VECTORS.read_text()
    done = subprocess.run(
        [NODE, script, *(["--own"] if own else [])],
        input=text,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(done.stdout.splitlines()) == len(json.loads(text)["cases"])
