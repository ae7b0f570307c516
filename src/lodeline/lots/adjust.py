"""What the true flows most likely were: weighted least squares over balances (AMIRA P754 practice).

Measured flows with standard errors, and balances that must be zero, give adjusted flows and, for each flow, by how many
standard errors of its own correction it is off. The result is an estimate for people; books keep what was weighed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SUSPECT: Final = 3.0
"""A flow whose correction is more than so many of its standard errors stands out."""
_TINY: Final = 1e-9


@frozen(kw_only=True)
class Flow:
    """A measured flow: its name, mass and standard error in one unit."""

    name: str
    mass: float
    sigma: float


@frozen(kw_only=True)
class Adjusted:
    """`mass` after adjustment. `off`: the correction in its own standard errors; 0 where no balance checks it."""

    name: str
    measured: float
    mass: float
    off: float


@frozen(kw_only=True)
class Adjustment:
    """`misfit` is chi-square distributed with `freedom` degrees if only the stated errors are at work."""

    flows: tuple[Adjusted, ...]
    misfit: float
    freedom: int

    def suspects(self, limit: float = SUSPECT) -> tuple[Adjusted, ...]:
        """Flows that stand out, the worst first."""
        return tuple(
            sorted((one for one in self.flows if abs(one.off) > limit), key=lambda one: -abs(one.off))
        )


def adjust(flows: Sequence[Flow], balances: Sequence[Mapping[str, int]]) -> Adjustment:
    """`balances`: for each, the flows in it with +1 (in) or -1 (out). Raises `ValueError` for what is not named."""
    import numpy as np

    place = {flow.name: number for number, flow in enumerate(flows)}
    if len(place) < len(flows):
        raise ValueError("each flow has a name of its own")
    if any(flow.sigma <= 0 for flow in flows):
        raise ValueError("a flow without a standard error cannot be weighed against others")
    matrix = np.zeros((len(balances), len(flows)))
    for row, balance in enumerate(balances):
        for name, sign in balance.items():
            if name not in place:
                raise ValueError(f"a balance names the flow {name!r:.60}, which is not there")
            matrix[row, place[name]] = sign
    mass = np.array([flow.mass for flow in flows], dtype=float)
    variance = np.array([flow.sigma for flow in flows], dtype=float) ** 2
    spread = (matrix * variance) @ matrix.T
    inverse = np.linalg.pinv(spread, hermitian=True)  # balances may say the same twice
    gap = matrix @ mass
    correction = variance * (matrix.T @ (inverse @ gap))
    # The correction's own covariance: what the balances can tell about each flow.
    own = variance * np.einsum("ij,ik,kj->j", matrix, inverse, matrix) * variance
    off = np.where(own > _TINY * variance, -correction / np.sqrt(np.maximum(own, _TINY * variance)), 0.0)
    return Adjustment(
        flows=tuple(
            Adjusted(name=flow.name, measured=flow.mass, mass=float(value), off=float(one))
            for flow, value, one in zip(flows, mass - correction, off, strict=True)
        ),
        misfit=float(gap @ inverse @ gap),
        freedom=int(np.linalg.matrix_rank(spread)) if balances else 0,
    )
