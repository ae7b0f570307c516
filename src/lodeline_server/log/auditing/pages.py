"""The audit trail as a page."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, Any, Final

from django import forms
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from lodeline.access import Permission
from lodeline_server.kit.audit import Kind, Outcome
from lodeline_server.kit.permissions import page
from lodeline_server.kit.tables import csv_response
from lodeline_server.log import notebook
from lodeline_server.log.auditing import pseudonyms, queries, sequencer
from lodeline_server.log.books import AUDIT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    from lodeline.access import Actor

PER_PAGE: Final = 50
KINDS: Final = {
    Kind.READ: _("read"),
    Kind.EXPORT: _("exported"),
    Kind.CHANGE: _("changed"),
    Kind.GRANT: _("granted"),
    Kind.REVOKE: _("took away"),
    Kind.SIGNIN: _("signed in"),
    Kind.SIGNOUT: _("signed out"),
    Kind.ACCOUNT: _("account security"),
    Kind.COMMAND: _("command line"),
    Kind.DENIED: _("was denied"),
    Kind.REFUSED: _("was refused"),
    Kind.FAILED: _("met a failure"),
}
# Mark and word of an outcome.
OUTCOMES: Final = {
    Outcome.OK: ("ok", _("Done")),
    Outcome.DENIED: ("bad", _("Denied")),
    Outcome.REFUSED: ("warn", _("Refused")),
    Outcome.FAILED: ("bad", _("Failed")),
}
HEAD: Final = ("position", "time", "type", "actor", "name", "role", "action", "outcome", "objects", "permission",
               "request", "count")  # fmt: skip


class Filters(forms.Form):
    """Beside kind and days, what is looked for is sealed: it is found by opening lines one by one."""

    kind = forms.ChoiceField(
        label=_("What"),
        required=False,
        choices=[("", _("all")), *((k.value, word) for k, word in KINDS.items())],
    )
    outcome = forms.ChoiceField(
        label=_("Outcome"),
        required=False,
        choices=[("", _("all")), *((o.value, word) for o, (_mark, word) in OUTCOMES.items())],
    )
    actor = forms.CharField(label=_("Who"), required=False, max_length=254)
    action = forms.CharField(label=_("Action"), required=False, max_length=100)
    since = forms.DateField(label=_("From"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(label=_("To"), required=False, widget=forms.DateInput(attrs={"type": "date"}))


def wanted(filters: Filters, reader: Actor) -> queries.Wanted:
    """What a form asks for. A field that does not fit narrows nothing; its error stands beside it."""
    said = filters.cleaned_data if filters.is_valid() or filters.is_bound else {}
    actor = said.get("actor") or ""
    return queries.Wanted(
        kind=said.get("kind") or "",
        outcome=said.get("outcome") or "",
        action=said.get("action") or "",
        actors=frozenset(people(actor, reader)) if actor else frozenset(),
        since=_instant(said.get("since"), time.min),
        until=_instant(said.get("until"), time.max),
    )


def people(word: str, reader: Actor) -> set[str]:
    """Pseudonyms meant by a word: those whose name it is in, as far as the reader knows names."""
    named = {one for one, name in pseudonyms.names(reader).items() if word.lower() in name.lower()}
    known = {word, *named}
    # An address is looked up only for who may see the members, or it would tell who has an account.
    if reader.workspace is not None and reader.may(Permission.MEMBERS_MANAGE):
        known |= pseudonyms.found(word, [reader.workspace])
    return known


def _instant(day: date | None, at: time) -> datetime | None:
    return datetime.combine(day, at, UTC) if day else None


@require_safe
@page(Permission.AUDIT_VIEW)
def trail(request: HttpRequest) -> HttpResponseBase:
    """Lines, newest first. Reading them is a line, too."""
    reader: Actor = request.actor  # type: ignore[attr-defined]
    filters = Filters(request.GET)
    asked = wanted(filters, reader)
    if request.GET.get("format") == "csv":
        return csv_response(_rows(reader, asked), "audit")
    names = pseudonyms.names(reader)
    found = queries.page(reader, asked, before=_position(request), limit=PER_PAGE)
    newest = notebook.newest(AUDIT)
    return render(
        request,
        "log/audit.html",
        {
            "lines": [_shown(line, names) for line in found.lines],
            "older": found.older,
            "stopped": found.older is not None and len(found.lines) < PER_PAGE,
            "looked_at": found.looked_at,
            "filters": filters,
            "filtered": any(request.GET.get(name) for name in filters.fields),
            "size": newest.size if newest else 0,
            "signed_at": newest.created_at if newest else None,
            "lag": sequencer.lag(reader.workspace),
            "whole": reader.may(Permission.OPERATE),
            "origin": AUDIT.origin,
        },
    )


def _position(request: HttpRequest) -> int | None:
    word = request.GET.get("before", "")
    return int(word) if word.isascii() and word.isdigit() and len(word) <= 18 else None  # fits 64 bits


def _shown(line: queries.Line, names: dict[str, str]) -> dict[str, Any]:
    mark, word = OUTCOMES.get(line.outcome, ("none", line.outcome))  # type: ignore[call-overload]
    return {
        "line": line,
        "when": datetime.fromisoformat(line.time),
        "name": names.get(line.actor, ""),
        "kind": KINDS.get(line.kind, line.kind),  # type: ignore[call-overload]
        "mark": mark,
        "outcome": word,
        "objects": [(name, value, names.get(value, "")) for name, value in line.objects.items()],
    }


def _rows(reader: Actor, asked: queries.Wanted) -> Iterator[list[Any]]:
    """All lines that fit, as rows of the CSV; each cell is made safe for a spreadsheet on its way out."""
    names = pseudonyms.names(reader)
    yield list(HEAD)
    for _position, line in queries.lines(reader, asked):
        if line is not None:
            objects = " ".join(f"{name}={value}" for name, value in line.objects.items())
            yield [
                line.position, line.time, line.kind, line.actor, names.get(line.actor, ""), line.role, line.action,
                line.outcome, objects, line.permission, line.request, line.count,
            ]  # fmt: skip
