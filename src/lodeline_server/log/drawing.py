"""Where a leaf stands in the tree: the bottom levels around it, and which hashes its proof gives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen
from django.utils.translation import gettext as _

from lodeline.log.merkle import split
from lodeline_server.kit.charts import svg

if TYPE_CHECKING:
    from django.utils.safestring import SafeString

LEVELS = 4
WIDTH, LEFT, TOP, STEP = 520, 14, 30, 44
SIDE = {"computed": 13, "given": 13, "plain": 7}
CSS = {"computed": "dot", "given": "ring", "plain": "card"}


@frozen
class Node:
    """A node over leaves `start` to `end` (not included), with its place on the drawing."""

    start: int
    end: int
    x: float
    y: float
    below: tuple[Node, ...]


def shown(position: int, size: int) -> tuple[int, int]:
    """The leaves that are drawn: the block of 16 around the position, cut at the tree's end."""
    start = position >> LEVELS << LEVELS
    return start, min(start + (1 << LEVELS), size)


def _node(start: int, end: int, first: int, leaf_y: float) -> Node:
    if end - start == 1:
        gap = (WIDTH - 2 * LEFT) / ((1 << LEVELS) - 1)
        return Node(start, end, LEFT + (start - first) * gap, leaf_y, ())
    middle = start + split(end - start)
    below = (_node(start, middle, first, leaf_y), _node(middle, end, first, leaf_y))
    height = (end - start - 1).bit_length()
    return Node(start, end, (below[0].x + below[1].x) / 2, leaf_y - height * STEP, below)


def _kind(node: Node, position: int, parent_on_path: bool) -> str:  # noqa: FBT001
    if node.start <= position < node.end:
        return "computed"
    return "given" if parent_on_path else "plain"


def tree(position: int, size: int, hashes: int) -> SafeString:
    """The drawing. `hashes`: length of the whole audit path; what is above the drawn block is said in words."""
    start, end = shown(position, size)
    height = (end - start - 1).bit_length()
    leaf_y = TOP + height * STEP
    top = _node(start, end, start, leaf_y)
    lines: list[str] = []
    marks: list[str] = []
    inside = _draw(top, position, False, lines, marks)
    above = hashes - inside
    said = _("%(n)d more levels, then the root") % {"n": above} if above else _("the root")
    right = top.x < WIDTH / 2 + 60
    marks.append(
        svg.text(
            top.x + (14 if right else -14), top.y + 4, said, anchor="start" if right else "end", css="strong"
        )
    )
    leaf_x = LEFT + (position - start) * (WIDTH - 2 * LEFT) / ((1 << LEVELS) - 1)
    anchor = "start" if position - start < 2 else "end" if position - start > 13 else "middle"
    marks.append(svg.text(leaf_x, leaf_y + 26, f"{position:,}", anchor=anchor, css="strong"))
    title = _("The bottom of the tree around position %(at)d; its proof has %(n)d hashes") % {
        "at": position,
        "n": hashes,
    }
    return svg.fixed(WIDTH, int(leaf_y) + 34, title, "".join(lines + marks))


def _draw(node: Node, position: int, parent: bool, lines: list[str], marks: list[str]) -> int:  # noqa: FBT001
    """Append lines and marks of a node and what is below; the number of given hashes among them."""
    kind = _kind(node, position, parent)
    side = SIDE[kind]
    marks.append(svg.rect(node.x - side / 2, node.y - side / 2, side, side, CSS[kind]))
    given = int(kind == "given")
    for child in node.below:
        on_path = kind == "computed" and child.start <= position < child.end
        lines.append(
            svg.path(
                f"M{svg.n(node.x)} {svg.n(node.y)}L{svg.n(child.x)} {svg.n(child.y)}",
                "trace-line" if on_path else "join",
            )
        )
        given += _draw(child, position, kind == "computed", lines, marks)
    return given
