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


XML = (
    '<e:EPCISDocument xmlns:e="urn:epcglobal:epcis:xsd:2" schemaVersion="2.0" creationDate="2026-10-01T10:00:00Z">'
    "<EPCISBody><EventList><ObjectEvent><eventTime>2026-10-01T10:00:00Z</eventTime>"
    "<eventTimeZoneOffset>+00:00</eventTimeZoneOffset><epcList><epc>urn:x:1</epc></epcList><action>OBSERVE</action>"
    "</ObjectEvent></EventList></EPCISBody></e:EPCISDocument>"
)


@pytest.fixture
def as_xml(tmp_path):
    path = tmp_path / "good.xml"
    path.write_text(XML)
    return str(path)


def test_hash_is_one_name_a_line_alike_for_both_formats(good, as_xml, capsys):
    assert main(["events", "hash", good, as_xml]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first == second
    assert first.startswith("ni:///sha-256;")
    assert first.endswith("?ver=CBV2.0")
    assert main(["events", "hash", as_xml, "--json", "--prehash"]) == 0
    (said,) = json.loads(capsys.readouterr().out)["files"]
    assert said["hashes"] == [first]
    assert said["prehashes"] == [
        (
            "eventType=ObjectEventeventTime=2026-10-01T10:00:00.000ZeventTimeZoneOffset=+00:00epcListepc=urn:x:1"
            "action=OBSERVE"
        )
    ]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{", 2),
        ("<a/>", 2),
        ('{"type":"EPCISDocument"}', 1),
        (json.dumps(GOOD).replace("OBSERVE", "LOOK"), 1),
    ],
)
def test_what_has_no_hash_is_said(text, code, tmp_path, capsys):
    path = tmp_path / "odd"
    path.write_text(text)
    assert main(["events", "hash", str(path)]) == code
    out, err = capsys.readouterr()
    assert (out, str(path) in err) == ("", True)
    assert main(["events", "hash", str(tmp_path / "not there")]) == 2


def test_convert_there_and_back(good, tmp_path, capsys):
    there, back = tmp_path / "there.xml", tmp_path / "back.json"
    assert main(["events", "convert", good, "--out", str(there)]) == 0
    assert main(["events", "convert", str(there), "--out", str(back)]) == 0
    assert json.loads(back.read_text())["epcisBody"] == GOOD["epcisBody"]
    assert main(["events", "convert", str(back), "--to", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["epcisBody"] == GOOD["epcisBody"]
    assert main(["events", "convert", str(tmp_path / "not there")]) == 2
    assert main(["events", "convert", good, "--out", str(tmp_path / "no" / "folder")]) == 2


def test_lenient_check_lists_repairs(good, tmp_path, capsys):
    odd = tmp_path / "odd.json"
    odd.write_text(json.dumps(GOOD).replace('"OBSERVE"', '"observe"'))
    assert main(["events", "check", str(odd), *NOW]) == 1
    capsys.readouterr()
    assert main(["events", "check", str(odd), "--lenient", *NOW]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == f"{odd}: no errors, 1 repair, 1 event readable"
    assert main(["events", "check", str(odd), "--lenient", "--json", *NOW]) == 0
    (said,) = json.loads(capsys.readouterr().out)["files"]
    assert said["repairs"] == [
        {
            "rule": "R-CBV-FORM",
            "pointer": "/epcisBody/eventList/0/action",
            "before": '"observe"',
            "after": '"OBSERVE"',
        }
    ]
