"""How the log stands, and whose workspace this is: asked on every page, so it is cheap."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from lodeline_server.events import queries as events
from lodeline_server.kit.templatetags.lode import groups
from lodeline_server.log import projections, queries
from lodeline_server.log.books import MAIN
from lodeline_server.log.health import Line, anchor, checkpoint, witnesses
from lodeline_server.log.models import Cursor
from lodeline_server.parties.models import Organisation

if TYPE_CHECKING:
    from datetime import datetime

    from django.http import HttpRequest

    from lodeline.access import Actor

# A projection that is behind for longer than its clock's period stands still.
SLOW = 2_000


def _organisation(request: HttpRequest) -> Organisation | None:
    """One query for a page, whatever it asks of it."""
    if not hasattr(request, "organisation_shown"):
        actor: Actor = request.actor  # type: ignore[attr-defined]
        rows = Organisation.objects.select_related("workspace").filter(workspace_id=actor.workspace)
        request.organisation_shown = rows.filter(pk=actor.organisation).first()  # type: ignore[attr-defined]
    found: Organisation | None = request.organisation_shown  # type: ignore[attr-defined]
    return found


def organisation_name(request: HttpRequest) -> str:
    """Whom the actor acts for."""
    found = _organisation(request)
    return found.name if found else ""


def demonstration(request: HttpRequest) -> bool:
    """True in a workspace whose companies, places and figures are invented."""
    found = _organisation(request)
    return bool(found and found.workspace.demonstration)


def behind() -> int:
    """How far the slowest projection is behind the log."""
    at = dict(Cursor.objects.values_list("projection", "position"))
    size = queries.size()  # asked last: what was appended in between must not count as read
    return max((size - at.get(one.name, 0) for one in projections.registered()), default=0)


def badge(_request: HttpRequest) -> dict[str, str]:
    """The mark beside the log's size in the top bar."""
    missing = behind()
    if missing > SLOW:
        words = _("projections are %(count)s positions behind") % {"count": groups(missing)}
        return {"kind": "warn", "words": words}
    if missing:
        return {
            "kind": "waiting",
            "words": _("%(count)s positions are being read") % {"count": groups(missing)},
        }
    return {"kind": "ok", "words": _("all pages are up to date with it")}


def health(actor: Actor, now: datetime) -> list[Line]:
    """What stands on the dashboard. What is not set up yet says so."""
    lines = [checkpoint(MAIN, now)]
    missing = behind()
    words = ngettext("%(n)s position", "%(n)s positions", missing) % {"n": groups(missing)}
    lines.append(
        Line(
            kind="ok" if not missing else "waiting" if missing <= SLOW else "warn",
            name=_("Pages behind the log"),
            words=words,
        )
    )
    waiting = events.open_jobs(before=now - timedelta(minutes=5)).filter(workspace_id=actor.workspace).count()
    words = ngettext("%(n)s document", "%(n)s documents", waiting) % {"n": groups(waiting)}
    lines.append(Line(kind="warn" if waiting else "ok", name=_("Waiting over 5 minutes"), words=words))
    return [*lines, witnesses(MAIN, now), anchor(now)]
