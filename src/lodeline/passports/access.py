"""Who may read which data points: a matrix, not a ladder (Regulation (EU) 2023/1542, Art. 77(2)).

Authorities do not see Annex XIII 4, readers with a legitimate interest do not see Annex XIII 3: neither view holds the
other. What is not granted here is denied.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from lodeline.passports.datapoints import Group, Point


class Audience(StrEnum):
    """The readers the law knows."""

    PUBLIC = "public"
    LEGITIMATE_INTEREST = "legitimate-interest"
    NOTIFIED_BODY = "notified-body"
    AUTHORITY = "authority"
    COMMISSION = "commission"
    OPERATOR = "operator"


_ALL: Final = frozenset(Group)
MATRIX: Final[dict[Audience, frozenset[Group]]] = {
    Audience.PUBLIC: frozenset({Group.PUBLIC}),
    Audience.LEGITIMATE_INTEREST: frozenset({Group.PUBLIC, Group.RESTRICTED, Group.INDIVIDUAL}),
    Audience.NOTIFIED_BODY: frozenset({Group.PUBLIC, Group.RESTRICTED, Group.AUTHORITY}),
    Audience.AUTHORITY: frozenset({Group.PUBLIC, Group.RESTRICTED, Group.AUTHORITY}),
    # Sources differ on XIII.4 for the Commission; denied until an act says otherwise.
    Audience.COMMISSION: frozenset({Group.PUBLIC, Group.RESTRICTED, Group.AUTHORITY}),
    Audience.OPERATOR: _ALL,
}
"""Audience to the groups it may read."""


def may_read(audience: Audience, point: Point) -> bool:
    """Whether the audience may read the point, and learn whether it is filled."""
    return point.group in MATRIX[audience]
