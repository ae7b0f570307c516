"""Words and marks of the design: `{% load lode %}`. Nothing here asks the database.

Marks    evidence_chip level words · status kind words · receipt position · icon kind · seal hash
Figures  count n · n|groups · mg|mass · value|share · value|share:0 · date|day · time|moment · time|ago:now
Page     figure label value unit note · bench_item label value · address page=2
Drawings interval_bar · compact_interval · coverage_bar · origin_bar · bar (all of them in kit.charts)
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django import template
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from lodeline.quantities import NARROW, format_mass
from lodeline_server.kit import charts, icons
from lodeline_server.kit.charts.numbers import percent
from lodeline_server.kit.seal import rosette

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from fractions import Fraction

register = template.Library()
BOXES = 5
MINUTE, HOUR, DAY = 60, 3600, 86_400
register.simple_tag(icons.icon, name="icon")


@register.simple_tag
def evidence_chip(level: str, words: Any = "", href: str = "", why: Any = "") -> SafeString:
    """`E4 ▮▮▮▮▯`; S, computed by Lodeline, has a step line instead of boxes.

    With `href` the chip opens the source; `why` says why it is not higher (a tooltip and for readers).
    """
    if level == "S":
        drawing = format_html(
            '<svg width="28" height="10" viewBox="0 0 28 10" aria-hidden="true"><path class="line" d="{}"/></svg>',
            "M1 9h6V6h5V1h6v5h4V2h5v7",
        )
        name = _("computed from the log")
    else:
        filled = min(int(level[1:]), BOXES) if level[1:].isdigit() else 0
        full = format_html_join(
            "", '<path d="M{} 0h4.2v10H{}Z" fill="currentColor"/>',
            ((f"{n * 5.6:.1f}", f"{n * 5.6:.1f}") for n in range(filled)),
        )  # fmt: skip
        hollow = format_html_join(
            "", '<path class="faint" d="M{} .5h3.2v9H{}Z"/>',
            ((f"{n * 5.6 + 0.5:.1f}", f"{n * 5.6 + 0.5:.1f}") for n in range(filled, BOXES)),
        )  # fmt: skip
        drawing = format_html(
            '<svg width="28" height="10" viewBox="0 0 28 10" aria-hidden="true">{}{}</svg>', full, hollow
        )
        name = _("evidence level %(n)s of 5") % {"n": filled}
    inside = format_html(
        '<b>{}</b> {}<span class="visually-hidden">, {}{}</span>{}',
        level, drawing, name, format_html(", {}", why) if why else "",
        format_html(" <span>{}</span>", words) if words else "",
    )  # fmt: skip
    title = format_html(' title="{}"', why) if why else ""
    if href:
        return format_html('<a class="chip" href="{}"{}>{}</a>', href, title, inside)
    return format_html('<span class="chip"{}>{}</span>', title, inside)


@register.simple_tag
def status(kind: str, words: Any = "") -> SafeString:
    """Icon, word and colour: ok, warn, bad, waiting, none, barred, locked."""
    said = format_html(" {}", words) if words else ""
    return format_html('<span class="status {}">{}{}</span>', kind, icons.icon(kind), said)


@register.simple_tag
def receipt(position: int | None) -> SafeString:
    """Link to the receipt of a statement: a slip and its log position."""
    if position is None:
        return format_html('<span class="quiet">{}</span>', _("none"))
    return format_html(
        '<a class="receipt" href="{}">{}<span class="visually-hidden">{} </span>{}</a>',
        reverse("statement", args=[position]), icons.icon("slip"), _("receipt at log position"), groups(position),
    )  # fmt: skip


@register.simple_tag
def seal(digest: bytes | str, size: int = 120) -> SafeString:
    """The rosette of a record's hash (bytes or hexadecimal). It helps the eye; it proves nothing."""
    raw = bytes.fromhex(digest) if isinstance(digest, str) else bytes(digest)
    return format_html(
        '<svg class="seal" width="{0}" height="{0}" viewBox="-60 -60 120 120" aria-hidden="true"><path d="{1}"/></svg>',
        size, rosette(raw),
    )  # fmt: skip


@register.filter
def groups(number: Any) -> str:
    """1986 -> 1,986; a minus is −. What is no number stays as it is."""
    if number is None or number == "":
        return ""
    if not isinstance(number, int | Decimal | float):
        return str(number)
    return f"{number + 0:,}".replace(
        "-", "−"
    )  # adding opens what is looked up lazily, such as the log's size


@register.simple_tag
def count(number: int | None) -> str:
    """The same as a tag."""
    return groups(number)


@register.simple_tag(name="mass")
def mass_tag(milligrams: int | None) -> str:
    """Milligrams with a fitting unit; says so when unknown."""
    return _("unknown") if milligrams is None else format_mass(int(milligrams))


register.filter("mass", mass_tag)


@register.simple_tag(name="share")
def share_tag(value: Fraction | Decimal | float | str | None, digits: int = 1) -> str:
    """A share of one as a percentage with a narrow space: 0.81 -> 81.0 %."""
    return _("unknown") if value is None or value == "" else percent(value, int(digits))


register.filter("share", share_tag)


@register.filter
def day(value: date | datetime | str | None) -> str:
    """2027-06-14."""
    if value is None or value == "":
        return "–"
    return value[:10] if isinstance(value, str) else f"{value:%Y-%m-%d}"


@register.filter
def moment(value: datetime | None) -> str:
    """2027-06-14 08:40 UTC."""
    return "–" if value is None else f"{value:%Y-%m-%d %H:%M} UTC"


@register.filter
def ago(value: datetime | None, now: datetime) -> str:
    """38 s ago, 12 min ago, 5 h ago, 3 days ago."""
    return "–" if value is None else _("%(time)s ago") % {"time": span((now - value).total_seconds())}


@register.filter
def span(seconds: float) -> str:
    """A length of time in its largest unit: 38 s, 12 min, 5 h, 3 days."""
    whole = max(int(seconds), 0)
    if whole < MINUTE:
        return f"{whole}{NARROW}s"
    if whole < HOUR:
        return f"{whole // MINUTE}{NARROW}min"
    if whole < 2 * DAY:
        return f"{whole // HOUR}{NARROW}h"
    return ngettext("%(n)s day", "%(n)s days", whole // DAY) % {"n": groups(whole // DAY)}


@register.filter
def days_left(value: date | None, today: date | datetime) -> str:
    """27 days left, today, 3 days ago: stands beside the date, not instead of it."""
    if value is None:
        return ""
    left = (value - (today.date() if isinstance(today, datetime) else today)).days
    if left == 0:
        return _("today")
    if left > 0:
        return ngettext("%(n)s day left", "%(n)s days left", left) % {"n": groups(left)}
    return ngettext("%(n)s day ago", "%(n)s days ago", -left) % {"n": groups(-left)}


@register.filter
def initials(name: str) -> str:
    """At most two letters for the person menu."""
    words = str(name).split("@")[0].replace(".", " ").replace("-", " ").split()
    return "".join(word[0] for word in words[:2]).upper() or "?"


@register.filter
def role_name(role: Any) -> str:
    """The role in words."""
    return str(getattr(role, "value", role) or "")


@register.filter(is_safe=True)
def lead(words: str) -> SafeString | str:
    """One line below the heading, or nothing when a page has none."""
    return format_html('<p class="lead">{}</p>', words) if words.strip() else ""


@register.inclusion_tag("kit/figure.html")
def figure(label: Any, value: Any, unit: Any = "", note: Any = "", drawing: Any = "") -> dict[str, Any]:
    """One key figure: at most four in `<div class="figures">`. Longer words are set smaller.

    A mass or share with its unit, as the filters write them, is taken apart: 24.79 and a smaller kg.
    """
    if not unit and NARROW in str(value):
        value, _narrow, unit = str(value).rpartition(NARROW)
    words = len(str(value)) > 9  # what fits a quarter of the page in the large size
    return {"label": label, "value": value, "unit": unit, "note": note, "drawing": drawing, "words": words}


@register.simple_tag
def bench_item(label: Any, value: Any) -> SafeString:
    """One cell of the bench line, inside `<div class="bench"><dl>`; nothing when there is no value."""
    if value is None or value == "":
        return SafeString("")
    return format_html("<div><dt>{}</dt><dd>{}</dd></div>", label, value)


@register.simple_tag
def interval_bar(low: Any, q05: Any, point: Any, q95: Any, high: Any, cap: Any = None) -> SafeString:
    """Axis 0 to 100: bounds, 5 to 95 % band, dot; red hatching right of a gate's cap."""
    return charts.interval(low, q05, point, q95, high, cap=cap)


@register.simple_tag
def compact_interval(low: Any, q05: Any, point: Any, q95: Any, high: Any, cap: Any = None) -> SafeString:
    """The same for a list, without ticks."""
    return charts.interval(low, q05, point, q95, high, compact=True, cap=cap)


@register.simple_tag
def coverage_bar(value: Any, floor: Any = None) -> SafeString:
    """Solid: evidence. Hatched: none. Gap: the floor."""
    return charts.coverage(value, floor)


@register.simple_tag
def origin_bar(parts: Sequence[Mapping[str, Any]]) -> SafeString:
    """Stacked shares: mappings with label, share, and colour (1 to 6) or unknown."""
    return charts.stacked(parts)


@register.simple_tag
def bar(share: Any) -> SafeString:
    """A thin bar for a table cell, 0 to 1."""
    return charts.bar(share)


@register.simple_tag(takes_context=True)
def address(context: dict[str, Any], **changes: Any) -> str:
    """The page's own query with changes; None takes a word away."""
    query = context["request"].GET.copy()
    for name, value in changes.items():
        if value is None:
            query.pop(name, None)
        else:
            query[name] = value
    return f"?{query.urlencode()}" if query else "?"
