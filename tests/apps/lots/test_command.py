"""`lodeline trace`."""

from __future__ import annotations

import json

import pytest
from tests.apps.lots.chain import PLANT, commission, item, lot, tell, world

from lodeline.cli import main

pytestmark = pytest.mark.django_db
NARROW = "\u202f"


def test_back_says_tree_and_origin(workspace, capsys):
    world(workspace.pk)
    assert main(["trace", "back", item("P1"), "--substance", "Co"]) == 0
    said = capsys.readouterr().out.replace(NARROW, " ").splitlines()
    assert said[0] == "P1  pack  1 piece  made 2026-01-06 at North pack plant"
    assert said[3:8] == [
        "  CAM  100 kg  North cathode plant  2026-01-04  Co 100.0 %",
        "    MINED  100 kg  Deep mine  2026-01-01  Co 60.0 %",
        "    TRADED  100 kg  Quick store  2026-01-02  Co 30.0 %",
        "    REGAINED  100 kg  Second recycler  2026-01-02  Co 10.0 %",
        "",
    ]
    assert said[8:] == [
        "cobalt (Co)",
        "    60.0 %  Deep mine, FI",
        "    10.0 %  Second recycler, FI, recycled",
        "    30.0 %  unknown",
    ]


def test_forward_as_json(workspace, capsys):
    world(workspace.pk)
    assert main(["trace", "forward", "MINED", "--json", "--substance", "Co"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert {one["label"]: (one["depth"], one["shares"]["Co"]) for one in answer["lots"]} == {
        "MINED": (0, "1.000000"), "CAM": (1, "0.600000"), "P1": (2, "0.600000"), "P2": (2, "0.600000"),
    }  # fmt: skip


def test_what_cannot_be_answered(workspace, other_workspace, capsys):
    world(workspace.pk)
    tell(other_workspace.pk, commission(lot("CAM"), 3, PLANT, by="south-works"))
    assert main(["trace", "back", "nobody"]) == 1
    assert capsys.readouterr().err == "lodeline: no lot or item is called 'nobody'\n"
    assert main(["trace", "back", "CAM"]) == 2
    assert "--workspace" in capsys.readouterr().err
    assert main(["trace", "back", "CAM", "--workspace", "south", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["lots"]) == 1
    with pytest.raises(SystemExit) as stopped:
        main(["trace", "sideways", "CAM"])
    assert stopped.value.code == 2
