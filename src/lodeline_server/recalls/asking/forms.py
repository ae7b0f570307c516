"""What is asked before a recall: several lots, failed serials, the way back."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lodeline.lots.values import SUBSTANCES
from lodeline_server.kit.problems import Problem
from lodeline_server.recalls import causing, contributing, exploring
from lodeline_server.recalls.spelling import chosen, listed

if TYPE_CHECKING:
    from lodeline.access import Actor

LONGEST = 1_000_000  # characters of a pasted list; bytes of a file
HUNDRED = Decimal(100)


class Names(forms.CharField):
    """Names of lots or items, one a line; cleaned to a list of words."""

    def __init__(self, *, most: int, rows: int = 6, **more: Any) -> None:
        more.setdefault("help_text", gettext_lazy("One a line, or with commas between."))
        area = forms.Textarea(attrs={"rows": rows, "spellcheck": "false", "autocomplete": "off"})
        super().__init__(max_length=LONGEST, widget=area, **more)
        self.most = most

    def clean(self, value: Any) -> Any:
        names = words(super().clean(value), self.most)
        if self.required and not names:
            raise forms.ValidationError(_("Name at least one."))
        return names


class NamesFile(forms.FileField):
    """The same as a text file or one column of CSV; cleaned to a list of words."""

    def __init__(self, *, most: int, **more: Any) -> None:
        super().__init__(required=False, allow_empty_file=True, **more)
        self.most = most

    def clean(self, data: Any, initial: Any = None) -> Any:
        file = super().clean(data, initial)
        if not file:
            return []
        if file.size > LONGEST:
            raise forms.ValidationError(_("The file has more than 1 MB."))
        try:
            return words(file.read().decode("utf-8-sig").replace('"', ""), self.most)
        except UnicodeDecodeError:
            raise forms.ValidationError(_("The file is no text in UTF-8.")) from None


def words(text: str, most: int) -> list[str]:
    try:
        return listed(text, most=most)
    except Problem as problem:
        raise forms.ValidationError(f"{problem.title}: {problem.detail}") from None


def keys(form: forms.Form, actor: Actor, field: str, names: list[str]) -> list[str]:
    """The lots that are meant; what is not on record is said beside the field."""
    try:
        return chosen(actor, names)
    except Problem as problem:
        form.add_error(field, f"{problem.title}: {problem.detail}")
        return []


def _threshold(initial: str, words_: Any) -> forms.DecimalField:
    return forms.DecimalField(
        label=gettext_lazy("Threshold, percent"),
        required=False,
        min_value=Decimal(0),
        max_value=HUNDRED,
        max_digits=12,
        decimal_places=9,
        initial=Decimal(initial),
        help_text=words_,
    )


def _substance(first: Any) -> forms.ChoiceField:
    return forms.ChoiceField(
        label=gettext_lazy("Of which substance"),
        required=False,
        choices=[("", first), *SUBSTANCES.items(), (exploring.BY_MASS, gettext_lazy("its whole mass"))],
    )


class Asking(forms.Form):
    """Names, threshold, substance."""

    @property
    def share(self) -> Fraction:
        return Fraction(self.cleaned_data["threshold"] or 0) / 100


class WhatIfForm(Asking):
    lots = Names(label=gettext_lazy("Suspect lots"), most=exploring.MOST_SUSPECTS, rows=4)
    threshold = _threshold("0.1", gettext_lazy("Items with a smaller dose are summed up, not listed."))
    substance = _substance(gettext_lazy("the only substance all of them state, else mass"))


class ContributionForm(Asking):
    items = Names(label=gettext_lazy("Batteries or lots"), most=contributing.MOST_ITEMS, rows=4)
    threshold = _threshold("1", gettext_lazy("Lots with a smaller share are summed up, not listed."))
    substance = _substance(gettext_lazy("the only substance all of them state, else mass"))


class CauseForm(forms.Form):
    failed = Names(label=gettext_lazy("Failed batteries"), most=causing.MOST_FAILED, required=False)
    failed_file = NamesFile(
        label=gettext_lazy("or a file of them"),
        most=causing.MOST_FAILED,
        help_text=gettext_lazy("Text, one serial a line, at most 500."),
    )
    sound = Names(
        label=gettext_lazy("Sound batteries to compare with"),
        most=causing.MOST_SOUND,
        required=False,
        rows=3,
        help_text=gettext_lazy(
            "Leave empty for all others of the same products. Choose them without regard to what went into them, or "
            "the figures mean nothing."
        ),
    )
    sound_file = NamesFile(
        label=gettext_lazy("or a file of those"),
        most=causing.MOST_SOUND,
        help_text=gettext_lazy("Text, one serial a line, at most 2,000."),
    )

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        for name in ("failed", "sound"):
            both = list(dict.fromkeys([*(data.get(name) or []), *(data.get(f"{name}_file") or [])]))
            most = self.fields[name].most  # type: ignore[attr-defined]
            if len(both) > most:
                self.add_error(name, _("At most %(n)s are compared.") % {"n": most})
            data[name] = both
        if not data["failed"] and not self.errors:
            self.add_error("failed", _("Name at least one failed battery."))
        return data
