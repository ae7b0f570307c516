"""Questions about every lot at once: exact on the small chain, equal to the trace, refused where they make no sense."""

from __future__ import annotations

import csv
import json

import pytest
from tests.apps.lots.chain import MINE, RECYCLER, STORE, item, lot, tell, world

from lodeline.cli import main
from lodeline.lots import trace
from lodeline_server.kit.problems import Problem
from lodeline_server.lots import queries, standing, sweeping

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def apart(settings, tmp_path):
    settings.DATA = tmp_path
    standing._held.clear()
    yield
    standing._held.clear()


def said(answer, key):
    return next(
        dict(zip(answer.table.names, values, strict=True)) for name, _, values in answer.rows() if name == key
    )


def test_origin_recycled_and_custody_of_every_lot(workspace):
    world(workspace.pk)
    country = sweeping.ask(workspace.pk, "country", "Co")
    assert said(country, item("P1")) == pytest.approx({"FI": 0.7, "unknown": 0.3}, abs=1e-12)
    assert country.totals() == pytest.approx({"FI": 0.7, "unknown": 0.3}, abs=1e-12)
    recycled = sweeping.ask(workspace.pk, "recycled", "Co")
    assert said(recycled, lot("CAM")) == pytest.approx(
        {"primary": 0.6, "recycled": 0.1, "unknown": 0.3}, abs=1e-12
    )
    custody = sweeping.ask(workspace.pk, "custody", "Co")
    assert said(custody, item("P1")) == pytest.approx(
        {
            "identity-preserved": 0,
            "segregated": 1,
            "controlled-blending": 1,
            "mass-balance": 1,
            "book-and-claim": 1,
        },
        abs=1e-12,
    )


def test_it_says_what_the_trace_says(workspace):
    world(workspace.pk)
    picture = queries.picture(workspace.pk)
    answer = sweeping.ask(workspace.pk, "site", "Co")
    for key in (item("P1"), lot("CAM")):
        found = trace.back(picture.graph, picture.graph.last(key), picture.places).origins["Co"]
        wanted = {one.site: float(one.share) for one in found.sources} | {"unknown": float(found.unknown)}
        assert said(answer, key) == pytest.approx(wanted, abs=1e-12)
    assert (answer.position, len(answer.snapshot)) == (picture.position, 24)


def test_what_is_embedded_and_what_lots_are_exposed_to(workspace):
    world(workspace.pk)
    values = {MINE: 10.0, STORE: 4.0, lot("CAM"): 1.0}
    embedded = sweeping.ask(workspace.pk, "embedded", values=values)
    # 60 kg at 10, 30 at 4, 10 without a value, and 1 of its own, for 100 kg
    assert said(embedded, lot("CAM")) == pytest.approx({"value": 8.2})
    assert said(embedded, item("P1")) == pytest.approx({"value": 8.2 * 16 / 20})
    assert embedded.without == 1
    worst = sweeping.ask(workspace.pk, "risk", "Co", values={RECYCLER: 0.2, MINE: 0.1})
    assert said(worst, item("P2")) == {"value": 0.2}
    assert worst.totals() == {"value": 0.2}
    share = sweeping.ask(workspace.pk, "risk", "Co", values={RECYCLER: 0.2, MINE: 0.1}, share=True)
    assert said(share, item("P2")) == pytest.approx({"value": 0.1 * 0.2 + 0.6 * 0.1})


def test_questions_without_an_answer(workspace):
    with pytest.raises(Problem):
        sweeping.ask(workspace.pk, "embedded")
    with pytest.raises(Problem):
        sweeping.ask(workspace.pk, "age")
    assert sweeping.ask(workspace.pk, "country", "Co").totals() == {}


def test_the_command(workspace, capsys, tmp_path):
    assert main(["trace", "sweep", "country", "--json"]) == 1
    capsys.readouterr()
    world(workspace.pk)
    out = tmp_path / "shares.csv"
    assert main(["trace", "sweep", "country", "--substance", "Co", "--json", "--out", str(out)]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["totals"] == {"FI": 0.7, "unknown": 0.3}
    with out.open(newline="") as file:
        rows = {row["lot"]: row for row in csv.DictReader(file)}
    assert rows[lot("MINED")]["FI"] == "1"
    assert main(["trace", "sweep", "risk"]) == 2
    table = tmp_path / "values.csv"
    for text, wrong in (
        ("of,value\nFI,much\n", "'much' is no number"),
        ("of,value\nFI,-1\n", "from zero up"),
        ("a,b\n", "needs the columns"),
    ):
        table.write_text(text)
        capsys.readouterr()
        assert main(["trace", "sweep", "risk", "--values", str(table)]) == 2
        assert wrong in capsys.readouterr().err
    table.write_text("of,value\nFI,0.25\n")
    assert main(["trace", "sweep", "risk", "--substance", "Co", "--values", str(table)]) == 0
    assert "0.25  value" in capsys.readouterr().out


def test_the_snapshot_command(workspace, capsys):
    world(workspace.pk)
    assert main(["trace", "snapshot", "--check"]) == 1
    assert main(["trace", "snapshot"]) == 0
    assert main(["trace", "snapshot", "--check", "--json"]) == 0
    found = json.loads(capsys.readouterr().out.strip().rpartition("\n{")[2].join(["{", ""]))
    assert (found["lots"], found["written"]) == (6, False)
    tell(workspace.pk)
    path = next(path for path in standing.folder(workspace.pk).iterdir())
    data = bytearray((path / "sources.npy").read_bytes())
    data[-4] ^= 1
    (path / "sources.npy").write_bytes(data)
    assert main(["trace", "snapshot", "--check"]) == 1
