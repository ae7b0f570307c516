"""Threshold proofs for people: questions to answer, questions asked, one's own sealed numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from lodeline import strictjson
from lodeline.access import Permission
from lodeline_server.credentials.thresholds import (
    actions_answer,
    actions_ask,
    actions_verify,
    allowed,
    openings,
    queries,
    shown,
    wording,
)
from lodeline_server.credentials.thresholds.models import ThresholdQuestion
from lodeline_server.kit.clock import now
from lodeline_server.kit.permissions import page
from lodeline_server.kit.problems import Problem
from lodeline_server.parties.models import Organisation

if TYPE_CHECKING:
    from datetime import datetime

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

MOST = 50
MOST_PLACES = 32
MAX_FILE = 64 * 1024
STATES = {
    "waiting": ("none", gettext_lazy("waiting for an answer")),
    "proven": ("ok", gettext_lazy("proven")),
    "refused": ("bad", gettext_lazy("no proof is given")),
}


class QuestionForm(forms.Form):
    """What is asked, about which credentials."""

    claim = forms.ChoiceField(label=gettext_lazy("Question"))
    credentials = forms.CharField(
        label=gettext_lazy("Credentials"),
        max_length=20_000,
        help_text=gettext_lazy(
            "Their ids, one a line: of one supplier, or of all whose amounts are to be summed."
        ),
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
    )
    to = forms.CharField(
        label=gettext_lazy("Who answers"),
        max_length=500,
        required=False,
        help_text=gettext_lazy("Leave empty for the owner of the number. For a sum: who puts it together."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice: Any = self.fields["claim"]
        choice.choices = [(one.id, wording.about(one.write())) for one in allowed.policy().claims]

    def clean_credentials(self) -> tuple[str, ...]:
        lines = tuple(filter(None, (line.strip() for line in self.cleaned_data["credentials"].splitlines())))
        if not 1 <= len(lines) <= MOST_PLACES:
            raise forms.ValidationError(_("One id a line, at most 32."))
        return lines


@require_safe
@page(Permission.CREDENTIALS_VERIFY)
def thresholds(request: HttpRequest) -> HttpResponseBase:
    """Both sides of one's organisation."""
    home, moment = _home(request), now()
    waiting = ThresholdQuestion.State.WAITING
    to_answer = queries.put_to(home.pk).filter(state=waiting, expires__gt=moment)
    return render(
        request,
        "credentials/thresholds.html",
        {
            "to_answer": [_row(row, moment) for row in to_answer[:MOST]],
            "waiting": to_answer.count(),
            "asked": [_row(row, moment) for row in queries.asked_by(home.pk)[:MOST]],
            "answered": [_row(row, moment) for row in queries.put_to(home.pk).exclude(state=waiting)[:MOST]],
            "numbers": list(queries.owned(home.pk)[:MOST]),
            "budget": allowed.budget().most,
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@page(Permission.CREDENTIALS_VERIFY)
def threshold_ask(request: HttpRequest) -> HttpResponseBase:
    home = _home(request)
    form = QuestionForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        asked = actions_ask.Asked(claim=said["claim"], credentials=said["credentials"], prover=said["to"])
        try:
            row = actions_ask.ask(actor=request.actor, organisation=home, asked=asked, now=now())  # type: ignore[attr-defined]
        except Problem as problem:
            form.add_error(None, " ".join(filter(None, [f"{problem.title}.", problem.detail])))
        else:
            return redirect("threshold", row.pk)
    return render(
        request, "credentials/threshold_ask.html", {"form": form}, status=422 if form.errors else 200
    )


@require_safe
@page(Permission.CREDENTIALS_VERIFY)
def threshold(request: HttpRequest, pk: int) -> HttpResponseBase:
    home = _home(request)
    return _shown(request, home, _question(home, pk))


@require_POST
@page(Permission.CREDENTIALS_ISSUE)
def threshold_answer(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Prove or decline; `openings`, a file that the owner keeps, is used for this answer and not kept."""
    home = _home(request)
    row = actions_answer.answer(
        actor=request.actor,  # type: ignore[attr-defined]
        organisation=home,
        question=pk,
        now=now(),
        openings=_openings(request),
        decline=request.POST.get("decline") == "1",
    )
    if row.state == row.State.PROVEN:
        messages.success(request, _("The proof was handed over. The number was not."))
    else:
        messages.warning(request, _("No proof is given. Who asked is told nothing else."))
    return redirect("threshold", pk)


@require_POST
@page(Permission.CREDENTIALS_VERIFY)
def threshold_verify(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The server's verdict, with signatures and status of the credentials. What holds uses up the nonce."""
    home = _home(request)
    row = _question(home, pk)
    if row.verifier_id != home.pk or row.message is None:
        raise Problem(409, _("There is no proof here for you to judge"))
    found = actions_verify.judge(
        actor=request.actor,  # type: ignore[attr-defined]
        organisation=home,
        message=bytes(row.message),
        bounds=[one.encode() for one in row.bounds],
        now=now(),
    )
    row.refresh_from_db()
    return _shown(request, home, row, shown.judged(found))


def _shown(
    request: HttpRequest, home: Organisation, row: ThresholdQuestion, verdict: dict[str, Any] | None = None
) -> HttpResponseBase:
    moment = now()
    asks, answers = row.verifier_id == home.pk, row.prover_id == home.pk
    open_ = row.state == row.State.WAITING and row.expires > moment
    held = queries.credentials(home.workspace_id, row.credentials)
    case = {
        "message": bytes(row.message).decode(),
        "bounds": row.bounds,
        "credentials": {name: queries.document(found) for name, found in held.items()},
        "policy": {"claims": [one.write() for one in allowed.policy().claims]},
        "audience": row.audience,
        "nonces": [row.nonce],
    } if row.message is not None else None  # fmt: skip
    return render(
        request,
        "credentials/threshold.html",
        {
            "one": _row(row, moment),
            "row": row,
            "asks": asks,
            "answers": answers,
            "may_answer": answers and open_ and request.actor.may(Permission.CREDENTIALS_ISSUE),  # type: ignore[attr-defined]
            "in_file": row.terms.filter(number__sealed__isnull=True).exists(),
            "reason": row.reason if answers and not asks else "",
            "case": case if asks else None,
            "verdict": verdict,
        },
    )


def _row(row: ThresholdQuestion, moment: datetime) -> dict[str, Any]:
    kind, words = STATES[shown.state(row, moment)]
    return {
        "row": row,
        "words": wording.claim(row.rule, row.claim),
        "kind": kind,
        "state": words,
        "source": row.rule.get("source", ""),
    }


def _openings(request: HttpRequest) -> dict[str, Any]:
    file = request.FILES.get("openings")
    if file is None:
        return {}
    data = file.read(MAX_FILE + 1)
    try:
        return openings.read(strictjson.loads(data, max_bytes=MAX_FILE))
    except ValueError as error:
        raise Problem(422, _("These are no openings"), detail=str(error)[:200]) from None


def _question(home: Organisation, pk: int) -> ThresholdQuestion:
    row = queries.seen_by(home.pk).filter(pk=pk).first() if pk < 2**63 else None
    if row is None:
        raise Http404("there is no such question")
    return row


def _home(request: HttpRequest) -> Organisation:
    return Organisation.objects.get(pk=request.actor.organisation)  # type: ignore[attr-defined]
