"""Versions and limits in headers, and what a client asks for in them (GS1 EPCIS 2.0, section 12.4)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from lodeline import __version__
from lodeline_server.events import actions
from lodeline_server.events.models import CaptureJob
from lodeline_server.kit.problems import Problem

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

VERSION: Final = "2.0.0"
_VERSION: Final = re.compile(r"[0-9]{1,4}(\.[0-9]{1,4}){0,2}")


def negotiate(request: HttpRequest, response: HttpResponse) -> None:
    """Announce versions and limits; refuse a request for versions that are not spoken here."""
    bounds = actions.limits()
    for name in ("EPCIS", "CBV"):
        for header in ("Version", "Min", "Max", "Version-Min", "Version-Max"):
            response[f"GS1-{name}-{header}"] = VERSION
        exact = request.headers.get(f"GS1-{name}-Version")
        low, high = (_bound(request, name, end) for end in ("Min", "Max"))
        if (exact and _version(exact) != _version(VERSION)) or not (
            _version(low or "0") <= _version(VERSION) <= _version(high or "9999")
        ):
            raise Problem(
                406,
                f"{name} {VERSION} is spoken here",
                kind="epcisException:NotAcceptableException",
            )
    response["GS1-EPC-Format"] = "Never_Translates"
    response["GS1-Capture-Error-Behaviour"] = CaptureJob.Behaviour.ROLLBACK
    response["GS1-EPCIS-Capture-Limit"] = str(bounds.max_events)
    response["GS1-EPCIS-Capture-File-Size-Limit"] = str(bounds.max_bytes)
    response["GS1-Vendor-Version"] = f"lodeline {__version__}"


def _bound(request: HttpRequest, name: str, end: str) -> str | None:
    """GS1's OpenAPI calls it GS1-EPCIS-Min; GS1-EPCIS-Version-Min is understood, too."""
    headers = request.headers
    return headers.get(f"GS1-{name}-{end}") or headers.get(f"GS1-{name}-Version-{end}")


def _version(text: str) -> tuple[int, ...]:
    if not _VERSION.fullmatch(text.strip()):
        raise Problem(400, "A version is digits and dots", kind=actions.INVALID)
    numbers = [int(part) for part in text.strip().split(".")]
    return (*numbers, 0, 0)[:3]
