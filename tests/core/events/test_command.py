"""`lodeline events check`: exit codes, both forms of output, no framework, quick."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from lodeline.cli import main

GOOD = {
    "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"],
    "type": "EPCISDocument",
    "schemaVersion": "2.0",
    "creationDate": "2026-10-01T10:00:00Z",
    "epcisBody": {
        "eventList": [
            {
                "type": "ObjectEvent",
                "eventTime": "2026-10-01T10:00:00Z",
                "eventTimeZoneOffset": "+00:00",
                "action": "OBSERVE",
                "epcList": ["urn:x:1"],
            }
        ]
    },
}
NOW = ["--now", "2026-11-01T12:00:00Z"]


@pytest.fixture
def good(tmp_path):
    path = tmp_path / "good.jsonld"
    path.write_text(json.dumps(GOOD))
    return str(path)


@pytest.fixture
def bad(tmp_path):
    path = tmp_path / "bad.jsonld"
    path.write_text(json.dumps(GOOD).replace("OBSERVE", "LOOK\\u001b[2J"))
    return str(path)


def test_good(good, capsys):
    assert main(["events", "check", good, *NOW]) == 0
    assert capsys.readouterr().out == f"{good}: no errors, 1 event readable\n"


def test_bad(good, bad, capsys):
    assert main(["events", "check", good, bad, *NOW]) == 1
    out = capsys.readouterr().out
    assert f"{bad}: error: /epcisBody/eventList/0/action: action is ADD, OBSERVE or DELETE." in out
    assert "\x1b" not in out


def test_json(bad, capsys):
    assert main(["events", "check", "--json", bad, *NOW]) == 1
    (file,) = json.loads(capsys.readouterr().out)["files"]
    assert (file["type"], file["events"], file["refused"]) == ("EPCISDocument", 0, True)
    assert [(one["rule"], one["pointer"]) for one in file["findings"]] == [
        ("schema.action", "/epcisBody/eventList/0/action")
    ]


def test_a_file_that_is_not_there(good, capsys):
    assert main(["events", "check", "/nowhere", good, *NOW]) == 2
    assert "/nowhere: No such file" in capsys.readouterr().err


def test_no_time(good, capsys):
    assert main(["events", "check", good, "--now", "soon"]) == 2
    assert "--now is no time" in capsys.readouterr().err


def test_it_imports_no_framework(good):
    code = (
        "import sys; from lodeline.cli import main; code = main(sys.argv[1:]);"
        "found = {'django', 'ninja', 'pydantic', 'httpx', 'lodeline_server'} & set(sys.modules);"
        "sys.exit(f'imported {found}' if found else code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "events", "check", good, *NOW],
        check=False,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
