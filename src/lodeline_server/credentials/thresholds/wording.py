"""Claims of the allow-list in words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

if TYPE_CHECKING:
    from collections.abc import Mapping

_EDGE = re.compile(r"(?<=[a-z])(?=[A-Z])")


def claim(rule: Mapping[str, Any], name: str = "") -> str:
    """`recycledShareCobalt is at least 16 %`, in words; the bare id where the list does not have it."""
    if not rule:
        return _("%(name)s, which is not on the allow-list") % {"name": name}
    said = {
        ">=": _("at least"),
        ">": _("more than"),
        "<=": _("at most"),
        "<": _("less than"),
    }[rule["operator"]]
    what = " ".join(part.lower() for part in _EDGE.split(str(rule["path"]).rsplit("/", 1)[-1]))
    if rule["kind"] == "share":
        whole = " ".join(part.lower() for part in _EDGE.split(str(rule["whole"]).rsplit("/", 1)[-1]))
        what = _("%(part)s as a share of %(whole)s, over all parties") % {"part": what, "whole": whole}
    elif rule["kind"] == "sum":
        what = _("%(part)s, over all parties") % {"part": what}
    unit = "%" if rule["kind"] == "share" else rule["unit"]
    return f"{what[:1].upper()}{what[1:]}: {said} {rule['threshold']} {unit}"


def about(rule: Mapping[str, Any]) -> str:
    """A claim with its source, for a list to choose from."""
    return f"{claim(rule)} ({rule['source']})"
