"""SVG as text. Drawings use classes and attributes, never `style`, so that the page's policy holds.

A *fluid* drawing has no viewBox: x positions are percentages, y positions are pixels. Its text stays 12 px
at every width, which a scaled picture cannot promise. A *fixed* drawing has its size in pixels and scrolls
inside its sheet when the screen is narrower.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe

if TYPE_CHECKING:
    from collections.abc import Iterable

# Hatchings stand in kit/sprite.html; the colour behind is used where that is missing.
HATCH, HATCH_ACCENT, HATCH_BAD = (
    "url(#hatch) #858A93",
    "url(#hatch-accent) #2A3F9D",
    "url(#hatch-bad) #A02020",
)


def n(value: Any) -> str:
    """A coordinate with at most one decimal."""
    said = f"{float(value):.1f}".removesuffix(".0")
    return "0" if said == "-0" else said


def pc(value: Any) -> str:
    """A position in percent with at most two decimals."""
    return f"{float(value):.2f}".rstrip("0").rstrip(".") + "%"


def rect(
    x: Any,
    y: Any,
    width: Any,
    height: Any,
    css: str = "",
    *,
    fill: str = "",
    rx: float = 0,
    fluid: bool = False,
) -> str:
    """A rectangle; `fluid`: x and width in percent."""
    span = max(float(width), 0.0)
    left, wide = (pc(x), pc(span)) if fluid else (n(x), n(span))
    extra = (f' class="{css}"' if css else "") + (f' fill="{fill}"' if fill else "")
    extra += f' rx="{n(rx)}"' if rx else ""
    return f'<rect x="{left}" y="{n(y)}" width="{wide}" height="{n(height)}"{extra}/>'


def line(x1: Any, y1: Any, x2: Any, y2: Any, css: str) -> str:
    """A fluid line: x in percent, y as given (pixels or a percentage as text)."""
    ys = [value if isinstance(value, str) else n(value) for value in (y1, y2)]
    return f'<line x1="{pc(x1)}" y1="{ys[0]}" x2="{pc(x2)}" y2="{ys[1]}" class="{css}"/>'


def dot(x: Any, y: Any, r: float, css: str = "dot") -> str:
    """A fluid dot."""
    return f'<circle cx="{pc(x)}" cy="{n(y)}" r="{n(r)}" class="{css}"/>'


def path(d: str, css: str = "", fill: str = "") -> str:
    """A path, or nothing for an empty one."""
    extra = (f' class="{css}"' if css else "") + (f' fill="{fill}"' if fill else "")
    return f'<path d="{d}"{extra}/>' if d else ""


def text(
    x: Any, y: Any, words: Any, *, anchor: str = "start", css: str = "", fluid: bool = False, dx: float = 0
) -> str:
    """Escaped text; `fluid`: x in percent, moved by `dx` pixels."""
    extra = ("" if anchor == "start" else f' text-anchor="{anchor}"') + (f' class="{css}"' if css else "")
    extra += f' dx="{n(dx)}"' if dx else ""
    return f'<text x="{pc(x) if fluid else n(x)}" y="{n(y)}"{extra}>{escape(words)}</text>'


def _inside(title: str, desc: str, body: str) -> SafeString:
    return format_html(
        "<title>{}</title>{}{}",
        title,
        format_html("<desc>{}</desc>", desc) if desc else "",
        mark_safe(body),  # noqa: S308 - every word in it went through `text`
    )


def fluid(height: int, title: str, body: str, *, css: str = "chart", desc: str = "") -> SafeString:
    """A drawing as wide as its container, `height` pixels high, named for screen readers."""
    return format_html(
        '<svg class="{}" width="100%" height="{}" role="img">{}</svg>',
        css,
        height,
        _inside(title, desc, body),
    )


def fixed(
    width: int, height: int, title: str, body: str, *, css: str = "chart fixed", desc: str = ""
) -> SafeString:
    """A drawing of a fixed size in pixels."""
    return format_html(
        '<svg class="{}" width="{}" height="{}" viewBox="0 0 {} {}" role="img">{}</svg>',
        css, width, height, width, height, _inside(title, desc, body),
    )  # fmt: skip


def plot(x: Any, y: Any, width: Any, height: Any, body: str) -> str:
    """Inside a fluid drawing: an area of 1000 by `height` units, stretched to `width` percent."""
    return (
        f'<svg x="{pc(x)}" y="{n(y)}" width="{pc(width)}" height="{n(height)}" viewBox="0 0 1000 {n(height)}" '
        f'preserveAspectRatio="none">{body}</svg>'
    )


def plot_plate(x: Any, y: Any, letters: int) -> str:
    """A plain plate below a figure that stands on hatching."""
    return (
        f'<svg x="{pc(x)}" overflow="visible"><rect class="plate lab" x="3" y="{n(y)}" '
        f'width="{n(letters * 6.4 + 4)}" height="16"/></svg>'
    )


def short(words: Any, limit: int) -> str:
    """At most `limit` characters, the last an ellipsis where something was left out."""
    said = str(words)
    return said if len(said) <= limit else said[: limit - 1].rstrip() + "…"


def joined(parts: Iterable[str]) -> str:
    """Parts of a description as one sentence."""
    return "; ".join(part for part in parts if part)
