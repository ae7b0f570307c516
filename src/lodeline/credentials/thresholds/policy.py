"""Which thresholds may be asked, and how often. Each answer is one more fact about a recipe: the allow-list names law
or contract for every threshold, a budget counts a verifier's questions, and no two of them close in on the value.

A `Claim` fixes everything that a prover could otherwise choose to its advantage: path, unit, scale, operator,
threshold, coefficients and the number of bits.
"""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final, Literal

import attrs
from attrs import field, frozen

from lodeline.credentials.thresholds.commitment import MAX_BITS, MAX_PATH, MAX_SCALE, PERCENT
from lodeline.credentials.thresholds.statement import OPERATORS, Statement, Term, ThresholdRefused

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime, timedelta

Kind = Literal["value", "sum", "share"]
KINDS: Final = ("value", "sum", "share")
PART_OF_WHOLE: Final = "part-of-whole"
"""The claim that a part is at most its whole: always allowed, because it tells nothing."""
_DECIMAL: Final = re.compile(r"-?[0-9]{1,20}(\.[0-9]{1,12})?")


def _decimal(text: str) -> Decimal:
    if not _DECIMAL.fullmatch(text):
        raise ValueError(f"not a decimal number: {text[:40]!r}")
    return Decimal(text)


@frozen
class Claim:
    """One allowed question.

    `value`: the number at `path` compared with `threshold`; `sum`: the sum of the numbers at `path` of several
    credentials; `share`: sum of the parts at `path` over the sum of the wholes at `whole`, `threshold` in percent.
    `unit`, `scale`: of the commitments. `bits`: width of the proof. `source`: the law or contract. `spacing`: how
    far apart two thresholds on one value must be for one verifier, in the unit of the threshold.
    """

    id: str
    kind: Kind
    path: str
    unit: str
    scale: int
    operator: str
    threshold: Decimal
    bits: int
    source: str
    whole: str | None = None
    spacing: Decimal = Decimal(1)

    def __attrs_post_init__(self) -> None:
        pointers = [self.path] if self.whole is None else [self.path, self.whole]
        if (
            not self.id
            or self.id == PART_OF_WHOLE
            or self.kind not in KINDS
            or self.operator not in OPERATORS
        ):
            raise ValueError("a claim has an id, a kind and an operator")
        if (self.whole is not None) != (self.kind == "share") or len(set(pointers)) < len(pointers):
            raise ValueError("a share, and only a share, names the path of its whole")
        if any(one[:1] != "/" or len(one) > MAX_PATH for one in pointers):
            raise ValueError("path and whole are JSON pointers")
        if not 1 <= self.bits <= MAX_BITS or not 0 <= self.scale <= MAX_SCALE:
            raise ValueError("bits or scale are out of bounds")
        if not self.source.strip():
            raise ValueError(f"{self.id}: name the law or contract that sets this threshold")
        if not self.threshold.is_finite() or not self.spacing.is_finite() or self.spacing <= 0:
            raise ValueError("threshold and spacing are numbers")
        if self.kind == "share" and not 0 < self.threshold <= 100:
            raise ValueError("a share is over 0 and at most 100 %")
        if self.kind != "share" and Fraction(self.threshold) * 10**self.scale % 1:
            raise ValueError("the threshold is finer than the scale")
        if self.unit == PERCENT and (self.kind != "value" or not 0 <= self.threshold <= 100):
            raise ValueError("a percentage is one number from 0 to 100; sums and shares are over masses")

    @classmethod
    def read(cls, said: dict[str, Any]) -> Claim:
        """From `write`. `ValueError` for anything else."""
        wanted = set(attrs.fields_dict(cls))
        if not isinstance(said, dict) or not wanted - {"whole", "spacing"} <= set(said) <= wanted:
            raise ValueError(f"a claim has the members {', '.join(sorted(wanted))}")
        numbers = {"scale", "bits"}
        if any(type(value) is not (int if name in numbers else str) for name, value in said.items()):
            raise ValueError("scale and bits are integers, all else is text")
        members: dict[str, Any] = dict(said)
        members |= {name: _decimal(said[name]) for name in ("threshold", "spacing") if name in said}
        return cls(**members)

    def write(self) -> dict[str, Any]:
        """As JSON, for the published allow-list; numbers that must be exact are text."""
        said = attrs.asdict(self, filter=lambda _field, value: value is not None)
        return {**said, "threshold": format(self.threshold, "f"), "spacing": format(self.spacing, "f")}

    @property
    def steps(self) -> int:
        """The threshold of the statement: in steps of 10^-scale, 0 for a share."""
        return 0 if self.kind == "share" else int(Fraction(self.threshold) * 10**self.scale)

    def coefficients(self, terms: int) -> list[int] | None:
        """Of a statement with so many terms; `None` if it cannot have so many. A share takes part and whole in turn:
        100 * parts - 16 * wholes >= 0.
        """
        if self.kind != "share":
            return [1] * terms if (terms == 1 if self.kind == "value" else terms > 1) else None
        finer = 10 ** max(0, -int(self.threshold.as_tuple().exponent))
        pair = [100 * finer, -int(Fraction(self.threshold) * finer)]
        return pair * (terms // 2) if terms and terms % 2 == 0 else None

    @property
    def edge(self) -> Fraction:
        """Where on the scale of the value this question cuts: the same for `>= t` and `< t`."""
        beyond = self.operator in {">", "<="} and self.kind != "share"
        return Fraction(self.threshold) + (Fraction(1, 10**self.scale) if beyond else 0)

    def check(self, said: Statement) -> None:
        """Raise `ThresholdRefused` (policy) unless the statement asks exactly this."""
        paths = [self.path] if self.whole is None else [self.path, self.whole]
        found = [term.path for term in said.terms]
        asked = {
            "operator": said.operator == self.operator,
            "threshold": said.threshold == self.steps,
            "unit or scale": (said.unit, said.scale) == (self.unit, self.scale),
            "number of bits": said.bits == self.bits,
            "coefficients": [term.coefficient for term in said.terms] == self.coefficients(len(said.terms)),
            "path": found == paths * (len(found) // len(paths)),
        }
        for name, holds in asked.items():
            if not holds:
                raise ThresholdRefused("policy", f"the {name} is not what {self.id!r} on the allow-list says")


def unbound(said: Statement) -> list[tuple[Term, Term]]:
    """Pairs (part, whole) of a share of which no issuer has signed that the part is contained in the whole."""
    pairs = zip(said.terms[::2], said.terms[1::2], strict=True)
    return [
        (part, whole)
        for part, whole in pairs
        if part.credential != whole.credential or part.commitment.part_of != whole.path
    ]


def check_part_of_whole(said: Statement) -> None:
    """Raise `ThresholdRefused` (policy) unless the statement is "whole - part >= 0" over the bits of the two."""
    bits = max(term.commitment.bits for term in said.terms)
    signs = [term.coefficient for term in said.terms]
    if (said.operator, said.threshold, signs, said.bits) != (">=", 0, [1, -1], bits):
        raise ThresholdRefused("policy", "this does not say that a part is at most its whole")


@frozen
class Policy:
    """The allow-list."""

    claims: tuple[Claim, ...]

    def __attrs_post_init__(self) -> None:
        if len({claim.id for claim in self.claims}) < len(self.claims):
            raise ValueError("two claims have the same id")

    def claim(self, name: str) -> Claim:
        for claim in self.claims:
            if claim.id == name:
                return claim
        raise ThresholdRefused("policy", f"no claim {name!r} is on the allow-list")


@frozen
class Question:
    """A verifier asked: answered or not, it counts. `values` are the owner's names of the numbers, the same for a
    number that was committed to again (a renewed certificate).
    """

    verifier: str
    claim: Claim
    values: frozenset[str]
    at: datetime


@frozen
class Budget:
    """At most `most` questions of one verifier on one value within `within`."""

    most: int = field()
    within: timedelta

    @most.validator
    def _positive(self, _attribute: object, value: int) -> None:
        if value < 1:
            raise ValueError("a budget of no question is no budget")


def admit(question: Question, earlier: Iterable[Question], budget: Budget) -> None:
    """Raise `ThresholdRefused` (policy) if answering would spend more than the budget or close in on a value.

    Thresholds asked before stay known for ever, so the second rule has no time limit. It looks at what was asked, not
    at the answers: a refusal is half an answer.
    """
    same = [one for one in earlier if one.verifier == question.verifier and one.values & question.values]
    recent = [one for one in same if question.at - one.at < budget.within]
    if len(recent) >= budget.most:
        raise ThresholdRefused("policy", "this verifier has spent its questions on this value")
    ours = question.claim
    for one in same:
        theirs = one.claim
        comparable = one.values == question.values and (theirs.kind == "share") == (ours.kind == "share")
        apart = abs(theirs.edge - ours.edge)
        if comparable and 0 < apart < max(Fraction(ours.spacing), Fraction(theirs.spacing)):
            raise ThresholdRefused("policy", "with an earlier question this one would close in on the value")
