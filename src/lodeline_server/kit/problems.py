"""Errors as problem details (RFC 9457), the same shape everywhere."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from django.http import HttpResponse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lodeline.evidence import Finding


class Problem(Exception):  # noqa: N818
    """Raised by actions and edges; answered as application/problem+json (or an error page)."""

    def __init__(
        self,
        status: int,
        title: str,
        *,
        detail: str = "",
        kind: str = "about:blank",
        findings: Sequence[Finding] = (),
    ) -> None:
        super().__init__(title)
        self.status, self.title, self.detail, self.kind = status, title, detail, kind
        self.findings = tuple(findings)

    def as_dict(self) -> dict[str, Any]:
        """The members of RFC 9457, section 3.1, and `findings`."""
        body: dict[str, Any] = {"type": self.kind, "title": self.title, "status": self.status}
        if self.detail:
            body["detail"] = self.detail
        if self.findings:
            body["findings"] = [finding.as_dict() for finding in self.findings]
        return body


def respond(problem: Problem) -> HttpResponse:
    response = HttpResponse(
        json.dumps(problem.as_dict()), status=problem.status, content_type="application/problem+json"
    )
    response["Cache-Control"] = "private, no-store"
    if problem.status == HTTPStatus.UNAUTHORIZED:
        response["WWW-Authenticate"] = 'Bearer realm="lodeline"'
    return response
