"""What became of each event of a document, as a letter each, in the order of the document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

ACCEPTED, DUPLICATE, REJECTED, WITHHELD = "adrw"
"""Withheld: good in itself, left out with the others because the document goes in whole or not at all."""
NAMES: Final = {
    ACCEPTED: "accepted",
    DUPLICATE: "duplicate",
    REJECTED: "rejected",
    WITHHELD: "withheld",
}


def letters(duplicates: Iterable[bool], good: Collection[int], kept: Collection[int]) -> str:
    """`duplicates`: for each event whether it is known; `good`: places of those without error; `kept`: in the log."""
    good, kept = set(good), set(kept)
    return "".join(
        DUPLICATE if duplicate else ACCEPTED if index in kept else WITHHELD if index in good else REJECTED
        for index, duplicate in enumerate(duplicates)
    )
