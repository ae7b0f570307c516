"""Level 1: the issuer says of every step of an allow-list whether it is met. No new cryptography.

Every step is stated, true or false, each as its own claim to be disclosed alone (SD-JWT, RFC 9901): the owner shows
"at least 16 %" and hides "at least 26 %". If only the steps that are met were issued, their number would tell the
value.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from lodeline.credentials.thresholds.statement import ThresholdRefused

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal

    from lodeline.credentials.thresholds.policy import Claim


def ladder(value: Decimal | Fraction, steps: Sequence[Claim]) -> dict[str, Any]:
    """The member for the credential: claim id to `{operator, threshold, unit, source, met}`, for every step.

    `value` is in the unit of the steps (percent for shares). All steps are about one value: same kind, path, whole and
    unit. The issuer makes each member selectively disclosable and adds decoys.
    """
    _same(steps)
    return {step.id: _said(step, met=_met(Fraction(value), step)) for step in steps}


def read_ladder(disclosed: Any, steps: Sequence[Claim]) -> dict[str, bool]:
    """The steps that a presentation shows: claim id to met. Raises `ThresholdRefused`.

    Refused: a step that is not on the list or not in its words, and steps that no value can fulfil together.
    """
    _same(steps)
    known = {step.id: step for step in steps}
    if not isinstance(disclosed, dict) or not set(disclosed) <= set(known):
        raise ThresholdRefused("policy", "a step is shown that is not on the allow-list")
    found = {}
    for name, said in disclosed.items():
        met = said.get("met") if isinstance(said, dict) else None
        if not isinstance(met, bool) or said != _said(known[name], met=met):
            raise ThresholdRefused("structure", f"the step {name!r} is not in the words of the allow-list")
        found[name] = met
    _possible([(known[name], met) for name, met in found.items()])
    return found


def _same(steps: Sequence[Claim]) -> None:
    if len({(step.kind, step.path, step.whole, step.unit) for step in steps}) != 1:
        raise ValueError("the steps of a ladder are about one value")
    if len({step.id for step in steps}) < len(steps):
        raise ValueError("a step stands twice")


def _said(step: Claim, *, met: bool) -> dict[str, Any]:
    return {
        "operator": step.operator,
        "threshold": format(step.threshold, "f"),
        "unit": "%" if step.kind == "share" else step.unit,
        "source": step.source,
        "met": met,
    }


def _met(value: Fraction, step: Claim) -> bool:
    limit = Fraction(step.threshold)
    return {">=": value >= limit, ">": value > limit, "<=": value <= limit, "<": value < limit}[step.operator]


def _possible(answers: list[tuple[Claim, bool]]) -> None:
    """Refuse answers that contradict each other: no value gives all of them."""
    cuts = sorted({Fraction(step.threshold) for step, _ in answers})
    if not cuts:
        return
    between = [(low + high) / 2 for low, high in pairwise(cuts)]
    samples = [cuts[0] - 1, *cuts, *between, cuts[-1] + 1]
    if not any(all(_met(sample, step) == met for step, met in answers) for sample in samples):
        raise ThresholdRefused("structure", "the steps contradict each other")
