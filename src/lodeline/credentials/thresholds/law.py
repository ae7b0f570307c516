"""The allow-list that the regulation itself gives. Contracts add their own claims.

Texts: Regulation (EU) 2023/1542, Article 8 (recycled content) and Annex I (restricted substances). Which battery a
limit applies to (Annex I: cadmium and lead in portable batteries) is not decided here.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from lodeline.credentials.thresholds.commitment import PERCENT
from lodeline.credentials.thresholds.policy import Claim, Policy

if TYPE_CHECKING:
    from collections.abc import Iterator

_ARTICLE_8: Final = "Regulation (EU) 2023/1542, Article 8"
_ANNEX_I: Final = "Regulation (EU) 2023/1542, Annex I"
_MOST: Final = {"mercury": ("0.0005", "1"), "cadmium": ("0.002", "2"), "lead": ("0.01", "3")}
_SHARES: Final = {"cobalt": (16, 26), "lead": (85, 85), "lithium": (6, 12), "nickel": (6, 15)}


def _percentage(name: str, path: str, operator: str, threshold: Decimal, source: str) -> Claim:
    """Percent to four decimals in 20 bits: 2^20 is just over 100 %."""
    subject = f"/credentialSubject/{path}"
    return Claim(name, "value", subject, PERCENT, 4, operator, threshold, 20, source)


def _joint(name: str, metal: str, threshold: Decimal, source: str) -> Claim:
    """Masses in grams; 40 bits reach to about 13,000 t of the metal at 16 %."""
    part, whole = f"/credentialSubject/recycledMass{metal}", f"/credentialSubject/mass{metal}"
    return Claim(name, "share", part, "g", 0, ">=", threshold, 40, source, whole)


def _law() -> Iterator[Claim]:
    for metal, steps in _SHARES.items():
        name = metal.capitalize()
        for year, paragraph, step in ((2031, 2, steps[0]), (2036, 3, steps[1])):
            source, least = f"{_ARTICLE_8}({paragraph}), from 18 August {year}", Decimal(step)
            yield _percentage(f"recycled-{metal}-{year}", f"recycledShare{name}", ">=", least, source)
            yield _joint(f"recycled-{metal}-{year}-joint", name, least, source)
    for metal, (most, entry) in _MOST.items():
        path, source = f"massShare{metal.capitalize()}", f"{_ANNEX_I}, entry {entry}"
        yield _percentage(f"{metal}-at-most", path, "<=", Decimal(most), source)


LAW: Final = Policy(tuple(_law()))
"""What the regulation itself asks. Contracts add their own."""
