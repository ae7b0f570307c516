"""Named queries for people: what each asks, who is told of what answers, and how that goes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from lodeline.access import Permission
from lodeline_server.events.subscriptions import actions, queries
from lodeline_server.events.subscriptions.models import Subscription
from lodeline_server.kit.clock import now
from lodeline_server.kit.permissions import page
from lodeline_server.kit.templatetags.lode import moment

if TYPE_CHECKING:
    from uuid import UUID

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    from lodeline_server.events.subscriptions.models import NamedQuery


@require_safe
@page(Permission.CAPTURE_VIEW)
def named_queries(request: HttpRequest) -> HttpResponseBase:
    """The organisation's queries and their subscriptions."""
    actor = request.actor  # type: ignore[attr-defined]
    counts = queries.counts(actor)
    found = [_shown(row, told) for row, told in queries.listed(actor)]
    return render(
        request,
        "events/queries.html",
        {
            "rows": found,
            "counts": counts,
            "heading": _heading(counts, len(found)),
            "may_end": actor.may(Permission.EVENTS_SUBSCRIBE),
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@page(Permission.EVENTS_SUBSCRIBE)
def subscription_end(request: HttpRequest, uuid: UUID) -> HttpResponseBase:
    """End one, after a question."""
    actor = request.actor  # type: ignore[attr-defined]
    row = queries.of_organisation(actor).filter(uuid=uuid).first()
    if row is None:
        raise Http404(_("There is no such subscription."))
    if request.method == "POST":
        actions.unsubscribe(actor=actor, name=row.query.name, uuid=uuid, now=now())
        messages.success(request, _("%(dest)s is told nothing more.") % {"dest": row.dest})
        return redirect("queries")
    return render(request, "events/subscription_end.html", {"row": row})


def _heading(counts: dict[str, int], named: int) -> str:
    if counts["failing"]:
        return ngettext(
            "%(n)s address that should be told does not answer.",
            "%(n)s addresses that should be told do not answer.",
            counts["failing"],
        ) % {"n": counts["failing"]}
    if counts["active"]:
        return ngettext(
            "%(n)s address is told of new events.",
            "%(n)s addresses are told of new events.",
            counts["active"],
        ) % {"n": counts["active"]}
    return _("Nobody is told of new events yet.") if named else _("No query has a name yet.")


def _shown(row: NamedQuery, told: list[Subscription]) -> dict[str, Any]:
    asks = [(name, _value(value)) for name, value in row.definition.items()]
    return {"row": row, "asks": asks, "told": [_line(one) for one in told]}


def _value(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _line(row: Subscription) -> dict[str, Any]:
    kind, words = health(row)
    return {"row": row, "when": when(row), "kind": kind, "words": words, "why": row.reason or row.last_error}


def when(row: Subscription) -> str:
    """When it is told, in words."""
    if row.stream:
        return _("as soon as something new answers")
    names = {
        "month": _("month"),
        "dayOfMonth": _("day"),
        "dayOfWeek": _("weekday"),
        "hour": _("hour"),
        "minute": _("minute"),
        "second": _("second"),
    }
    said = ", ".join(f"{names[field]} {row.schedule[field]}" for field in names if field in row.schedule)
    return _("%(fields)s (UTC)") % {"fields": said}


def health(row: Subscription) -> tuple[str, str]:
    """A mark and words."""
    if row.state == Subscription.State.ENDED:
        return "bad", _("ended")
    if row.failures:
        said = ngettext("%(n)s try failed", "%(n)s tries failed", row.failures) % {"n": row.failures}
        again = _("next try %(at)s") % {"at": moment(row.next_at)}
        return "warn", f"{said}, {again}"
    if row.notified_at is None:
        return "waiting", _("nothing to tell yet")
    return "ok", _("told")
