"""An export and its origins on an engine: equal to the exact origins of the graph it was made from."""

from __future__ import annotations

import json
import shutil
from decimal import Decimal
from itertools import count

import pyarrow as pa
import pytest
from hypothesis import given, settings
from pyarrow import parquet
from tests.core.lots.making import PLACES, made, networks, used

from lodeline.lots import exporting
from lodeline.lots.batch import ExportUnusable, shares
from lodeline.lots.build import MIXTURE, build
from lodeline.lots.exporting import About
from lodeline.lots.frames import QUESTION
from lodeline.lots.kernel.bridge import HEAVIEST, compressed
from lodeline.lots.origin import Place, origins

SAID = About(workspace="north", position=7, snapshot="ab" * 12)
PLACES_TOO = PLACES | {"recycler": Place(name="R", country="SE", kind="recycler")}


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    """A new place at each call."""
    numbers, base = count(), tmp_path_factory.mktemp("batch")
    return lambda: base / str(next(numbers))


def asked(spark, folder, work):
    answer = shares(spark, str(folder), str(work))
    found = {}
    for row in answer.shares.collect():
        found.setdefault((row["key"], row["version"], row["substance"]), {})[row["origin"]] = row["share"]
    return answer, found


def exact(graph):
    """Shares above zero, as `lodeline trace back` gives them."""
    found = {}
    for node in graph.order:
        for substance, one in origins(node, PLACES_TOO).items():
            parts = {source.site: float(source.share) for source in one.sources}
            parts |= {"unknown": float(one.unknown)} if one.unknown else {}
            found[node.key, node.version, substance] = parts
    return {key: parts for key, parts in found.items() if not key[0].startswith(MIXTURE)}


def near(found, true):
    assert found.keys() >= true.keys()
    for key, parts in true.items():
        # Exact shares are whole parts of 10^15: what is below is not among them.
        more = {origin: share for origin, share in found[key].items() if share > 1e-12 or origin in parts}
        assert more == pytest.approx(parts, abs=1e-9), key


@settings(max_examples=8, deadline=None)
@given(networks())
def test_equal_to_exact_origins(spark, room, network):
    graph = build(*network)
    folder = room()
    exporting.write(graph, PLACES_TOO, SAID, folder)
    answer, found = asked(spark, folder, room())
    near(found, exact(graph))
    assert (answer.workspace, answer.position, answer.snapshot) == ("north", 7, "ab" * 12)
    assert answer.complete
    assert answer.off < 1e-12


def recycled():
    """A battery goes to a recycler, what that recovers into a new lot with mined cobalt, and that is topped up."""
    mades = [
        made("ore", 0),
        made("pack", 1, group="g1", site="plant"),
        made("black", 2, group="g2", site="recycler"),
        made("ore2", 0, kg="300"),
        made("cathode", 3, group="g3", site="plant", kg="200"),
        made("cathode", 5, group="g4", site="plant", kg="80"),
    ]
    uses = [used("ore", "g1", "100", 1), used("pack", "g2", "100", 2), used("black", "g3", "50", 3)]
    uses += [used("ore2", "g3", "150", 3), used("ore2", "g4", "50", 5), used("nobody", "g4", "1", 5)]
    return build(mades, uses)


def test_a_recycler_begins_anew_and_unknown_inputs_stay_unknown(spark, room):
    folder = room()
    exporting.write(recycled(), PLACES_TOO, SAID, folder)
    _, found = asked(spark, folder, room())
    true = exact(recycled())
    assert found["black", 1, "Co"] == {"recycler": 1.0}
    assert set(found["cathode", 2, "Co"]) == {"mine", "recycler", "unknown"}
    near(found, {key: parts for key, parts in true.items() if key[0] != "black"})


def test_each_file_names_the_log_position_and_the_snapshot(room):
    folder = room()
    graph = build([made("ore"), made("cathode", 1, group="g", site="plant")], [used("ore", "g", "100")])
    exporting.write(graph, PLACES_TOO, SAID, folder)
    names = {path.name for path in folder.iterdir()}
    assert names == {f"{name}.parquet" for name in ("about", "lots", "origins", "edges-Co", "own-Co")}
    for name in names:
        meta = json.loads(parquet.read_schema(folder / name).metadata[b"lodeline"])
        assert meta == {"format": 1, "workspace": "north", "position": 7, "snapshot": SAID.snapshot}
    assert folder.stat().st_mode & 0o077 == 0
    own = parquet.read_table(folder / "own-Co.parquet")
    assert all(QUESTION.fullmatch(name) for name in own.column_names[1:])
    lots = parquet.read_table(folder / "lots.parquet").to_pylist()
    assert {(row["key"], row["version"]): row["mass"] for row in lots}["cathode", 1] == 100 * 10**6
    with pytest.raises(FileExistsError):
        exporting.write(graph, PLACES_TOO, SAID, folder)


def test_a_mixture_is_in_the_graph_and_not_in_the_answer(spark, room):
    sources = [made(f"s{n}", 0) for n in range(80)]
    targets = [made(f"t{n}", 2, group="g", site="plant", kg="10") for n in range(80)]
    graph = build([*sources, *targets], [used(f"s{n}", "g", "10", 1) for n in range(80)])
    folder = room()
    exporting.write(graph, PLACES_TOO, SAID, folder)
    assert sum(row["mixture"] for row in parquet.read_table(folder / "lots.parquet").to_pylist()) == 1
    _, found = asked(spark, folder, room())
    assert len(found) == 160
    near(found, exact(graph))


def test_masses_that_no_scale_shows_are_the_heaviest_there_is(spark, room):
    graph = build(
        [made("ore", kg="1e40"), made("cathode", 1, group="g", site="plant", kg="1e40")],
        [used("ore", "g", "1e40")],
    )
    assert compressed(graph, ["Co"]).masses["Co"].tolist() == [HEAVIEST, HEAVIEST]
    folder = room()
    exporting.write(graph, PLACES_TOO, SAID, folder)
    assert parquet.read_table(folder / "lots.parquet")["mass"].to_pylist() == [HEAVIEST, HEAVIEST]
    _, found = asked(spark, folder, room())
    near(found, exact(graph))


def changed(folder, name, change):
    table = parquet.read_table(folder / f"{name}.parquet")
    parquet.write_table(change(table), folder / f"{name}.parquet")


def test_an_export_that_was_changed_or_is_not_whole_is_told(spark, room):
    good = room()
    exporting.write(recycled(), PLACES_TOO, SAID, good)

    def broken(name, change):
        folder = room()
        shutil.copytree(good, folder)
        changed(folder, name, change)
        return shares(spark, str(folder), str(room()))

    def replaced(table, name, values):
        return table.set_column(table.column_names.index(name), name, values)

    halved = broken("edges-Co", lambda one: replaced(one, "weight", pa.array([0.5] * one.num_rows)))
    assert not halved.complete
    with pytest.raises(ExportUnusable, match=r"edges-Co.parquet has 4 rows; about.parquet says 5"):
        broken("edges-Co", lambda one: one.slice(1))
    with pytest.raises(ExportUnusable, match=r"own-Co.parquet has no column unknown"):
        broken("own-Co", lambda one: one.drop_columns(["unknown"]))
    with pytest.raises(ExportUnusable, match="another format"):
        broken("about", lambda one: replaced(one, "format", pa.array([99] * one.num_rows)))
    with pytest.raises(ExportUnusable, match="not complete, or of nothing"):
        broken("about", lambda one: one.slice(one.num_rows))
    with pytest.raises(ExportUnusable, match=r"about.parquet is missing"):
        shares(spark, str(room()), str(room()))
    with pytest.raises(ValueError, match="weights must be"):
        broken("edges-Co", lambda one: replaced(one, "weight", pa.array([-1.0, 2.0, 1.0, 1.0, 1.0])))
    assert Decimal(halved.off) > Decimal("0.1")
