"""What happens to a package happens to what is in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lodeline_server.lots.models import Touch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from lodeline_server.lots.rows import TouchRow

NESTING = 8


def with_parents(
    keys: set[str], read: Callable[[set[str]], Mapping[str, list[TouchRow]]]
) -> dict[str, list[TouchRow]]:
    """The touches of these and of whatever they were packed in, packages in packages included."""
    found: dict[str, list[TouchRow]] = {}
    layer = keys
    for _ in range(NESTING + 1):
        if not layer:
            break
        touched = read(layer)
        found.update({key: touched.get(key, []) for key in layer})
        layer = {one.other for key in layer for one in found[key] if one.other} - found.keys()
    return found


def carried(key: str, own: Mapping[str, list[TouchRow]], depth: int = NESTING) -> Iterator[TouchRow]:
    """What happened to the packages of `key` while it was in them, packages in packages included.

    `own`: all touches of it and of whatever it was packed in.
    """
    if not depth:
        return
    packing = sorted(
        (one for one in own[key] if one.other and not one.void and one.act in {Touch.PACKED, Touch.UNPACKED}),
        key=lambda one: (one.time, one.act == Touch.PACKED, one.event),
    )
    for number, one in enumerate(packing):
        if one.act != Touch.PACKED:
            continue
        until = next((later.time for later in packing[number + 1 :] if later.other == one.other), None)
        parent = [*own[one.other], *carried(one.other, own, depth - 1)]
        emptied = [
            row.time
            for row in own[one.other]
            if row.act == Touch.UNPACKED and not row.other and not row.void and row.time > one.time
        ]
        until = min([*emptied, *([until] if until else [])], default=None)
        for row in parent:
            if row.time >= one.time and (until is None or row.time <= until) and row.act != Touch.MADE:
                yield row
