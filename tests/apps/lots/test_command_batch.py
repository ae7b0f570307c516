"""`lodeline trace export` and `lodeline trace batch`."""

from __future__ import annotations

import builtins
import json
import socket
import threading
from fractions import Fraction

import pytest
from pyarrow import parquet
from tests.apps.lots.chain import MINE, PLANT, RECYCLER, commission, item, lot, tell, world

from lodeline.cli import main
from lodeline_server.lots import queries

pytestmark = pytest.mark.django_db


@pytest.fixture
def exported(workspace, tmp_path, capsys):
    world(workspace.pk)
    words = ["trace", "export", str(tmp_path / "export"), "--workspace", workspace.slug, "--json"]
    assert main(words) == 0
    return tmp_path / "export", json.loads(capsys.readouterr().out)


def test_an_export_says_what_it_was_made_from(workspace, exported):
    folder, said = exported
    assert said["workspace"] == workspace.slug
    assert said["position"] == queries.position()
    assert said["snapshot"] == queries.kernel(queries.picture(workspace.pk)).id
    assert said["rows"]["lots"] == len(queries.picture(workspace.pk).graph.order)
    for name, rows in said["rows"].items():
        assert parquet.read_metadata(folder / f"{name}.parquet").num_rows == rows
    (about,) = [
        row for row in parquet.read_table(folder / "about.parquet").to_pylist() if row["substance"] == "Co"
    ]
    assert (about["position"], about["snapshot"]) == (said["position"], said["snapshot"])


def test_shares_of_all_lots_at_once(exported, tmp_path, capsys):
    folder, said = exported
    out = tmp_path / "shares.parquet"
    out.write_text("what was there before")
    assert main(["trace", "batch", str(folder), "--out", str(out), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["position"], answer["snapshot"]) == (said["position"], said["snapshot"])
    table = parquet.read_table(out)
    meta = json.loads(table.schema.metadata[b"lodeline"])
    assert (meta["position"], meta["snapshot"]) == (said["position"], said["snapshot"])
    rows = table.to_pylist()
    assert answer["rows"] == len(rows)
    assert rows == sorted(rows, key=lambda row: (row["key"], row["version"], row["substance"], row["origin"]))
    shares = {
        row["origin"]: row["share"] for row in rows if row["key"] == item("P1") and row["substance"] == "Co"
    }
    assert shares == pytest.approx({MINE: 0.6, RECYCLER: 0.1, "unknown": 0.3}, abs=1e-9)
    assert list(tmp_path.glob(".*")) == []


@pytest.fixture
def spark_at():
    """The address of an engine that somebody else started."""
    from pysail.spark import SparkConnectServer

    server = SparkConnectServer("127.0.0.1", 0)
    server.start(background=True)
    yield "sc://{}:{}".format(*server.listening_address)
    server.stop()


def test_an_engine_that_is_connected_to(spark_at, exported, tmp_path, capsys):
    folder, _ = exported
    work, out = tmp_path / "work", f"file://{tmp_path}/far"
    words = ["trace", "batch", f"file://{folder}", "--out", out, "--connect", spark_at]
    assert main(words) == 2
    assert "--work" in capsys.readouterr().err
    assert main([*words, "--work", str(work)]) == 0
    assert "log position" in capsys.readouterr().out
    assert len(list(work.glob("run-*/Co/round-*"))) > 2
    rows = parquet.read_table(tmp_path / "far").to_pylist()
    assert sum(Fraction(row["share"]) for row in rows if row["key"] == lot("CAM")) == pytest.approx(2)
    assert main([*words, "--work", str(work)]) == 2  # what an engine wrote is not written over
    assert "exists" in capsys.readouterr().err


def complaint(capsys, *words):
    code = main(["trace", *map(str, words), "--json"])
    return code, json.loads(capsys.readouterr().out)["error"]


def test_what_cannot_be_exported(workspace, other_workspace, exported, tmp_path, capsys):
    folder, _ = exported
    code, words = complaint(capsys, "export", tmp_path / "other")
    assert (code, words) == (2, f"add --workspace, one of {workspace.slug}, {other_workspace.slug}")
    assert complaint(capsys, "export", tmp_path / "other", "--workspace", "nope")[0] == 2
    code, words = complaint(capsys, "export", folder, "--workspace", workspace.slug)
    assert code == 2
    assert "not empty" in words
    code, words = complaint(capsys, "export", tmp_path / "other", "--workspace", other_workspace.slug)
    assert (code, words) == (1, "no lot holds a tracked substance")
    file = tmp_path / "file"
    file.write_text("")
    assert complaint(capsys, "export", file, "--workspace", workspace.slug)[0] == 2


def test_nothing_of_another_workspace_is_exported(workspace, other_workspace, tmp_path, capsys):
    world(workspace.pk)
    tell(other_workspace.pk, commission(lot("SECRET"), 3, PLANT, by="south-works"))
    assert main(["trace", "export", str(tmp_path / "north"), "--workspace", workspace.slug]) == 0
    assert main(["trace", "export", str(tmp_path / "south"), "--workspace", other_workspace.slug]) == 0
    keys = {
        side: {row["key"] for row in parquet.read_table(tmp_path / side / "lots.parquet").to_pylist()}
        for side in ("north", "south")
    }
    assert keys["south"] == {lot("SECRET")}
    assert lot("SECRET") not in keys["north"]


def test_what_cannot_be_asked(exported, tmp_path, capsys):
    folder, _ = exported
    out = tmp_path / "out.parquet"
    code, words = complaint(capsys, "batch", tmp_path / "nowhere", "--out", out)
    assert code == 2
    assert "about.parquet is missing" in words
    assert complaint(capsys, "batch", folder, "--out", tmp_path / "no" / "where")[0] == 2
    for address in ("http://127.0.0.1:1", "sc://", "sc://127.0.0.1:1"):
        words = ["batch", folder, "--out", out, "--work", tmp_path / "work", "--connect", address]
        assert complaint(capsys, *words)[0] == 2
    (folder / "edges-Co.parquet").write_bytes(b"no parquet at all")
    code, words = complaint(capsys, "batch", folder, "--out", out)
    assert code == 2
    assert words.startswith("the engine says: ")
    assert not out.exists()


def test_an_export_that_was_changed_is_refused(exported, tmp_path, capsys):
    folder, _ = exported
    path = folder / "edges-Co.parquet"
    table = parquet.read_table(path)
    at = table.column_names.index("weight")
    parquet.write_table(
        table.set_column(at, "weight", [[0.25 + row / 100 for row in range(table.num_rows)]]), path
    )
    code, words = complaint(capsys, "batch", folder, "--out", tmp_path / "out.parquet")
    assert code == 1
    assert "the export was changed" in words
    sources = [table["target"].to_pylist()]
    parquet.write_table(table.set_column(0, "source", sources), path)
    code, words = complaint(capsys, "batch", folder, "--out", tmp_path / "out.parquet")
    assert code == 1
    assert "flow into themselves" in words
    assert not (tmp_path / "out.parquet").exists()


def test_without_the_extra_it_says_which_one(exported, tmp_path, monkeypatch, capsys):
    folder, _ = exported
    real = builtins.__import__

    def absent(name, *more, **keywords):
        if name.partition(".")[0] in {"pyspark", "pyarrow"}:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return real(name, *more, **keywords)

    monkeypatch.setattr(builtins, "__import__", absent)
    assert complaint(capsys, "batch", folder, "--out", tmp_path / "out") == (
        2, "this needs more packages: pip install 'lodeline[batch]'",
    )  # fmt: skip


def test_somebody_who_listens_and_never_answers_is_given_up(exported, tmp_path, capsys):
    """A port that takes connections and speaks no gRPC."""
    folder, _ = exported
    with socket.create_server(("127.0.0.1", 0)) as mute:

        def drop():
            try:
                while True:
                    mute.accept()[0].close()
            except OSError:
                return

        threading.Thread(target=drop, daemon=True).start()
        code, words = complaint(
            capsys, "batch", folder, "--out", tmp_path / "out", "--work", tmp_path / "work",
            "--connect", f"sc://127.0.0.1:{mute.getsockname()[1]}",
        )  # fmt: skip
        mute.shutdown(socket.SHUT_RDWR)
    assert (code, words) == (2, "what listens there does not speak Spark Connect")
