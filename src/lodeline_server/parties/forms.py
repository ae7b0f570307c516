"""What people type on the members' and the keys' page."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import TYPE_CHECKING, Any

from allauth.account.forms import LoginForm
from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from lodeline.access import PERMISSIONS, Permission, Role
from lodeline_server.parties import queries

if TYPE_CHECKING:
    from lodeline.access import Actor

ROLES = [(role.value, role.value) for role in Role]


class SignInForm(LoginForm):
    """allauth's form with our labels, and labels instead of placeholders."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = _("E-mail")
        self.fields["remember"].label = _("Stay signed in for two weeks on this device")
        for field in self.fields.values():
            field.widget.attrs.pop("placeholder", None)


class InviteForm(forms.Form):
    email = forms.EmailField(label=_("E-mail"), max_length=254)
    name = forms.CharField(label=_("Name"), max_length=200, required=False)
    organisation = forms.ModelChoiceField(None, label=_("Organisation"), empty_label=None)
    role = forms.ChoiceField(label=_("Role"), choices=ROLES)

    def __init__(self, actor: Actor, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["organisation"].queryset = queries.organisations(actor)

    def clean_role(self) -> Role:
        return Role(self.cleaned_data["role"])


class RoleForm(forms.Form):
    role = forms.ChoiceField(label=_("Role"), choices=ROLES)

    def __init__(self, *args: Any, person: object = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        words = gettext("Role of %(person)s") % {"person": person}
        self.fields["role"].widget.attrs["aria-label"] = words

    def clean_role(self) -> Role:
        return Role(self.cleaned_data["role"])


class KeyForm(forms.Form):
    name = forms.CharField(
        label=_("Name"), max_length=100, help_text=_("Which machine uses it, for instance “ERP”.")
    )
    organisation = forms.ModelChoiceField(None, label=_("Organisation"), empty_label=None)
    role = forms.ChoiceField(label=_("Role"))
    scopes = forms.MultipleChoiceField(
        label=_("Only for"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Tick nothing to allow all that the role allows."),
    )
    expires = forms.DateField(
        label=_("Valid until"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=_("The end of this day, UTC. Empty: until it is revoked."),
    )

    def __init__(self, actor: Actor, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        everything = actor.may(Permission.MEMBERS_MANAGE)
        roles = list(Role) if everything else [actor.role] if actor.role else []
        offered = sorted(set().union(*(PERMISSIONS[role] for role in roles)))
        self.fields["organisation"].queryset = queries.organisations(actor)
        self.fields["role"].choices = [(role.value, role.value) for role in roles]
        self.fields["scopes"].choices = [(permission.value, permission.value) for permission in offered]

    def clean_role(self) -> Role:
        return Role(self.cleaned_data["role"])

    def clean_scopes(self) -> list[Permission]:
        return [Permission(scope) for scope in self.cleaned_data["scopes"]]

    def clean_expires(self) -> datetime | None:
        day = self.cleaned_data["expires"]
        return datetime.combine(day, time.max, UTC) if day else None
