"""What may explain that a battery failed: lots, machines, sites, parties, days and shifts behind it."""

from __future__ import annotations

from collections import defaultdict
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from lodeline.lots.build import MIXTURE
from lodeline_server.lots.models import Touch

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from lodeline.lots.graph import Node
    from lodeline.recalls.cause import Factor
    from lodeline_server.lots.queries import Picture

SHIFT = 8  # hours; the first begins at 06:00 UTC
EXTENSION = "/254/"  # GLN with extension: a machine or line at a place


class Passed(NamedTuple):
    """A lot was made or seen at a machine."""

    point: str
    site: str
    time: datetime


@lru_cache(maxsize=2)
def passed(picture: Picture) -> dict[str, list[Passed]]:
    """By lot: the machines it was made or seen at. A read point that is the site itself is no machine."""
    rows = Touch.objects.filter(
        workspace_id=picture.workspace, void=False, act__in=[Touch.MADE, Touch.SEEN]
    ).exclude(point="")
    found: dict[str, list[Passed]] = defaultdict(list)
    for key, point, site, time in rows.values_list("key", "point", "site", "time").iterator():
        if point != site or EXTENSION in point:
            found[key].append(Passed(point, site, time))
    return dict(found)


def machine(point: str, picture: Picture) -> str:
    """A machine in words: its place, where that is known, and its own name there."""
    place, _, name = point.partition(EXTENSION)
    if name:
        return f"{picture.site(place)}, {name}"
    return picture.site(point)


def behind(node: Node, picture: Picture) -> Iterator[Factor]:
    """The factors of a lot that flowed into a battery."""
    if not node.key.startswith(MIXTURE):
        yield "lot", node.key
        yield from of_making(node, picture)


def of_making(node: Node, picture: Picture) -> Iterator[Factor]:
    """Where, when and by whom it was made, and the machines it passed."""
    for made in node.made:
        if made.party:
            yield "party", picture.party(made.party)
        if made.site:
            yield from _when("site", picture.site(made.site), made.time)
    for one in passed(picture).get(node.key, ()):
        yield from _when("machine", machine(one.point, picture), one.time)


def _when(kind: str, name: str, time: datetime) -> Iterator[Factor]:
    """A place, its day and its shift."""
    yield kind, name
    yield "day", f"{name}, {time:%Y-%m-%d}"
    yield "shift", f"{name}, {shift(time)}"


def shift(time: datetime) -> str:
    """The eight hours a time lies in, from 06:00, 14:00 or 22:00 UTC; the night belongs to the day it began."""
    from datetime import timedelta

    began = time - timedelta(hours=(time.hour - 6) % SHIFT, minutes=time.minute)
    return f"{began:%Y-%m-%d %H:00} to {began + timedelta(hours=SHIFT):%H:00} UTC"
