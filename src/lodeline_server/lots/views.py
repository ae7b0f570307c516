"""What the pages of a lot say: headings, rows, drawings. Words and arithmetic, no request."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from django.db.models import Q
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from lodeline.lots.build import MIXTURE
from lodeline.quantities import format_mass
from lodeline_server.kit import charts
from lodeline_server.kit.charts.numbers import percent
from lodeline_server.kit.templatetags.lode import day, groups
from lodeline_server.lots import origins, queries
from lodeline_server.lots.answers import amount_text, exact, kilograms
from lodeline_server.lots.custody.shown import claims_on
from lodeline_server.lots.drawing import Drawing
from lodeline_server.lots.folding import label
from lodeline_server.lots.models import Touch

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from lodeline.access import Actor
    from lodeline.lots.trace import Step, Trace
    from lodeline_server.lots.answers import Sight
    from lodeline_server.lots.models import Lot

MOST_ROWS = 50
MOST_MOVEMENTS = 200
STATUS = {
    "in stock": gettext_lazy("in stock"),
    "in transit": gettext_lazy("in transit"),
    "in use": gettext_lazy("partly used"),
    "used": gettext_lazy("used"),
    "sold": gettext_lazy("sold"),
    "ended": gettext_lazy("ended"),
}
ACTS = {
    Touch.MADE: gettext_lazy("made"),
    Touch.USED: gettext_lazy("used"),
    Touch.SEEN: gettext_lazy("seen"),
    Touch.SHIPPED: gettext_lazy("shipped"),
    Touch.RECEIVED: gettext_lazy("received"),
    Touch.PACKED: gettext_lazy("packed or built in"),
    Touch.UNPACKED: gettext_lazy("unpacked or taken out"),
    Touch.SOLD: gettext_lazy("sold"),
    Touch.ENDED: gettext_lazy("ended"),
}


class Shown:
    """What both directions have in common."""

    def __init__(self, lot: Lot, found: Trace, sight: Sight, wanted: str, today: date) -> None:
        self.lot, self.found, self.sight, self.today = lot, found, sight, today
        self.names = origins.tabs(found)
        self.substance = wanted if wanted in self.names else next(iter(self.names), "")
        self.position = sight.picture.position

    @property
    def noun(self) -> str:
        """What the page is about, in the heading."""
        return _("item") if self.lot.item else _("lot")

    @property
    def name(self) -> str:
        """The chosen substance in words."""
        return origins.substance_name(self.substance) if self.substance else ""

    @property
    def passed(self) -> int:
        """Lots in the trace, without the asked one."""
        return len(self.found.steps) - 1

    @property
    def depth(self) -> int:
        """Steps to the farthest lot."""
        return max(step.depth for step in self.found.steps)

    def mass(self, name: str) -> int | None:
        """mg of a substance in the lot."""
        return self.found.target.masses.get(name)

    def tabs(self) -> list[dict[str, Any]]:
        """The substances, each a link."""
        return [
            {"symbol": name, "name": origins.substance_name(name), "mass": self.mass(name)}
            for name in self.names
        ]

    def _ranked(self) -> list[Step]:
        steps = [step for step in self.found.steps if step.depth]
        return sorted(steps, key=lambda one: (-one.shares.get(self.substance, 0), one.depth, one.node.key))

    def _listed(self) -> list[Step]:
        return self._ranked()

    def steps(self) -> list[dict[str, Any]]:
        """The lots of the trace, the largest share first."""
        return [self._step(step) for step in self._listed()[:MOST_ROWS]]

    @property
    def more_steps(self) -> int:
        """Lots that the page leaves to the CSV."""
        return max(len(self._listed()) - MOST_ROWS, 0)

    def _step(self, step: Step) -> dict[str, Any]:
        node, open_ = step.node, self.sight.open(step.node.key)
        return {
            "href": queries.lot_address(node.key) if open_ and not node.key.startswith(MIXTURE) else "",
            "label": self.sight.label(node),
            "product": node.first.description.product if open_ else "",
            "site": self.sight.site(node),
            "share": step.shares.get(self.substance),
            "amount": self.sight.amount(node),
            "depth": step.depth,
            "made": node.first.time,
            "position": self.sight.receipt(node.first.position, node.first.party),
        }

    def csv(self) -> Iterator[list[Any]]:
        """All lots of the trace, shares of every substance."""
        yield [
            "lot", "product", "steps", "quantity", "uom", "mass_kg", "made", "site", "party", "statement",
            *(f"share_{name}" for name in self.names),
        ]  # fmt: skip
        for step in self._ranked():
            node, open_ = step.node, self.sight.open(step.node.key)
            made = node.first
            statement = self.sight.receipt(made.position, made.party)
            yield [
                node.key if open_ else self.sight.label(node), made.description.product if open_ else "", step.depth,
                "" if made.amount is None else f"{made.amount:f}", made.uom or "C62", kilograms(node.mass) or "",
                day(made.time), self.sight.site(node), self.sight.party(node), "" if statement is None else statement,
                *(exact(step.shares[name]) if name in step.shares else "" for name in self.names),
            ]  # fmt: skip


class Back(Shown):
    """Where it came from."""

    def _listed(self) -> list[Step]:
        """Those that the chosen substance passed."""
        return [step for step in self._ranked() if not self.substance or step.shares.get(self.substance)]

    @cached_property
    def facts(self) -> dict[str, Any]:
        """Attestations in force of all lots and sites in the trace."""
        keys = {key for one in self.found.origins.values() for source in one.sources for key in source.lots}
        keys |= {source.site for one in self.found.origins.values() for source in one.sources}
        return origins.attestations(self.lot.workspace_id, keys, self.today)

    @cached_property
    def palette(self) -> origins.Palette:
        """The hues of the page."""
        return origins.Palette(self.found.origins, self.substance)

    @property
    def heading(self) -> str:
        """The answer in one sentence."""
        if not self.substance:
            return _("No tracked substance is stated for %(lot)s.") % {"lot": self.lot.label}
        unknown = self.found.origins[self.substance].unknown
        words = {"noun": self.noun, "name": self.name}
        if not unknown:
            return _("All of this %(noun)s’s %(name)s is traced to a named mine or recycler.") % words
        if unknown == 1:
            return _("None of this %(noun)s’s %(name)s is traced to a named mine or recycler.") % words
        known, left = percent(1 - unknown, 0), percent(unknown, 0)
        if known.startswith(("<", "0")) or left.startswith(("<", "0")):
            known, left = percent(1 - unknown, 2), percent(unknown, 2)
        words |= {"known": known, "unknown": left}
        return (
            _(
                "%(known)s of this %(noun)s’s %(name)s is traced to a named mine or recycler. %(unknown)s is not."
            )
            % words
        )

    def graph(self) -> Any:
        """The stage columns."""
        if not self.substance:
            return ""
        one = self.found.origins[self.substance]
        levels = {source.site: origins.backing(source, self.facts).level for source in one.sources}
        drawing = Drawing(self.found, self.substance, self.sight, self.palette, levels)
        return charts.trace_columns(drawing.columns(), drawing.streams())

    def key(self) -> Any:
        """The key of the colours."""
        return self.palette.key(self.found.origins[self.substance]) if self.substance else ""

    def bars(self) -> list[dict[str, Any]]:
        """Origin by country of every substance."""
        return [
            {
                "symbol": name,
                "name": origins.substance_name(name),
                "mass": self.mass(name),
                "bar": charts.stacked(self.palette.parts(self.found.origins[name])),
                "bounds": self.palette.bounds(self.found.origins[name]),
                "unknown": self.found.origins[name].unknown,
            }
            for name in self.names
        ]

    def rows(self) -> list[dict[str, Any]]:
        """The same as a table, for the chosen substance."""
        if not self.substance:
            return []
        return origins.rows(self.found, self.found.origins[self.substance], self.sight, self.facts)


class Onward(Shown):
    """Where it went."""

    def __init__(self, lot: Lot, found: Trace, sight: Sight, wanted: str, today: date) -> None:
        super().__init__(lot, found, sight, wanted, today)
        self.items = queries.item_keys(lot.workspace_id)

    @property
    def reached_items(self) -> int:
        """Items among the lots it reached."""
        return len({step.node.key for step in self.found.steps if step.depth and step.node.key in self.items})

    @property
    def heading(self) -> str:
        """The answer in one sentence."""
        if not self.passed:
            return _("%(lot)s went into nothing that is on record.") % {"lot": self.lot.label}
        lots = self.passed - self.reached_items
        words = [
            ngettext("%(n)s item", "%(n)s items", self.reached_items) % {"n": groups(self.reached_items)},
            ngettext("%(n)s lot", "%(n)s lots", lots) % {"n": groups(lots)},
        ]
        return _("%(lot)s went into %(items)s and %(lots)s.") % {
            "lot": self.lot.label, "items": words[0], "lots": words[1],
        }  # fmt: skip


def movements(lot: Lot, sight: Sight) -> list[dict[str, Any]]:
    """What happened to a lot, oldest first; what was declared an error included.

    Who sees only its own is told what it did itself, and what was done to it.
    """
    picture = sight.picture
    rows = queries.touches(lot.workspace_id, lot.key)
    if sight.closed:
        rows = rows.filter(Q(captured_by=sight.party_uri) | Q(party=sight.party_uri))
    return [
        {
            "time": one.time,
            "act": ACTS.get(one.act, one.act),
            "step": one.step.replace("_", " "),
            "site": picture.site(one.site) if one.site else "",
            "party": picture.party(one.party) if one.party else "",
            "inside": label(one.other) if one.other else "",
            "position": sight.receipt(one.position, one.captured_by),
            "void": one.void,
        }
        for one in rows[:MOST_MOVEMENTS]
    ]


def about(lot: Lot, sight: Sight, actor: Actor) -> dict[str, Any]:
    """What is stated of a lot, in words."""
    picture = sight.picture
    site, holder = queries.whereabouts(actor, lot)
    return {
        "amount": amount_text(Decimal(lot.amount) if lot.amount else None, lot.uom or None, lot.mass),
        "custody": lot.custody.replace("_", " "),
        "claims": claims_on(actor, lot.key),
        "stated": stated(lot),
        "status": STATUS.get(lot.status, lot.status),
        "place": {
            "made": picture.site(lot.site),
            "maker": picture.party(lot.party),
            "now": picture.site(site),
            "holder": picture.party(holder) or (_("another party") if lot.holder else ""),
            "inside": label(lot.inside) if holder and lot.inside else "",
        },
    }


def stated(lot: Lot) -> list[tuple[str, str]]:
    """The stated composition in words: substance, share and mass."""
    found = []
    for symbol, text in lot.composition.items():
        share = Fraction(text)
        mass = "" if lot.mass is None else format_mass(round(lot.mass * share))
        found.append((origins.substance_name(symbol), ", ".join(filter(None, [percent(share, 2), mass]))))
    return found
