"""Certificates on record: what is shown of each, and how they are filtered."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import django_filters
import django_tables2
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from lodeline_server.evidence.models import Fact
from lodeline_server.kit.tables import Table
from lodeline_server.kit.templatetags.lode import day, evidence_chip, receipt, status

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from django.db.models import QuerySet
    from django.http import HttpRequest
    from django.utils.safestring import SafeString

SOON_DAYS = 90
# What a certificate's own word and the day make of it: state -> (icon, words).
STATES = {
    "valid": ("ok", gettext_lazy("Valid")),
    "ending": ("warn", gettext_lazy("Ends soon")),
    "expired": ("bad", gettext_lazy("Expired")),
    "suspended": ("barred", gettext_lazy("Suspended")),
    "withdrawn": ("barred", gettext_lazy("Withdrawn")),
    "ahead": ("waiting", gettext_lazy("Not yet valid")),
}


def state_of(fact: Fact, today: date) -> str:
    """The state on the day: the issuer's own word first, then the dates."""
    said = fact.content.get("status")
    if said in {"suspended", "withdrawn"}:
        return str(said)
    if fact.valid_from is not None and fact.valid_from > today:
        return "ahead"
    if fact.valid_until is not None and fact.valid_until < today:
        return "expired"
    if fact.valid_until is not None and fact.valid_until <= today + timedelta(days=SOON_DAYS):
        return "ending"
    return "valid"


class CertificateFilter(django_filters.FilterSet):
    scheme = django_filters.ChoiceFilter(
        label=gettext_lazy("Scheme"),
        choices=list,
        empty_label=gettext_lazy("any"),
        field_name="content__scheme",
    )
    state = django_filters.ChoiceFilter(
        label=gettext_lazy("State"),
        choices=[(name, words) for name, (_icon, words) in STATES.items()],
        empty_label=gettext_lazy("any"),
        method="by_state",
    )
    holder = django_filters.ChoiceFilter(
        label=gettext_lazy("Holder"), choices=list, empty_label=gettext_lazy("any"), field_name="party"
    )

    class Meta:
        model = Fact
        fields = ["scheme", "state", "holder"]

    def __init__(
        self,
        data: Any,
        *,
        queryset: QuerySet[Fact],
        request: HttpRequest,
        names: Mapping[str, str],
        today: date,
    ) -> None:
        super().__init__(data, queryset=queryset, request=request)
        self.today = today
        rows = list(queryset.values_list("content__scheme", "party"))
        schemes = sorted({scheme for scheme, _party in rows if isinstance(scheme, str)})
        holders = sorted((names.get(party, party), party) for party in {party for _scheme, party in rows})
        self.filters["scheme"].extra["choices"] = [(name, name) for name in schemes]
        self.filters["holder"].extra["choices"] = [(party, name) for name, party in holders]

    def by_state(self, rows: QuerySet[Fact], _name: str, value: str) -> QuerySet[Fact]:
        # One rule for the state, in Python; there are as many rows as certificates.
        return rows.filter(pk__in=[row.pk for row in rows if state_of(row, self.today) == value])


class CertificateTable(Table):
    number = django_tables2.Column(
        verbose_name=gettext_lazy("Certificate"), accessor="statement_id", orderable=False
    )
    holder = django_tables2.Column(verbose_name=gettext_lazy("Holder"), accessor="party")
    sites = django_tables2.Column(verbose_name=gettext_lazy("Sites"), accessor="content", orderable=False)
    valid_from = django_tables2.Column(
        verbose_name=gettext_lazy("Valid from"), attrs={"td": {"class": "nowrap"}}
    )
    valid_until = django_tables2.Column(
        verbose_name=gettext_lazy("Valid until"), attrs={"td": {"class": "nowrap"}}
    )
    state = django_tables2.Column(verbose_name=gettext_lazy("State"), accessor="pk", orderable=False)
    level = django_tables2.Column(verbose_name=gettext_lazy("Evidence"))
    position = django_tables2.Column(verbose_name=gettext_lazy("Receipt"))
    # Only in the export:
    scheme = django_tables2.Column(visible=False, accessor="content")
    issuer = django_tables2.Column(visible=False)

    class Meta(Table.Meta):
        model = Fact
        fields = ("number", "holder", "sites", "valid_from", "valid_until", "state", "level", "position")
        order_by = "valid_until"

    def __init__(
        self,
        data: Any,
        *,
        request: HttpRequest,
        today: date,
        names: Mapping[str, str],
        sites: Mapping[str, str],
        links: Mapping[str, int],
    ) -> None:
        super().__init__(data, request=request)
        self.today, self.names, self.site_names, self.links = today, names, sites, links

    def render_number(self, record: Fact) -> SafeString:
        return format_html(
            "<b>{}</b><small>{}</small>",
            self.value_number(record) or _("no number"),
            self.value_scheme(record),
        )

    def value_number(self, record: Fact) -> str:
        return _text(record, "number")

    def value_scheme(self, record: Fact) -> str:
        return _text(record, "scheme")

    def render_holder(self, record: Fact) -> SafeString:
        name, pk = self.value_holder(record), self.links.get(record.party)
        issued = format_html("<small>{}</small>", _("by %(issuer)s") % {"issuer": self.value_issuer(record)})
        if pk is None:
            return format_html("{}{}", name, issued)
        return format_html('<a href="{}">{}</a>{}', reverse("supplier", args=[pk]), name, issued)

    def value_holder(self, record: Fact) -> str:
        return self.names.get(record.party, record.party)

    def value_issuer(self, record: Fact) -> str:
        return self.names.get(record.issuer, record.issuer)

    def render_sites(self, record: Fact) -> SafeString:
        said = self._sites(record)
        if not said:
            return format_html('<span class="quiet">{}</span>', _("the group, no site named"))
        return format_html_join("", "<div>{}</div>", ((name,) for name in said[:4]))

    def value_sites(self, record: Fact) -> str:
        return "; ".join(self._sites(record))

    def _sites(self, record: Fact) -> list[str]:
        found = record.content.get("sites")
        rows = found if isinstance(found, list) else []
        return [self.site_names.get(uri, uri) for uri in rows if isinstance(uri, str)]

    def render_valid_from(self, value: Any) -> str:
        return day(value)

    def render_valid_until(self, record: Fact) -> SafeString:
        if record.valid_until is None:
            return format_html("{}", _("no end stated"))
        left = (record.valid_until - self.today).days
        words = (
            ngettext("%(n)s day left", "%(n)s days left", left)
            if left >= 0
            else ngettext("%(n)s day ago", "%(n)s days ago", -left)
        )
        return format_html("{}<small>{}</small>", day(record.valid_until), words % {"n": abs(left)})

    def value_valid_until(self, record: Fact) -> str:
        return "" if record.valid_until is None else day(record.valid_until)

    def render_state(self, record: Fact) -> SafeString:
        icon, words = STATES[state_of(record, self.today)]
        return status(icon, words)

    def value_state(self, record: Fact) -> str:
        return state_of(record, self.today)

    def render_level(self, value: str) -> SafeString:
        return evidence_chip(value)

    def value_level(self, value: str) -> str:
        return value

    def render_position(self, value: int) -> SafeString:
        return receipt(value)

    def value_position(self, value: int) -> int:
        return value


def _text(record: Fact, key: str) -> str:
    value = record.content.get(key)
    return value if isinstance(value, str) else ""
