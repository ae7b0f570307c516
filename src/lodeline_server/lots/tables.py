"""The list of lots and items."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import django_filters
import django_tables2
from django.db.models import Case, F, OuterRef, Q, QuerySet, Subquery, Value, When
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from lodeline_server.evidence.queries import parties, sites
from lodeline_server.kit.tables import NumberColumn, Table
from lodeline_server.kit.templatetags.lode import day, receipt
from lodeline_server.lots import queries
from lodeline_server.lots.answers import amount_text, kilograms
from lodeline_server.lots.models import Lot
from lodeline_server.lots.views import STATUS

if TYPE_CHECKING:
    from lodeline.access import Actor

KINDS = [("lot", _("lot")), ("item", _("item"))]
LONGEST = 200


def listed(actor: Actor) -> QuerySet[Lot]:
    """The lots an actor may open, with place and holder. Where others took it is not said to a supplier."""
    workspace = actor.workspace or 0

    def told(field: str) -> Case:
        known = Q(holder=actor.party) if actor.only_own else Q(pk__isnull=False)
        return Case(When(known, then=F(field)), default=Value(""))

    def name(rows: QuerySet[Any], field: str) -> Subquery:
        return Subquery(rows.filter(uri=OuterRef(field)).order_by().values("name")[:1])

    rows = queries.visible(actor).annotate(now_at=told("current_site"), now_with=told("holder"))
    return rows.annotate(place=name(sites(workspace), "now_at"), keeper=name(parties(workspace), "now_with"))


class LotFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(label=_("Lot, serial, product"), method="named", max_length=LONGEST)
    kind = django_filters.ChoiceFilter(
        label=_("Kind"), method="of_kind", choices=KINDS, empty_label=_("both")
    )
    status = django_filters.ChoiceFilter(
        label=_("Status"), choices=list(STATUS.items()), empty_label=_("all")
    )
    site = django_filters.ChoiceFilter(
        label=_("Now at"), field_name="now_at", choices=list, empty_label=_("all")
    )

    class Meta:
        model = Lot
        fields = ["q", "kind", "status", "site"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = self.queryset.order_by("place").values_list("now_at", "place").distinct()
        self.filters["site"].extra["choices"] = [(uri, name or uri) for uri, name in known if uri]

    def named(self, rows: QuerySet[Lot], _name: str, words: str) -> QuerySet[Lot]:
        return rows.filter(Q(label__icontains=words) | Q(product__icontains=words) | Q(key=words))

    def of_kind(self, rows: QuerySet[Lot], _name: str, kind: str) -> QuerySet[Lot]:
        return rows.filter(item=kind == "item")


class LotTable(Table):
    label = django_tables2.Column(verbose_name=_("Lot or serial"))
    product = django_tables2.Column(verbose_name=_("Product"))
    amount = NumberColumn(verbose_name=_("Made"), order_by="mass")
    mass = NumberColumn(verbose_name=_("Mass, kg"), visible=False)
    made_at = django_tables2.Column(verbose_name=_("Date"))
    place = django_tables2.Column(
        verbose_name=_("Now at"), accessor="now_at", order_by="place", empty_values=()
    )
    keeper = django_tables2.Column(
        verbose_name=_("Holder"), accessor="now_with", order_by="keeper", empty_values=()
    )
    status = django_tables2.Column(verbose_name=_("Status"))
    position = django_tables2.Column(verbose_name=_("Receipt"))
    key = django_tables2.Column(verbose_name=_("Identifier"), visible=False)

    class Meta(Table.Meta):
        model = Lot
        fields = (
            "label",
            "product",
            "amount",
            "mass",
            "made_at",
            "place",
            "keeper",
            "status",
            "position",
            "key",
        )
        order_by = ("-made_at", "label")
        empty_text = _("No lot fits these filters.")

    def render_label(self, record: Lot) -> str:
        return format_html('<a href="{}">{}</a>', record.get_absolute_url(), record.label)

    def value_label(self, record: Lot) -> str:
        return record.label

    def render_amount(self, record: Lot) -> str:
        return amount_text(Decimal(record.amount) if record.amount else None, record.uom or None, record.mass)

    def value_mass(self, value: int | None) -> str:
        return kilograms(value) or ""

    def render_made_at(self, value: Any) -> str:
        return day(value)

    def render_place(self, record: Any) -> str:
        return record.place or record.now_at

    def render_keeper(self, record: Any) -> str:
        return record.keeper or record.now_with or str(_("another party"))

    def render_status(self, value: str) -> str:
        return str(STATUS.get(value, value))

    def render_position(self, record: Lot) -> str:
        return receipt(self._position(record))

    def value_position(self, record: Lot) -> int | str:
        position = self._position(record)
        return "" if position is None else position

    def _position(self, record: Lot) -> int | None:
        """Who sees only its own may open the receipts of what it said itself."""
        actor = self.request.actor
        return None if actor.only_own and record.party != actor.party else record.position
