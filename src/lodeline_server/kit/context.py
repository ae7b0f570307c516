"""What every page knows: who acts, where they may go, where the log stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from lodeline.access import Permission

if TYPE_CHECKING:
    from django.http import HttpRequest

# The seven nouns of the top bar: address, name, permission.
NOUNS = (
    ("/app/", _("Home"), Permission.HOME_VIEW),
    ("/app/suppliers/", _("Suppliers"), Permission.SCORES_VIEW),
    ("/app/trace/", _("Trace"), Permission.LOTS_VIEW),
    ("/app/passports/", _("Passports"), Permission.PASSPORTS_VIEW),
    ("/app/recalls/", _("Recalls"), Permission.RECALLS_VIEW),
    ("/app/schemes/", _("Schemes"), Permission.EVIDENCE_VIEW),
    ("/app/log/", _("Log"), Permission.LOG_VIEW),
)
PERSONAL = (
    ("/app/captures/", _("Captures"), Permission.CAPTURE_VIEW),
    ("/app/members/", _("Members"), Permission.MEMBERS_MANAGE),
    ("/app/keys/", _("Keys"), Permission.KEYS_MANAGE),
    ("/app/operator/", _("Operator"), Permission.OPERATE),
)
_log_size: list[Any] = []


def offer_log_size(size: Any) -> None:
    """The log app says how its size is asked for; this package knows no app above it."""
    _log_size[:] = [size]


def _links(request: HttpRequest, nouns: tuple[tuple[str, Any, Permission], ...]) -> list[dict[str, Any]]:
    actor = getattr(request, "actor", None)
    path = request.path_info
    return [
        {
            "href": href,
            "name": name,
            "here": path == href,
            "current": path == href if href == "/app/" else path.startswith(href),
        }
        for href, name, permission in nouns
        if actor is not None and actor.may(permission)
    ]


def page(request: HttpRequest) -> dict[str, Any]:
    """Context of every template. What costs a query is looked up when a template asks for it."""
    actor = getattr(request, "actor", None)
    return {
        "actor": actor,
        "nouns": _links(request, NOUNS),
        "personal": _links(request, PERSONAL),
        "log_size": lambda: _log_size[0]() if _log_size and actor else None,
    }
