"""OPTIONS: what an EPCIS path can do, and which versions and limits hold, in headers (EPCIS 2.0, section 12.5).

Of every path alike, whatever stands under it: it is not asked whether there is a thing of that name.
"""

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest, HttpResponse
from ninja import Status

from lodeline.access import Permission
from lodeline_server.events.negotiating import negotiate
from lodeline_server.kit.permissions import endpoint

if TYPE_CHECKING:
    from collections.abc import Callable

    from ninja import Router

_HOLE = re.compile(r"{(?:[a-z]+:)?([a-z_A-Z]+)}")
WITHOUT = ("/nextPageToken/",)
"""The standard has no OPTIONS here."""


def add_options(*routers: Router) -> None:
    """Give each path of these routers an OPTIONS that names its methods, unless it has one."""
    for router in routers:
        for path, view in list(router.path_operations.items()):
            methods = {method for operation in view.operations for method in operation.methods}
            if "OPTIONS" not in methods and not path.startswith(WITHOUT):
                _add(router, path, methods, view.operations[0].view_func)


def _add(router: Router, path: str, methods: set[str], like: Callable[..., Any]) -> None:
    allow = ", ".join(["OPTIONS", *sorted(methods)])

    def options(request: HttpRequest, response: HttpResponse, **_names: Any) -> Status:
        negotiate(request, response)
        response["Allow"] = allow
        return Status(204, None)

    word = re.sub(r"[^a-zA-Z]+", "_", _HOLE.sub(r"of_\1", path)).strip("_") or "root"
    options.__name__ = options.__qualname__ = f"options_{word}"
    # The holes of the path have the types that the path's other operations give them.
    known = inspect.signature(like).parameters
    holes = [known[name] for name in _HOLE.findall(path)]
    first = [
        inspect.Parameter("request", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=HttpRequest),
        inspect.Parameter("response", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=HttpResponse),
    ]
    options.__signature__ = inspect.Signature([*first, *holes])  # type: ignore[attr-defined]
    router.api_operation(
        ["OPTIONS"],
        path,
        response={204: None},
        summary=f"Methods, versions and limits of {_HOLE.sub('{}', path)}",
    )(endpoint(Permission.CAPTURE_VIEW)(options))
