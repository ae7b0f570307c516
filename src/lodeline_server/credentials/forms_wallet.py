"""The forms of the wallet: what is typed and uploaded is read strictly, and said where it is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lodeline.credentials import presenting
from lodeline.credentials.verdict import CredentialRefused
from lodeline_server.credentials import actions_wallet
from lodeline_server.credentials.models import Audience, Credential

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

KINDS = {
    "identity": gettext_lazy("Identity of an organisation"),
    "facility": gettext_lazy("Facility"),
    "events": gettext_lazy("Events of a lot or an item"),
    "conformity": gettext_lazy("Certificate"),
    "passport": gettext_lazy("Battery passport"),
    "membership": gettext_lazy("Role of a person"),
}
FORM = gettext_lazy("Form")
FORM_HELP = gettext_lazy(
    "vc+jwt is what most receivers read; vc+sd-jwt lets you hold parts back; the others stay plain JSON."
)


def _audience() -> forms.ChoiceField:
    return forms.ChoiceField(
        label=gettext_lazy("Who may learn of it"),
        choices=Audience.choices,
        required=False,
        help_text=gettext_lazy("It hangs on the battery it speaks of, for these readers."),
    )


def _form() -> forms.ChoiceField:
    return forms.ChoiceField(
        label=FORM, choices=Credential.Form.choices, initial=Credential.Form.JWT, help_text=FORM_HELP
    )


class TakeInForm(forms.Form):
    document = forms.FileField(
        label=gettext_lazy("Credential"),
        help_text=gettext_lazy("A file of JSON, or a token; at most 1 MB."),
        widget=forms.FileInput(attrs={"accept": ".json,.jwt,.txt,application/json,application/vc"}),
    )


class SignForm(forms.Form):
    document = forms.FileField(
        label=gettext_lazy("Prepared statement, as a file"),
        required=False,
        widget=forms.FileInput(attrs={"accept": ".json,application/json"}),
    )
    text = forms.CharField(
        label=gettext_lazy("or as text"),
        required=False,
        strip=False,
        max_length=actions_wallet.MAX_BYTES,
        widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false"}),
        help_text=gettext_lazy(
            "A credential without proof. Id, issuer, date and status are added where they are missing."
        ),
    )
    form = _form()
    audience = _audience()

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or self.cleaned_data
        file = said.get("document")
        data = file.read(actions_wallet.MAX_BYTES + 1) if file else said.get("text", "").encode()
        if not data.strip():
            raise forms.ValidationError(_("Choose a file, or paste the statement."))
        try:
            found = actions_wallet.read(data)
        except CredentialRefused as error:
            raise forms.ValidationError(error.message) from None
        if not isinstance(found, dict):
            raise forms.ValidationError(_("A statement to sign is a JSON object."))
        said["credential"] = found
        return said


class IssueForm(forms.Form):
    kind = forms.ChoiceField(label=gettext_lazy("What"))
    about = forms.CharField(
        label=gettext_lazy("About"),
        required=False,
        max_length=500,
        help_text=gettext_lazy(
            "Identifier of the site, lot or battery; number of the certificate; e-mail of the person. Empty: "
            "your own organisation."
        ),
    )
    did = forms.CharField(
        label=gettext_lazy("DID of the person"),
        required=False,
        max_length=500,
        help_text=gettext_lazy("For a role only: the key that the person holds."),
    )
    form = _form()
    audience = _audience()

    def __init__(self, *args: Any, kinds: Sequence[str] = (), **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["kind"].choices = [(kind, KINDS[kind]) for kind in kinds]  # type: ignore[attr-defined]


class PresentForm(forms.Form):
    credentials = forms.MultipleChoiceField(
        label=gettext_lazy("Credentials"), widget=forms.CheckboxSelectMultiple
    )
    domain = forms.CharField(
        label=gettext_lazy("Who asks"),
        max_length=200,
        help_text=gettext_lazy("As they call themselves: a domain or an address."),
    )
    challenge = forms.CharField(
        label=gettext_lazy("What they gave you to answer"),
        max_length=200,
        help_text=gettext_lazy("Only they know that it is new; so nobody can use the presentation twice."),
    )
    form = forms.ChoiceField(
        label=FORM, choices=[(form, form) for form in presenting.FORMS if form != presenting.VP_SD_JWT]
    )

    def __init__(self, *args: Any, offered: Mapping[str, Any] = {}, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["credentials"].choices = [  # type: ignore[attr-defined]
            (name, f"{row.kind}, {row.identifier or row.sha256[:16]}") for name, row in offered.items()
        ]
