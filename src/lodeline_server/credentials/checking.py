"""A credential or presentation, judged step by step; what was found in the order in which it was looked at.

No database here: what is looked up comes in as `Means`. What breaks structure, signature or key ends the judgement at
its step; after that each step is told, so that a reader sees all that is wrong.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lodeline.credentials.status import ENTRY, read_entry
from lodeline.credentials.verdict import CredentialRefused
from lodeline_server.credentials import checking_open, checking_steps
from lodeline_server.credentials.checking_open import JWT, SD_JWT, VP_JWT
from lodeline_server.credentials.checking_verdict import Asked, Means, Opened, Step, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lodeline.strictjson import JSON

__all__ = (
    "JWT", "SD_JWT", "VP_JWT", "Asked", "Means", "Opened", "Step", "Verdict",
    "check_entries", "credential", "presentation",
)  # fmt: skip
MAX_CREDENTIALS: Final = 20
"""In one presentation."""


def credential(item: JSON, means: Means, asked: Asked) -> Verdict:
    """Judge a credential: an object with proofs, an envelope, or a token."""
    verdict = Verdict()
    try:
        _credential(item, means, asked, verdict)
    except CredentialRefused as error:
        verdict.refused(error)
    return verdict


def presentation(item: JSON, means: Means, asked: Asked) -> Verdict:
    """Judge a presentation and every credential in it."""
    verdict = Verdict()
    try:
        document, signer = checking_open.presentation(item, means, asked)
        verdict.good("structure", "it is a presentation as the data model wants it")
        answers = ", in answer to the challenge that was set" if asked.challenge is not None else ""
        verdict.good("signature", f"it is as {signer} signed it{answers}")
        verdict.document = document
        inside = document.get("verifiableCredential", [])
        inside = inside if isinstance(inside, list) else [inside]
    except CredentialRefused as error:
        verdict.refused(error)
        return verdict
    if len(inside) > MAX_CREDENTIALS:
        verdict.refused(CredentialRefused("structure", f"it holds more than {MAX_CREDENTIALS} credentials"))
        return verdict
    plain = Asked(
        now=asked.now,
        status=asked.status,
        times=asked.times,
        at=asked.at,
        subject=asked.subject,
        trusted=asked.trusted,
    )
    for number, one in enumerate(inside, 1):
        found = credential(one, means, plain)
        verdict.steps += [Step(s.step, s.good, f"credential {number}: {s.said}", s.type) for s in found.steps]
        if not found.holds:
            break
    return verdict


def _credential(item: JSON, means: Means, asked: Asked, verdict: Verdict) -> None:
    found = checking_open.credential(item, means, asked)
    verdict.document, verdict.opened = found.document, found
    verdict.good("structure", "it is a credential as the data model wants it")
    when = f" on {found.signed_at:%Y-%m-%dT%H:%M:%SZ}" if found.signed_at else ""
    verdict.good("signature", f"it is as its issuer signed it{when} ({found.form})")
    known, wrong = None, None
    try:
        known = checking_steps.place(found, means, asked)
    except CredentialRefused as error:
        wrong = error
    checking_steps.key(found, known, verdict)
    before = len(verdict.steps)
    seen = checking_steps.status(found, means, asked, verdict)
    told, verdict.steps[before:] = verdict.steps[before:], []
    _step(verdict, lambda: checking_steps.issuer(found, seen, means, asked, verdict))
    verdict.steps += told  # the issuer stands before the status, and is judged by it
    _step(verdict, lambda: checking_steps.times(found, known, asked, verdict))
    _step(verdict, lambda: checking_steps.subject(found, asked, verdict))
    if wrong is not None:
        verdict.refused(wrong)
    else:
        own = known is None or (asked.receipt is None and means.as_of is None)
        checking_steps.receipt(known, verdict, own=own)


def _step(verdict: Verdict, look: Callable[[], None]) -> None:
    try:
        look()
    except CredentialRefused as error:
        verdict.refused(error)


def check_entries(items: Sequence[JSON]) -> None:
    """Refuse malformed status entries before anybody signs them; kinds that are not known pass."""
    for item in items:
        kinds = item.get("type") if isinstance(item, dict) else None
        if (
            not isinstance(item, dict)
            or ENTRY in (kinds if isinstance(kinds, list) else [kinds])
            or kinds is None
        ):
            read_entry(item)
