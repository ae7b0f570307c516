"""The verifier's side: a proof it asked for, judged once. Only what holds uses up its nonce."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import define, field
from django.db import transaction

from lodeline import strictjson
from lodeline.access import Permission
from lodeline.credentials.thresholds.statement import ThresholdRefused
from lodeline.credentials.thresholds.verify import MAX_MESSAGE, verify
from lodeline.credentials.verdict import CredentialRefused
from lodeline_server.credentials import acting as issuing
from lodeline_server.credentials import checking, verifying
from lodeline_server.credentials.thresholds import allowed, queries
from lodeline_server.credentials.thresholds.acting import told
from lodeline_server.credentials.thresholds.models import ThresholdQuestion

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from lodeline.access import Actor
    from lodeline.credentials.thresholds.verify import Proven
    from lodeline.strictjson import JSON
    from lodeline_server.parties.models import Organisation

MOST_CREDENTIALS = 64


@define(kw_only=True)
class Judged:
    """`holds` is the whole answer. `credentials`: the verdict of each that the proof rests on, by id.

    `step` and `said`: where it was refused, and why.
    """

    holds: bool = False
    step: str = ""
    said: str = ""
    proven: Proven | None = None
    credentials: dict[str, checking.Verdict] = field(factory=dict)


def judge(
    *,
    actor: Actor,
    organisation: Organisation,
    message: bytes,
    now: datetime,
    bounds: Sequence[bytes] = (),
    credentials: Sequence[JSON] = (),
) -> Judged:
    """Judge a proof for the organisation. `credentials`: secured ones that came with it; others are looked up here.

    Every credential is verified with signature, issuer's key and status before a commitment is taken from it.
    A refusal stands in the audit trail as the refused request or command that it is.
    """
    actor.require(Permission.CREDENTIALS_VERIFY)
    issuing.own(actor, organisation)
    found = Judged()
    try:
        with transaction.atomic():
            found.proven = _proven(organisation, message, bounds, credentials, now, found)
            found.holds = True
            claim = found.proven.statement.claim
            told(actor, organisation, "threshold.verified", now, claim=claim)
    except (ThresholdRefused, CredentialRefused) as refused:
        found.step, found.said = refused.step, refused.message
    return found


def _proven(
    organisation: Organisation,
    message: bytes,
    bounds: Sequence[bytes],
    credentials: Sequence[JSON],
    now: datetime,
    found: Judged,
) -> Proven:
    nonce, audience = _addressed(message)
    rows = ThresholdQuestion.objects.filter(verifier=organisation, nonce=nonce)
    question = rows.first()
    names = queries.names(organisation)
    shown = _Shown(organisation, credentials, now, found)
    proven = verify(
        message,
        credential=shown,
        policy=allowed.policy(),
        audience=audience if audience in names else names[0],
        nonce_unused=lambda _: bool(rows.filter(used_at__isnull=True).update(used_at=now)),
        now=now,
        bounds=bounds,
    )
    if question is not None:
        _answers(proven, question)
    return proven


def _answers(proven: Proven, question: ThresholdQuestion) -> None:
    """A true answer to another question is none: who proves must not choose what is proven."""
    said = proven.statement
    step = 2 if proven.claim is not None and proven.claim.kind == "share" else 1
    if (said.claim, said.expires) != (question.claim, f"{question.expires:%Y-%m-%dT%H:%M:%SZ}"):
        raise ThresholdRefused("nonce", "this nonce was given out for another question")
    if [term.credential for term in said.terms[::step]] != question.credentials:
        raise ThresholdRefused("commitment", "the question was about other credentials than the proof")


def _addressed(message: bytes) -> tuple[str, str]:
    """Nonce and audience as the message says them, to look up the question; the verifier checks them again."""
    try:
        said: Any = strictjson.loads(message, max_bytes=MAX_MESSAGE, max_depth=3)
    except ValueError as error:
        raise ThresholdRefused("structure", f"the message is not JSON: {error}") from None
    pair = (said.get("nonce"), said.get("audience")) if isinstance(said, dict) else (None, None)
    nonce, audience = (one if isinstance(one, str) and "\x00" not in one else "" for one in pair)
    return nonce[:128], audience


class _Shown:
    """The credentials that a proof rests on, each verified when it is first asked for."""

    def __init__(
        self, organisation: Organisation, given: Sequence[JSON], now: datetime, found: Judged
    ) -> None:
        self._organisation, self._now, self._found = organisation, now, found
        self._given = list(given[:MOST_CREDENTIALS])
        self._verified: dict[str, Any] = {}

    def __call__(self, identifier: str) -> Any:
        while identifier not in self._verified and self._given:
            self._judge(self._given.pop(0), None)
        if identifier not in self._verified:
            rows = queries.credentials(self._organisation.workspace_id, [identifier.replace("\x00", "")])
            row = rows.get(identifier)
            if row is None:
                raise CredentialRefused(
                    "structure", f"the credential {identifier[:200]!r} is not here and did not come along"
                )
            self._judge(queries.secured(row), identifier)
        return self._verified[identifier]

    def _judge(self, item: JSON, wanted: str | None) -> None:
        verdict = verifying.credential(item, checking.Asked(now=self._now))
        document = verdict.document
        name = str(document.get("id", "")) if document is not None else (wanted or "")
        self._found.credentials[name] = verdict
        bad = next((step for step in verdict.steps if step.good is False), None)
        if bad is not None or document is None:
            said = bad.said if bad else "it does not verify"
            raise CredentialRefused(bad.step if bad else "structure", said)
        self._verified[name] = dict(document)
