"""The trust list that an organisation publishes: public bytes, the same for everybody."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import Http404, HttpResponse
from django.views.decorators.http import require_safe

from lodeline_server.credentials import trust_actions, trust_queries
from lodeline_server.kit.permissions import public
from lodeline_server.publishing.pages import send

if TYPE_CHECKING:
    from django.http import HttpRequest

MOST_DIGITS = 9
FIXED = "public, max-age=31536000, immutable"


@require_safe
@public
def trust_list(request: HttpRequest, name: str) -> HttpResponse:
    """The newest edition, as signed (a compact JWS); `?edition=3` an earlier one."""
    number = request.GET.get("edition")
    if number is None:
        found = send(request)
        if found is None:
            raise Http404("nobody publishes a trust list under this name")
        return found
    whole = number.isascii() and number.isdecimal() and len(number) <= MOST_DIGITS
    row = trust_queries.edition(name, int(number)) if whole else None
    if row is None:
        raise Http404("there was no such edition")
    response = HttpResponse(bytes(row.token), content_type=trust_actions.MEDIA_TYPE)
    response["Cache-Control"] = FIXED
    response["Access-Control-Allow-Origin"] = "*"
    return response
