"""Marks of notices, outcomes, the closing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lodeline_server.recalls.asking.forms import Names
from lodeline_server.recalls.closing.actions import LONGEST, MOST, NAME
from lodeline_server.recalls.closing.models import MARKS, OUTCOMES

if TYPE_CHECKING:
    from lodeline_server.recalls.closing.queries import Addressee

UNKNOWN, EVERYBODY = "unknown", "everybody"


def name_of(one: Addressee) -> str:
    return one.name or _("holder not known")


def _when() -> forms.DateTimeField:
    return forms.DateTimeField(
        label=gettext_lazy("When, UTC"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
        help_text=gettext_lazy("Empty: now."),
    )


def _note() -> forms.CharField:
    return forms.CharField(
        label=gettext_lazy("Note"), required=False, max_length=LONGEST,
        help_text=gettext_lazy("It stands on record: name no person."),
    )  # fmt: skip


class MarkForm(forms.Form):
    """Which notices were sent, acknowledged or answered."""

    prefix = "mark"
    parties = forms.MultipleChoiceField(label=gettext_lazy("Holders"), widget=forms.CheckboxSelectMultiple)
    mark = forms.ChoiceField(label=gettext_lazy("Their notice was"), choices=list(MARKS.items()))
    on = _when()
    note = _note()

    def __init__(self, *args: Any, people: list[Addressee], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice: Any = self.fields["parties"]
        choice.choices = [(one.party or UNKNOWN, name_of(one)) for one in people]

    def parties_named(self) -> list[str]:
        return ["" if one == UNKNOWN else one for one in self.cleaned_data["parties"]]


class OutcomeForm(forms.Form):
    """What became of things: of one holder's, or of those that are named."""

    prefix = "outcome"
    outcome = forms.ChoiceField(label=gettext_lazy("What became of it"), choices=list(OUTCOMES.items()))
    holder = forms.ChoiceField(label=gettext_lazy("Everything open at"), required=False)
    things = Names(
        label=gettext_lazy("or only these"), most=MOST, required=False, rows=3,
        help_text=gettext_lazy("Serials or lots of the list, one a line."),
    )  # fmt: skip
    on = _when()
    note = _note()

    def __init__(self, *args: Any, people: list[Addressee], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice: Any = self.fields["holder"]
        choice.choices = [
            ("", _("nobody: the things named below")),
            *((one.party or UNKNOWN, f"{name_of(one)} ({one.open})") for one in people if one.open),
            (EVERYBODY, _("everybody")),
        ]

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if not self.errors and not data.get("things") and not data.get("holder"):
            self.add_error("holder", _("Choose a holder, or name things."))
        return data

    def holder_named(self) -> str | None:
        word = self.cleaned_data["holder"]
        return None if word == EVERYBODY else "" if word == UNKNOWN else word


class CloseForm(forms.Form):
    """Who signs off, and for each holder of something open the reason."""

    prefix = "close"
    signed_off_by = forms.CharField(
        label=gettext_lazy("Signed off by"), max_length=NAME,
        help_text=gettext_lazy("A role or function; it stands on record."),
    )  # fmt: skip

    def __init__(self, *args: Any, people: list[Addressee], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.open = {f"reason_{place}": one.party for place, one in enumerate(people) if one.open}
        for place, one in enumerate(people):
            if one.open:
                self.fields[f"reason_{place}"] = forms.CharField(
                    label=_("Why %(n)s at %(name)s may stay open") % {"n": one.open, "name": name_of(one)},
                    max_length=LONGEST,
                    required=False,
                )

    def reasons(self) -> dict[str, str]:
        return {
            party: self.cleaned_data[name] for name, party in self.open.items() if self.cleaned_data[name]
        }
