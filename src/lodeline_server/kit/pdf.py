"""PDF by Typst. The template is ours; what users wrote reaches it as data, never as source.

A template `<app>/templates/<app>/list.typ` begins with

    #import "kit.typ": *
    #show: sheet.with(title: data.title, foot: data.foot)
    = #data.title
    #facts((("Serial", "left"), ("Dose", "right")), data.rows)

`data` is what was given to `render`, `now` its time as text.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from datetime import datetime

STANDARD: Final = "a-2a"  # PDF/A-2a: archivable, with structure for screen readers
SHARED: Final = "kit/kit.typ"


def _source(template: str) -> bytes:
    from django.template.loader import get_template

    return str(get_template(template).template.source).encode()  # type: ignore[attr-defined]


def render(template: str, data: dict[str, Any], *, now: datetime, standard: str = STANDARD) -> bytes:
    """A PDF/A-2a of a `.typ` file found like any template, with the `data` given (JSON values only).

    The same data and `now` give the same bytes: fonts are those inside Typst, the document's date is `now`.
    `standard="ua-1"` gives PDF/UA-1 instead. Raises `typst.TypstError` for a faulty template.
    """
    import typst  # 80 MB of library: only for those who print

    inputs = {
        "data": json.dumps(data, ensure_ascii=False, sort_keys=True),
        "now": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    files = {"main.typ": _source(template), "kit.typ": _source(SHARED)}
    return bytes(
        typst.compile(
            files,
            sys_inputs=inputs,
            pdf_standards=[standard],
            ignore_system_fonts=True,
            timestamp=int(now.timestamp()),
        )
    )
