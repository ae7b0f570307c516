"""Lists of passports and of batteries that wait for one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import django_filters
import django_tables2
from django.urls import reverse
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from lodeline.passports.access import MATRIX
from lodeline.passports.completeness import TO_FIX, State, total
from lodeline.passports.datapoints import CATEGORIES
from lodeline_server.kit.tables import NumberColumn, Table
from lodeline_server.kit.templatetags.lode import day, receipt, status
from lodeline_server.lots.models import Lot
from lodeline_server.passports import wording
from lodeline_server.passports.models import Passport
from lodeline_server.passports.queries import audience

if TYPE_CHECKING:
    from django.db.models import QuerySet

STANDING = {"active": "ok", "archived": "none", "inactive": "barred", "invalid": "bad"}


class PassportFilter(django_filters.FilterSet):
    serial = django_filters.CharFilter(label=_("Serial"), lookup_expr="icontains", max_length=100)
    category = django_filters.ChoiceFilter(
        label=_("Category"),
        choices=[(one, wording.CATEGORIES[one]) for one in CATEGORIES],
        empty_label=_("all"),
    )
    model = django_filters.ChoiceFilter(label=_("Model"), choices=list, empty_label=_("all"))
    status = django_filters.ChoiceFilter(
        label=_("Passport"), choices=list(wording.DPP_STATUS.items()), empty_label=_("all")
    )

    class Meta:
        model = Passport
        fields = ["serial", "category", "model", "status"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = self.queryset.order_by("model").values_list("model", flat=True).distinct()
        self.filters["model"].extra["choices"] = [(name, name) for name in known]


class PassportTable(Table):
    title = _("Passports")
    serial = django_tables2.Column(
        verbose_name=_("Serial"), linkify=("passport", {"pk": django_tables2.A("pk")})
    )
    model = django_tables2.Column(verbose_name=_("Model"))
    maker_name = django_tables2.Column(verbose_name=_("Maker"))
    category = django_tables2.Column(verbose_name=_("Category"))
    present = NumberColumn(verbose_name=_("Present"), accessor="counts", orderable=False)
    to_fix = NumberColumn(verbose_name=_("To fix"), accessor="counts", orderable=False)
    status = django_tables2.Column(verbose_name=_("Passport"))
    version = NumberColumn(verbose_name=_("Version"))
    published_at = django_tables2.Column(verbose_name=_("Issued"))
    position = django_tables2.Column(verbose_name=_("Receipt"))

    class Meta(Table.Meta):
        model = Passport
        fields = ("serial", "model", "maker_name", "category", "present", "to_fix", "status", "version", "published_at",
                  "position")  # fmt: skip
        order_by = ("model", "serial")

    def _counts(self, record: Passport) -> dict[str, int]:
        groups = MATRIX[audience(self.request.actor, record.maker)]
        return total(record.counts, groups)

    def render_category(self, value: str) -> str:
        return str(wording.CATEGORIES.get(value, value))

    def render_present(self, record: Passport) -> str:
        counts = self._counts(record)
        return format_html(
            "{}<small>{} {}</small>", self.value_present(record), _("of"), sum(counts.values())
        )

    def value_present(self, record: Passport) -> int:
        return self._counts(record).get(State.PRESENT.value, 0)

    def render_to_fix(self, record: Passport) -> int:
        counts = self._counts(record)
        return sum(counts.get(state.value, 0) for state in TO_FIX)

    value_to_fix = render_to_fix

    def render_status(self, value: str) -> str:
        return status(STANDING.get(value, "none"), wording.DPP_STATUS.get(value, value))

    def value_status(self, value: str) -> str:
        return value

    def render_published_at(self, value: Any) -> str:
        return day(value)

    def render_position(self, value: int) -> str:
        return receipt(value)

    def value_position(self, value: int) -> int:
        return value


class WaitingTable(Table):
    title = _("Batteries without a passport")
    label = django_tables2.Column(verbose_name=_("Serial"))
    product = django_tables2.Column(verbose_name=_("Model"))
    maker = django_tables2.Column(verbose_name=_("Maker"), accessor="party", orderable=False)
    made_at = django_tables2.Column(verbose_name=_("Made"))
    position = django_tables2.Column(verbose_name=_("Receipt"))

    class Meta(Table.Meta):
        model = Lot
        fields = ("label", "product", "maker", "made_at", "position")
        order_by = ("made_at", "label")

    def __init__(self, data: QuerySet[Lot], *, names: dict[str, str] | None = None, **more: Any) -> None:
        super().__init__(data, **more)
        self._names = names or {}

    def render_label(self, record: Lot) -> str:
        query = urlencode({"key": record.key})
        return format_html('<a href="{}?{}">{}</a>', reverse("passports_waiting"), query, record.label)

    def value_label(self, value: str) -> str:
        return value

    def render_maker(self, value: str) -> str:
        return self._names.get(value, value)

    def render_made_at(self, value: Any) -> str:
        return day(value)

    def render_position(self, value: int) -> str:
        return receipt(value)

    def value_position(self, value: int) -> int:
        return value
