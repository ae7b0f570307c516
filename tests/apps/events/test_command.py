"""`lodeline capture`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lodeline.cli import main
from lodeline.keys import SigningKey, sign_detached
from lodeline_server.events.models import CaptureJob
from lodeline_server.log import queries as log

pytestmark = pytest.mark.django_db
NOW = ["--now", "2026-11-01T12:00:00Z"]


@pytest.fixture
def file(tmp_path, events):
    path = tmp_path / "doc.json"
    path.write_bytes(events.document(events.make("A"), events.make("B")))
    return str(path)


def run(*words):
    return main(["capture", *words, *NOW])


def test_a_document(organisation, file, capsys):
    assert run(file, "--as", "north-works") == 0
    assert (
        capsys.readouterr().out == f"{file}: taken: 2 new, 0 known already, 0 refused, log positions 1 to 2\n"
    )
    assert run(file, "--as", "north-works@north") == 0
    assert capsys.readouterr().out.splitlines()[-1] == f"{file}: taken: 0 new, 2 known already, 0 refused"
    assert log.size() == 3
    assert CaptureJob.objects.first().name == "doc.json"


def test_json(organisation, file, capsys):
    assert run(file, "--as", "north-works", "--json") == 0
    (document,) = json.loads(capsys.readouterr().out)["documents"]
    assert (document["state"], document["accepted"], document["positions"]) == ("taken", 2, [1, 2])


def test_refused(organisation, file, tmp_path, capsys):
    bad = tmp_path / "bad.json"
    bad.write_text('{"type": "EPCISDocument"}')
    assert run(str(bad), file, "--as", "north-works") == 1
    out = capsys.readouterr().out
    assert f"{bad}: error: /: '@context' is missing. Add it. [schema.required]" in out
    assert f"{bad}: refused: The document has errors. Nothing was written." in out
    assert f"{file}: taken" in out


def test_signed(organisation, file, tmp_path, now, capsys):
    from lodeline.access import platform
    from lodeline_server.events.actions import register_key

    key = SigningKey.from_seed(bytes(32))
    signature = tmp_path / "doc.jws"
    signature.write_text(sign_detached(key, Path(file).read_bytes(), "k") + "\n")
    words = (file, "--as", "north-works", "--signature", str(signature))
    assert run(*words) == 1
    assert "signature.refused" in capsys.readouterr().out
    register_key(
        actor=platform(organisation.workspace_id),
        organisation=organisation,
        kid="k",
        public_key=key.verify_key.raw,
        now=now,
    )
    assert run(*words) == 0
    assert log.get(1).payload["signature"] == {"by": "party", "kid": "k"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["/nowhere", "--as", "north-works"], "/nowhere: No such file"),
        (["{file}", "--as", "nobody"], "there is no organisation nobody"),
        (["{file}", "--as", "north-works@south"], "there is no organisation north-works@south"),
        (
            ["{file}", "{file}", "--as", "north-works", "--signature", "{file}"],
            "--signature goes with one FILE",
        ),
        (["{file}", "--as", "north-works", "--now", "soon"], "--now is no time"),
    ],
)
def test_unusable(words, said, organisation, file, capsys):
    assert main(["capture", *(word.format(file=file) for word in words)]) == 2
    assert said in capsys.readouterr().err
    assert log.size() == 0


def test_a_name_in_two_workspaces_needs_the_workspace(organisation, other_workspace, file, now, capsys):
    from lodeline_server.parties.models import Organisation

    Organisation.objects.create(
        workspace=other_workspace, slug="north-works", name="x", party="urn:x:1", created_at=now
    )
    assert run(file, "--as", "north-works") == 2
    assert "write north-works@WORKSPACE" in capsys.readouterr().err
    assert run(file, "--as", "north-works@north") == 0


def test_no_file_is_processed_when_one_is_unreadable(organisation, file, capsys):
    assert run(file, "/nowhere", "--as", "north-works") == 2
    assert log.size() == 0
