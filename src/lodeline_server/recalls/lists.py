"""The list that is handed on: as rows for CSV and as data for the printed sheet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from lodeline.quantities import format_mass
from lodeline_server.kit.charts.numbers import dose, percent
from lodeline_server.kit.templatetags.lode import groups, moment
from lodeline_server.lots.answers import kilograms
from lodeline_server.lots.origins import substance_name
from lodeline_server.lots.views import STATUS
from lodeline_server.recalls import queries

if TYPE_CHECKING:
    from collections.abc import Iterator
    from decimal import Decimal

    from lodeline_server.recalls.models import Hit, Recall

HEAD = (
    "rank", "serial", "identifier", "product", "dose", "lot_mass_kg", "came_in_with", "holder", "place", "status",
    "inside",
)  # fmt: skip


def rows(recall: Recall) -> Iterator[list[Any]]:
    """The affected items with a head row; doses as decimals of one."""
    yield list(HEAD)
    for hit in queries.hits(recall).iterator(chunk_size=1000):
        yield [
            hit.rank, hit.label, hit.key, hit.product, plain(hit.share), kilograms(hit.held) or "", hit.via,
            hit.holder_name or hit.holder, hit.site_name or hit.site, hit.status, hit.inside,
        ]  # fmt: skip


def plain(share: Decimal) -> str:
    """A share without needless zeros."""
    return f"{share.normalize():f}"


def of_what(recall: Recall) -> str:
    """What the dose is a share of."""
    return substance_name(recall.substance) if recall.substance else _("mass")


def heading(recall: Recall, affected: int, threshold: Decimal) -> str:
    """The answer in one or two sentences."""
    words = {"lot": recall.label, "n": groups(affected), "of": of_what(recall), "line": dose(threshold)}
    if not affected:
        return _("No item holds that much of lot %(lot)s.") % words
    if not threshold:
        return _("%(n)s items were reached by lot %(lot)s.") % words
    return _("In %(n)s items, %(line)s or more of the %(of)s is from lot %(lot)s.") % words


def carried(masses: queries.Masses) -> str:
    """How much of the lot is in the affected items, in one sentence; nothing when its mass is unknown."""
    share = masses.share(masses.affected)
    return "" if share is None else _("They carry %(share)s of it.") % {"share": percent(share)}


def printed(recall: Recall) -> dict[str, Any]:
    """Data of the printed list."""
    masses = queries.masses(recall)
    affected = list(queries.hits(recall))
    return {
        "title": f"{recall.number}: {heading(recall, len(affected), recall.threshold)}",
        "lead": carried(masses) if affected else "",
        "foot": f"{_('log position')} {groups(recall.position)} · {recall.number} · {recall.lot}",
        "bench": [
            [_("Lot"), f"{recall.product} {recall.label}".strip()],
            [_("Threshold"), dose(recall.threshold)],
            [_("Reason"), recall.reason or _("not stated")],
            [_("Computed"), moment(recall.computed_at)],
            [_("Looked at"), f"{_('log position')} {groups(recall.evidence_position)}"],
        ],
        "holders": [
            [one.name, one.place, str(STATUS.get(one.status, one.status)), groups(one.items), format_mass(one.mass)]
            for one in queries.holders(queries.hits(recall))
        ],
        "items": [_printed(hit) for hit in affected],
        "rest": _("%(below)s items below the threshold, %(untouched)s items untouched, %(lots)s lots on the way.")
        % {"below": groups(recall.below), "untouched": groups(recall.untouched), "lots": groups(recall.lots)},
        "heads": {
            "items": [_("No."), _("Serial"), _("Dose"), _("Lot mass"), _("Came in with"), _("Holder and place"),
                      _("Status"), _("Found")],
            "holders": [_("Holder"), _("Place"), _("Status"), _("Items"), _("Lot mass")],
            "where": _("Where they are"),
            "by_dose": _("Items by dose"),
        },
    }  # fmt: skip


def _printed(hit: Hit) -> list[str]:
    where = ", ".join(filter(None, [hit.holder_name or hit.holder, hit.site_name or hit.site]))
    mass = _("unknown") if hit.held is None else format_mass(hit.held)
    return [
        groups(hit.rank), hit.label, percent(hit.share), mass, hit.via, where, str(STATUS.get(hit.status, hit.status)),
        "",
    ]  # fmt: skip
