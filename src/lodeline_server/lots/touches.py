"""From an event to its touches: which lots it made, used, moved, packed or ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lodeline_server.lots.models import Touch
from lodeline_server.lots.rows import TouchRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lodeline.events.epcis import Event, Quantity

OWN = "lode:"
STEP = 100  # characters of a business step that are kept: words are short, foreign URIs may not be
STEPS = {
    "shipping": Touch.SHIPPED,
    "departing": Touch.SHIPPED,
    "receiving": Touch.RECEIVED,
    "arriving": Touch.RECEIVED,
    "retail_selling": Touch.SOLD,
}
ENDING = frozenset({"decommissioning", "destroying"})


def of(event: Event, *, position: int, captured_by: str) -> list[TouchRow]:
    """All touches of one event."""
    common: dict[str, Any] = {
        "position": position,
        "event": event.id,
        "time": event.time,
        "step": (event.biz_step or "")[:STEP],
        "site": event.biz_location or event.read_point or "",
        "point": event.read_point or "",
        "captured_by": captured_by,
    }
    ilmd = {key: value for key, value in event.ilmd.items() if key.startswith(OWN)}
    return [TouchRow(**common, **rest) for rest in _parts(event, captured_by, ilmd)]


def _parts(event: Event, captured_by: str, ilmd: dict[str, Any]) -> Iterator[dict[str, Any]]:
    party = captured_by
    if event.type == "TransformationEvent":
        group = event.transformation_id or event.id
        for key, amount in _things(event.inputs, event.input_quantities):
            yield {"key": key, "act": Touch.USED, "group": group, "party": party, **amount}
        for key, amount in _things(event.outputs, event.output_quantities):
            yield {"key": key, "act": Touch.MADE, "group": group, "party": party, "ilmd": ilmd, **amount}
        return
    if event.type in {"AggregationEvent", "AssociationEvent"}:
        act = {"ADD": Touch.PACKED, "DELETE": Touch.UNPACKED}.get(event.action or "", Touch.SEEN)
        parent = event.parent or ""
        for key, amount in _things(event.children, event.child_quantities):
            yield {"key": key, "act": act, "other": parent, "party": party, **amount}
        if parent:
            everything = act == Touch.UNPACKED and not (event.children or event.child_quantities)
            yield {"key": parent, "act": Touch.UNPACKED if everything else Touch.SEEN, "party": party}
        return
    act = Touch.SEEN
    if event.type == "ObjectEvent":
        if event.action == "DELETE" or event.biz_step in ENDING:
            act = Touch.ENDED
        elif event.action == "ADD" and event.biz_step not in STEPS:
            act = Touch.MADE
        else:
            act = STEPS.get(event.biz_step or "", Touch.SEEN)
            party = _receiver(event, act) or captured_by
    for key, amount in _things(event.epcs, event.quantities):
        yield {"key": key, "act": act, "party": party, "ilmd": ilmd if act == Touch.MADE else {}, **amount}


def _receiver(event: Event, act: str) -> str:
    """Who gets what is shipped or received: possession before ownership. Consumers are nobody's business."""
    if act not in {Touch.SHIPPED, Touch.RECEIVED}:
        return ""
    to = {link.type: link.id for link in reversed(event.destinations)}
    return to.get("possessing_party") or to.get("owning_party") or ""


def _things(epcs: Iterable[str], quantities: Iterable[Quantity]) -> Iterator[tuple[str, dict[str, str]]]:
    for key in dict.fromkeys(epcs):  # the same thing spelled twice is one thing
        yield key, {"amount": "1", "uom": ""}
    for one in quantities:
        yield one.epc_class, {"amount": "" if one.amount is None else str(one.amount), "uom": one.uom or ""}
