"""Origins on pages: names, hues, the evidence behind a source."""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from attrs import frozen
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from lodeline.lots.values import ORIGIN_SITES, SUBSTANCES
from lodeline.passports import countries
from lodeline_server.evidence.queries import statements
from lodeline_server.kit import charts
from lodeline_server.lots.folding import label

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

    from lodeline.lots.graph import Node
    from lodeline.lots.origin import Gap, Origin, Place, Source
    from lodeline.lots.trace import Trace
    from lodeline_server.evidence.models import Fact
    from lodeline_server.lots.answers import Sight

RECYCLED = "recycled"
OWN_EVENT = "E1"
NOTHING = "E0"
BULK = 500  # values in one query
TABS = ("Co", "Li", "Ni", "Mn", "C", "Cu", "Al")


def origin_name(place: Place | None) -> str | None:
    """The class of an origin: country code, or recycled; None is unknown."""
    if place is None or place.kind not in ORIGIN_SITES:
        return None
    return RECYCLED if place.kind == "recycler" else place.country


class Palette:
    """One hue per country on the whole page; recycled has its own. Those of the chosen substance come first."""

    def __init__(self, origins: Mapping[str, Origin], chosen: str) -> None:
        totals: dict[str, Fraction] = defaultdict(Fraction)
        first: dict[str, Fraction] = defaultdict(Fraction)
        for symbol, one in origins.items():
            for source in one.sources:
                name = RECYCLED if source.recycled else source.place.country
                totals[name] += source.share
                if symbol == chosen:
                    first[name] += source.share
        ranked = sorted(
            totals, key=lambda name: (name not in first, -first.get(name, Fraction(0)), -totals[name], name)
        )
        self._hues = charts.colours(ranked)
        self._order = {name: at for at, name in enumerate(ranked)}

    def colour(self, name: str | None) -> int | None:
        """Hue 1 to 6; None for unknown."""
        return None if name is None else self._hues.get(name, 6)

    def order(self, name: str | None) -> int:
        """Place in the key; unknown last."""
        return self._order.get(name or "", len(self._order))

    def parts(self, one: Origin) -> list[dict[str, Any]]:
        """The parts of a bar: origins in the order of the key, unknown last."""
        totals: dict[str, Fraction] = defaultdict(Fraction)
        for source in one.sources:
            totals[RECYCLED if source.recycled else source.place.country] += source.share
        found: list[dict[str, Any]] = [
            {"label": said(name), "share": totals[name], "colour": self.colour(name)}
            for name in sorted(totals, key=self.order)
        ]
        if one.unknown:
            found.append({"label": _("unknown"), "share": one.unknown, "unknown": True})
        return found

    def bounds(self, one: Origin) -> list[dict[str, Any]]:
        """Per named origin what is sure, and what it would be if everything unknown came from there, too."""
        return [
            {**part, "low": part["share"], "high": part["share"] + one.unknown,
             "swatch": charts.swatch(part["colour"]), "span": charts.span(part["share"], part["share"] + one.unknown)}
            for part in self.parts(one) if not part.get("unknown")
        ]  # fmt: skip

    def key(self, one: Origin) -> Any:
        """The key of one substance's colours; names beyond the fifth share the sixth hue."""
        entries: dict[int | None, list[str]] = defaultdict(list)
        for part in self.parts(one):
            entries[part.get("colour")].append(str(part["label"]))
        return charts.legend((colour, ", ".join(names)) for colour, names in entries.items())


def said(name: str) -> str:
    """An origin class in words."""
    return _("Recycled") if name == RECYCLED else countries.name(name) or _("country not stated")


@frozen(kw_only=True)
class Backing:
    """How strongly a source is backed: the weakest of its lots counts."""

    level: str
    basis: str
    position: int | None


def attestations(workspace: int, keys: Iterable[str], today: date) -> dict[str, Fact]:
    """The last origin attestation in force of each lot or site among `keys`."""
    wanted = sorted(set(keys))
    found = {}
    for start in range(0, len(wanted), BULK):
        part = wanted[start : start + BULK]
        for fact in statements(workspace, kinds=["origin.attestation"]).filter(subject__in=part):
            since, until = fact.valid_from or fact.issued, fact.valid_until
            if (since is None or since <= today) and (until is None or until >= today):
                found[fact.subject] = fact
    return found


def backing(source: Source, facts: Mapping[str, Fact]) -> Backing:
    """The evidence behind one source."""
    held = [facts.get(key) or facts.get(source.site) for key in source.lots]
    named = [fact for fact in held if fact is not None]
    if not named:
        return Backing(level=OWN_EVENT, basis=_("Its own event, not attested"), position=source.position)
    weakest = min(named, key=lambda fact: (fact.level, fact.position))
    if len(named) < len(held):
        words = ngettext(
            "Attestation for %(n)s of %(of)s lot", "Attestation for %(n)s of %(of)s lots", len(held)
        ) % {"n": len(named), "of": len(held)}
        return Backing(level=OWN_EVENT, basis=words, position=weakest.position)
    return Backing(level=weakest.level, basis=_("Origin attestation in force"), position=weakest.position)


def custody(nodes: Iterable[Node]) -> str:
    """The custody models of some lots, in words."""
    names = sorted({node.made[-1].description.custody for node in nodes})
    return ", ".join(name.replace("_", " ") or _("not stated") for name in names)


def rows(found: Trace, one: Origin, sight: Sight, facts: Mapping[str, Fact]) -> list[dict[str, Any]]:
    """The table under the graph: one row per named source and per gap, the largest first."""
    nodes: dict[str, list[Node]] = defaultdict(list)
    for step in found.steps:
        nodes[step.node.key].append(step.node)
    table = [_source_row(one, source, sight, facts, nodes) for source in one.sources]
    table += [_gap_row(one, gap, sight, nodes[gap.key]) for gap in one.gaps]
    return sorted(table, key=lambda row: -row["share"])


def _mass(one: Origin, share: Fraction) -> int | None:
    return None if one.mass is None else round(one.mass * share)


def _source_row(
    one: Origin, source: Source, sight: Sight, facts: Mapping[str, Fact], nodes: Mapping[str, list[Node]]
) -> dict[str, Any]:
    held = backing(source, facts)
    open_ = any(sight.open(key) for key in source.lots)
    lots = len(source.lots)
    return {
        "source": sight.source(source),
        "more": ngettext("%(n)s lot", "%(n)s lots", lots) % {"n": lots},
        "country": said(source.place.country) + (f", {_('recycled')}" if source.recycled else ""),
        "share": source.share,
        "mass": _mass(one, source.share),
        "custody": custody(node for key in source.lots for node in nodes[key]) if open_ else "",
        "level": held.level,
        "basis": held.basis,
        "position": None if sight.closed else held.position,
    }


def _gap_row(one: Origin, gap: Gap, sight: Sight, nodes: list[Node]) -> dict[str, Any]:
    node = nodes[-1]
    words = {"party": sight.party(node), "lot": label(gap.key) if sight.open(gap.key) else _("a lot")}
    if node.source:
        basis = _("%(party)s linked no inputs to %(lot)s") % words
    else:
        basis = _("The inputs of %(lot)s explain less than it holds") % words
    return {
        "source": _("Unknown source"),
        "more": _("behind %(lot)s of %(party)s") % words,
        "country": _("unknown"),
        "share": gap.share,
        "mass": _mass(one, gap.share),
        "custody": "",
        "level": NOTHING,
        "basis": basis,
        "position": sight.receipt(gap.position, node.first.party),
        "unknown": True,
    }


def tabs(found: Trace) -> list[str]:
    """The substances of a trace in the order of the tabs."""
    held = found.origins if found.direction == "back" else found.target.masses
    return [name for name in TABS if name in held]


def substance_name(symbol: str) -> str:
    """Cobalt, natural graphite."""
    return SUBSTANCES[symbol]
