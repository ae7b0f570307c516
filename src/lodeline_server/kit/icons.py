"""Icons. Each status has a shape of its own, so that it reads without its colour."""

from __future__ import annotations

from typing import Final

from django.utils.safestring import SafeString, mark_safe

_OPEN = '<svg class="icon" width="14" height="14" viewBox="0 0 14 14" aria-hidden="true">'
_SHAPES: Final = {
    "ok": '<circle cx="7" cy="7" r="6.5" fill="currentColor"/><path class="cut" d="m4 7.2 2.1 2.1 3.9-4.4"/>',
    "warn": '<path fill="currentColor" d="M7 .6c.4 0 .7.2.9.5l5.7 10.7c.3.6-.1 1.4-.9 1.4H1.3c-.8 0-1.2-.8-.9-1.4'
    'L6.1 1.1c.2-.3.5-.5.9-.5Z"/><path class="cut" d="M7 4.7v3.6M7 10.6v.1"/>',
    "bad": '<path fill="currentColor" d="M4.2.5h5.6l3.7 3.7v5.6l-3.7 3.7H4.2L.5 9.8V4.2Z"/>'
    '<path class="cut" d="m4.7 4.7 4.6 4.6m0-4.6-4.6 4.6"/>',
    "waiting": '<circle class="line" cx="7" cy="7" r="6"/><path class="line" d="M7 3.6V7l2.4 1.6"/>',
    "none": '<circle class="line dashed" cx="7" cy="7" r="6"/>',
    "barred": '<circle class="line" cx="7" cy="7" r="6"/><path class="line" d="m2.8 11.2 8.4-8.4"/>',
    "locked": '<rect x="2" y="6" width="10" height="7.5" rx="1" fill="currentColor"/>'
    '<path class="line" d="M4.2 6V4a2.8 2.8 0 0 1 5.6 0v2"/>',
    "slip": '<path class="line thin" d="M2.5.7h9v12.6l-1.5-1-1.5 1-1.5-1-1.5 1-1.5-1-1.5 1Z"/>'
    '<path class="line thin" d="m4.9 6.2 1.6 1.6 2.9-3.3"/>',
    "search": '<circle class="line" cx="6" cy="6" r="4.5"/><path class="line" d="m9.4 9.4 4 4"/>',
    "down": '<path class="line" d="m3.5 5.5 3.5 3.5 3.5-3.5"/>',
}
KINDS: Final = frozenset(_SHAPES) - {"slip", "search", "down"}


def icon(kind: str) -> SafeString:
    """The drawing of ok, warn, bad, waiting, none, barred, locked, slip, search or down.

    Raises `KeyError` for a kind that is not in the design.
    """
    return mark_safe(f"{_OPEN}{_SHAPES[kind]}</svg>")  # noqa: S308 - constants
