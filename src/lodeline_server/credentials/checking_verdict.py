"""What a judgement is made with, what is asked of it, and what it says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from attrs import define, field, frozen

from lodeline.credentials import dates
from lodeline.credentials.status import Code, StatusRefused
from lodeline.evidence import EvidenceLevel
from lodeline.log.policy import NONE, Policy

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from lodeline.credentials.contexts import Contexts
    from lodeline.credentials.integrity import Canonize, Resolve
    from lodeline.credentials.record import Place
    from lodeline.credentials.trusting import Claim, Judgement, Link
    from lodeline.credentials.trustlists import TrustList
    from lodeline.credentials.verdict import CredentialRefused
    from lodeline.strictjson import JSON

THEN: Final = "status-then"
"""The step that says what the status was at the time of the decision; `status` is the one of today."""
_TYPES: Final = {
    "structure": Code.MALFORMED.url,
    "dates": Code.RANGE.url,
    "status": Code.VERIFICATION.url,
}
_SIGNED: Final = "https://www.w3.org/TR/vc-data-model#CRYPTOGRAPHIC_SECURITY_ERROR"


def _no_lists() -> tuple[TrustList, ...]:
    return ()


@frozen(kw_only=True)
class Means:
    """What is looked up for a judgement.

    `list_text(url, moment)`: a status list as it came, as of now. `past(url, moment)`: as it was then; None when its
    keeper keeps no past that can be asked. `on_record(sha256)`: its place in our log, or None. `lists`: trust lists
    that are believed here; `offered`: others that were found. `policy`: the logs whose receipts count.
    `as_of`: set when nobody is asked now and everything is as it was at that moment.
    """

    contexts: Contexts | None
    canonize: Canonize
    resolve: Resolve
    list_text: Callable[[str, datetime], JSON]
    on_record: Callable[[str], Place | None]
    past: Callable[[str, datetime], JSON | None] = lambda _url, _moment: None
    lists: Callable[[], tuple[TrustList, ...]] = _no_lists
    offered: Callable[[], tuple[TrustList, ...]] = _no_lists
    policy: Callable[[], Policy] = lambda: Policy(quorum=NONE)
    as_of: datetime | None = None


@frozen(kw_only=True)
class Asked:
    """What the verifier demands.

    `at`: judge it as of that day instead of today. `subject`: an identifier of what it must be about. `trusted`: its
    issuer must be on a list that is believed. `receipt`: one that came with the credential; `policy`: logs whose
    receipts count besides.
    """

    now: datetime
    status: bool = True
    times: bool = True
    challenge: str | None = None
    domain: str | None = None
    at: datetime | None = None
    subject: str | None = None
    trusted: bool = False
    receipt: JSON = None
    policy: Policy | None = None


@frozen
class Step:
    """`good`: True, False, or None when it was not looked at or says neither."""

    step: str
    good: bool | None
    said: str
    type: str = ""


@frozen(kw_only=True)
class Opened:
    """A credential whose signature holds. `data`: its bytes; `digests`: SHA-256 by which logs may know it."""

    document: Mapping[str, JSON]
    signer: str
    signed_at: datetime | None
    form: str
    data: bytes
    digests: tuple[str, ...]
    key_revoked: datetime | None


@define
class Verdict:
    """`holds` is the whole answer. `document` is there as soon as its signature holds.

    `judged` says how strong it is as evidence, and by which lists; None before its issuer was looked at.
    """

    steps: list[Step] = field(factory=list)
    document: Mapping[str, JSON] | None = None
    opened: Opened | None = None
    claim: Claim | None = None
    judged: Judgement | None = None
    place: Place | None = None

    @property
    def holds(self) -> bool:
        return bool(self.steps) and all(step.good is not False for step in self.steps)

    @property
    def level(self) -> EvidenceLevel:
        """How strong it is as evidence: E0 unless it holds."""
        return self.judged.level if self.judged is not None and self.holds else EvidenceLevel.E0

    def good(self, step: str, said: str) -> None:
        self.steps.append(Step(step, True, said))

    def note(self, step: str, said: str) -> None:
        self.steps.append(Step(step, None, said))

    def refused(self, error: CredentialRefused, where: str = "", step: str = "") -> None:
        kind = error.code.url if isinstance(error, StatusRefused) else _TYPES.get(error.step, _SIGNED)
        self.steps.append(Step(step or error.step, False, where + error.message, kind))

    def as_dict(self) -> dict[str, Any]:
        """The answer of a VC-API verifier, and the rest: problem details name the step."""
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
        told: dict[str, Any] = {"verified": self.holds, "errors": errors, "steps": steps}
        if self.opened is not None:
            signed = self.opened.signed_at
            told["credential"] = {
                "issuer": self.opened.signer,
                "form": self.opened.form,
                "sha256": self.opened.digests[0],
                "signed": dates.write(signed) if signed else None,
            }
        if self.claim is not None and self.judged is not None:
            told["credential"] |= {"kind": self.claim.kind, "about": self.claim.about}
            reasons = list(self.judged.reasons)
            told["evidence"] = {
                "level": self.level.value,
                "trusted": self.judged.trusted,
                "reasons": reasons if self.holds else [*reasons, "does-not-hold"],
                "chain": [link_dict(link) for link in self.judged.chain],
            }
        if self.place is not None:
            told["record"] = {
                "log": self.place.origin,
                "position": self.place.position,
                "time": dates.write(self.place.time) if self.place.time else None,
                "witnesses": list(self.place.witnesses),
            }
        return told


def link_dict(link: Link) -> dict[str, Any]:
    """One listing as JSON: who, as what, in which list, since when, and where its owner read it."""
    listing = link.listing
    made: dict[str, Any] = {
        "list": link.list_name,
        "owner": link.owner,
        "issuer": listing.issuer,
        "role": listing.role.value,
        "kinds": sorted(listing.kinds),
        "since": listing.span.since.isoformat(),
        "source": listing.source,
    }
    if listing.accreditation is not None:
        made["accreditation"] = {
            "body": listing.accreditation.body,
            "number": listing.accreditation.number,
        }
    return made
