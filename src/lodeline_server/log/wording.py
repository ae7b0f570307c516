"""What a statement says, in rows of name and value. Written from its fields; the signed bytes say it exactly."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_ROWS, MOST_NAMED, LONGEST = 40, 3, 300
# Long or machine-only members: the whole statement and the JSON form hold them.
PASSED_OVER = {"raw", "jws", "type", "kind", "id", "issuer", "subject", "content", "assurance", "@context"}
LISTS = (
    ("epcList", "quantityList"),
    ("childEPCs", "childQuantityList"),
    ("inputEPCList", "inputQuantityList"),
    ("outputEPCList", "outputQuantityList"),
)
KINDS = {
    "epcis.event": gettext_lazy("Event of the supply chain"),
    "epcis.document": gettext_lazy("Document of events, as it came"),
    "statement.document": gettext_lazy("Document of statements, as it came"),
    "score": gettext_lazy("Score, computed by Lodeline"),
    "passport.published": gettext_lazy("Passport, published by Lodeline"),
    "passport.grant": gettext_lazy("Passport opened to a reader"),
    "passport.grant-ended": gettext_lazy("End of such a reading right"),
    "credential.issued": gettext_lazy("Credential, issued here"),
    "credential.status": gettext_lazy("Status of a credential"),
    "credential.key": gettext_lazy("Key that signs credentials"),
    "credential.trust-list": gettext_lazy("Trust list: who may issue what"),
    "credential.trust": gettext_lazy("Whose trust list is believed"),
    "credential.held": gettext_lazy("Credential of another, taken in"),
    "credential.hung": gettext_lazy("Credential put on a battery"),
    "credential.did": gettext_lazy("Identifier of an organisation"),
    "threshold.question": gettext_lazy("Threshold question"),
    "threshold.answer": gettext_lazy("Answer to a threshold question"),
    "threshold.grant": gettext_lazy("Sealed numbers opened to another party"),
    "threshold.grant-ended": gettext_lazy("End of such a grant"),
    "custody.scheme": gettext_lazy("Rules of a book of credits"),
    "custody.entry": gettext_lazy("Entry in a book of credits"),
    "custody.remark": gettext_lazy("Who approved an entry, and why"),
    "custody.closed": gettext_lazy("Period of a book of credits closed"),
    "recall.computed": gettext_lazy("Recall, computed by Lodeline"),
    "recall.notice": gettext_lazy("Notice of a recall to a holder"),
    "recall.outcome": gettext_lazy("What became of what a recall reached"),
    "recall.closed": gettext_lazy("Closing of a recall"),
    "recall.drill-drawn": gettext_lazy("Lot drawn for a recall drill"),
    "recall.drill-finished": gettext_lazy("End of a recall drill"),
    "erased": gettext_lazy("Erasure of a person's data"),
    "log.resumed": gettext_lazy("Log resumed after an older database"),
    "log.key": gettext_lazy("New key for the checkpoints"),
}
_EDGE = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[_.-]+")


def words(name: str) -> str:
    """`validUntil`, `valid_until` and `party.profile` as words."""
    said = " ".join(part if part.isupper() else part.lower() for part in _EDGE.split(name) if part)
    return said[:1].upper() + said[1:]


def kind(name: str) -> str:
    """The statement's type in words."""
    return str(KINDS.get(name) or words(name))


def rows(name: str, payload: dict[str, Any]) -> list[tuple[str, str]]:
    """At most 40 rows; robust against any payload, for later types are not known here."""
    body = payload.get("body")
    if not isinstance(body, dict):
        return []
    event = body.get("event") if name == "epcis.event" else None
    found = list(_event(event) if isinstance(event, dict) else _statement(body))
    return [(label, said[:LONGEST]) for label, said in found if said][:MOST_ROWS]


def _statement(body: dict[str, Any]) -> Iterator[tuple[str, str]]:
    yield _("About"), _said(body.get("subject"))
    for member in ("content", "assurance"):
        inner = body.get(member)
        if isinstance(inner, dict):
            for name, value in inner.items():
                yield words(name), _said(value)
    for member, value in body.items():
        if member not in PASSED_OVER:
            yield words(member), _said(value)


def _event(event: dict[str, Any]) -> Iterator[tuple[str, str]]:
    step = " · ".join(_said(event[name]) for name in ("type", "bizStep", "action") if event.get(name))
    yield _("Event"), step
    yield _("Event time"), _said(event.get("eventTime"))
    yield _("Time zone there"), _said(event.get("eventTimeZoneOffset"))
    for member, label in (("readPoint", _("Place")), ("bizLocation", _("Site"))):
        place = event.get(member)
        yield label, _said(place.get("id")) if isinstance(place, dict) else ""
    yield _("Parent"), _said(event.get("parentID"))
    labels = (_("What"), _("Parts"), _("Inputs"), _("Outputs"))
    for label, (things, amounts) in zip(labels, LISTS, strict=True):
        yield label, _things(event.get(things), event.get(amounts))
    yield _("Disposition"), _said(event.get("disposition"))
    ilmd = event.get("ilmd")
    if isinstance(ilmd, dict):
        for member, value in ilmd.items():
            yield words(member.rpartition(":")[2]), _said(value)


def _things(things: Any, amounts: Any) -> str:
    named = [_said(one) for one in things] if isinstance(things, list) else []
    for one in amounts if isinstance(amounts, list) else []:
        if isinstance(one, dict):
            amount = " ".join(_said(one.get(member)) for member in ("quantity", "uom") if one.get(member))
            named.append(f"{amount} {_said(one.get('epcClass'))}".strip())
    return _some(named)


def _some(named: list[str]) -> str:
    said = ", ".join(named[:MOST_NAMED])
    more = len(named) - MOST_NAMED
    if more > 0:
        said += " " + ngettext("and %(n)d more", "and %(n)d more", more) % {"n": more}
    return said


def _said(value: Any) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        return _some([_said(one) for one in value])
    if isinstance(value, dict):
        return "; ".join(
            f"{words(str(name).rpartition(':')[2])} {_said(inner)}"
            for name, inner in list(value.items())[:12]
        )[:LONGEST]
    return str(value)
