"""`lodeline credential threshold`: exit codes 0, 1, 2, and a file of openings that only its owner can read."""

from __future__ import annotations

import json
import stat

import pytest
from tests.apps.credentials.making import plain

from lodeline.cli import main
from lodeline_server.credentials.thresholds.models import CommittedNumber

CLAIM, PATH = "recycled-cobalt-2031", "/credentialSubject/recycledShareCobalt"


@pytest.fixture
def run(capsys, monkeypatch, parties):
    """Exit code and printed JSON of a step."""
    from lodeline_server.kit import setup

    monkeypatch.setattr(setup, "django", lambda **_: None)

    def step(*words, who="oem"):
        code = main(["credential", "threshold", *words, "--as", who, "--json"])
        out = capsys.readouterr().out
        return code, json.loads(out) if out.strip() else None

    return step


def test_from_a_number_to_a_verdict_with_openings_in_a_file(run, tmp_path):
    unsigned, openings, proof = (tmp_path / name for name in ("lot.json", "openings.json", "proof.json"))
    unsigned.write_text(json.dumps(plain()))
    seal = ("seal", str(unsigned), "--number", f"{PATH}=17.3", "--owner", "mine", "--openings", str(openings))
    code, signed = run(*seal, who="north-works")
    assert code == 0
    assert stat.S_IMODE(openings.stat().st_mode) == 0o600
    assert CommittedNumber.objects.get().sealed is None
    with pytest.raises(FileExistsError):
        openings.open("x")
    assert run(*seal, who="north-works")[0] == 2  # the only copy is never written over
    code, question = run("ask", CLAIM, signed["id"])
    assert (code, question["state"]) == (0, "waiting")
    number = str(question["id"])
    code, told = run("prove", number, "--openings", str(openings), who="mine")
    assert (code, told["state"]) == (0, "proven")
    proof.write_text(json.dumps(told))
    assert run("verify", str(proof))[0] == 0
    code, told = run("verify", str(proof))
    assert (code, told["errors"][0]["step"]) == (1, "nonce")
    assert run("questions", number)[1]["used"]
    code, told = run("ask", "recycled-cobalt-2036", signed["id"])
    assert run("prove", str(told["id"]), "--decline", who="mine")[0] == 1


@pytest.mark.parametrize(
    "words",
    [
        ("prove", "0"),
        ("prove", "99999999999999999999999"),
        ("questions", "7"),
        ("ask", CLAIM, "urn:x", "--minutes", "0"),
        ("ask", CLAIM, "urn:x", "--to", "nobody"),
        ("grant", "urn:x", "--to", "mine", "--claim", "none"),
        ("numbers", "--at-once", "urn:x"),
        ("verify", "/nowhere/at/all"),
    ],
    ids=" ".join,
)
def test_what_cannot_be_used(run, words):
    assert run(*words)[0] == 2
