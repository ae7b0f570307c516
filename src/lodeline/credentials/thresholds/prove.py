"""The owner's side: a proof, or a refusal that tells nothing.

Prove on a host of the owner. Multiplications by secrets take a constant time, Python's integers do not; do not
offer this as a fast public service.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lodeline.credentials.thresholds import bits, group
from lodeline.credentials.thresholds.commitment import CommitmentRefused, check_opening
from lodeline.credentials.thresholds.policy import Budget, Policy, Question, admit
from lodeline.credentials.thresholds.statement import ThresholdRefused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

    from lodeline.credentials.thresholds.commitment import Opening
    from lodeline.credentials.thresholds.statement import Statement

REFUSAL = "no proof is given"


class NotProven(ValueError):  # noqa: N818 - a verdict
    """No proof. The message is always the same, whether the claim is false, not allowed or asked too often.

    `reason` is for the owner's own log and is never to be shown to who asked.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(REFUSAL)
        self.reason = reason


def prove(statement: Statement, openings: Sequence[Opening], random: Callable[[int], bytes]) -> bytes:
    """The message for the verifier: canonical JSON with the statement and the proof (`bits`) in base64url.

    `openings` are those of the statement's terms, in order. `random` gives that many random bytes
    (`secrets.token_bytes`). Raises `NotProven` for a false claim, a number beyond the range of the proof, and
    openings that do not fit.
    """
    reason = _obstacle(statement, openings)
    if reason:
        raise NotProven(reason)
    return _proof(statement, openings, random)


def answer(
    statement: Statement,
    openings: Sequence[Opening],
    *,
    policy: Policy,
    values: frozenset[str],
    earlier: Iterable[Question],
    budget: Budget,
    now: datetime,
    random: Callable[[int], bytes],
) -> bytes:
    """What a verifier who asks gets: `prove`, if the allow-list and the budget admit the question too.

    `values` names the numbers asked about in the owner's books, `earlier` holds what this and other verifiers have
    asked. The caller logs the question before it sends anything, also one that is refused. All checks run in
    every case, so that a refusal comes neither sooner nor later for its reason.
    """
    reasons = []
    try:
        if statement.expiry <= now:
            raise ThresholdRefused("dates", "the question has expired")  # noqa: TRY301 - one way out
        claim = policy.claim(statement.claim)
        claim.check(statement)
        admit(Question(statement.audience, claim, values, now), earlier, budget)
    except ThresholdRefused as refused:
        reasons.append(refused.message)
    reasons.append(_obstacle(statement, openings))
    found = "; ".join(filter(None, reasons))
    if found:
        raise NotProven(found)
    return _proof(statement, openings, random)


def _obstacle(statement: Statement, openings: Sequence[Opening]) -> str:
    """Why there is no proof, or an empty text."""
    if len(openings) != len(statement.terms):
        return "there is not one opening for each term"
    try:
        for term, opening in zip(statement.terms, openings, strict=True):
            check_opening(term.commitment, opening)
    except CommitmentRefused as error:
        return str(error)
    number, _ = statement.witness(tuple(openings))
    if number < 0:
        return "the claim is false"
    if number >> statement.bits:
        return "the claim holds by more than the proof can show"
    return ""


def _proof(statement: Statement, openings: Sequence[Opening], random: Callable[[int], bytes]) -> bytes:
    number, blinding = statement.witness(tuple(openings))
    proof = bits.prove(statement.transcript(), number, blinding, statement.bits, random(group.SCALAR_BYTES))
    return statement.message(proof)
