"""What is claimed, exactly: a linear form of committed numbers compared with a threshold, for one verifier, once.

    sum(coefficient_j * v_j)  operator  threshold        (all in steps of 10^-scale of one unit)

Every relation becomes "a number w lies in [0, 2^bits)": `>= t`: w = L - t; `> t`: w = L - t - 1; `<= t`: w = t - L;
`< t`: w = t - 1 - L. The transcript is the canonical JSON (RFC 8785) of everything the proof is bound to, the issuer
and the commitment of every term included, so that none of it can be exchanged afterwards.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any, Final

from attrs import frozen

from lodeline import strictjson
from lodeline.credentials.thresholds import group
from lodeline.credentials.thresholds.commitment import MAX_BITS, MAX_PATH, Commitment, Opening
from lodeline.keys import b64url

PROTOCOL: Final = "lodeline-threshold/1"
OPERATORS: Final = (">=", ">", "<=", "<")
MAX_TERMS: Final = 64
MAX_COEFFICIENT: Final = 10**9
MAX_THRESHOLD: Final = 2**64
MAX_FORM: Final = MAX_TERMS * MAX_COEFFICIENT * 2**MAX_BITS + MAX_THRESHOLD + 1
"""No linear form exceeds this, about 2^100: far from the group order, 2^256, so that no negative number can wrap around
into the range."""
MAX_TEXT: Final = 500
_NONCE: Final = re.compile(r"[A-Za-z0-9_-]{16,128}")
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")

STEPS: Final = ("structure", "commitment", "policy", "audience", "nonce", "dates", "proof")
"""In the order in which they are checked."""


class ThresholdRefused(ValueError):  # noqa: N818 - a verdict
    """A statement or proof does not hold. `step` is one of `STEPS`."""

    def __init__(self, step: str, message: str) -> None:
        super().__init__(message)
        self.step, self.message = step, message


@frozen
class Term:
    """coefficient * the number committed to at `path` (a JSON pointer) of credential `credential` by `issuer`."""

    coefficient: int
    issuer: str
    credential: str
    path: str
    commitment: Commitment


@frozen
class Statement:
    """A claim that can be proven. `ThresholdRefused` (structure, commitment) for one that has no sound proof.

    `claim` is the id of the allow-list entry, `bits` the width of the range (from that entry), `audience` the
    verifier, `nonce` its challenge, `expires` a time in UTC with seconds (`2026-11-22T09:00:00Z`).
    """

    claim: str
    terms: tuple[Term, ...]
    operator: str
    threshold: int
    bits: int
    audience: str
    nonce: str
    expires: str

    def __attrs_post_init__(self) -> None:
        _shape(self)
        commitments = [term.commitment for term in self.terms]
        if len({(term.credential, term.path) for term in self.terms}) < len(commitments):
            raise ThresholdRefused("structure", "a place in a credential is named twice")
        if len({one.point for one in commitments}) < len(commitments):
            raise ThresholdRefused("commitment", "one commitment stands in two places: it would count twice")
        if len({(one.unit, one.scale) for one in commitments}) > 1:
            raise ThresholdRefused("commitment", "the commitments differ in unit or scale")

    @property
    def unit(self) -> str:
        return self.terms[0].commitment.unit

    @property
    def scale(self) -> int:
        return self.terms[0].commitment.scale

    @property
    def expiry(self) -> datetime:
        return datetime.strptime(self.expires, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)

    def reduction(self) -> tuple[int, int]:
        """(sign, constant) such that the claim is 0 <= sign * L + constant."""
        return {
            ">=": (1, -self.threshold),
            ">": (1, -self.threshold - 1),
            "<=": (-1, self.threshold),
            "<": (-1, self.threshold - 1),
        }[self.operator]

    def witness(self, openings: tuple[Opening, ...]) -> tuple[int, int]:
        """(w, blinding of its commitment). The claim is true if w >= 0."""
        sign, constant = self.reduction()
        pairs = list(zip(self.terms, openings, strict=True))
        form = sum(term.coefficient * opening.value for term, opening in pairs)
        blinding = sum(term.coefficient * opening.blinding for term, opening in pairs)
        return sign * form + constant, sign * blinding % group.ORDER

    def point(self) -> group.Point:
        """The commitment to w, from the commitments of the terms. `NotInGroup` if it is the point at infinity."""
        sign, constant = self.reduction()
        terms = [(sign * term.coefficient, group.read_point(term.commitment.point)) for term in self.terms]
        return group.combine([*terms, (constant, group.H)])

    def transcript(self) -> bytes:
        """All the proof is bound to."""
        return strictjson.canonical(
            {
                **self.head(),
                "curve": group.CURVE,
                "generator": b64url(group.H.format()),
                "terms": [
                    {
                        "coefficient": term.coefficient,
                        "issuer": term.issuer,
                        "credential": term.credential,
                        "path": term.path,
                        "commitment": term.commitment.text,
                        "bits": term.commitment.bits,
                    }
                    for term in self.terms
                ],
            }
        )

    def head(self) -> dict[str, Any]:
        """The members that message and transcript have in common. The threshold is text: it may pass 2^53."""
        return {
            "protocol": PROTOCOL,
            "claim": self.claim,
            "operator": self.operator,
            "threshold": str(self.threshold),
            "unit": self.unit,
            "scale": self.scale,
            "bits": self.bits,
            "audience": self.audience,
            "nonce": self.nonce,
            "expires": self.expires,
        }

    def message(self, proof: bytes) -> bytes:
        """What goes to the verifier. It names places in credentials; it carries no commitment and no issuer."""
        terms = [
            {"coefficient": term.coefficient, "credential": term.credential, "path": term.path}
            for term in self.terms
        ]
        return strictjson.canonical({**self.head(), "terms": terms, "proof": b64url(proof)})


def _shape(said: Statement) -> None:
    """Types and bounds of every member."""
    texts = [said.claim, said.audience]
    for term in said.terms:
        texts += [term.issuer, term.credential]
        if type(term.coefficient) is not int or not 0 < abs(term.coefficient) <= MAX_COEFFICIENT:
            raise ThresholdRefused("structure", "a coefficient is an integer, not zero, of at most 10^9")
        if not (isinstance(term.path, str) and term.path[:1] == "/" and len(term.path) <= MAX_PATH):
            raise ThresholdRefused("structure", "a path is a JSON pointer")
    if not all(isinstance(text, str) and 0 < len(text) <= MAX_TEXT for text in texts):
        raise ThresholdRefused("structure", "claim, audience, issuer and credential are texts, not empty")
    if not 1 <= len(said.terms) <= MAX_TERMS:
        raise ThresholdRefused("structure", f"a claim has 1 to {MAX_TERMS} terms")
    if said.operator not in OPERATORS:
        raise ThresholdRefused("structure", f"the operator is one of {' '.join(OPERATORS)}")
    if type(said.threshold) is not int or abs(said.threshold) > MAX_THRESHOLD:
        raise ThresholdRefused("structure", "the threshold is an integer of at most 2^64")
    if type(said.bits) is not int or not 1 <= said.bits <= MAX_BITS:
        raise ThresholdRefused("structure", f"bits is an integer from 1 to {MAX_BITS}")
    if not (isinstance(said.nonce, str) and _NONCE.fullmatch(said.nonce)):
        raise ThresholdRefused("structure", "the nonce is 16 to 128 characters of base64url")
    try:
        if not _TIME.fullmatch(said.expires):
            raise ValueError  # noqa: TRY301 - said below
        _ = said.expiry
    except (TypeError, ValueError):
        raise ThresholdRefused("structure", "expires is a time like 2026-11-22T09:00:00Z") from None
