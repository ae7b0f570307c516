"""Level 3: the seam for AnonCreds, for parties who live in that world.

Nothing here implements it: an implementation runs the AnonCreds library in a process of its own, which may die (a wrong
argument crashes the interpreter), and is handed in. What is decided here is which claims can be asked that way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from attrs import frozen

from lodeline.credentials.thresholds.statement import ThresholdRefused

if TYPE_CHECKING:
    from lodeline.credentials.thresholds.policy import Claim

LARGEST: Final = 2**31 - 1
"""AnonCreds predicates compare 32-bit integers."""


@frozen
class Predicate:
    """attribute operator threshold, in whole steps; `attribute` is the name in the AnonCreds schema."""

    attribute: str
    operator: str
    threshold: int


class AnonCreds(Protocol):
    """What an adapter offers. Both sides are bytes of AnonCreds' own JSON; credentials never pass through here."""

    def request(self, predicate: Predicate, *, nonce: str, schema: str, issuer: str) -> bytes:
        """A presentation request for one predicate of a credential of this schema and issuer."""

    def verify(self, request: bytes, presentation: bytes) -> bool:
        """Whether the presentation answers the request. Raises `TimeoutError` if the process does not answer."""


def predicate(claim: Claim, attribute: str) -> Predicate:
    """The claim as an AnonCreds predicate. `ThresholdRefused` (policy) if it cannot be one.

    One attribute of one credential and 32 bits: sums and shares over several suppliers need level 2.
    """
    if claim.kind != "value":
        raise ThresholdRefused("policy", f"{claim.id!r} is over several numbers; AnonCreds compares one")
    if abs(claim.steps) > LARGEST:
        raise ThresholdRefused("policy", f"{claim.id!r} needs more than 32 bits")
    return Predicate(attribute, claim.operator, claim.steps)
