"""Words and marks of the design: `{% load lode %}`. Nothing here asks the database."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from django import template
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _

from lodeline.quantities import NARROW, format_mass
from lodeline_server.kit import charts
from lodeline_server.kit.icons import icon

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.utils.safestring import SafeString

register = template.Library()
BOXES = 5


@register.simple_tag
def evidence_chip(level: str, words: str = "") -> SafeString:
    """`E4 ▮▮▮▮▯`; S, computed by Lodeline, has a step line instead of boxes."""
    if level == "S":
        drawing = format_html(
            '<svg width="28" height="10" viewBox="0 0 28 10" aria-hidden="true"><path class="line" d="{}"/></svg>',
            "M1 9h6V5h6V1h6v4h4V1h4v8",
        )
        name = _("computed from the log")
    else:
        filled = int(level[1:])
        drawing = format_html(
            '<svg width="28" height="10" viewBox="0 0 28 10" aria-hidden="true"><path d="{}" fill="currentColor"/>'
            '<path class="line thin" d="{}"/></svg>',
            "".join(f"M{n * 5.6:.1f} 0h4.2v10h-4.2Z" for n in range(filled)) or "M0 0",
            "".join(f"M{n * 5.6 + 0.5:.1f} .5h3.2v9h-3.2Z" for n in range(filled, BOXES)) or "M0 0",
        )
        name = _("evidence level %(n)s of 5") % {"n": filled}
    return format_html(
        '<span class="chip">{} {}<span class="visually-hidden">, {}</span>{}</span>',
        level, drawing, name, format_html(" <span>{}</span>", words) if words else "",
    )  # fmt: skip


@register.simple_tag
def status(kind: str, words: Any) -> SafeString:
    """Icon, word and colour: ok, warn, bad, waiting, none, barred, locked."""
    return format_html(
        '<span class="status {}">{}{}</span>', kind, icon(kind), format_html(" {}", words) if words else ""
    )


@register.simple_tag
def receipt(position: int | None) -> SafeString:
    """Link to the receipt of a statement."""
    if position is None:
        return format_html('<span class="quiet">{}</span>', _("none"))
    return format_html(
        '<a class="receipt" href="{}">{}<span class="visually-hidden">{} </span>{}</a>',
        reverse("statement", args=[position]), icon("slip"), _("receipt at log position"), count(position),
    )  # fmt: skip


@register.filter
def groups(number: int | None) -> str:
    """1986 -> 1,986."""
    return "" if number is None else f"{number:,}"


@register.simple_tag
def count(number: int | None) -> str:
    return groups(number)


@register.simple_tag(name="mass")
def mass_tag(milligrams: int | None) -> str:
    """Milligrams with a fitting unit; says so when unknown."""
    return _("unknown") if milligrams is None else format_mass(int(milligrams))


register.filter("mass", lambda milligrams: mass_tag(milligrams))


@register.simple_tag(name="share")
def share_tag(value: Fraction | Decimal | float | None, digits: int = 1) -> str:
    """A share of one as a percentage with a narrow space: 0.81 -> 81.0 %."""
    if value is None:
        return _("unknown")
    exact = Fraction(value)
    rounded = (Decimal(exact.numerator) * 100 / Decimal(exact.denominator)).quantize(
        Decimal(1).scaleb(-digits)
    )
    if exact and not rounded:
        return f"<{Decimal(1).scaleb(-digits)}{NARROW}%"
    return f"{rounded}{NARROW}%".replace("-", "−")


register.filter("share", lambda value: share_tag(value))


@register.filter
def day(value: date | datetime | str | None) -> str:
    """2027-06-14."""
    if value in (None, ""):
        return "–"
    return value[:10] if isinstance(value, str) else value.strftime("%Y-%m-%d")


@register.filter
def moment(value: datetime | None) -> str:
    """2027-06-14 08:40 UTC."""
    return "–" if value is None else f"{value:%Y-%m-%d %H:%M} UTC"


@register.filter
def initials(name: str) -> str:
    """At most two letters for the person menu."""
    return "".join(word[0] for word in str(name).replace("@", " ").split()[:2]).upper() or "?"


@register.inclusion_tag("kit/figure.html")
def figure(label: Any, value: Any, unit: Any = "", note: Any = "") -> dict[str, Any]:
    """One key figure."""
    return {"label": label, "value": value, "unit": unit, "note": note}


@register.simple_tag
def bench_item(label: Any, value: Any) -> SafeString:
    """One cell of the bench line."""
    return format_html("<div><dt>{}</dt><dd>{}</dd></div>", label, value)


@register.simple_tag
def interval_bar(low: Any, q05: Any, point: Any, q95: Any, high: Any) -> SafeString:
    """Axis 0 to 100: bounds, 5 to 95 % band, dot."""
    return charts.interval(low, q05, point, q95, high)


@register.simple_tag
def compact_interval(low: Any, q05: Any, point: Any, q95: Any, high: Any) -> SafeString:
    return charts.interval(low, q05, point, q95, high, compact=True)


@register.simple_tag
def coverage_bar(value: Any, floor: Any = None) -> SafeString:
    """Solid: evidence. Hatched: none. Gap: the floor."""
    return charts.coverage(value, floor)


@register.simple_tag
def origin_bar(parts: Sequence[dict[str, Any]]) -> SafeString:
    """Stacked shares: dictionaries with label, share, and colour (1 to 6) or unknown."""
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
