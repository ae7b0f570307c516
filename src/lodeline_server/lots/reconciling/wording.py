"""Rules, causes and states in words, and findings with names in place of identifiers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext_lazy as _

from lodeline.lots.mismatch import Cause
from lodeline_server.lots.folding import label
from lodeline_server.lots.reconciling.models import Case

if TYPE_CHECKING:
    from collections.abc import Mapping

RULES: Final = {
    "RC-STOCK": _("Counted stock is not the booked stock"),
    "RC-OVERDRAWN": _("More left a site than was there"),
    "RC-MISSING": _("Sent, and never received"),
    "RC-UNSENT": _("Received, and never sent"),
    "RC-DOUBLED": _("Received more often than sent"),
    "RC-TWICE": _("Recorded twice under two ids"),
    "RC-WEIGHT": _("Received weight is not the sent weight"),
    "RC-TIME": _("Received before it was sent"),
    "RC-BEFORE": _("Used before it was made"),
    "RC-YIELD": _("Yield above 100 %"),
    "RC-OUT": _("More of a lot left than came"),
    "RC-NOWHERE": _("Used where it never came to"),
    "RC-ASSAY": _("Received material is not what was sent"),
    "RC-CLONE": _("One serial at two places at once"),
    "RC-CERTIFICATE": _("One certificate of two holders"),
    "RB-CREDITS": _("Credits without material"),
    "RB-CLAIMS": _("Claims without shipments"),
    "RB-EVENT": _("A booking without its event"),
    "RB-TIME": _("Booked before it arrived"),
    "RB-DOUBLED": _("More booked than an event moved"),
    "RB-CARRIED": _("More booked than the lots bear"),
    "MB-02": _("A period of a book that the scheme does not allow"),
    "MB-03": _("Book stock is not physical stock"),
    "MB-09": _("Credits that expire"),
    "MB-11": _("A book was not closed in time"),
    "MB-12": _("One mass under two schemes"),
}
CAUSES: Final = {
    Cause.MISSING_EVENT.value: _("an event is missing"),
    Cause.MISSING_RECEIPT.value: _("a receipt is missing"),
    Cause.WRONG_FACTOR.value: _("a factor is wrong"),
    Cause.DOUBLE_USE.value: _("something was used or recorded twice"),
    Cause.TIME_SHIFT.value: _("a time is shifted"),
    Cause.UNIT_ERROR.value: _("a unit is wrong"),
    Cause.SUBSTITUTED.value: _("the material is another one"),
    Cause.COPIED.value: _("a number was copied"),
}
WHAT: Final = {
    "opened": _("opened"),
    "changed": _("the finding changed"),
    "reopened": _("reopened"),
    "cured": _("the record fits again"),
    "assigned": _("assigned"),
    "commented": _("comment"),
    "resolved": _("resolved"),
    "dismissed": _("dismissed"),
}
_ENDS = _("As it was sent"), _("As it was received")
SIDES: Final = {
    **dict.fromkeys(("RC-MISSING", "RC-UNSENT", "RC-DOUBLED", "RC-WEIGHT", "RC-TIME"), _ENDS),
    **dict.fromkeys(("RC-STOCK", "RC-OVERDRAWN"), (_("What was counted"), _("What was booked"))),
    **dict.fromkeys(("RC-OUT", "RC-NOWHERE"), (_("What came"), _("What left"))),
    "RC-ASSAY": (_("What the sender states"), _("What was measured")),
    "RC-CLONE": (_("Read first"), _("Read then")),
    "RC-TWICE": (_("Recorded first"), _("Recorded again")),
    "RC-CERTIFICATE": (_("Shown first"), _("Shown by another holder")),
}
"""What stands on the two sides of a case."""
OTHER_SIDES: Final = _("On one side"), _("On the other side")
MARKS: Final = {
    Case.State.OPEN: "warn",
    Case.State.WORKING: "waiting",
    Case.State.REOPENED: "bad",
    Case.State.RESOLVED: "ok",
    Case.State.DISMISSED: "none",
    Case.State.CURED: "ok",
}
_NAMED: Final = re.compile(r"(?:https?://|urn:)\S+")
_END: Final = re.compile(r"[.,;:]+$")


def rule(code: str) -> str:
    """A rule in words; books of credits have rules of their own."""
    return str(RULES.get(code, code))


def plain(message: str, names: Mapping[str, str]) -> str:
    """A message as people read it: names and lot numbers for identifiers."""

    def said(found: re.Match[str]) -> str:
        end = _END.search(found[0])
        tail = end[0] if end else ""
        uri = found[0].removesuffix(tail) if tail else found[0]
        return f"{names.get(uri) or label(uri)}{tail}"

    return _NAMED.sub(said, message)
