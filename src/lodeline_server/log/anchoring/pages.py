"""Pages of anchors, and what can be taken away from them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import django_filters
import django_tables2
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from lodeline.access import Permission
from lodeline.log.anchors.states import State
from lodeline_server.kit.permissions import page
from lodeline_server.kit.tables import NumberColumn, Table, table_page
from lodeline_server.kit.templatetags.lode import groups, moment, status
from lodeline_server.log import reading
from lodeline_server.log.anchoring import queries
from lodeline_server.log.anchoring.bundle import bundle
from lodeline_server.log.anchoring.models import Anchor

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

FORMS = {
    "rfc3161": ("tsr", "application/timestamp-reply"),
    "evm": ("json", "application/json"),
    "file": ("checkpoint", "text/plain; charset=utf-8"),
}
STATES = {
    State.WAITING: ("waiting", _("Waiting")),
    State.SUBMITTED: ("waiting", _("Submitted")),
    State.INCLUDED: ("waiting", _("Included")),
    State.FINAL: ("ok", _("Final")),
    State.LOST: ("warn", _("Lost")),
}


class AnchorFilter(django_filters.FilterSet):
    state = django_filters.ChoiceFilter(
        label=_("State"), choices=[(one.value, STATES[one][1]) for one in State], empty_label=_("all")
    )
    book = django_filters.ChoiceFilter(
        label=_("Book"), choices=[("main", _("main")), ("audit", _("audit"))], empty_label=_("all")
    )

    class Meta:
        model = Anchor
        fields = ["state", "book"]


class AnchorTable(Table):
    size = NumberColumn(verbose_name=_("Size"))
    book = django_tables2.Column(verbose_name=_("Book"))
    target = django_tables2.Column(verbose_name=_("Place"))
    kind = django_tables2.Column(verbose_name=_("Kind"))
    state = django_tables2.Column(verbose_name=_("State"))
    attested_at = django_tables2.Column(verbose_name=_("Confirmed time"))
    queued_at = django_tables2.Column(verbose_name=_("Since"))
    pk = django_tables2.Column(verbose_name=_("Evidence"), orderable=False)
    title = _("All anchors")

    class Meta(Table.Meta):
        model = Anchor
        fields = ("size", "book", "target", "kind", "state", "attested_at", "queued_at", "pk")
        order_by = ("-queued_at", "-size")

    def render_size(self, value: int) -> str:
        return groups(value)

    def render_state(self, value: str, record: Anchor) -> str:  # noqa: ARG002 - django-tables2 passes by name
        return status(*STATES[State(record.state)])

    def value_state(self, value: str, record: Anchor) -> str:  # noqa: ARG002 - as above
        return record.state

    def render_attested_at(self, value: Any) -> str:
        return f"{value:%Y-%m-%d %H:%M:%S} UTC"

    def render_queued_at(self, value: Any) -> str:
        return moment(value)

    def render_pk(self, value: int, record: Anchor) -> str:
        if record.state != State.FINAL:
            return ""
        return format_html(
            '<a href="{}">{}</a>', reverse("anchor_receipt", args=[value]), FORMS[record.kind][0]
        )


@require_safe
@page(Permission.LOG_VIEW)
def anchors(request: HttpRequest) -> HttpResponseBase:
    """All anchors of this installation: they name sizes and roots, which are public. Errors are the operator's."""
    newest = queries.newest()
    return table_page(
        request,
        template="log/anchors.html",
        table_class=AnchorTable,
        queryset=queries.listed(),
        filterset_class=AnchorFilter,
        context={
            **places(request),
            "newest": newest,
            "newest_until": queries.until(newest) if newest else None,
            "link_anchors": False,
        },
        filename="anchors",
    )


def places(request: HttpRequest) -> dict[str, Any]:
    """What `log/anchor_places.html` shows; the log's page includes it, too."""
    found, wrong = queries.standings()
    operator = request.actor.may(Permission.OPERATE)  # type: ignore[attr-defined]
    return {
        "places": found,
        "file_fault": wrong if operator else "",
        "failing": list(queries.failing()[: queries.SHOWN]) if operator else [],
        "link_anchors": True,
    }


@require_safe
@page(Permission.LOG_VIEW)
def receipt(request: HttpRequest, pk: int) -> HttpResponse:  # noqa: ARG001
    """The evidence as it came from outside."""
    row = queries.get(pk)
    if row is None or row.state != State.FINAL:
        raise Http404("no final anchor of this number")
    ending, media_type = FORMS[row.kind]
    return _download(bytes(row.receipt), f"{row.book}-{row.size}.{ending}", media_type)


@require_safe
@page(Permission.LOG_VIEW)
def proof(request: HttpRequest, position: int, pk: int) -> HttpResponse:
    """That a statement was in the log before a time. Its leaf says nothing of what it says, so the workspace may."""
    row = queries.get(pk)
    if row is None or row.book != "main" or not queries.covering(row, position):
        raise Http404("no anchor of this number covers this position")
    if not reading.may_prove(request.actor, position):  # type: ignore[attr-defined]
        raise Http404("no statement at this position")
    return _download(bundle(row, position), f"{position}-before.zip", "application/zip")


def _download(data: bytes, name: str, media_type: str) -> HttpResponse:
    response = HttpResponse(data, content_type=media_type)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
