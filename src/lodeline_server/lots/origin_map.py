"""Where a substance began, with coordinates where they are stated, and what bounds the unknown leaves."""

from __future__ import annotations

from fractions import Fraction
from math import isfinite
from typing import TYPE_CHECKING, Any

from attrs import frozen
from django.db.models import F
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from lodeline.lots.origin import pooled
from lodeline_server.evidence.queries import sites
from lodeline_server.kit import charts
from lodeline_server.lots import origins, queries
from lodeline_server.lots.views import Back

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from django.db.models import QuerySet

    from lodeline.lots.graph import Node
    from lodeline.lots.origin import Origin, Source
    from lodeline_server.lots.models import Lot
    from lodeline_server.lots.sites import Stock

MOST_LOTS = 50
"""Lots of a site whose trail is read for its page; what the others hold is counted as unknown."""
MOST_ROWS = 100


def spots(workspace: int, uris: Collection[str]) -> dict[str, tuple[float, float]]:
    """Latitude and longitude of the sites that state both, in degrees that exist."""
    found = {}
    rows = sites(workspace).filter(uri__in=list(uris)[:500]).exclude(latitude="").exclude(longitude="")
    for uri, *said in rows.values_list("uri", "latitude", "longitude"):
        try:
            latitude, longitude = map(float, said)
        except ValueError:
            continue
        if isfinite(latitude) and isfinite(longitude) and abs(latitude) <= 90 and abs(longitude) <= 180:
            found[uri] = (latitude, longitude)
    return found


class Mapped(Back):
    """The words and drawings of the map of one lot or item. Where other parties' sites lie stays closed."""

    @property
    def origin(self) -> Origin | None:
        """Of the chosen substance."""
        return self.found.origins.get(self.substance)

    def _open(self, source: Source) -> bool:
        return any(self.sight.open(key) for key in source.lots)

    def read(self) -> Mapped:
        """Look up where the named sites lie."""
        sources = () if self.origin is None else self.origin.sources
        wanted = [source.site for source in sources if self._open(source)]
        self.spots = spots(self.lot.workspace_id, wanted) if wanted else {}
        return self

    def _colour(self, source: Source) -> int:
        return self.palette.colour(origins.RECYCLED if source.recycled else source.place.country) or 6

    def drawing(self) -> Any:
        """The map."""
        if self.origin is None:
            return ""
        points = [
            {
                "latitude": self.spots[one.site][0], "longitude": self.spots[one.site][1], "share": one.share,
                "colour": self._colour(one), "ring": one.recycled, "label": self.sight.source(one),
            }
            for one in self.origin.sources if one.site in self.spots
        ]  # fmt: skip
        words = _("Where the %(name)s began; the table below says the same") % {"name": self.name}
        return charts.world_map(points, unknown=self.origin.unknown, unknown_name=_("unknown"), title=words)

    @property
    def land(self) -> bool:
        """Whether the outline of the land is at hand."""
        return charts.has_land()

    def bar(self) -> Any:
        """Named origins beside each other, unknown hatched."""
        return charts.stacked(self.palette.parts(self.origin)) if self.origin is not None else ""

    def places(self) -> list[dict[str, Any]]:
        """One row per named source, the largest first, then the unknown."""
        if self.origin is None:
            return []
        one = self.origin
        return [
            {
                "name": self.sight.source(source),
                "country": origins.said(source.place.country),
                "recycled": source.recycled,
                "low": source.share,
                "high": source.share + one.unknown,
                "mass": None if one.mass is None else round(one.mass * source.share),
                "bar": charts.between(source.share, source.share + one.unknown, self._colour(source)),
                "point": self._point(source),
            }
            for source in one.sources[:MOST_ROWS]
        ]

    def _point(self, source: Source) -> str:
        if source.site in self.spots:
            return f"{_degrees(self.spots[source.site][0], 'N', 'S')} {_degrees(self.spots[source.site][1], 'E', 'W')}"
        return _("no coordinates stated") if self._open(source) else _("known to another party")

    @property
    def more(self) -> int:
        """Sources beyond the table."""
        return max(len(self.origin.sources) - MOST_ROWS, 0) if self.origin is not None else 0

    def pointless(self) -> list[dict[str, Any]]:
        """Countries with what began there at sites without a point."""
        if self.origin is None:
            return []
        held: dict[str, list[Source]] = {}
        for source in self.origin.sources:
            if source.site not in self.spots:
                held.setdefault(source.place.country, []).append(source)
        found = [
            {
                "country": origins.said(country),
                "share": sum(one.share for one in sources),
                "sites": ngettext("%(n)s site", "%(n)s sites", len(sources)) % {"n": len(sources)},
            }
            for country, sources in held.items()
        ]
        return sorted(found, key=lambda one: (-one["share"], one["country"]))


def _degrees(value: float, above: str, below: str) -> str:
    return f"{abs(value):.2f}° {above if value >= 0 else below}"


@frozen(kw_only=True)
class Held:
    """Origins of what is at a site. `lots`: whose trails were read; `left_out`: lots with a mass beyond them."""

    origins: dict[str, Origin]
    lots: int
    left_out: int


def held(there: QuerySet[Lot], stock: Stock) -> Held:
    """Origin of each substance of these lots: the mean over the heaviest, weighed by the most that may be left.

    What the other lots hold is unknown, so that the bounds stay right.
    """
    weighable = there.exclude(mass=None)
    rows = weighable.annotate(left=F("mass") - Coalesce(F("used"), 0)).filter(left__gt=0)
    heaviest = list(rows.order_by("-left", "key")[:MOST_LOTS])
    weighed = rows.count() if len(heaviest) == MOST_LOTS else len(heaviest)
    if not heaviest or not stock.substances:
        return Held(origins={}, lots=len(heaviest), left_out=weighed - len(heaviest))
    picture = queries.around(heaviest[0].workspace_id, [one.key for one in heaviest], onward=False)
    weights: dict[str, list[tuple[Node, int]]] = {}
    for row in heaviest:
        node = picture.graph.last(row.key)
        if node is None:
            continue
        for name, text in row.composition.items():
            if weight := round((row.mass - (row.used or 0)) * Fraction(text)):
                weights.setdefault(name, []).append((node, weight))
    found = {
        name: pooled(name, weights.get(name, []), picture.places, one.high)
        for name, one in stock.substances.items()
        if one.high
    }
    return Held(origins=found, lots=len(heaviest), left_out=weighed - len(heaviest))


def bars(found: Mapping[str, Origin]) -> list[dict[str, Any]]:
    """Named origins of every substance beside each other, with bounds."""
    palette = origins.Palette(found, next(iter(found), ""))
    return [
        {
            "name": origins.substance_name(name),
            "mass": one.mass,
            "bar": charts.stacked(palette.parts(one)),
            "bounds": palette.bounds(one),
            "unknown": one.unknown,
        }
        for name, one in found.items()
    ]
