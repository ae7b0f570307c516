"""The outline of the land, from the TopoJSON file that set-up brings (Natural Earth, public domain)."""

from __future__ import annotations

import json
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    Point = tuple[float, float]

LAND = Path(__file__).resolve().parent.parent / "static/vendor/world-atlas/land-110m.json"
WIDE, TALL = 1140, 450
NORTH, SOUTH = 84.0, -58.0
"""Degrees of latitude at the upper and lower edge; Antarctica is left out."""


def place(latitude: float, longitude: float) -> Point:
    """Where a place lies in the drawing: equirectangular, so that both axes are plain degrees."""
    return (longitude + 180) / 360 * WIDE, (NORTH - latitude) / (NORTH - SOUTH) * TALL


def rings(topology: Mapping[str, Any]) -> Iterator[list[Point]]:
    """The rings of every polygon as (longitude, latitude).

    An arc is a list of differences on a grid; `transform` brings it to degrees. A ring names its arcs by number, and
    by the complement of the number where an arc runs backwards; where two meet, their common point counts once.
    """
    (across, up), (left, low) = topology["transform"]["scale"], topology["transform"]["translate"]
    arcs: list[list[Point]] = []
    for steps in topology["arcs"]:
        x = y = 0
        arc = []
        for step in steps:
            x, y = x + step[0], y + step[1]
            arc.append((x * across + left, y * up + low))
        arcs.append(arc)
    for found in topology["objects"].values():
        for polygon in _polygons(found):
            for names in polygon:
                ring: list[Point] = []
                for name in names:
                    arc = arcs[name] if name >= 0 else arcs[~name][::-1]
                    ring += arc[1:] if ring else arc
                yield ring


def _polygons(shape: Mapping[str, Any]) -> Iterator[Sequence[Sequence[int]]]:
    if shape["type"] == "GeometryCollection":
        for one in shape["geometries"]:
            yield from _polygons(one)
    elif shape["type"] == "MultiPolygon":
        yield from shape["arcs"]
    elif shape["type"] == "Polygon":
        yield shape["arcs"]


def path(topology: Mapping[str, Any]) -> str:
    """One SVG path in whole pixels; rings south of the drawing, and those smaller than a pixel, are left out."""
    parts = []
    for ring in rings(topology):
        if max(latitude for _, latitude in ring) <= SOUTH:
            continue
        for whole in _turned(ring):
            dots = [tuple(map(round, place(latitude, longitude))) for longitude, latitude in whole]
            kept = [dots[0], *(here for before, here in pairwise(dots) if here != before)]
            if len(kept) > 3:
                parts.append("M" + "L".join(f"{x} {y}" for x, y in kept[:-1]) + "Z")
    return "".join(parts)


def _turned(ring: list[Point]) -> Iterator[list[Point]]:
    """A ring without jumps; one that crosses the date line lies at both edges, each cutting off what is beyond."""
    turns = 0
    found = [ring[0]]
    for (before, _), (longitude, latitude) in pairwise(ring):
        turns += (longitude - before < -180) - (longitude - before > 180)
        found.append((longitude + 360 * turns, latitude))
    yield found
    low, high = min(x for x, _ in found), max(x for x, _ in found)
    if high > 180:
        yield [(x - 360, y) for x, y in found]
    if low < -180:
        yield [(x + 360, y) for x, y in found]


def land() -> str:
    """The land as one path; nothing when set-up could not bring the file, or it is not what we take it for."""
    return read(LAND)


@lru_cache(maxsize=2)
def read(source: Path) -> str:
    """The land in a file, read once."""
    try:
        return path(json.loads(source.read_bytes()))
    except (OSError, ValueError, KeyError, TypeError, IndexError):
        return ""


def has_land() -> bool:
    """Whether the outline is at hand."""
    return bool(land())
