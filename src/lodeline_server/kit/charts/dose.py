"""How much of a lot each item holds, from most to least."""

from __future__ import annotations

from math import log10, sqrt
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from lodeline_server.kit.charts import svg
from lodeline_server.kit.charts.numbers import NARROW, dose

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.utils.safestring import SafeString

LEFT, RIGHT, TOP, HEIGHT = 11.0, 2.0, 12, 210
DECADES = 6
MOST = 400  # corners of the line
SCALE = ("100", "10", "1", "0.1", "0.01", "10⁻³", "10⁻⁴")


def _y(share: float) -> float:
    return HEIGHT * min(max(-log10(max(share, 10.0**-DECADES)), 0), DECADES) / DECADES


def _ranks(count: int) -> list[int]:
    """Which items are corners: all of a short list, else evenly on the square-root scale."""
    if count <= MOST:
        return list(range(count))
    return sorted({round((number / (MOST - 1)) ** 2 * (count - 1)) for number in range(MOST)})


def dose_curve(shares: Sequence[Any], threshold: Any) -> SafeString:
    """Ranked doses (shares of one, falling) on a log scale; the threshold cuts the list in two.

    Items at or above it stand on the accent, the rest on hatching. The axis of ranks is a square root.

    >>> dose_curve([0.381, 0.379, 0.02, 0.0001], threshold=0.01)  # doctest: +SKIP
    """
    count, limit = len(shares), float(threshold)
    above = sum(1 for share in shares if float(share) >= limit)

    def x(number: float) -> float:
        return 1000 * sqrt(number / max(count, 1))

    wide = 100 - LEFT - RIGHT
    body = ""
    for power, words in enumerate(SCALE):
        y = TOP + _y(10.0**-power)
        body += svg.line(LEFT, y, 100 - RIGHT, y, "grid-line")
        body += svg.text(LEFT, y + 4, f"{words}{NARROW}%", anchor="end", fluid=True, dx=-8)
    inner = ""
    for first, last, css, fill in ((0, above, "band", ""), (above, count, "", svg.HATCH)):
        chosen = [number for number in _ranks(count) if first <= number < last]
        if chosen:
            edge = "".join(f"L{svg.n(x(number))} {svg.n(_y(float(shares[number])))}" for number in chosen)
            final = svg.n(_y(float(shares[chosen[-1]])))
            inner += svg.path(
                f"M{svg.n(x(first))} {HEIGHT}{edge}L{svg.n(x(last))} {final}V{HEIGHT}Z", css, fill
            )
    corners = "L".join(f"{svg.n(x(number))} {svg.n(_y(float(shares[number])))}" for number in _ranks(count))
    inner += svg.path(f"M{corners}H1000", "trace-line") if count else ""
    body += svg.plot(LEFT, TOP, wide, HEIGHT, inner)
    if limit > 0:
        y = TOP + _y(limit)
        body += svg.line(LEFT, y, 100 - RIGHT, y, "gate")
        words = _("threshold %(dose)s") % {"dose": dose(threshold)}
        body += svg.text(100 - RIGHT, y - 7, words, anchor="end", css="alarm", fluid=True)
        if count:
            cut = LEFT + x(above) / 1000 * wide
            body += svg.line(cut, y, cut, TOP + HEIGHT, "mark-line")
            body += f'<circle cx="{svg.pc(cut)}" cy="{svg.n(y)}" r="4.5" class="solid"/>'
            body += svg.text(cut, TOP + HEIGHT + 17, f"{above:,}", anchor="middle", css="strong", fluid=True)
    if count > 1 and x(above) < 930:
        body += svg.text(100 - RIGHT, TOP + HEIGHT + 17, f"{count:,}", anchor="end", fluid=True)
    body += svg.text(LEFT, TOP + HEIGHT + 38, _("Items, ranked by dose (square-root scale)"), fluid=True)
    said = _("%(above)s of %(count)s items at or above the threshold of %(dose)s") % {
        "above": f"{above:,}", "count": f"{count:,}", "dose": dose(threshold),
    }  # fmt: skip
    return svg.fluid(TOP + HEIGHT + 46, said, body)
