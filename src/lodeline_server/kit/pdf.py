"""PDF by Typst. The template is ours; what users wrote reaches it as data, never as source."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import typst
from django.template.loader import get_template

if TYPE_CHECKING:
    from datetime import datetime

STANDARD = "a-2a"


def render(template: str, data: dict[str, Any], *, now: datetime) -> bytes:
    """PDF/A-2a of a `.typ` file found like any template. The template reads `json(bytes(sys.inputs.data))`.

    The same data and `now` give the same bytes.
    """
    source = get_template(template).template.source  # type: ignore[attr-defined]
    inputs = {
        "data": json.dumps(data, ensure_ascii=False, sort_keys=True),
        "now": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    return bytes(typst.compile(source.encode(), sys_inputs=inputs, pdf_standards=[STANDARD]))
