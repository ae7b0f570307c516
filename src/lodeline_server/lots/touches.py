"""From an event to its touches: which lots it made, used, moved, packed or ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lodeline_server.lots.models import Touch
from lodeline_server.lots.rows import TouchRow

if TYPE_CHECKING:
    from collections.abc import Iterable

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
    act, party, group = Touch.SEEN, captured_by, ""
    # key, act, other, amount and unit, own words of each
    parts: list[tuple[str, str, str, str, str, dict[str, Any]]]
    ilmd = {key: value for key, value in event.ilmd.items() if key.startswith(OWN)} if event.ilmd else {}
    if event.type == "TransformationEvent":
        group = event.transformation_id or event.id
        parts = _things(event.inputs, event.input_quantities, Touch.USED, {})
        parts += _things(event.outputs, event.output_quantities, Touch.MADE, ilmd)
    elif event.type in {"AggregationEvent", "AssociationEvent"}:
        act = {"ADD": Touch.PACKED, "DELETE": Touch.UNPACKED}.get(event.action or "", Touch.SEEN)
        parent = event.parent or ""
        parts = _things(event.children, event.child_quantities, act, {}, parent)
        if parent:
            everything = act == Touch.UNPACKED and not parts
            parts.append((parent, Touch.UNPACKED if everything else Touch.SEEN, "", "", "", {}))
    else:
        if event.type == "ObjectEvent":
            if event.action == "DELETE" or event.biz_step in ENDING:
                act = Touch.ENDED
            elif event.action == "ADD" and event.biz_step not in STEPS:
                act = Touch.MADE
            else:
                act = STEPS.get(event.biz_step or "", Touch.SEEN)
                party = _receiver(event, act) or captured_by
        parts = _things(event.epcs, event.quantities, act, ilmd if act == Touch.MADE else {})
    id_, time, step, point = event.id, event.time, (event.biz_step or "")[:STEP], event.read_point or ""
    site = event.biz_location or point
    return [
        TouchRow(
            key, position, id_, time, act, step, site, party, captured_by, group, other, amount, uom, own, False, None,
            point,
        )
        for key, act, other, amount, uom, own in parts
    ]  # fmt: skip


def _receiver(event: Event, act: str) -> str:
    """Who gets what is shipped or received: possession before ownership. Consumers are nobody's business."""
    if act not in {Touch.SHIPPED, Touch.RECEIVED}:
        return ""
    to = {link.type: link.id for link in reversed(event.destinations)}
    return to.get("possessing_party") or to.get("owning_party") or ""


def _things(
    epcs: Iterable[str], quantities: Iterable[Quantity], act: str, ilmd: dict[str, Any], other: str = ""
) -> list[tuple[str, str, str, str, str, dict[str, Any]]]:
    # the same thing spelled twice is one thing
    found = [(key, act, other, "1", "", ilmd) for key in dict.fromkeys(epcs)] if epcs else []
    for one in quantities:
        amount = "" if one.amount is None else str(one.amount)
        found.append((one.epc_class, act, other, amount, one.uom or "", ilmd))
    return found
