"""Words for what is said, what is checked, and how strongly it is backed.

The evidence levels are the only vocabulary of strength that is stored. Assurance codes follow the
UNTP Digital Conformity Credential.
"""

from __future__ import annotations

from enum import StrEnum
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


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


LADDER = (
    EvidenceLevel.E0,
    EvidenceLevel.E1,
    EvidenceLevel.E2,
    EvidenceLevel.E3,
    EvidenceLevel.E4,
    EvidenceLevel.E5,
)

# Share of a sub-indicator's points that evidence of a level can earn at most. S is a pure check of the log;
# a computed measure that rests on statements takes the cap of the weakest of them instead.
CAPS: dict[EvidenceLevel, Fraction] = {
    EvidenceLevel.E0: Fraction(0),
    EvidenceLevel.E1: Fraction(1, 4),
    EvidenceLevel.E2: Fraction(2, 5),
    EvidenceLevel.E3: Fraction(3, 5),
    EvidenceLevel.E4: Fraction(4, 5),
    EvidenceLevel.E5: Fraction(1),
    EvidenceLevel.S: Fraction(1),
}

_SECOND_PARTY = frozenset({"Buyer", "Membership", "Commercial"})
_ACCREDITED = frozenset({"Accredited", "GlobalMRA", "GovtApproval"})
# Why a base level is not the top one.
_LIMITS = {
    EvidenceLevel.E2: ("self-declared",),
    EvidenceLevel.E3: ("second-party",),
    EvidenceLevel.E4: ("not-accredited",),
}


@frozen(kw_only=True)
class Assurance:
    """Who looked, and how closely: the codes of the UNTP Digital Conformity Credential.

    `assessor_level`: Self, Commercial, Buyer, Membership, Unspecified, 3rdParty.
    `assessment_level`: GovtApproval, GlobalMRA, Accredited, Verified, Validated, Unspecified.
    `attestation_type`: certification, declaration, inspection, testing, verification, validation,
    calibration.
    """

    assessor_level: str = "Self"
    assessment_level: str = "Unspecified"
    attestation_type: str = "declaration"

    @classmethod
    def of(cls, codes: Mapping[str, Any] | None) -> Assurance:
        """From a statement's `assurance` object; what is absent or no text reads as the weakest."""
        given = codes if codes is not None else {}

        def word(key: str, weakest: str) -> str:
            value = given.get(key)
            return value if isinstance(value, str) and value else weakest

        return cls(
            assessor_level=word("assessorLevel", "Self"),
            assessment_level=word("assessmentLevel", "Unspecified"),
            attestation_type=word("attestationType", "declaration"),
        )

    @property
    def level(self) -> EvidenceLevel:
        """What the codes alone would earn, if all else about the statement is in order."""
        if self.assessor_level == "3rdParty":
            return EvidenceLevel.E5 if self.assessment_level in _ACCREDITED else EvidenceLevel.E4
        if self.assessor_level in _SECOND_PARTY:
            return EvidenceLevel.E3
        return EvidenceLevel.E2


@frozen(kw_only=True)
class Graded:
    """A level and the reasons why it is not higher, as stable codes, in the order they applied."""

    level: EvidenceLevel
    lowered: tuple[str, ...] = ()


def lower(level: EvidenceLevel, steps: int = 1) -> EvidenceLevel:
    """`steps` levels down, never below E1: what is on record stays more than nothing. S stays S."""
    if level in {EvidenceLevel.S, EvidenceLevel.E0}:
        return level
    return LADDER[max(1, LADDER.index(level) - steps)]


def weakest(levels: Iterable[EvidenceLevel]) -> EvidenceLevel:
    """The level with the lowest cap; E0 for none at all. S counts as the strongest."""
    return min(levels, key=lambda level: (CAPS[level], level is EvidenceLevel.S), default=EvidenceLevel.E0)


def agreeing(levels: Iterable[EvidenceLevel]) -> EvidenceLevel:
    """Level of several independent sources that say the same.

    Two of the same level raise it by one, at most to E4; otherwise the strongest counts.
    """
    found = sorted(levels, key=lambda level: CAPS[level])
    if not found:
        return EvidenceLevel.E0
    best = found[-1]
    if best in LADDER and found.count(best) > 1 and LADDER.index(best) < LADDER.index(EvidenceLevel.E4):
        return LADDER[LADDER.index(best) + 1]
    return best


def grade(
    assurance: Assurance,
    *,
    own_signature: bool,
    referenced: bool,
    about_itself: bool,
    in_scope: bool = True,
    accredited_for_scope: bool = True,
) -> Graded:
    """The evidence level of one statement: its base by the codes, one level less for each weakness.

    `own_signature`: the issuer's own signature was verified (not the platform signing on its behalf).
    `referenced`: a document is named by its hash, or a number by which the issuer can be asked.
    `about_itself`: the issuer speaks about itself or its own site, which is a self-declaration whatever codes
    it carries. `in_scope`: the statement names the site, not only the group. `accredited_for_scope`: an
    accreditation is named where the codes claim one.
    """
    base = EvidenceLevel.E2 if about_itself else assurance.level
    weaknesses = (
        ("no-own-signature", not own_signature),
        ("no-reference", not referenced),
        ("accreditation-not-named", base is EvidenceLevel.E5 and not accredited_for_scope),
        ("group-not-site", not in_scope),
    )
    reasons = tuple(reason for reason, applies in weaknesses if applies)
    return Graded(level=lower(base, len(reasons)), lowered=(*_LIMITS.get(base, ()), *reasons))
