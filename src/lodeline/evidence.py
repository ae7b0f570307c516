"""Words for what is said, what is checked, and how strongly it is backed.

The evidence levels are the only vocabulary of strength that is stored. Assurance codes follow the
UNTP Digital Conformity Credential.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from attrs import frozen


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@frozen(kw_only=True)
class Finding:
    """What a check says about an input.

    `rule` is a stable code, `pointer` a JSON pointer (RFC 6901) into the input ("" is the whole of it),
    `event_id` the event it belongs to, where there is one, `got` what stood there, shortened.
    """

    rule: str
    severity: Severity
    pointer: str
    message: str
    event_id: str | None = None
    got: str | None = None

    def as_dict(self) -> dict[str, Any]:
        found: dict[str, Any] = {
            "rule": self.rule,
            "severity": self.severity.value,
            "pointer": self.pointer,
            "message": self.message,
        }
        if self.event_id is not None:
            found["eventID"] = self.event_id
        if self.got is not None:
            found["got"] = self.got
        return found


def refuses(findings: list[Finding] | tuple[Finding, ...]) -> bool:
    """True when at least one finding is an error: the input may not enter the log."""
    return any(finding.severity is Severity.ERROR for finding in findings)


class EvidenceLevel(StrEnum):
    """E0 (nothing) to E5 (accredited third party in scope); S is computed from the log itself."""

    E0 = "E0"
    E1 = "E1"
    E2 = "E2"
    E3 = "E3"
    E4 = "E4"
    E5 = "E5"
    S = "S"
