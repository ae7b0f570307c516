"""A credential or presentation, judged step by step; what was found in the order in which it was looked at.

No database here: what is looked up comes in as `Means`. What is refused ends the judgement at its step.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

from attrs import define, field, frozen

from lodeline import strictjson
from lodeline.credentials import dates, integrity, jose, model, sdjwt_verify, standing
from lodeline.credentials.contexts import PUBLISHED
from lodeline.credentials.status import Code, StatusRefused
from lodeline.credentials.verdict import CredentialRefused

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from lodeline.credentials.contexts import Contexts
    from lodeline.credentials.integrity import Canonize, Resolve
    from lodeline.strictjson import JSON

ENVELOPED_PRESENTATION: Final = "EnvelopedVerifiablePresentation"
JWT, SD_JWT, VP_JWT = (
    "application/vc+jwt",
    ("application/vc+sd-jwt", "application/dc+sd-jwt"),
    "application/vp+jwt",
)
MAX_CREDENTIALS: Final = 20
"""In one presentation."""
_TYPES: Final = {
    "structure": Code.MALFORMED.url,
    "dates": Code.RANGE.url,
    "status": Code.VERIFICATION.url,
}
_SIGNED: Final = "https://www.w3.org/TR/vc-data-model#CRYPTOGRAPHIC_SECURITY_ERROR"


@frozen(kw_only=True)
class Means:
    """`list_text(url, moment)`: a status list as it came. `on_record(sha256)`: its place in our log, or None."""

    contexts: Contexts | None
    canonize: Canonize
    resolve: Resolve
    list_text: Callable[[str, datetime], JSON]
    on_record: Callable[[str], tuple[int, datetime] | None]


@frozen(kw_only=True)
class Asked:
    """What the verifier demands."""

    now: datetime
    status: bool = True
    times: bool = True
    challenge: str | None = None
    domain: str | None = None


@frozen
class Step:
    """`good`: True, False, or None when it was not looked at or says neither."""

    step: str
    good: bool | None
    said: str
    type: str = ""


@define
class Verdict:
    """`holds` is the whole answer. `document` is there as soon as its signature holds."""

    steps: list[Step] = field(factory=list)
    document: Mapping[str, JSON] | None = None

    @property
    def holds(self) -> bool:
        return bool(self.steps) and all(step.good is not False for step in self.steps)

    def good(self, step: str, said: str) -> None:
        self.steps.append(Step(step, True, said))

    def note(self, step: str, said: str) -> None:
        self.steps.append(Step(step, None, said))

    def refused(self, error: CredentialRefused, where: str = "") -> None:
        kind = error.code.url if isinstance(error, StatusRefused) else _TYPES.get(error.step, _SIGNED)
        self.steps.append(Step(error.step, False, where + error.message, kind))

    def as_dict(self) -> dict[str, Any]:
        """The answer of a VC-API verifier: problem details name the step."""
        errors = [
            {
                "type": one.type,
                "title": f"refused at the step {one.step}",
                "detail": one.said,
                "step": one.step,
            }
            for one in self.steps
            if one.good is False
        ]
        steps = [{"step": one.step, "good": one.good, "said": one.said} for one in self.steps]
        return {"verified": self.holds, "errors": errors, "steps": steps}


@frozen(kw_only=True)
class Opened:
    """A credential whose signature holds."""

    document: Mapping[str, JSON]
    signer: str
    signed_at: datetime | None
    form: str
    sha256: str
    key_revoked: datetime | None


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
        document, signer = _presented(item, means, asked)
        verdict.good("structure", "it is a presentation as the data model wants it")
        verdict.good("signature", f"it is as {signer} signed it" + _answers(asked))
        verdict.document = document
        inside = document.get("verifiableCredential", [])
        inside = inside if isinstance(inside, list) else [inside]
    except CredentialRefused as error:
        verdict.refused(error)
        return verdict
    if len(inside) > MAX_CREDENTIALS:
        verdict.refused(CredentialRefused("structure", f"it holds more than {MAX_CREDENTIALS} credentials"))
        return verdict
    plain = Asked(now=asked.now, status=asked.status, times=asked.times)
    for number, one in enumerate(inside, 1):
        found = credential(one, means, plain)
        verdict.steps += [Step(s.step, s.good, f"credential {number}: {s.said}", s.type) for s in found.steps]
        if not found.holds:
            break
    return verdict


def _credential(item: JSON, means: Means, asked: Asked, verdict: Verdict) -> None:
    found = _opened(item, means, asked)
    document = found.document
    verdict.document = document
    verdict.good("structure", "it is a credential as the data model wants it")
    when = f" on {dates.write(found.signed_at)}" if found.signed_at else ""
    verdict.good("signature", f"it is as its issuer signed it{when} ({found.form})")
    place = means.on_record(found.sha256)
    _key(found, place, verdict)
    verdict.good(
        "issuer", f"the issuer is {found.signer}; whether to trust it for this kind is not judged here"
    )
    if "credentialStatus" not in document:
        verdict.note("status", "the issuer keeps no status for it")
    elif asked.status:
        _status(document, means, asked.now)
        verdict.good("status", f"neither revoked nor suspended at {dates.write(asked.now)}")
    else:
        verdict.note("status", "not asked")
    if asked.times:
        model.in_force(document, asked.now)
        verdict.good("dates", f"it is in force at {dates.write(asked.now)}")
    else:
        verdict.note("dates", "not asked")
    if place is not None:
        verdict.good("receipt", f"on record in this log at position {place[0]} since {dates.write(place[1])}")
    else:
        verdict.note("receipt", "not on record in this log")


def _key(found: Opened, place: tuple[int, datetime] | None, verdict: Verdict) -> None:
    """Whoever has a revoked key can write any date: only the log shows that a signature is older."""
    end = found.key_revoked
    if end is None:
        verdict.good("key", "the key is the issuer's for this purpose, and not revoked")
    elif place is not None and place[1] < end:
        verdict.good("key", f"the key was revoked on {dates.write(end)}; the log shows that this is older")
    else:
        raise CredentialRefused(
            "key", f"the key was revoked on {dates.write(end)}, and only its own date says that this is older"
        )


def _opened(item: JSON, means: Means, asked: Asked) -> Opened:
    if isinstance(item, str):
        return _token(item, SD_JWT[0] if "~" in item else JWT, means, asked)
    kinds = item.get("type") if isinstance(item, dict) else None
    if model.ENVELOPED in (kinds if isinstance(kinds, list) else [kinds]):
        media, content = model.enveloped(item)
        return _token(content, media, means, asked)
    _structure(item, means)
    verified = integrity.verify(
        item,
        means.resolve,
        asked.now,
        challenge=asked.challenge,
        domain=asked.domain,
        canonize=means.canonize,
    )
    owner = model.issuer(item)
    integrity.of(verified, owner)
    proof = next(one for one in verified.proofs if one.did == owner)
    return Opened(
        document=verified.document,
        signer=owner,
        signed_at=proof.created,
        form=proof.cryptosuite,
        sha256=hashlib.sha256(strictjson.canonical(item)).hexdigest(),
        key_revoked=proof.key_revoked,
    )


def _token(token: str, media: str, means: Means, asked: Asked) -> Opened:
    digest = hashlib.sha256(token.encode(errors="replace")).hexdigest()
    if media == JWT:
        found = jose.verify(token, means.resolve, asked.now, audience=asked.domain, nonce=asked.challenge)
        document, signed_at, revoked = found.document, found.signed_at, found.key_revoked
    elif media in SD_JWT:
        opened = sdjwt_verify.verify_issuer(token, means.resolve, now=int(asked.now.timestamp()))
        document = {name: value for name, value in opened.payload.items() if name not in jose.CLAIMS}
        signed_at, revoked = None, None
    else:
        raise CredentialRefused("structure", f"an envelope of type {media[:60]!r} is not opened here")
    _structure(document, means)
    return Opened(
        document=document,
        signer=model.issuer(document),
        signed_at=signed_at,
        form=media.removeprefix("application/"),
        sha256=digest,
        key_revoked=revoked,
    )


def _structure(document: JSON, means: Means) -> None:
    model.credential(document, means.contexts)
    model.related(document, PUBLISHED)


def _presented(item: JSON, means: Means, asked: Asked) -> tuple[Mapping[str, JSON], str]:
    kinds = item.get("type") if isinstance(item, dict) else None
    if ENVELOPED_PRESENTATION in (kinds if isinstance(kinds, list) else [kinds]):
        media, item = model.enveloped(item)
        if media != VP_JWT:
            raise CredentialRefused("structure", f"an envelope of type {media[:60]!r} is not opened here")
    if isinstance(item, str):
        found = jose.verify(
            item,
            means.resolve,
            asked.now,
            kind=jose.PRESENTATION,
            audience=asked.domain,
            nonce=asked.challenge,
        )
        model.presentation(found.document, means.contexts)
        return found.document, found.did
    model.presentation(item, means.contexts)
    verified = integrity.verify(
        item,
        means.resolve,
        asked.now,
        purpose=integrity.AUTHENTICATION,
        domain=asked.domain,
        challenge=asked.challenge,
        canonize=means.canonize,
    )
    if "holder" in item:
        integrity.of(verified, model.holder(item))
    return verified.document, ", ".join(sorted(verified.dids()))


def _answers(asked: Asked) -> str:
    return ", in answer to the challenge that was set" if asked.challenge is not None else ""


def _status(document: Mapping[str, JSON], means: Means, now: datetime) -> None:
    def listed(url: str) -> JSON:
        text = means.list_text(url, now)
        try:
            plain = Asked(now=now, status=False, times=False)
            return _opened(text, means, plain).document
        except StatusRefused:
            raise
        except CredentialRefused as error:
            raise StatusRefused(
                Code.VERIFICATION, f"the status list does not hold: {error.message}"
            ) from None

    found = standing.look_up(document, listed, now=now)
    if found.standing is standing.Standing.UNKNOWN:
        raise StatusRefused(
            Code.RETRIEVAL, "its status list cannot be had, so nobody knows whether it was revoked"
        )
    if found.standing is not standing.Standing.GOOD:
        raise StatusRefused(Code.VERIFICATION, f"its issuer has {found.standing.value} it")


def check_entries(items: Sequence[JSON]) -> None:
    """Refuse malformed status entries before anybody signs them; kinds that are not known pass."""
    from lodeline.credentials.status import ENTRY, read_entry

    for item in items:
        kinds = item.get("type") if isinstance(item, dict) else None
        if (
            not isinstance(item, dict)
            or ENTRY in (kinds if isinstance(kinds, list) else [kinds])
            or kinds is None
        ):
            read_entry(item)
