"""The lot graph as Parquet tables, for `batch` and for other people's tools.

Of each substance: `edges-Ni` (source, target, weight of composition) and `own-Ni` (a lot's own amounts: a column for
each site where nickel begins, and `unknown`). Besides `lots` (number, key, version, site, time, masses), `origins`
(which column is which site) and `about`, which is written last. Each file names the log position and the snapshot.
A trail ends as in `origin`: at a source, and at a recycler, where what is recovered begins anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import Factory, asdict, define, frozen

from lodeline import strictjson
from lodeline.lots.build import MIXTURE
from lodeline.lots.kernel.bridge import HEAVIEST
from lodeline.lots.values import ORIGIN_SITES, SUBSTANCES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from lodeline.lots.graph import Graph, Node
    from lodeline.lots.origin import Place

FORMAT = 1
UNKNOWN, META = "unknown", b"lodeline"
ABOUT = ("format", "workspace", "position", "snapshot", "substance", "columns", "edges", "own", "lots")
Columns = dict[str, list[Any]]
Table = Any  # of pyarrow, which has no types


@frozen(kw_only=True)
class About:
    """What an export was made from; `snapshot` as the kernel calls the graph."""

    workspace: str
    position: int
    snapshot: str


@define
class Begin:
    """Where a substance begins: `sites` in the order of their columns, `own` rows of (lot, column, amount)."""

    sites: dict[str, int] = Factory(dict)
    own: list[tuple[int, int, float]] = Factory(list)


def write(graph: Graph, places: Mapping[str, Place], said: About, folder: Path) -> dict[str, int]:
    """Write all tables into an empty folder; table to number of rows. Raises `FileExistsError`, `OSError`."""
    from pyarrow import parquet  # type: ignore[import-untyped]

    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise FileExistsError(f"{folder} is not empty")
    meta = {META: strictjson.canonical({"format": FORMAT, **asdict(said)})}
    counts = {}
    for name, table in tables(graph, places, said):
        parquet.write_table(table.replace_schema_metadata(meta), folder / f"{name}.parquet")
        counts[name] = int(table.num_rows)
    return counts


def tables(graph: Graph, places: Mapping[str, Place], said: About) -> Iterator[tuple[str, Table]]:
    """Each table by name; the last, `about`, has a row for each substance."""
    import pyarrow as pa

    yield "lots", _lots(graph)
    origins, summary = [], []
    for substance in SUBSTANCES:
        begin = Begin()
        edges = _edges(graph, places, substance, begin)
        if not begin.own:
            continue
        whole, part = pa.int64(), pa.float64()
        yield (
            f"edges-{substance}",
            pa.table(edges, schema=pa.schema({"source": whole, "target": whole, "weight": part})),
        )
        yield f"own-{substance}", pa.table(_own(begin))
        for site, number in begin.sites.items():
            place = {name: getattr(places[site], name) for name in ("name", "country", "kind")}
            origins.append({"substance": substance, "column": f"o{number}", "site": site} | place)
        counts = {"columns": len(begin.sites) + 1, "edges": len(edges["source"]), "own": len(begin.own)}
        summary.append({"format": FORMAT, **asdict(said), "substance": substance, **counts})
    said_of = ("substance", "column", "site", "name", "country", "kind")
    yield "origins", pa.Table.from_pylist(origins, pa.schema({name: pa.string() for name in said_of}))
    text, lots = {"workspace", "snapshot", "substance"}, {"lots": len(graph.order)}
    kinds = pa.schema({name: pa.string() if name in text else pa.int64() for name in ABOUT})
    yield "about", pa.Table.from_pylist([row | lots for row in summary], kinds)


def _lots(graph: Graph) -> Table:
    import pyarrow as pa

    nodes = graph.order
    facts = {
        "lot": pa.array([node.rank for node in nodes], pa.int64()),
        "key": pa.array([node.key for node in nodes], pa.string()),
        "version": pa.array([node.version for node in nodes], pa.int32()),
        "mixture": pa.array([node.key.startswith(MIXTURE) for node in nodes], pa.bool_()),
        "site": pa.array([node.first.site for node in nodes], pa.string()),
        "made": pa.array([node.first.time for node in nodes], pa.timestamp("us", "UTC")),
        "position": pa.array([node.first.position for node in nodes], pa.int64()),
        "mass": pa.array([_mass(node.mass) for node in nodes], pa.int64()),
        "left": pa.array([_mass(node.left) for node in nodes], pa.int64()),
    }
    masses = {
        f"mass_{name}": pa.array([_mass(node.masses.get(name)) for node in nodes], pa.int64())
        for name in SUBSTANCES
    }
    return pa.table(facts | masses)


def _mass(mg: int | None) -> int | None:
    return None if mg is None else min(mg, HEAVIEST)


def _edges(graph: Graph, places: Mapping[str, Place], substance: str, begin: Begin) -> Columns:
    """Edges with weight, and on the way where the substance begins."""
    sources: list[int] = []
    targets: list[int] = []
    weights: list[float] = []
    for node in graph.order:
        if not _holds(node, substance):
            continue
        place = places.get(node.first.site)
        whole = node.inflow(substance)
        if node.source or (place is not None and place.kind == "recycler"):
            _begins(begin, node, place)
        elif not whole:
            begin.own.append((node.rank, -1, 1.0))  # lots flow in, and none is said to hold the substance
        else:
            parts = [(edge.source.rank, edge.masses.get(substance, 0)) for edge in node.incoming]
            for rank, part in parts:
                if part:
                    sources.append(rank)
                    targets.append(node.rank)
                    weights.append(part / whole)
            if missing := whole - sum(part for _, part in parts):
                begin.own.append((node.rank, -1, missing / whole))
    return {"source": sources, "target": targets, "weight": weights}


def _holds(node: Node, substance: str) -> bool:
    """Whether the substance is in the lot, or was taken from it."""
    stated = node.masses.get(substance)
    if stated or (stated is None and node.inflow(substance)):
        return True
    return any(edge.masses.get(substance) for edge in node.outgoing)


def _begins(begin: Begin, node: Node, place: Place | None) -> None:
    column = -1
    if place is not None and place.kind in ORIGIN_SITES:
        column = begin.sites.setdefault(node.first.site, len(begin.sites))
    begin.own.append((node.rank, column, 1.0))


def _own(begin: Begin) -> Columns:
    """Each lot has one row: it begins at one place, or a part of it is unknown."""
    names = [*(f"o{number}" for number in range(len(begin.sites))), UNKNOWN]
    columns: Columns = {"lot": [lot for lot, _, _ in begin.own]}
    columns |= {name: [0.0] * len(begin.own) for name in names}
    for row, (_, column, amount) in enumerate(begin.own):
        columns[names[column]][row] = amount
    return columns
