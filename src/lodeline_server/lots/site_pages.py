"""The list of sites, and one site."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import django_tables2
from django.db.models import OuterRef, Subquery
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from lodeline.access import Permission
from lodeline.passports import countries
from lodeline.quantities import format_mass
from lodeline_server.evidence.models import Site
from lodeline_server.evidence.queries import parties
from lodeline_server.kit.permissions import page
from lodeline_server.kit.tables import NumberColumn, Table, table_page
from lodeline_server.lots import origin_map, origins, queries, sites
from lodeline_server.lots.custody.queries import books
from lodeline_server.lots.reconciling.queries import visible as cases
from lodeline_server.lots.tables import LotTable, listed

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    from lodeline.access import Actor


class SiteTable(Table):
    name = django_tables2.Column(verbose_name=gettext_lazy("Site"))
    kind = django_tables2.Column(verbose_name=gettext_lazy("Kind"))
    country = django_tables2.Column(verbose_name=gettext_lazy("Country"))
    keeper = django_tables2.Column(verbose_name=gettext_lazy("Party"))
    there = NumberColumn(verbose_name=gettext_lazy("Lots there now"))
    uri = django_tables2.Column(verbose_name=gettext_lazy("Identifier"), visible=False)

    class Meta(Table.Meta):
        model = Site
        fields = ("name", "kind", "country", "keeper", "there", "uri")
        order_by = ("-there", "name")
        empty_text = gettext_lazy("No site is described yet.")

    def render_name(self, record: Site) -> str:
        return format_html('<a href="{}">{}</a>', reverse("site", args=[record.pk]), record.name)

    def value_name(self, record: Site) -> str:
        return record.name

    def render_kind(self, value: str) -> str:
        return value.replace("_", " ")

    def render_country(self, value: str) -> str:
        return countries.name(value) or value


@require_safe
@page(Permission.LOTS_VIEW)
def site_list(request: HttpRequest) -> HttpResponseBase:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    names = parties(actor.workspace or 0).filter(uri=OuterRef("party")).values("name")[:1]
    found = sites.counted(actor)
    return table_page(
        request,
        template="lots/sites.html",
        table_class=SiteTable,
        queryset=found.annotate(keeper=Subquery(names)),
        context={"sites": found.count(), "position": queries.position()},
        filename="sites",
    )


@require_safe
@page(Permission.LOTS_VIEW)
def site(request: HttpRequest, pk: int) -> HttpResponseBase:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    row = get_object_or_404(sites.visible(actor), pk=pk)
    there = sites.here(actor, row.uri)
    stock = sites.stock(there)
    months = sites.months(row)
    traced = origin_map.held(there, stock)
    chosen = sites.chosen(request.GET.get("month", ""), [one["month"] for one in months])
    context: dict[str, Any] = {
        "site": row,
        "kind": row.kind.replace("_", " "),
        "stock": stock,
        "whole": bounds(stock.low, stock.high),
        "substances": [
            (origins.substance_name(name), bounds(one.low, one.high), one.lots)
            for name, one in stock.substances.items()
        ],
        "origins": origin_map.bars(traced.origins),
        "traced": traced,
        "months": months,
        "chosen": chosen,
        "period": sites.period(row, chosen) if chosen else None,
        "country": countries.name(row.country) or row.country,
        "keeper": parties(row.workspace_id).filter(uri=row.party).values_list("name", flat=True).first()
        or row.party,
        "books": books(actor).filter(site=row.uri) if actor.may(Permission.CUSTODY_READ) else [],
        "cases": cases(actor).filter(site=row.uri).count() if actor.may(Permission.CASES_VIEW) else None,
        "position": queries.position(),
    }
    here = listed(actor).filter(sites.at(row.workspace_id, row.uri), now_at=row.uri)
    return table_page(
        request,
        template="lots/site.html",
        table_class=LotTable,
        queryset=here.filter(holder=actor.party) if actor.only_own else here,
        context=context,
        filename=f"site-{row.pk}",
    )


def bounds(low: int, high: int) -> str:
    """115 kg, or 100 kg to 115 kg where it is not known how much was drawn."""
    if low == high:
        return format_mass(high)
    return _("%(low)s to %(high)s") % {"low": format_mass(low), "high": format_mass(high)}
