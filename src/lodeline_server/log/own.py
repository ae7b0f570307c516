"""What the installation itself states in its log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lodeline_server.log.actions import NewStatement

if TYPE_CHECKING:
    from collections.abc import Mapping

INSTALLATION = 0
"""The workspace of what is nobody's."""
PLATFORM = "urn:x-lodeline:platform"


def statement(kind: str, identifier: str, body: Mapping[str, Any]) -> NewStatement:
    """A statement that the platform makes in its own name."""
    payload = {
        "id": identifier,
        "issuer": PLATFORM,
        "captured_by": "",
        "document": "",
        "signature": {"by": "platform", "kid": ""},
        "body": {"kind": kind, **body},
    }
    return NewStatement(type=kind, payload=payload)
