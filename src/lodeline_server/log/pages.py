"""The log explorer and the receipt of a statement."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import django_filters
import django_tables2
from django.conf import settings
from django.http import Http404
from django.shortcuts import render
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from lodeline.access import Permission
from lodeline.keys import b64url
from lodeline_server.kit.permissions import page
from lodeline_server.kit.seal import rosette
from lodeline_server.kit.tables import Table, table_page
from lodeline_server.kit.templatetags.lode import moment, receipt
from lodeline_server.log import notebook, queries, reading
from lodeline_server.log.models import Entry

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse
    from django.http.response import HttpResponseBase

SHOWN = 20_000  # characters of a payload on the page; the API gives all of it
SIGNERS = {
    "party": _("signed by the party itself, over the raw bytes of its document"),
    "platform-on-behalf": _("signed by the platform on behalf of the party; the party has not signed it"),
    "platform": _("computed and signed by the platform"),
}


class EntryFilter(django_filters.FilterSet):
    type = django_filters.ChoiceFilter(label=_("Type"), choices=list, empty_label=_("all"))
    after = django_filters.NumberFilter(
        label=_("From position"), field_name="position", lookup_expr="gte", max_value=2**62
    )

    class Meta:
        model = Entry
        fields = ["type", "after"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = self.queryset.order_by("type").values_list("type", flat=True).distinct()
        self.filters["type"].extra["choices"] = [(name, name) for name in known]


class EntryTable(Table):
    position = django_tables2.Column(verbose_name=_("Position"))
    type = django_tables2.Column(verbose_name=_("Type"))
    time = django_tables2.Column(verbose_name=_("Logged"))
    leaf_hash = django_tables2.Column(verbose_name=_("Leaf hash"), orderable=False)

    class Meta(Table.Meta):
        model = Entry
        fields = ("position", "type", "time", "leaf_hash")
        order_by = "-position"

    def render_position(self, value: int) -> str:
        return receipt(value)

    def value_position(self, value: int) -> int:
        return value

    def render_time(self, value: Any) -> str:
        return moment(value)

    def render_leaf_hash(self, value: bytes) -> str:
        return format_html("<code>{}…</code>", bytes(value).hex()[:16])

    def value_leaf_hash(self, value: bytes) -> str:
        return bytes(value).hex()


@require_safe
@page(Permission.LOG_VIEW)
def explorer(request: HttpRequest) -> HttpResponseBase:
    actor = request.actor  # type: ignore[attr-defined]
    newest = notebook.newest()
    return table_page(
        request,
        template="log/explorer.html",
        table_class=EntryTable,
        queryset=reading.listed(actor).only("position", "type", "time", "leaf_hash"),
        filterset_class=EntryFilter,
        context={
            "size": newest.size if newest else 0,
            "note": newest.note if newest else "",
            "vkey": notebook.verifier(),
            "signed_at": newest.created_at if newest else None,
            "origin": settings.LOG_ORIGIN,
        },
        filename="log",
    )


@require_safe
@page(Permission.LOG_VIEW)
def statement(request: HttpRequest, position: int) -> HttpResponse:
    actor = request.actor  # type: ignore[attr-defined]
    found = reading.open_statement(actor, position)
    if found is None:
        raise Http404("no statement at this position")
    size = queries.size()
    signature = found.payload.get("signature", {})
    body = json.dumps(found.payload.get("body", {}), indent=2, ensure_ascii=False)
    return render(
        request,
        "log/statement.html",
        {
            "found": found,
            "leaf": found.leaf.decode(),
            "leaf_hash": found.leaf_hash.hex(),
            "salt": b64url(found.salt),
            "issuer": found.payload.get("issuer", ""),
            "captured_by": found.payload.get("captured_by", ""),
            "statement_id": found.payload.get("id", ""),
            "signer": SIGNERS.get(signature.get("by", ""), _("unknown")),
            "own_signature": signature.get("by") == "party",
            "kid": signature.get("kid", ""),
            "body": body[:SHOWN],
            "cut": len(body) > SHOWN,
            "path": [base64.b64encode(one).decode() for one in queries.inclusion(position, size)],
            "size": size,
            "note": queries.checkpoint(),
            "seal": rosette(found.leaf_hash),
            "vkey": notebook.verifier(),
        },
    )
