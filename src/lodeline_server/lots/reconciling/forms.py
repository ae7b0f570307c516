"""Deciding about a case."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from lodeline_server.lots.reconciling import wording
from lodeline_server.lots.reconciling.actions import LONGEST_REFERENCE, LONGEST_WORDS


def _said(label: Any, help_text: Any = "", *, required: bool = True) -> forms.CharField:
    return forms.CharField(
        label=label,
        help_text=help_text,
        required=required,
        max_length=LONGEST_WORDS,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class AssignForm(forms.Form):
    """Who looks after it, until when."""

    prefix = "assign"
    owner = forms.ChoiceField(label=_("Owner"))
    due = forms.DateField(
        label=_("Due"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )

    def __init__(self, *args: Any, people: dict[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        owner: Any = self.fields["owner"]
        owner.choices = list(people.items())


class CommentForm(forms.Form):
    """Something to say."""

    prefix = "comment"
    words = _said(_("Comment"), _("Stands in the log as it is written. Name no private person."))


class ResolveForm(forms.Form):
    """What was behind it, and what puts it right."""

    prefix = "resolve"
    cause = forms.ChoiceField(label=_("What was behind it"), choices=list(wording.CAUSES.items()))
    words = _said(_("In a sentence"))
    reference = forms.CharField(
        label=_("Corrected by"),
        required=False,
        max_length=LONGEST_REFERENCE,
        help_text=_(
            "Id of the correcting event, or log position of the correcting statement. Nothing is adjusted by itself."
        ),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )


class ReopenForm(forms.Form):
    """Why it is looked at again."""

    prefix = "reopen"
    words = _said(_("Why"))
