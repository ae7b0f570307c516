"""The 71 data points of the battery passport: a data file, read once.

Source: Commission guidance on the battery passport v1.0 (28 Jul 2026, CC BY 4.0), for EV, LMT and industrial
batteries above 2 kWh; legal places in Regulation (EU) 2023/1542. The Commission mints no identifiers for the points:
`id` is ours.
"""

from __future__ import annotations

import csv
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Final

from attrs import frozen


class Group(StrEnum):
    """Who the law names as readers: the points of Annex XIII."""

    PUBLIC = "PUB"
    """Annex XIII 1: everyone."""
    RESTRICTED = "LI+AU"
    """Annex XIII 2: legitimate interest, notified bodies, authorities, Commission."""
    AUTHORITY = "AU"
    """Annex XIII 3: notified bodies, authorities, Commission."""
    INDIVIDUAL = "LI"
    """Annex XIII 4: legitimate interest. Values of the one battery, many of them dynamic."""


class Duty(StrEnum):
    """What the guidance asks of a point in a category."""

    MANDATORY = "M"
    OPTIONAL = "O"
    CONDITIONAL = "C"
    PENDING = "P"
    """Not yet law: the slot is kept, nothing is demanded."""
    EMPTY = "-"
    """Must not be filled."""


CATEGORIES: Final = ("EV", "LMT", "industrial")
STATUSES: Final = ("original", "repurposed", "re-used", "remanufactured", "waste")
"""Point 67. It is not the status of the passport, and it is not public."""
SECTIONS: Final = {
    "identity": "Identity and maker",
    "materials": "Weight, capacity, materials",
    "footprint": "Footprint and sourcing",
    "recycled": "Recycled and renewable",
    "electrical": "Electrical performance",
    "lifetime": "Lifetime and efficiency",
    "marking": "Marking and documents",
    "repair": "Repair and dismantling",
    "tests": "Test reports",
    "performance": "Performance of this battery",
    "health": "State of health",
    "use": "Use",
}
XSD: Final = {"decimal": "xsd:decimal", "integer": "xsd:integer", "uri": "xsd:anyURI"}
"""XML Schema type of each value type that is not text (EN 18223)."""


@frozen(kw_only=True)
class Point:
    """One data point. `units`: allowed units, the first one is meant where none is stated; empty for text.

    `type`: text, decimal, integer, uri, month (YYYY-MM), category, status. `many`: a list of values.
    `range`: share (0 to 100), positive (above 0), growth and count (0 or more), or nothing.
    """

    number: int
    id: str
    title: str
    section: str
    group: Group
    duties: dict[str, Duty]
    units: tuple[str, ...]
    type: str
    many: bool
    range: str
    law: str

    @property
    def data_type(self) -> str:
        """The `valueDataType` of EN 18223."""
        return XSD.get(self.type, "xsd:string")

    def duty(self, category: str) -> Duty:
        """What is asked in a category. Raises `KeyError` for another category."""
        return self.duties[category]


@cache
def points() -> dict[int, Point]:
    """All points by number."""
    text = (files(__package__) / "datapoints.csv").read_text(encoding="utf-8")
    return {
        int(row["number"]): Point(
            number=int(row["number"]),
            id=row["id"],
            title=row["title"],
            section=row["section"],
            group=Group(row["group"]),
            duties={category: Duty(row[category]) for category in CATEGORIES},
            units=tuple(filter(None, row["unit"].split("|"))),
            type=row["type"],
            many=row["many"] == "many",
            range=row["range"],
            law=row["law"],
        )
        for row in csv.DictReader(text.splitlines())
    }


@cache
def by_id() -> dict[str, Point]:
    """All points by element id."""
    return {point.id: point for point in points().values()}
