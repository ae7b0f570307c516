"""The list of recalls, and a recall's items by dose."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import django_filters
import django_tables2
from django.db.models import Q
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from lodeline_server.kit.charts.numbers import dose
from lodeline_server.kit.tables import NumberColumn, Table
from lodeline_server.kit.templatetags.lode import bar, mass_tag, moment, receipt, share_tag
from lodeline_server.lots.answers import kilograms
from lodeline_server.lots.folding import label
from lodeline_server.lots.views import STATUS
from lodeline_server.recalls.lists import of_what, plain
from lodeline_server.recalls.models import Hit, Recall

if TYPE_CHECKING:
    from django.db.models import QuerySet

LONGEST = 200


class RecallFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(label=_("Number, lot or reason"), method="named", max_length=LONGEST)

    class Meta:
        model = Recall
        fields = ["q"]

    def named(self, rows: QuerySet[Recall], _name: str, words: str) -> QuerySet[Recall]:
        return rows.filter(
            Q(number__icontains=words) | Q(label__icontains=words) | Q(reason__icontains=words) | Q(lot=words)
        )


class RecallTable(Table):
    number = django_tables2.Column(verbose_name=_("Recall"))
    label = django_tables2.Column(verbose_name=_("Lot"))
    reason = django_tables2.Column(verbose_name=_("Reason"), default=_("not stated"))
    threshold = NumberColumn(verbose_name=_("Threshold"))
    substance = django_tables2.Column(verbose_name=_("Of the"), empty_values=())
    affected = NumberColumn(verbose_name=_("Items affected"))
    below = NumberColumn(verbose_name=_("Below"))
    untouched = NumberColumn(verbose_name=_("Untouched"))
    closed = django_tables2.Column(
        accessor="closure__closed_at",
        verbose_name=_("Closed"),
        default=_("open"),
        order_by="closure__closed_at",
    )
    computed_at = django_tables2.Column(verbose_name=_("Computed"))
    position = django_tables2.Column(verbose_name=_("Receipt"))

    class Meta(Table.Meta):
        model = Recall
        fields = (
            "number", "label", "reason", "substance", "threshold", "affected", "below", "untouched", "computed_at",
            "closed", "position",
        )  # fmt: skip
        order_by = "-position"
        empty_text = _("No recall fits these filters.")

    def render_number(self, record: Recall) -> str:
        return format_html('<a href="{}">{}</a>', record.get_absolute_url(), record.number)

    def value_number(self, value: str) -> str:
        return value

    def render_threshold(self, value: Any) -> str:
        return dose(value)

    def value_threshold(self, value: Any) -> str:
        return plain(value)

    def render_substance(self, record: Recall) -> str:
        return of_what(record)

    def render_computed_at(self, value: Any) -> str:
        return moment(value)

    def render_closed(self, record: Recall, value: Any) -> str:
        return format_html('<a href="{}">{}</a>', reverse("recall_closing", args=[record.pk]), moment(value))

    def value_closed(self, value: Any) -> Any:
        return value

    def render_position(self, value: int) -> str:
        return receipt(value)

    def value_position(self, value: int) -> int:
        return value


class HitTable(Table):
    rank = NumberColumn(verbose_name=_("No."))
    label = django_tables2.Column(verbose_name=_("Serial"))
    share = NumberColumn(verbose_name=_("Dose"))
    drawn = django_tables2.Column(
        accessor="share",
        verbose_name="",
        orderable=False,
        exclude_from_export=True,
        attrs={"td": {"class": "draw"}},
    )
    held = NumberColumn(verbose_name=_("Lot mass"), default=_("unknown"))
    via = django_tables2.Column(verbose_name=_("Came in with"))
    holder = django_tables2.Column(
        accessor="holder_name", verbose_name=_("Holder"), order_by=("holder_name", "holder")
    )
    place = django_tables2.Column(
        accessor="site_name", verbose_name=_("Last known place"), order_by=("site_name", "site")
    )
    status = django_tables2.Column(verbose_name=_("Status"))

    class Meta(Table.Meta):
        model = Hit
        fields = ("rank", "label", "share", "drawn", "held", "via", "holder", "place", "status")
        order_by = "rank"
        empty_text = _("No item reaches this threshold.")

    def render_label(self, record: Hit) -> str:
        inside = (
            format_html("<small>{}</small>", _("inside %s") % label(record.inside)) if record.inside else ""
        )
        return format_html('<a href="{}">{}</a>{}', record.address, record.label, inside)

    def value_label(self, record: Hit) -> str:
        return record.label

    def render_share(self, value: Any) -> str:
        return share_tag(value)

    def render_drawn(self, value: Any) -> str:
        return bar(value)

    def render_held(self, value: int | None) -> str:
        return mass_tag(value)

    def value_held(self, value: int | None) -> str:
        return kilograms(value) or ""

    def render_status(self, value: str) -> str:
        return str(STATUS.get(value, value))
