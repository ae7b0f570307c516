"""What every page knows: who acts, where they may go, where the log stands.

This package knows no app above it, so apps hand in what it shows: `offer("facts", function)` from
`AppConfig.ready()`. Whatever costs a query is asked for only when a template shows it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext_lazy as _

from lodeline.access import Permission

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest

Link = tuple[str, Any, Permission]

# The seven nouns of the top bar: address, name, permission.
NOUNS: tuple[Link, ...] = (
    ("/app/", _("Home"), Permission.HOME_VIEW),
    ("/app/suppliers/", _("Suppliers"), Permission.SCORES_VIEW),
    ("/app/trace/", _("Trace"), Permission.LOTS_VIEW),
    ("/app/passports/", _("Passports"), Permission.PASSPORTS_VIEW),
    ("/app/recalls/", _("Recalls"), Permission.RECALLS_VIEW),
    ("/app/schemes/", _("Schemes"), Permission.EVIDENCE_VIEW),
    ("/app/log/", _("Log"), Permission.LOG_VIEW),
)
# Pages that are not in the top bar but belong below one of its nouns.
BELOW = {
    "/app/audit/": "/app/log/",
    "/app/lots/": "/app/trace/",
    "/app/items/": "/app/trace/",
    "/app/reconciliation/": "/app/trace/",
    "/app/custody/": "/app/trace/",
}
# The person menu.
PERSONAL: tuple[Link, ...] = (
    ("/app/captures/", _("Captures"), Permission.CAPTURE_VIEW),
    ("/app/queries/", _("Queries"), Permission.CAPTURE_VIEW),
    ("/app/members/", _("Members"), Permission.MEMBERS_MANAGE),
    ("/app/credentials/", _("Credentials"), Permission.CREDENTIALS_VERIFY),
    ("/app/identity/", _("Identity"), Permission.KEYS_MANAGE),
    ("/app/thresholds/", _("Threshold proofs"), Permission.CREDENTIALS_VERIFY),
    ("/app/keys/", _("API keys"), Permission.KEYS_MANAGE),
    ("/app/audit/", _("Audit trail"), Permission.AUDIT_VIEW),
    ("/app/operator/", _("Operator"), Permission.OPERATE),
)
_offers: dict[str, Callable[[HttpRequest], Any]] = {}
_log_size: list[Callable[[], int]] = []


def offer(name: str, answer: Callable[[HttpRequest], Any]) -> None:
    """Let templates of signed-in pages use `{{ name }}`; asked at most once a page, and only if used."""
    _offers[name] = answer


def offer_log_size(size: Callable[[], int]) -> None:
    """The log app says how its size is asked for."""
    _log_size[:] = [size]


def _links(request: HttpRequest, nouns: tuple[Link, ...]) -> list[dict[str, Any]]:
    actor = getattr(request, "actor", None)
    path = request.path_info
    for below, above in BELOW.items():
        if path.startswith(below):
            path = above + path.removeprefix(below)
    return [
        {
            "href": href,
            "name": name,
            "here": request.path_info == href,
            "current": path == href if href == "/app/" else path.startswith(href),
        }
        for href, name, permission in nouns
        if actor is not None and actor.may(permission)
    ]


def page(request: HttpRequest) -> dict[str, Any]:
    """Context of every template."""
    actor = getattr(request, "actor", None)
    known: dict[str, Any] = {
        "actor": actor,
        "nouns": _links(request, NOUNS),
        "personal": _links(request, PERSONAL),
        "log_size": SimpleLazyObject(_log_size[0]) if _log_size and actor else None,
    }
    if actor is not None:
        known |= {name: SimpleLazyObject(lambda ask=ask: ask(request)) for name, ask in _offers.items()}
    return known
