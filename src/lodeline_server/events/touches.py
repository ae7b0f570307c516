"""Which lots and items an event names, makes and uses, each with its place in the event."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lodeline.events.epcis import Event

# Kinds of goods, not things: a GTIN without lot or serial, a returnable asset type.
CLASS = re.compile(r"https://id\.gs1\.org/(?:01/[0-9]{14}|8003/[0-9]{14}|8006/[0-9]{18}|8010/[^/]+)")


class Touch:
    """The things one event names, makes and uses, each with its place in the event."""

    def __init__(self, event: Event) -> None:
        self.named = [
            *_listed(event, ("epcs", "epcList"), ("quantities", "quantityList")),
            *_listed(event, ("children", "childEPCs"), ("child_quantities", "childQuantityList")),
        ]
        if event.parent is not None:
            self.named.append((event.parent, "/parentID"))
        self.made: list[tuple[str, str]] = []
        self.used: list[tuple[str, str]] = []
        if event.type == "TransformationEvent":
            self.made = _listed(
                event, ("outputs", "outputEPCList"), ("output_quantities", "outputQuantityList")
            )
            self.used = _listed(event, ("inputs", "inputEPCList"), ("input_quantities", "inputQuantityList"))
        elif event.type == "ObjectEvent" and event.action == "ADD":
            self.made = self.named

    @property
    def keys(self) -> set[str]:
        return {key for key, _ in (*self.named, *self.made, *self.used)}


def _listed(event: Event, epcs: tuple[str, str], quantities: tuple[str, str]) -> list[tuple[str, str]]:
    found = [
        (key, f"/{epcs[1]}/{index}")
        for index, key in enumerate(getattr(event, epcs[0]))
        if not CLASS.fullmatch(key)
    ]
    found += [
        (part.epc_class, f"/{quantities[1]}/{index}/epcClass")
        for index, part in enumerate(getattr(event, quantities[0]))
        if not CLASS.fullmatch(part.epc_class)
    ]
    return found
