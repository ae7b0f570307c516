"""Certificates on record."""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from lodeline.access import Permission
from lodeline_server.evidence import queries
from lodeline_server.evidence.tables import CertificateFilter, CertificateTable, state_of
from lodeline_server.kit.clock import now
from lodeline_server.kit.permissions import page
from lodeline_server.kit.tables import table_page

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    from lodeline.access import Actor
    from lodeline_server.evidence.models import Fact


@require_safe
@page(Permission.EVIDENCE_VIEW)
def schemes(request: HttpRequest) -> HttpResponseBase:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    today = now().date()
    rows = queries.certificates(actor)
    parties = list(queries.parties(actor.workspace or 0))
    names = {party.uri: party.name for party in parties}
    sites = dict(queries.sites(actor.workspace or 0).values_list("uri", "name"))
    links = {party.uri: party.pk for party in parties} if actor.may(Permission.SCORES_VIEW) else {}
    found = list(rows)
    schemes_ = Counter(str(row.content.get("scheme", "")) for row in found)
    return table_page(
        request,
        template="evidence/schemes.html",
        table_class=partial(CertificateTable, today=today, names=names, sites=sites, links=links),  # type: ignore[arg-type]
        queryset=rows,
        filterset_class=partial(CertificateFilter, names=names, today=today),  # type: ignore[arg-type]
        context={
            "heading": heading(found, today),
            "count": len(found),
            "schemes": len(schemes_),
            "newest": max((row.position for row in found), default=None),
            "today": today,
        },
        filename="certificates",
    )


def heading(rows: Sequence[Fact], today: date) -> str:
    """The answer first: what ends soon, what is out of force."""
    if not rows:
        return _("No certificate is on record.")
    states = Counter(state_of(row, today) for row in rows)
    ending = states["ending"]
    out = states["expired"] + states["suspended"] + states["withdrawn"]
    if not ending and not out:
        return ngettext(
            "The one certificate on record is in force.",
            "All %(count)s certificates on record are in force.",
            len(rows),
        ) % {"count": len(rows)}
    parts = []
    if ending:
        parts.append(
            ngettext("%(n)s certificate ends within 90 days", "%(n)s certificates end within 90 days", ending)
            % {"n": ending}
        )
    if out:
        parts.append(ngettext("%(n)s is out of force", "%(n)s are out of force", out) % {"n": out})
    return f"{_(', ').join(parts)}."
