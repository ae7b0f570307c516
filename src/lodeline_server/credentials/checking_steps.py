"""The steps after the signature: key, issuer, status then and now, dates, subject, receipt. In plain words."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from attrs import evolve

from lodeline.credentials import claims, dates, model, record, standing, trusting
from lodeline.credentials.standing import Standing
from lodeline.credentials.status import Code, StatusRefused
from lodeline.credentials.verdict import CredentialRefused
from lodeline_server.credentials import checking_open
from lodeline_server.credentials.checking_verdict import THEN, Asked

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from lodeline.credentials.record import Place
    from lodeline.credentials.trusting import Judgement
    from lodeline.strictjson import JSON
    from lodeline_server.credentials.checking_verdict import Means, Opened, Verdict

SECOND = timedelta(seconds=1)
TICK = timedelta(microseconds=1)
SHOWN = 5
ROLES = {
    "authority": "authority",
    "accreditation-body": "accreditation body",
    "certification-body": "certification body",
    "laboratory": "laboratory",
    "scheme": "scheme owner",
    "buyer": "buyer",
    "party": "party that speaks for itself",
}


def place(found: Opened, means: Means, asked: Asked) -> Place | None:
    """Where it stands in a log: in ours, or in the one whose receipt came along.

    Raises `CredentialRefused("receipt", ...)` for a receipt that does not hold.
    """
    if asked.receipt is not None:
        policy = asked.policy or means.policy()
        return record.find(asked.receipt, found.digests, found.data, policy, asked.now)
    return next((known for known in map(means.on_record, found.digests) if known is not None), None)


def key(found: Opened, known: Place | None, verdict: Verdict) -> None:
    """Whoever has a revoked key can write any date: only a log shows that a signature is older."""
    end = found.key_revoked
    if end is None:
        verdict.good("key", "the key is the issuer's for this purpose, and not revoked")
    elif known is not None and known.time is not None and known.time < end:
        verdict.good("key", f"the key was revoked on {dates.write(end)}; the log shows that this is older")
    else:
        raise CredentialRefused(
            "key", f"the key was revoked on {dates.write(end)}, and only its own date says that this is older"
        )


def status(found: Opened, means: Means, asked: Asked, verdict: Verdict) -> Standing:
    """The status at the time of the decision, and now. The one that was asked for decides.

    What is found is told; what does not hold is told as refused, and the judgement goes on. The standing of the
    moment that decides.
    """
    if "credentialStatus" not in found.document:
        verdict.note("status", "the issuer keeps no status for it")
        return Standing.GOOD
    if not asked.status:
        verdict.note("status", "not asked")
        return Standing.UNKNOWN
    then = _then(found, means, asked, verdict)
    now = means.as_of or asked.now
    word = f"as of {dates.write(now)}, when this was gathered" if means.as_of else f"at {dates.write(now)}"
    try:
        standing_now = _standing(found.document, means, now, means.list_text)
        _good(standing_now)
        verdict.good("status", f"neither revoked nor suspended {word}")
    except StatusRefused as error:
        if asked.at is None:
            verdict.refused(error)
            return _told(error)
        verdict.note("status", f"{word}: {error.message}; what was asked is the day before")
        return then or Standing.UNKNOWN
    return then or standing_now


def _then(found: Opened, means: Means, asked: Asked, verdict: Verdict) -> Standing | None:
    """The standing at the day asked for; None when none was asked for: then it is told and decides nothing."""
    moment = asked.at or found.signed_at or _start(found.document)
    if moment is None:
        return None
    moment = min(moment.replace(microsecond=0) + SECOND - TICK, asked.now)
    what = f"on {dates.write(moment)}, " + ("as asked" if asked.at else "when it was signed")

    def kept(url: str, when: datetime) -> JSON:
        text = means.past(url, when)
        if text is None:
            raise StatusRefused(Code.RETRIEVAL, "its list of then cannot be had")
        return text

    try:
        seen = _standing(found.document, means, moment, kept)
        _good(seen)
    except StatusRefused as error:
        if asked.at is None:
            verdict.note(THEN, f"{what}: {error.message}")
            return None
        verdict.refused(error, f"{what}: ", THEN)
        return _told(error)
    verdict.good(THEN, f"neither revoked nor suspended {what}")
    return seen if asked.at else None


def _start(document: Mapping[str, JSON]) -> datetime | None:
    return dates.read(document["validFrom"], "validFrom") if "validFrom" in document else None


def _standing(
    document: Mapping[str, JSON], means: Means, moment: datetime, text_of: Callable[[str, datetime], JSON]
) -> Standing:
    def listed(url: str) -> JSON:
        text = text_of(url, moment)
        try:
            plain = Asked(now=max(moment, means.as_of or moment), status=False, times=False)
            return checking_open.credential(text, means, plain).document
        except StatusRefused:
            raise
        except CredentialRefused as error:
            raise StatusRefused(
                Code.VERIFICATION, f"the status list does not hold: {error.message}"
            ) from None

    return standing.look_up(document, listed, now=moment).standing


class _Ended(StatusRefused):
    """Its issuer has said so."""

    def __init__(self, found: Standing) -> None:
        super().__init__(Code.VERIFICATION, f"its issuer has {found.value} it")
        self.standing = found


def _good(found: Standing) -> None:
    if found is Standing.UNKNOWN:
        raise StatusRefused(
            Code.RETRIEVAL, "its status list cannot be had, so nobody knows whether it was revoked"
        )
    if found is not Standing.GOOD:
        raise _Ended(found)


def _told(error: StatusRefused) -> Standing:
    return error.standing if isinstance(error, _Ended) else Standing.UNKNOWN


def times(found: Opened, known: Place | None, asked: Asked, verdict: Verdict) -> None:
    if not asked.times:
        verdict.note("dates", "not asked")
        return
    day = asked.at or asked.now
    if asked.at is not None and found.signed_at is not None and found.signed_at > day + dates.LEEWAY:
        made = dates.write(found.signed_at)
        raise CredentialRefused("dates", f"it was signed on {made}, after the day that is asked for")
    model.in_force(found.document, day)
    said = f"it is in force at {dates.write(day)}"
    if asked.at is not None and (known is None or known.time is None or known.time > day):
        said += "; that it was signed before, only its own date says"
    verdict.good("dates", said)


def issuer(found: Opened, seen: Standing, means: Means, asked: Asked, verdict: Verdict) -> None:
    """Who may issue this kind, by which list, and how strong that makes it as evidence."""
    day = asked.at or asked.now
    said = claims.claim(found.document, signed_at=found.signed_at, standing=seen, now=day)
    judged = trusting.judge(said, means.lists(), on=day.date())
    verdict.claim, verdict.judged = said, judged
    if judged.trusted:
        verdict.good("issuer", f"the issuer is {found.signer}; {_listed(judged, said.kind)}")
        return
    elsewhere = trusting.judge(evolve(said, standing=Standing.GOOD), means.offered(), on=day.date())
    words = f"the issuer is {found.signer}; no list that is believed here names it for {said.kind[:80]}"
    if elsewhere.trusted:
        link = elsewhere.chain[0]
        words += (
            f". The list {link.list_name} of {link.owner} does, as {ROLES[link.listing.role.value]}, "
            "and nobody here said to believe that owner"
        )
    if asked.trusted:
        raise CredentialRefused("issuer", words)
    verdict.note("issuer", f"{words}: a mere statement (evidence level {judged.level.value})")


def _listed(judged: Judgement, kind: str) -> str:
    link = judged.chain[0]
    words = (
        f"trusted for {kind[:80]} as {ROLES[link.listing.role.value]} by the list {link.list_name} of {link.owner}, "
        f"since {link.listing.span.since:%Y-%m-%d} (source {link.listing.source})"
    )
    if len(judged.chain) > 1:
        words += "; accredited by " + ", then ".join(one.listing.issuer for one in judged.chain[1:])
    why = f", not higher because: {', '.join(judged.reasons)}" if judged.reasons else ""
    return f"{words}: evidence level {judged.level.value}{why}"


def subject(found: Opened, asked: Asked, verdict: Verdict) -> None:
    if asked.subject is None:
        verdict.note("subject", "nobody said what it must be about")
        return
    if claims.matches(found.document, asked.subject):
        verdict.good("subject", f"it is about {asked.subject[:200]}")
        return
    named = claims.about(found.document)
    shown = ", ".join(name[:100] for name in named[:SHOWN]) or "nothing that has a name"
    raise CredentialRefused("subject", f"it is not about {asked.subject[:200]}, but about {shown}")


def receipt(known: Place | None, verdict: Verdict, *, own: bool) -> None:
    verdict.place = known
    if known is None:
        verdict.note("receipt", "not on record in this log")
        return
    since = f" since {dates.write(known.time)}" if known.time else ""
    seen = f", seen by {', '.join(known.witnesses)}" if known.witnesses else ""
    log = "this log" if own else f"the log {known.origin}"
    verdict.good("receipt", f"on record in {log} at position {known.position}{since}{seen}")
