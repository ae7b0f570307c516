"""Which lots and items an event names, makes and uses, each with its place in the event."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lodeline.events.epcis import Event, Quantity

# Kinds of goods, not things: a GTIN without lot or serial, a returnable asset type.
CLASS = re.compile(r"https://id\.gs1\.org/(?:01/[0-9]{14}|8003/[0-9]{14}|8006/[0-9]{18}|8010/[^/]+)")


Place = tuple[str, int, str]
"""A list of the event, the index in it, what comes below; `place_of` writes it out."""
_PARENT: Place = ("parentID", -1, "")


class Touch:
    """The things one event names, makes and uses, each with its place in the event."""

    __slots__ = ("made", "named", "used")

    def __init__(self, event: Event) -> None:
        self.named: list[tuple[str, Place]] = []
        self.made: list[tuple[str, Place]] = []
        self.used: list[tuple[str, Place]] = []
        _list(self.named, event.epcs, "epcList", event.quantities, "quantityList")
        _list(self.named, event.children, "childEPCs", event.child_quantities, "childQuantityList")
        if event.parent is not None:
            self.named.append((event.parent, _PARENT))
        if event.type == "TransformationEvent":
            _list(self.made, event.outputs, "outputEPCList", event.output_quantities, "outputQuantityList")
            _list(self.used, event.inputs, "inputEPCList", event.input_quantities, "inputQuantityList")
        elif event.type == "ObjectEvent" and event.action == "ADD":
            self.made = self.named

    @property
    def keys(self) -> set[str]:
        return {key for key, _ in (*self.named, *self.made, *self.used)}


def place_of(place: Place) -> str:
    """The JSON pointer, seen from the event."""
    name, index, rest = place
    return f"/{name}/{index}{rest}" if index >= 0 else f"/{name}"


def _list(
    found: list[tuple[str, Place]],
    epcs: Sequence[str],
    name: str,
    quantities: Sequence[Quantity],
    name_of_quantities: str,
) -> None:
    if epcs:
        found += [(key, (name, index, "")) for index, key in enumerate(epcs) if not CLASS.fullmatch(key)]
    if quantities:
        found += [
            (part.epc_class, (name_of_quantities, index, "/epcClass"))
            for index, part in enumerate(quantities)
            if not CLASS.fullmatch(part.epc_class)
        ]
