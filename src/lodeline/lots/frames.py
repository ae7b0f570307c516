"""The sweep over amounts as data-frame code on Spark Connect, for graphs that no one machine holds.

The same propagation as `kernel.sweep`: what a lot holds is its own and the weighted amounts of what flows into it. It
goes in rounds. A lot is settled in the round after its last in-edge has brought something, and passes on what it holds
then, so that each edge is passed once, however deep the graph. The end of a round is written to Parquet in the work
folder and read from there: a plan never grows beyond one round. Hand the edges over turned round and it is the adjoint.

    edges   source, target: numbers of lots; weight: from zero up
    own     lot, and a column of amounts for each question
"""

from __future__ import annotations

import os
import re
import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from attrs import frozen

from lodeline.lots.kernel.compressed import Circle

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pyspark.sql import DataFrame, SparkSession

LOT, HERE, ALL = "lot", "here", "all"
"""A row of a round: a lot, how many of its in-edges have been passed, and how many there are."""
QUESTION = re.compile("[a-z][0-9]+|unknown")
PORT, PATIENCE = 15002, 10.0


class Unreachable(ConnectionError):  # noqa: N818 - what the engine is
    """No engine answers there."""


@frozen(kw_only=True, eq=False)
class Propagated:
    """`values`: lot and the columns of `own`, one row for each lot with amounts of its own or an edge."""

    values: DataFrame
    rounds: int
    lots: int


@contextmanager
def session(address: str = "", patience: float = PATIENCE) -> Iterator[SparkSession]:
    """A session with the engine at `sc://host:port`; without address with one in this process, on loopback.

    Raises `Unreachable`, `ModuleNotFoundError` when the extra `batch` is not installed.
    """
    if not address:
        os.environ.setdefault("RUST_LOG", "off")
        from pysail.spark import SparkConnectServer  # type: ignore[import-untyped]

        server = SparkConnectServer("127.0.0.1", 0)
        server.start(background=True)
        try:
            with session("sc://{}:{}".format(*server.listening_address or ())) as found:
                yield found
        finally:
            server.stop()
        return
    _answers(address, patience)
    from pyspark.sql import SparkSession

    builder: Any = SparkSession.builder  # its `create` is not in the types of the client
    found = builder.remote(address).create()
    try:
        _speaks(found)
    except BaseException:
        found.client.close()
        raise
    try:
        yield found
    finally:
        found.stop()


def _speaks(spark: Any) -> None:
    """The client goes on trying for ten minutes, which is right later; the first answer comes soon or never."""
    from pyspark.errors import RetriesExceeded
    from pyspark.sql.connect.client.retries import DefaultPolicy

    later = spark.client.get_retry_policies()
    spark.client.set_retry_policies([DefaultPolicy(max_retries=3)])
    try:
        _ = spark.version
    except RetriesExceeded:
        raise Unreachable("what listens there does not speak Spark Connect") from None
    spark.client.set_retry_policies(later)


def _answers(address: str, patience: float) -> None:
    """Whether anybody listens there."""
    try:
        at = urlsplit(address)
        host, port = at.hostname, at.port or PORT
    except ValueError:
        host, port = None, 0
    if not address.startswith("sc://") or not host:
        raise Unreachable("an engine is named as sc://host:port")
    try:
        socket.create_connection((host, port), patience).close()
    except OSError as wrong:
        raise Unreachable(f"no engine answers at {host}:{port}: {wrong}") from None


def propagate(edges: DataFrame, own: DataFrame, work: str) -> Propagated:
    """Carry `own` forward along `edges`. Raises `Circle`, `ValueError` for weights that are none.

    `work`: an empty folder, or one to be made, that every worker of the engine reaches.
    """
    from pyspark.sql import functions as f

    names = [name for name in own.columns if name != LOT]
    if LOT not in own.columns or not names or not all(QUESTION.fullmatch(name) for name in names):
        raise ValueError("own amounts: a column lot, and columns named by a letter and digits, or unknown")
    graph, into = _prepared(edges, own, names, work)
    spark = own.sparkSession
    schema = ", ".join(
        [f"{LOT} long", f"{HERE} long", f"`{ALL}` long", *(f"`{name}` double" for name in names)]
    )
    paths: list[str] = []
    settled = flowed = 0
    while True:
        paths.append(f"{work}/round-{len(paths)}")
        state = spark.read.schema(schema).parquet(paths[-1])
        ready = state.filter(f.col(HERE) == f.col(ALL))
        rows, full, behind = _counted(state)
        settled, flowed = settled + full, flowed + behind
        if not rows or not full:
            break
        given = ready.join(graph, ready[LOT] == graph["source"]).select(
            graph["target"].alias(LOT),
            f.lit(1).cast("long").alias(HERE),
            graph["into"].alias(ALL),
            *((f.col("weight") * f.col(name)).alias(name) for name in names),
        )
        waiting = state.filter(f.col(HERE) < f.col(ALL))
        following = waiting.unionByName(given).groupBy(LOT)
        following.agg(
            f.sum(HERE).alias(HERE), f.max(ALL).alias(ALL), *(f.sum(name).alias(name) for name in names)
        ).write.parquet(f"{work}/round-{len(paths)}")
    done = spark.read.schema(schema).parquet(*paths).filter(f.col(HERE) == f.col(ALL)).select(LOT, *names)
    if flowed < into.count():
        raise Circle(_numbers(into.join(done, LOT, "left_anti").select(LOT)))
    return Propagated(values=done, rounds=len(paths) - 1, lots=settled)


def _prepared(
    edges: DataFrame, own: DataFrame, names: Sequence[str], work: str
) -> tuple[DataFrame, DataFrame]:
    """(edges with the number of in-edges of their target, those numbers); round 0 is written."""
    from pyspark.sql import functions as f

    weight = f.col("weight")
    wrong = edges.filter(weight.isNull() | f.isnan(weight) | (weight < 0) | (weight == float("inf")))
    if wrong.limit(1).count():
        raise ValueError("weights must be numbers from zero up")
    spark = own.sparkSession
    known = edges.select(f.col("source").cast("long"), f.col("target").cast("long"), weight.cast("double"))
    into = known.groupBy(f.col("target").alias(LOT)).agg(f.count("*").alias("into"))
    into.write.parquet(f"{work}/into")
    into = spark.read.schema(f"{LOT} long, `into` long").parquet(f"{work}/into")
    known.join(into, known["target"] == into[LOT]).select("source", "target", "weight", "into").write.parquet(
        f"{work}/edges"
    )
    graph = spark.read.schema("source long, target long, weight double, `into` long").parquet(f"{work}/edges")
    amounts = own.select(f.col(LOT).cast("long"), *(f.col(name).cast("double") for name in names))
    nothing = [f.lit(0.0).alias(name) for name in names]
    first = graph.select(f.col("source").alias(LOT)).distinct().join(into, LOT, "left_anti")
    begun = amounts.unionByName(first.select(LOT, *nothing)).groupBy(LOT)
    summed = begun.agg(*(f.sum(name).alias(name) for name in names))
    summed.join(into, LOT, "left").select(
        LOT,
        f.lit(0).cast("long").alias(HERE),
        f.coalesce(f.col("into"), f.lit(0).cast("long")).alias(ALL),
        *names,
    ).write.parquet(f"{work}/round-0")
    return graph, into


def _counted(state: DataFrame) -> tuple[int, int, int]:
    """(lots, those settled, those of them that something flows into)"""
    from pyspark.sql import functions as f

    full = f.col(HERE) == f.col(ALL)
    one, none = f.lit(1), f.lit(0)
    found = state.agg(
        f.count("*"),
        f.sum(f.when(full, one).otherwise(none)),
        f.sum(f.when(full & (f.col(ALL) > 0), one).otherwise(none)),
    ).collect()[0]
    return int(found[0]), int(found[1] or 0), int(found[2] or 0)


def _numbers(lots: DataFrame) -> list[int]:
    return sorted(int(row[0]) for row in lots.limit(10).collect())
