"""Asking for a recall."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from lodeline.lots.values import SUBSTANCES
from lodeline_server.lots import queries
from lodeline_server.recalls.deciding import BY_MASS, Order

LONGEST = 500
HUNDRED = Decimal(100)


class RecallForm(forms.Form):
    """Lot, threshold in percent, substance, reason."""

    lot = forms.CharField(
        label=_("Lot"),
        max_length=LONGEST,
        help_text=_("Lot number, serial, or full identifier."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    threshold = forms.DecimalField(
        label=_("Threshold, percent"),
        min_value=Decimal(0),
        max_value=HUNDRED,
        max_digits=12,
        decimal_places=9,
        initial=Decimal("0.1"),
        help_text=_(
            "Items with a smaller dose are counted, not listed. 0 lists everything the lot reached: a safety recall."
        ),
    )
    substance = forms.ChoiceField(
        label=_("Dose of"),
        required=False,
        choices=[
            ("", _("the lot’s only substance, else its mass")),
            *((symbol, name) for symbol, name in SUBSTANCES.items()),
            (BY_MASS, _("its whole mass")),
        ],
    )
    reason = forms.CharField(
        label=_("Reason"),
        max_length=LONGEST,
        help_text=_("For example: sodium above specification, 410 ppm."),
    )

    def __init__(self, *args: Any, rows: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.rows = rows

    def clean_lot(self) -> str:
        word = self.cleaned_data["lot"]
        found = queries.find(self.rows, word)
        if not found:
            raise forms.ValidationError(_("No lot or item of this name is on record. Check the spelling."))
        if len(found) > 1:
            names = ", ".join(one.key for one in found[:5])
            raise forms.ValidationError(
                _("Several are called that. Give one of: %(names)s") % {"names": names}
            )
        return str(found[0].key)

    def order(self) -> Order:
        """The order, after `is_valid`."""
        data = self.cleaned_data
        return Order(
            lot=data["lot"],
            threshold=Fraction(data["threshold"]) / 100,
            substance=data["substance"],
            reason=data["reason"],
        )
