"""Status icons: each kind has a shape of its own, so that it reads without its colour."""

from __future__ import annotations

from typing import Final

from django.utils.safestring import SafeString, mark_safe

_OPEN = '<svg class="icon" width="14" height="14" viewBox="0 0 14 14" aria-hidden="true">'
_SHAPES: Final = {
    "ok": '<circle cx="7" cy="7" r="6.5" fill="currentColor"/><path class="cut" d="m4 7.2 2 2 4-4.2"/>',
    "warn": '<path fill="currentColor" d="M7 .8 13.6 13H.4Z"/><path class="cut" d="M7 5v4M7 10.4v1.2"/>',
    "bad": '<path fill="currentColor" d="M4.2.5h5.6l3.7 3.7v5.6l-3.7 3.7H4.2L.5 9.8V4.2Z"/>'
    '<path class="cut" d="m4.6 4.6 4.8 4.8m0-4.8-4.8 4.8"/>',
    "waiting": '<circle class="line" cx="7" cy="7" r="6"/><path class="line" d="M7 3.6V7l2.4 1.6"/>',
    "none": '<circle class="line dashed" cx="7" cy="7" r="6"/>',
    "barred": '<circle class="line" cx="7" cy="7" r="6"/><path class="line" d="m2.8 11.2 8.4-8.4"/>',
    "locked": '<rect x="2" y="6" width="10" height="7.5" rx="1" fill="currentColor"/>'
    '<path class="line" d="M4.2 6V4a2.8 2.8 0 0 1 5.6 0v2"/>',
    "slip": '<path class="line" d="M2.5.7h9v12.6l-1.5-1-1.5 1-1.5-1-1.5 1-1.5-1-1.5 1Z"/>'
    '<path class="line" d="M5 5h4M5 8h4"/>',
}
KINDS: Final = frozenset(_SHAPES) - {"slip"}


def icon(kind: str) -> SafeString:
    """The drawing of a status kind; raises `KeyError` for a kind that is not in the design."""
    return mark_safe(f"{_OPEN}{_SHAPES[kind]}</svg>")  # noqa: S308 - constants
