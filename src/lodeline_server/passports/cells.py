"""The completeness cells: eight states that read without their colour."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from lodeline.passports.completeness import State
from lodeline_server.passports import wording

if TYPE_CHECKING:
    from lodeline_server.passports.workbench import View

_SQUARE: Final = '<rect x="6.5" y="6.5" width="11" height="11" fill="none" stroke="{0}"{1}/>'
DRAWINGS: Final = {
    State.PRESENT: '<rect class="f1" x="6" y="6" width="12" height="12"/>',
    State.MISSING: _SQUARE.format("var(--bad)", ' stroke-width="1.6"'),
    State.CONTRADICTORY: '<rect class="f2" x="6" y="6" width="12" height="12"/>'
    '<path d="M8.5 10.5h7M8.5 13.5h7M14 8l-4 8" stroke="#15181e" stroke-width="1.3"/>',
    State.MUST_NOT_BE_FILLED: '<rect x="6" y="6" width="12" height="12" fill="var(--bad)"/>'
    '<path d="m8 16 8-8" stroke="var(--sheet)" stroke-width="2.4"/>',
    State.NOT_YET_REQUIRED: _SQUARE.format("var(--hatch)", ' stroke-dasharray="2 1.6"'),
    State.DOES_NOT_APPLY: '<path d="M8 12h8" stroke="var(--ink-3)" stroke-width="1.6"/>',
    State.MUST_STAY_EMPTY: '<path d="m8 16 8-8" stroke="var(--hatch)" stroke-width="1.2"/>',
    State.OPTIONAL_EMPTY: '<circle cx="12" cy="12" r="3.5" fill="none" stroke="var(--hatch)"/>',
}


SIZE, STEP, APART = 0.8, 11, 6


def _mark(state: State) -> SafeString:
    """The mark alone, as large as it is drawn."""
    return mark_safe(  # noqa: S308 - constants
        f'<svg width="14" height="14" viewBox="5 5 14 14" aria-hidden="true">{DRAWINGS[state]}</svg>'
    )


def cell(state: State) -> SafeString:
    """The mark of a state, in a square of 24 pixels: a target big enough for a finger."""
    return mark_safe(  # noqa: S308 - constants
        f'<svg width="24" height="24" viewBox="0 0 24 24" aria-hidden="true">{DRAWINGS[state]}</svg>'
    )


def strip(view: View) -> SafeString:
    """All cells of a battery in one row, named as a whole: the workbench has them one by one."""
    drawn, at, before = "", 0, ""
    for row in view.rows:
        apart = APART if before and row.point.section != before else 0
        drawn += f'<g transform="translate({at + apart - 4} -4) scale({SIZE})">{DRAWINGS[row.state]}</g>'
        at, before = at + apart + STEP, row.point.section
    counts = Counter(row.state.value for row in view.rows)
    return format_html(
        '<svg width="{0}" height="12" viewBox="0 0 {0} 12" role="img" aria-label="{1}">{2}</svg>',
        at, wording.counted(dict(counts)), mark_safe(drawn),  # noqa: S308 - constants and numbers
    )  # fmt: skip


def legend() -> SafeString:
    """The key of all states."""
    entries = ((_mark(state), wording.STATES[state]) for state in State)
    return format_html('<ul class="key">{}</ul>', format_html_join("", "<li>{}{}</li>", entries))
