"""The only writer of questions. A question counts when it is asked, whatever becomes of it."""

from __future__ import annotations

import re
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from attrs import frozen
from django.db import IntegrityError, transaction
from django.db.models import Q

from lodeline.access import Permission, platform
from lodeline.credentials.thresholds.statement import MAX_TERMS, ThresholdRefused
from lodeline_server.credentials import acting as issuing
from lodeline_server.credentials.thresholds import allowed, answering, queries
from lodeline_server.credentials.thresholds.acting import record, told
from lodeline_server.credentials.thresholds.models import CommittedNumber, QuestionTerm, ThresholdQuestion
from lodeline_server.kit.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from lodeline.access import Actor
    from lodeline.credentials.thresholds.policy import Claim
    from lodeline_server.parties.models import Organisation

NONCE: Final = re.compile(r"[A-Za-z0-9_-]{16,128}")
STANDS: Final = timedelta(days=7)
LONGEST_TIME: Final = timedelta(days=31)
LONGEST: Final = 500


@frozen(kw_only=True)
class Asked:
    """`prover`: who is to answer (short name, identifier or DID); without it, the owner of the first number.

    `audience` is one of the verifier's own names, `nonce` its own and fresh; both are made up for it if empty.
    """

    claim: str
    credentials: tuple[str, ...]
    audience: str = ""
    nonce: str = ""
    expires: datetime | None = None
    prover: str = ""


def ask(*, actor: Actor, organisation: Organisation, asked: Asked, now: datetime) -> ThresholdQuestion:
    """Put a question on record. Where all owners said so it is answered at once, else it waits for who answers.

    What is wrong with the question as such is told (`Problem` 422; 409 for a nonce that was used). Whether it may be
    asked of this value, how often it was, and whether the claim is true: all of that ends in one and the same refusal.
    """
    actor.require(Permission.CREDENTIALS_VERIFY)
    issuing.own(actor, organisation)
    audience = _audience(organisation, asked.audience)
    nonce = asked.nonce or secrets.token_urlsafe(24)
    if not NONCE.fullmatch(nonce):
        raise Problem(422, "A nonce has 16 to 128 characters of base64url")
    expires = (asked.expires or now + STANDS).replace(microsecond=0)
    if not now < expires <= now + LONGEST_TIME:
        raise Problem(422, "A question stands for at most 31 days, and expires in the future")
    _plain([asked.claim, *asked.credentials], asked.credentials)
    prover = _prover(organisation, asked.prover)
    claim = _claim(asked.claim)
    about = queries.numbers(organisation.workspace_id, claim, asked.credentials) if claim else None
    try:
        with transaction.atomic():
            _lock(about or [])
            said = {
                "claim": asked.claim,
                "credentials": list(asked.credentials),
                "audience": audience,
                "nonce": nonce,
                "expires": f"{expires:%Y-%m-%dT%H:%M:%SZ}",
            }
            row = ThresholdQuestion.objects.create(
                verifier=organisation,
                prover=prover or (about[0].owner if about else None),
                claim=asked.claim,
                rule=claim.write() if claim else {},
                credentials=list(asked.credentials),
                audience=audience,
                nonce=nonce,
                expires=expires,
                asked_at=now,
                position=record(actor, organisation, "threshold.question", said, now),
            )
            QuestionTerm.objects.bulk_create(
                QuestionTerm(question=row, number=number, place=place)
                for place, number in enumerate(about or [])
            )
            # Nobody acts for who answers: the platform does what the owners said beforehand.
            itself = platform(organisation.workspace_id)
            if claim is None:
                answering.refuse(itself, row, f"no claim {asked.claim[:80]!r} is on the allow-list", now)
            elif about and all(number.at_once for number in about):
                answering.settle(itself, row, about, {}, now)
            told(actor, organisation, "threshold.asked", now, question=row.pk, state=row.state)
    except IntegrityError:
        raise Problem(409, "This nonce was used before") from None
    return row


def _audience(organisation: Organisation, said: str) -> str:
    names = queries.names(organisation)
    if said and said not in names:
        raise Problem(
            422, "A question is asked in one's own name", detail=f"you are called {' or '.join(names)}"
        )
    return said or names[0]


def _plain(texts: Sequence[str], identifiers: Sequence[str]) -> None:
    if not 1 <= len(identifiers) <= MAX_TERMS // 2 or len(set(identifiers)) < len(identifiers):
        raise Problem(422, f"A question names 1 to {MAX_TERMS // 2} credentials, each once")
    if any(not text or len(text) > LONGEST or "\x00" in text for text in texts):
        raise Problem(422, f"The claim and the ids of credentials are texts of at most {LONGEST} characters")


def _prover(organisation: Organisation, said: str) -> Organisation | None:
    if not said:
        return None
    found = queries.organisation(organisation.workspace_id, said)
    if found is None:
        raise Problem(422, "There is no such organisation to answer", detail=said[:200])
    return found


def _claim(name: str) -> Claim | None:
    try:
        return allowed.policy().claim(name)
    except ThresholdRefused:
        return None


def _lock(about: Sequence[CommittedNumber]) -> None:
    """One question at a time about a number, under whatever credential: what counts against a question is on record
    before it is. In a fixed order; the log's lock comes after it.
    """
    same = Q(pk__in=[])
    for number in about:
        same |= Q(owner_id=number.owner_id, name=number.name)
    list(CommittedNumber.objects.select_for_update().filter(same).order_by("pk").values_list("pk"))
