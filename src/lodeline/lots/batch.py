"""Origin shares of every lot of an export, on whatever engine of Spark Connect the session leads to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import frozen

from lodeline.lots.exporting import ABOUT, FORMAT, UNKNOWN
from lodeline.lots.frames import propagate

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

TOLERANCE = 1e-9
"""How far the shares of a lot may be from one in all, where it is complete."""


class ExportUnusable(ValueError):  # noqa: N818 - a verdict; the message names the table
    """The folder holds no export that this program can read."""


@frozen(kw_only=True, eq=False)
class Answer:
    """`shares`: key, version, substance, origin (a site, or "unknown"), share; only what is above zero.

    `rounds` by substance; `off`: how far from one the shares of a lot are in all, at most.
    """

    workspace: str
    position: int
    snapshot: str
    rounds: dict[str, int]
    off: float
    shares: DataFrame

    @property
    def complete(self) -> bool:
        """False where an export was changed: shares of some lot do not make a whole."""
        return self.off <= TOLERANCE


def shares(spark: SparkSession, folder: str, work: str) -> Answer:
    """Propagate each substance of an export. Raises `ExportUnusable`, `Circle`; the engine raises its own."""
    from pyspark.sql import functions as f

    said = _about(spark, folder)
    lots = _table(spark, folder, "lots", ["lot", "key", "version", "mixture"], said[0]["lots"])
    shown = lots.filter(~f.col("mixture")).select("lot", "key", "version")
    origins = _table(spark, folder, "origins", ["substance", "column", "site"])
    rounds: dict[str, int] = {}
    found: DataFrame | None = None
    off = 0.0
    for row in said:
        name = row["substance"]
        edges = _table(spark, folder, f"edges-{name}", ["source", "target", "weight"], row["edges"])
        columns = [*(f"o{number}" for number in range(row["columns"] - 1)), UNKNOWN]
        own = _table(spark, folder, f"own-{name}", ["lot", *columns], row["own"])
        swept = propagate(edges, own.select("lot", *columns), f"{work}/{name}")
        rounds[name] = swept.rounds
        whole = sum((f.col(column) for column in columns), start=f.lit(0.0))
        worst = swept.values.agg(f.max(f.abs(whole - 1.0))).collect()[0][0]
        off = max(off, float(worst or 0.0))
        part = _long(swept.values, columns, name).join(shown, "lot")
        found = part if found is None else found.unionByName(part)
    if found is None:
        raise ExportUnusable("about.parquet: the export names no substance")
    sites = origins.select("substance", "column", "site")
    named = found.join(sites, ["substance", "column"], "left")
    return Answer(
        workspace=str(said[0]["workspace"]),
        position=int(said[0]["position"]),
        snapshot=str(said[0]["snapshot"]),
        rounds=rounds,
        off=off,
        shares=named.select(
            "key", "version", "substance", f.coalesce(f.col("site"), f.lit(UNKNOWN)).alias("origin"), "share"
        ),
    )


def _about(spark: SparkSession, folder: str) -> list[Any]:
    """One row for each substance."""
    rows = _table(spark, folder, "about", list(ABOUT)).orderBy("substance").collect()
    if not rows:
        raise ExportUnusable("about.parquet: the export is not complete, or of nothing")
    if any(row["format"] != FORMAT for row in rows):
        raise ExportUnusable(f"about.parquet: the export is of another format than {FORMAT}")
    return rows


def _table(
    spark: SparkSession, folder: str, name: str, columns: list[str], rows: int | None = None
) -> DataFrame:
    """A table of the export: it has these columns, and as many rows as `about` says."""
    found = spark.read.parquet(f"{folder}/{name}.parquet")
    there = found.columns
    if not there:
        raise ExportUnusable(f"{name}.parquet is missing")
    if missing := [column for column in columns if column not in there]:
        raise ExportUnusable(f"{name}.parquet has no column {', '.join(missing)}")
    if rows is not None and (counted := found.count()) != rows:
        raise ExportUnusable(f"{name}.parquet has {counted} rows; about.parquet says {rows}")
    return found


def _long(values: DataFrame, columns: list[str], substance: str) -> DataFrame:
    """A row for each share above zero."""
    from pyspark.sql import functions as f

    turned = values.unpivot("lot", tuple(columns), "column", "share").filter(f.col("share") > 0)
    return turned.withColumn("substance", f.lit(substance))
