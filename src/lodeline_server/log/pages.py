"""The log explorer and the receipt of a statement."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import django_filters
import django_tables2
from django.conf import settings
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from lodeline.access import Permission
from lodeline.keys import b64url
from lodeline.log.checkpoint import to_base64
from lodeline_server.kit.permissions import page
from lodeline_server.kit.tables import Table, table_page
from lodeline_server.kit.templatetags.lode import moment, receipt
from lodeline_server.log import notebook, reading, wording
from lodeline_server.log.anchoring.pages import places
from lodeline_server.log.drawing import tree
from lodeline_server.log.models import Entry
from lodeline_server.log.standing import standing

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

SHOWN = 20_000  # characters of a payload on the page; the API gives all of it
# By the payload's `signature.by`: short word, title, explanation, status and verdict.
SIGNERS = {
    "party": (
        _("by the party"),
        _("Signed by the sender"),
        _("Signed by the party itself, over the raw bytes of its document."),
        ("ok", _("Checked at capture")),
    ),
    "platform-on-behalf": (
        _("on the party's behalf"),
        _("Not signed by the sender"),
        _("Signed by the platform on behalf of the party. It stays marked so."),
        ("none", _("On behalf")),
    ),
    "platform": (
        _("by the platform"),
        _("Computed by Lodeline"),
        _("Computed and signed by the platform, from what the log holds."),
        ("ok", _("By the platform")),
    ),
}
UNSIGNED = (
    _("nobody"),
    _("Nobody is named as signer"),
    _("The statement does not say who signed it."),
    ("none", _("Unknown")),
)
FAULTS = {
    "leaf": _("The record in the log differs from what stands beside it."),
    "commitment": _("What it says is not what was committed to."),
    "path": _("Its way does not lead to the signed root."),
    "signature": _("The checkpoint's signature does not hold."),
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
            "signed_at": newest.created_at if newest else None,
            "vkey": notebook.verifier(),
            "origin": settings.LOG_ORIGIN,
            "own_only": actor.only_own,
            **places(request),
        },
        filename="log",
    )


@require_safe
@page(Permission.LOG_VIEW)
def statement(request: HttpRequest, position: int) -> HttpResponse:
    found = reading.open_statement(request.actor, position)  # type: ignore[attr-defined]
    if found is None:
        raise Http404("no statement at this position")
    stands = standing(found)
    if request.GET.get("format") == "proof":
        return _proof(stands.receipt(), position)
    signature = found.payload.get("signature")
    by = signature if isinstance(signature, dict) else {}
    body = json.dumps(found.payload.get("body", {}), indent=2, ensure_ascii=False)
    return render(
        request,
        "log/statement.html",
        {
            "found": found,
            "kind": wording.kind(found.type),
            "rows": wording.rows(found.type, found.payload),
            "issuer": found.payload.get("issuer", ""),
            "captured_by": found.payload.get("captured_by", ""),
            "statement_id": found.payload.get("id", ""),
            "signer": _signer(by.get("by")),
            "kid": by.get("kid", ""),
            "body": body[:SHOWN],
            "cut": len(body) > SHOWN,
            "leaf": found.leaf.decode(errors="replace"),
            "leaf_hash": found.leaf_hash.hex(),
            "salt": b64url(found.salt),
            "standing": stands,
            "faults": [FAULTS[name] for name in stands.faults],
            "root": to_base64(stands.root),
            "path": [to_base64(one) for one in stands.path],
            "drawing": tree(position, stands.size, len(stands.path)),
            "origin": stands.note.split("\n", 1)[0],
            "vkey": notebook.verifier(),
        },
    )


def _signer(by: Any) -> dict[str, Any]:
    short, title, words, (status, verdict) = SIGNERS.get(by, UNSIGNED) if isinstance(by, str) else UNSIGNED
    return {
        "short": short,
        "title": title,
        "words": words,
        "status": status,
        "verdict": verdict,
        "own": by in ("party", "platform"),
    }


def _proof(text: str, position: int) -> HttpResponse:
    response = HttpResponse(text, content_type="text/plain; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{position}.tlog-proof"'
    return response
