"""Chain-of-custody models by name (ISO 22095:2020), and which of them may follow which."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable


class Model(StrEnum):
    """From the strongest link between a claim and the material to the weakest."""

    IDENTITY_PRESERVED = "identity-preserved"
    SEGREGATED = "segregated"
    CONTROLLED_BLENDING = "controlled-blending"
    MASS_BALANCE = "mass-balance"
    BOOK_AND_CLAIM = "book-and-claim"


class Method(StrEnum):
    """How a mass balance attributes what came in to what goes out (ISO 22095-2)."""

    CREDIT = "credit"
    ROLLING_AVERAGE = "rolling-average"


LEDGERS: Final = frozenset({Model.MASS_BALANCE, Model.BOOK_AND_CLAIM})
"""Models whose claims are kept in a ledger of credits and never follow the lot graph."""
_ORDER: Final = tuple(Model)


def strongest(inputs: Iterable[Model]) -> Model | None:
    """The strongest model that something made of these inputs may claim: the weakest of theirs. None without any.

    What several sources or uncertified material change about that, `may_claim` knows.
    """
    return max(inputs, key=_ORDER.index, default=None)


def may_claim(
    claimed: Model, inputs: Iterable[Model], *, sources: int = 1, all_certified: bool = True
) -> bool:
    """Whether an output may be claimed under a model. A weaker model never becomes a stronger one.

    `sources`: how many certified sources went in. `all_certified` False: something else went in, too; then the
    material is blended at best, with its share known.
    """
    limit = strongest(inputs)
    if limit is None:
        return False
    if sources > 1:
        limit = max(limit, Model.SEGREGATED, key=_ORDER.index)
    if not all_certified:
        limit = max(limit, Model.CONTROLLED_BLENDING, key=_ORDER.index)
    return _ORDER.index(claimed) >= _ORDER.index(limit)
