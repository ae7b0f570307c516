"""`lodeline score`: compute, show, recompute; exit codes that mean something."""

from __future__ import annotations

import json

import pytest
from tests.apps.evidence.telling import NOW
from tests.apps.trust.chain import ACME, CARMAKER

from lodeline.cli import main
from lodeline_server.trust.models import Score

pytestmark = pytest.mark.django_db


def run(capsys, *words):
    code = main(["score", *words])
    out, err = capsys.readouterr()
    return code, out, err


def test_compute_one_by_name_and_all(told, capsys):
    code, out, _ = run(capsys, "compute", "acme", "--now", NOW.isoformat(), "--json")
    (row,) = json.loads(out)
    assert (code, row["party"], row["score"]) == (0, ACME, str(Score.objects.get().score))
    code, out, _ = run(capsys, "compute", "--all", "--now", NOW.isoformat())
    assert code == 0
    assert len(out.splitlines()) == 3


def test_show_gives_reasons_for_every_point(scored, capsys):
    code, out, _ = run(capsys, "show", ACME)
    assert code == 0
    assert out.startswith(f"Acme Refining: {scored[ACME].score} band ")
    assert "OV1" in out
    assert "no value. No registry of schemes is on record yet" in out
    code, out, _ = run(capsys, "show", "acme", "--json")
    assert json.loads(out)["result"]["snapshotHash"] == scored[ACME].snapshot_hash


def test_recompute_compares_bytes(scored, capsys, tmp_path):
    from lodeline_server.trust import queries

    code, out, _ = run(capsys, "recompute", str(scored[ACME].position), "--json")
    assert (code, json.loads(out)["equal"]) == (0, True)
    body = queries.body(scored[ACME])
    body["bundle"]["recorded"]["proxy"] = 90
    forged = tmp_path / "forged.json"
    forged.write_text(json.dumps(body))
    code, out, _ = run(capsys, "recompute", str(forged), "--json")
    assert code == 1
    assert {"score", "snapshotHash"} <= set(json.loads(out)["differing"])


def test_recompute_of_what_is_no_score(scored, capsys, tmp_path):
    assert run(capsys, "recompute", "0")[0] == 1
    assert run(capsys, "recompute", "9" * 30)[0] == 1
    assert run(capsys, "recompute", str(tmp_path / "absent.json"))[0] == 2
    for number, text in enumerate(["", "[]", "{}", '{"result": {}, "bundle": {}}', "\x00"]):
        saved = tmp_path / f"{number}.json"
        saved.write_text(text)
        code, _, err = run(capsys, "recompute", str(saved))
        assert code == 2, text
        assert "is no saved score" in err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["compute"], "Name one party"),
        (["compute", "acme", "--all"], "Name one party"),
        (["compute", "nobody"], "not on record"),
        (["compute", CARMAKER], "not scored"),
        (["compute", "acme", "--now", "tomorrow"], "no moment"),
        (["compute", "acme", "--now", "2026-11-01T00:00:00"], "needs an offset"),
        (["show", "acme"], "no score yet"),
        (["show", "acme", "--workspace", "west"], "no such workspace"),
    ],
)
def test_refusals_say_what_is_wrong(told, capsys, words, says):
    code, out, err = run(capsys, *words)
    assert (code, out) == (1, "")
    assert says in err
