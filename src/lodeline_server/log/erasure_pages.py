"""The operator's list of erasures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import django_tables2
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from lodeline.access import Permission
from lodeline_server.kit.permissions import page
from lodeline_server.kit.tables import NumberColumn, Table, table_page
from lodeline_server.kit.templatetags.lode import moment, receipt
from lodeline_server.log import erasures
from lodeline_server.log.models import Erasure

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

REASONS = {
    "request": _("The person asked for it"),
    "consent-withdrawn": _("Consent was withdrawn"),
    "retention-ended": _("No longer needed"),
    "unlawful": _("Should not have been kept"),
    "court-order": _("Ordered by a court or an authority"),
    "restored": _("Erased again after a restore"),
}


class ErasureTable(Table):
    title = _("Erasures")
    erased_at = django_tables2.Column(verbose_name=_("Erased"))
    position = django_tables2.Column(verbose_name=_("On record at"), empty_values=())
    pseudonym = django_tables2.Column(verbose_name=_("Pseudonym"), accessor="key__pseudonym", orderable=False)
    reason = django_tables2.Column(verbose_name=_("Reason"))
    count = NumberColumn(verbose_name=_("Statements"))
    cleaned_at = django_tables2.Column(verbose_name=_("Cleaned"), empty_values=())

    class Meta(Table.Meta):
        model = Erasure
        fields = ("erased_at", "position", "pseudonym", "reason", "count", "cleaned_at")
        order_by = "-erased_at"

    def render_erased_at(self, value: Any) -> str:
        return moment(value)

    def render_position(self, value: Any) -> str:
        return str(_("not yet")) if value is None else receipt(value)

    def value_position(self, value: Any) -> Any:
        return value

    def render_pseudonym(self, value: str) -> str:
        return format_html("<code>{}</code>", value)

    def value_pseudonym(self, value: str) -> str:
        return value

    def render_reason(self, value: str) -> str:
        return str(REASONS.get(value, value))

    def render_cleaned_at(self, value: Any) -> str:
        return moment(value) if value else str(_("not yet: 'lodeline erase --finish'"))


@require_safe
@page(Permission.PERSONS_ERASE)
def listed(request: HttpRequest) -> HttpResponseBase:
    rows = erasures.of(request.actor)  # type: ignore[attr-defined]
    return table_page(
        request,
        template="log/erasures.html",
        table_class=ErasureTable,
        queryset=rows,
        context={"total": rows.count(), "open": rows.filter(cleaned_at=None).count()},
        filename="erasures",
    )
