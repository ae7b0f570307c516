"""From a question to a proof or a refusal that tells nothing. Called by actions, in their transaction."""

from __future__ import annotations

import hashlib
import secrets
from typing import TYPE_CHECKING

from lodeline.credentials import model
from lodeline.credentials.thresholds.commitment import Commitment, Opening
from lodeline.credentials.thresholds.policy import PART_OF_WHOLE, Claim, Question, unbound
from lodeline.credentials.thresholds.prove import NotProven, answer, prove
from lodeline.credentials.thresholds.statement import Statement, Term, ThresholdRefused
from lodeline.sealing import Unreadable
from lodeline_server.credentials.thresholds import allowed, openings, queries
from lodeline_server.credentials.thresholds.acting import record

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from lodeline.access import Actor
    from lodeline_server.credentials.thresholds.models import CommittedNumber, ThresholdQuestion
    from lodeline_server.parties.models import Organisation

BLANK = Opening(0, 1)
"""In place of an opening that is not there: it fits no commitment, so the refusal is that of any other reason."""


def settle(
    actor: Actor,
    row: ThresholdQuestion,
    about: Sequence[CommittedNumber],
    given: Mapping[str, Opening],
    now: datetime,
) -> None:
    """Prove or refuse, and put it on record. `given`: openings that the owner keeps, by commitment."""
    try:
        statement = _statement(row, about)
        used = [_opening(row, number, given, now) for number in about]
        message = answer(
            statement,
            used,
            policy=allowed.policy(),
            values=_values(about),
            earlier=_earlier(row, about),
            budget=allowed.budget(),
            now=now,
            random=secrets.token_bytes,
        )
        bounds = _bounds(statement, dict(zip(statement.terms, used, strict=True)))
    except NotProven as refused:
        refuse(actor, row, refused.reason, now)
    except (ThresholdRefused, Unreadable) as refused:
        refuse(actor, row, str(refused), now)
    else:
        row.state, row.message, row.bounds = row.State.PROVEN, message, bounds
        _settled(actor, row, now)


def refuse(actor: Actor, row: ThresholdQuestion, reason: str, now: datetime) -> None:
    """The one refusal. `reason` is for who answers; it stands neither in the log nor in the audit trail."""
    row.state, row.reason = row.State.REFUSED, reason[:500]
    _settled(actor, row, now)


def _settled(actor: Actor, row: ThresholdQuestion, now: datetime) -> None:
    by: Organisation = row.prover or row.verifier
    said = {"question": row.position, "outcome": str(row.state)}
    if row.message is not None:
        said["sha256"] = hashlib.sha256(row.message).hexdigest()
    row.answered_at = now
    row.answer_position = record(actor, by, "threshold.answer", said, now)
    row.save(update_fields=["state", "reason", "message", "bounds", "answered_at", "answer_position"])


def _statement(row: ThresholdQuestion, about: Sequence[CommittedNumber]) -> Statement:
    """What is to be proven: commitments out of the credentials as they were signed. Raises `ThresholdRefused`."""
    claim = allowed.policy().claim(row.claim)
    coefficients = claim.coefficients(len(about))
    if not about or coefficients is None:
        raise ThresholdRefused("policy", "the credentials do not hold the numbers that this claim is about")
    return Statement(
        claim=row.claim,
        terms=tuple(_term(*pair) for pair in zip(coefficients, about, strict=True)),
        operator=claim.operator,
        threshold=claim.steps,
        bits=claim.bits,
        audience=row.audience,
        nonce=row.nonce,
        expires=f"{row.expires:%Y-%m-%dT%H:%M:%SZ}",
    )


def _term(coefficient: int, number: CommittedNumber) -> Term:
    document = queries.document(number.credential)
    place = document
    for name in number.path.split("/")[1:]:
        place = place[name.replace("~1", "/").replace("~0", "~")]
    return Term(coefficient, model.issuer(document), document["id"], number.path, Commitment.read(place))


def _opening(
    row: ThresholdQuestion, number: CommittedNumber, given: Mapping[str, Opening], now: datetime
) -> Opening:
    if row.prover_id is None or not queries.may_open(number, row.prover_id, row.claim, now):
        return BLANK
    return given.get(number.commitment) or openings.unseal(number) or BLANK


def _values(about: Sequence[CommittedNumber]) -> frozenset[str]:
    return frozenset(f"{number.owner_id} {number.name}" for number in about)


def _earlier(row: ThresholdQuestion, about: Sequence[CommittedNumber]) -> list[Question]:
    verifier = row.audience
    return [
        Question(
            verifier,
            Claim.read(one.rule),
            _values([term.number for term in one.terms.all()]),
            one.asked_at,
        )
        for one in queries.earlier(row, about)
        if one.rule
    ]


def _bounds(statement: Statement, used: Mapping[Term, Opening]) -> list[str]:
    """For a share: proofs that a part is at most its whole, where no issuer has signed that."""
    if not any(term.coefficient < 0 for term in statement.terms):
        return []
    made = []
    for part, whole in unbound(statement):
        pair = [
            Term(sign, one.issuer, one.credential, one.path, one.commitment)
            for sign, one in ((1, whole), (-1, part))
        ]
        said = Statement(
            claim=PART_OF_WHOLE,
            terms=tuple(pair),
            operator=">=",
            threshold=0,
            bits=max(one.commitment.bits for one in pair),
            audience=statement.audience,
            nonce=statement.nonce,
            expires=statement.expires,
        )
        made.append(prove(said, [used[whole], used[part]], secrets.token_bytes).decode())
    return made
