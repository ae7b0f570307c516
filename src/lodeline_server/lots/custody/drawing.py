"""The running balance of a book over one period, as a step line."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from lodeline.quantities import format_mass
from lodeline_server.kit.charts import svg

if TYPE_CHECKING:
    from datetime import datetime

    from django.utils.safestring import SafeString

    from lodeline.lots.massbook import BookPage

LEFT, RIGHT, TOP, HEIGHT = 11.0, 3.0, 12, 150
PARTS = 4


def balance(page: BookPage, until: datetime) -> SafeString:
    """`until`: the line ends there in a period that goes on."""
    start, end = page.period.start, page.period.end
    span = (end - start) / timedelta(seconds=1)
    most = max([page.opening, *(line.left for line in page.lines)])
    top = _nice(most)

    def x(at: datetime) -> float:
        return 1000 * min(max((at - start) / timedelta(seconds=1) / span, 0), 1)

    def y(mass: int) -> float:
        return float(HEIGHT - Decimal(mass) / top * HEIGHT)

    body = ""
    for part in range(PARTS + 1):
        level = top * part // PARTS
        at = TOP + y(level)
        body += svg.line(LEFT, at, 100 - RIGHT, at, "grid-line")
        body += svg.text(LEFT, at + 4, format_mass(level), anchor="end", fluid=True, dx=-8)
    path = f"M0 {svg.n(y(page.opening))}"
    for line in page.lines:
        path += f"H{svg.n(x(line.at))}V{svg.n(y(line.left))}"
    path += f"H{svg.n(x(min(until, end)))}"
    body += svg.plot(LEFT, TOP, 100 - LEFT - RIGHT, HEIGHT, svg.path(path, "trace-line"))
    low = TOP + HEIGHT + 20
    body += svg.text(LEFT, low, f"{start:%Y-%m-%d}", fluid=True)
    body += svg.text(100 - RIGHT, low, f"{end:%Y-%m-%d}", anchor="end", fluid=True)
    said = _("Balance from %(opening)s to %(closing)s, at most %(most)s") % {
        "opening": format_mass(page.opening),
        "closing": format_mass(page.closing),
        "most": format_mass(most),
    }
    return svg.fluid(TOP + HEIGHT + 28, said, body)


def _nice(most: int) -> int:
    """The next of 1, 2, 4, 8 times a power of ten mg: its quarters are round."""
    power = 4
    while power * 2 < most:
        power *= 10
    return next(power * factor for factor in (1, 2, 5, 10, 20) if power * factor >= most)
