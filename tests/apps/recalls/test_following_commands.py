"""`lodeline recall what-if|cause|contribution|drill|notify|outcome|close`."""

from __future__ import annotations

import csv
import json

import pytest
from tests.apps.lots.chain import CARS, OWN, world
from tests.apps.recalls.test_exploring import batteries
from tests.apps.recalls.test_recall import run as computed

from lodeline.cli import main
from lodeline_server.log.queries import size
from lodeline_server.recalls.drilling.models import Drill
from lodeline_server.recalls.models import Recall

pytestmark = pytest.mark.django_db


@pytest.fixture
def said(capsys):
    """Run a command; its code and what it prints, as JSON when asked for."""

    def run(*words, json_=True):
        code = main(["recall", *words, *(["--json"] if json_ else [])])
        out = capsys.readouterr()
        return code, json.loads(out.out) if json_ else out.out + out.err

    return run


def test_questions_put_nothing_on_record(workspace, said, tmp_path):
    serials, failed = batteries(workspace.pk, bad="A")
    before = size()
    code, found = said("what-if", "ONE", "TWO", "--substance", "Co")
    assert (code, found["items"], [one["only"] for one in found["alone"]]) == (0, 12, [4, 4])
    listed = tmp_path / "failed.txt"
    listed.write_text("\n".join(failed[1:]))
    code, found = said("cause", failed[0], "--failed", str(listed))
    assert (code, found["failed"], found["findings"][0]["failed"]) == (0, 4, 4)
    code, found = said("contribution", serials["C"][0], "--substance", "Co", "--threshold", "60%")
    assert (code, [one["label"] for one in found["listed"]], found["lotsBelow"]) == (0, ["C"], 2)
    for words in (("what-if", "ONE"), ("cause", *failed), ("contribution", "C0")):
        code, text = said(*words, json_=False)
        assert code == 0
        assert "log position" in text
        assert "snapshot" in text
    assert size() == before


def test_the_first_step_may_be_left_out(workspace, said):
    world(workspace.pk)
    assert said("MINED")[1]["number"] == "RC-2026-001"
    assert said("--threshold", "0.1%", "MINED")[0] == 0
    assert said("compute", "MINED", "--threshold", "0.001")[0] == 0
    assert Recall.objects.count() == 3


def test_a_drill(workspace, said, tmp_path):
    serials, _ = batteries(workspace.pk, bad="")
    assert said("drill", "answer")[0] == 1  # none is running
    code, found = said("drill", "draw", "--limit", "600")
    assert (code, found["state"]) == (0, "open")
    assert said("drill", "draw")[0] == 1
    names = {"ONE": "AC", "TWO": "BC"}.get(found["label"], found["label"])
    truth = tmp_path / "truth.csv"
    truth.write_text("\n".join(name for code in names for name in serials[code]))
    code, done = said("drill", "answer", "--truth", str(truth))
    assert (code, done["passed"], done["completeness"]) == (0, True, "1")
    assert said("drill", "draw", "--ticket", found["ticket"])[1]["lot"] == found["lot"]
    truth.write_text("unheard-of")
    code, done = said("drill", "answer", "--truth", str(truth))
    assert (code, done["passed"], done["missed"]) == (1, False, ["unheard-of"])
    assert said("drill", "draw")[0] == 0
    assert said("drill", "abandon", "--reason", "fire alarm")[1]["state"] == "abandoned"
    code, listed = said("drill", "list")
    assert (code, listed["figures"]["drawn"], len(listed["drills"])) == (0, 3, 3)
    assert "fire alarm" in said("drill", "list", json_=False)[1]
    assert Drill.objects.count() == 3


def test_from_the_notices_to_the_closing(workspace, actor, said, tmp_path):
    world(workspace.pk)
    number = computed(actor("quality")).number
    assert said("list")[1]["recalls"][0]["closed"] is None
    table, sheet = tmp_path / "list.csv", tmp_path / "report.pdf"
    code, found = said("notify", number, "--csv", str(table))
    assert (code, {one["party"] for one in found["holders"]}) == (0, {OWN, CARS})
    assert {row["label"] for row in csv.DictReader(table.open())} == {"MINED", "CAM", "P1", "P2"}
    assert said("notify", number, "--mark", "answered")[0] == 1
    code, found = said("notify", number, "--mark", "sent", "--note", "by e-mail")
    assert [[mark["mark"] for mark in one["marks"]] for one in found["holders"]] == [["sent"], ["sent"]]
    assert "sent 20" in said("notify", number, json_=False)[1]
    assert said("outcome", number, "clean", "P1")[1]["settledShare"] == "0.250000"
    code, refused = said("close", number, "--signed-off-by", "Head of quality")
    assert (code, refused["title"]) == (1, "Something is still open")
    code, done = said(
        "close", number, "--signed-off-by", "Head of quality", "--reason", f"{OWN}=under seal", "--pdf", str(sheet)
    )  # fmt: skip
    assert (code, done["closure"]["matches"]) == (0, True)
    assert sheet.read_bytes()[:5] == b"%PDF-"
    assert said("outcome", number, "scrapped")[0] == 1
    assert "closed" in said("list", json_=False)[1]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("what-if", "NOBODY"), 1),
        (("what-if", *(f"L{n}" for n in range(21))), 2),
        (("cause",), 2),
        (("cause", "ONE"), 2),
        (("cause", "--failed", "/nowhere/at/all"), 2),
        (("contribution", "NOBODY"), 1),
        (("notify", "RC-1999-001"), 1),
        (("notify", "RC-2026-001", "--mark", "sent", "--on", "yesterday"), 2),
        (("notify", "RC-2026-001", "--mark", "sent", "--to", "urn:nobody"), 1),
        (("outcome", "RC-2026-001", "clean", "NOBODY"), 1),
        (("close", "RC-2026-001", "--signed-off-by", "Q", "--reason", "sold"), 2),
        (("close", "RC-2026-001", "--signed-off-by", " "), 2),
        (("drill", "draw", "--limit", "0"), 2),
        (("drill", "draw", "--ticket", "x"), 1),
        (("drill", "list", "--workspace", "nowhere"), 1),
    ],
)
def test_what_cannot_be(workspace, actor, said, words, code):
    batteries(workspace.pk, bad="")
    computed(actor("quality"), "ONE")
    before = size()
    found, answer = said(*words)
    assert (found, size()) == (code, before), answer


def test_a_list_that_is_no_text(workspace, said, tmp_path):
    batteries(workspace.pk, bad="")
    file = tmp_path / "x"
    file.write_bytes(b"\xff\xfe")
    code, answer = said("cause", "--failed", str(file))
    assert (code, answer["title"]) == (2, "The list is no text in UTF-8")
