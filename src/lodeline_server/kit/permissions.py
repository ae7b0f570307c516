"""Who may open a page or call an endpoint.

Every view says it: `page(Permission.X)` on pages, `endpoint(Permission.X)` below ninja's decorator on
operations, `public` on the few that answer anybody. The mark stays on the callable (`.permission`, `.public`,
`.account`), so that a test can walk all addresses and find the one that was forgotten.
"""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

from django.contrib.auth.views import redirect_to_login
from django.shortcuts import render
from ninja.decorators import decorate_view
from ninja.signature.utils import get_typed_signature

from lodeline.access import Denied, Permission
from lodeline_server.kit.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

View = TypeVar("View", bound="Callable[..., Any]")
PRIVATE = "private, no-store"
# Below these, people are signed in. Everywhere else nothing may depend on the session.
FOR_PEOPLE = ("/app/", "/accounts/")


def page(
    permission: Permission,
) -> Callable[[Callable[..., HttpResponseBase]], Callable[..., HttpResponseBase]]:
    """A page for signed-in people with `permission`.

    Signed out: to the sign-in page. Without the permission, or without a membership: 403. `Denied` and
    `Problem` raised inside become an error page with their status. Answers are `private, no-store`.
    """

    def mark(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            actor = getattr(request, "actor", None)
            if actor is None and not request.user.is_authenticated:
                request.turned_away = True  # type: ignore[attr-defined]  # for the audit trail: a denial, though it redirects
                return _to_sign_in(request)
            try:
                allowed = actor is not None and actor.may(permission)
                response = view(request, *args, **kwargs) if allowed else refuse(request, permission)
            except Denied as denied:
                response = refuse(request, denied.permission)
            except Problem as problem:
                response = render(request, "problem.html", {"problem": problem}, status=problem.status)
            response.headers.setdefault("Cache-Control", PRIVATE)
            return response

        guarded.permission = permission  # type: ignore[attr-defined]
        return guarded

    return mark


def endpoint(permission: Permission) -> Callable[[View], View]:
    """A ninja operation for actors with `permission`; stands below `@router.get(...)`.

    `request.auth` is the Actor. Who lacks the permission gets 403 before the request is looked at any
    further: authentication asks for `request.needs`, the operation itself asks again.
    """

    def mark(view: View) -> View:
        # As ninja names it in the OpenAPI document; the audit trail says it so.
        operation = f"{view.__module__}_{view.__name__}".replace(".", "_")

        def needing(run: Callable[..., Any]) -> Callable[..., Any]:
            @wraps(run)
            def told(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
                request.needs, request.operation = permission, operation  # type: ignore[attr-defined]
                return run(request, *args, **kwargs)

            return told

        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            request.auth.require(permission)  # type: ignore[attr-defined]
            return view(request, *args, **kwargs)

        # ninja resolves annotations in the globals of what it is given: ours would be the wrong ones.
        guarded.__signature__ = get_typed_signature(view)  # type: ignore[attr-defined]
        guarded.permission = permission  # type: ignore[attr-defined]
        return decorate_view(needing)(guarded)  # type: ignore[return-value]

    return mark


def public(view: View) -> View:
    """Marks what answers anybody, with the same bytes whether signed in or not."""
    view.public = True  # type: ignore[attr-defined]
    return view


def account(view: View) -> View:
    """Marks the sign-in and account-security pages: they deal with the session, not with a workspace."""
    view.account = True  # type: ignore[attr-defined]
    return view


def refuse(request: HttpRequest, permission: Permission | None = None) -> HttpResponseBase:
    """The 403 page."""
    response = render(request, "403.html", {"permission": permission}, status=403)
    response.headers["Cache-Control"] = PRIVATE
    return response


def _to_sign_in(request: HttpRequest) -> HttpResponseBase:
    response = redirect_to_login(request.get_full_path())
    if request.headers.get("HX-Request"):  # a redirect would be swapped into a fragment of the page
        response.headers["HX-Redirect"] = response.headers["Location"]
        response.status_code = 200
        del response.headers["Location"]
    response.headers["Cache-Control"] = PRIVATE
    return response
