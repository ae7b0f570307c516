"""The lists of members and keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import django_filters
import django_tables2
from django.db.models import Q
from django.utils.html import format_html
from django.utils.translation import gettext as say
from django.utils.translation import gettext_lazy as _

from lodeline_server.kit.clock import now
from lodeline_server.kit.tables import Table
from lodeline_server.kit.templatetags.lode import day, moment
from lodeline_server.parties.forms import ROLES, RoleForm
from lodeline_server.parties.models import ApiKey, Membership

if TYPE_CHECKING:
    from django.db.models import QuerySet


def _cell(name: str, **more: Any) -> django_tables2.TemplateColumn:
    return django_tables2.TemplateColumn(template_name=f"parties/cells/{name}.html", **more)


class MemberFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(label=_("Name or address"), method="named", max_length=200)
    role = django_filters.ChoiceFilter(label=_("Role"), choices=ROLES, empty_label=_("all"))

    class Meta:
        model = Membership
        fields = ["q", "role"]

    def named(self, rows: QuerySet[Membership], _name: str, words: str) -> QuerySet[Membership]:
        return rows.filter(Q(user__name__icontains=words) | Q(user__email__icontains=words))


class MemberTable(Table):
    person = django_tables2.Column(
        accessor="user", verbose_name=_("Person"), order_by=("user__name", "user__email")
    )
    organisation = django_tables2.Column(
        accessor="organisation__name", verbose_name=_("Organisation"), order_by="organisation__name"
    )
    role = _cell("role", verbose_name=_("Role"))
    last_login = django_tables2.Column(
        accessor="user__last_login", verbose_name=_("Last sign-in"), default=_("never")
    )
    change = _cell(
        "member", verbose_name=_("Change"), orderable=False, exclude_from_export=True, empty_values=()
    )

    class Meta(Table.Meta):
        model = Membership
        fields = ("person", "organisation", "role", "last_login", "change")
        empty_text = _("Nobody fits these filters.")

    def render_person(self, value: Any) -> str:
        return format_html("{}<small>{}</small>", value.name, value.email) if value.name else value.email

    def value_person(self, value: Any) -> str:
        return value.email

    def before_render(self, _request: Any) -> None:
        """One form per row, its control named after the person."""
        for row in self.page.object_list if self.page else ():
            row.record.role_form = RoleForm(
                initial={"role": row.record.role}, auto_id=f"role_{row.record.pk}", person=row.record.user
            )

    def value_role(self, value: str) -> str:
        return value

    def render_last_login(self, value: Any) -> str:
        return moment(value)


class KeyTable(Table):
    name = django_tables2.Column(verbose_name=_("Key"))
    organisation = django_tables2.Column(
        accessor="organisation__name", verbose_name=_("Organisation"), order_by="organisation__name"
    )
    role = django_tables2.Column(verbose_name=_("Role"))
    scopes = django_tables2.Column(verbose_name=_("Only for"), orderable=False, default=_("all of the role"))
    created_at = django_tables2.Column(verbose_name=_("Made"))
    last_used_at = django_tables2.Column(verbose_name=_("Last used"), default=_("never"))
    state = django_tables2.Column(
        accessor="pk", verbose_name=_("State"), order_by=("revoked_at", "expires_at")
    )
    change = _cell(
        "key", verbose_name=_("Change"), orderable=False, exclude_from_export=True, empty_values=()
    )

    class Meta(Table.Meta):
        model = ApiKey
        fields = ("name", "organisation", "role", "scopes", "created_at", "last_used_at", "state", "change")
        empty_text = _(
            "No key yet. A key lets your ERP or MES capture events and read answers without a person."
        )

    def render_name(self, value: str, record: ApiKey) -> str:
        return format_html("{}<small><code>ll_{}_…</code></small>", value, record.prefix)

    def value_name(self, value: str) -> str:
        return value

    def render_scopes(self, value: list[str]) -> str:
        return ", ".join(value)

    def render_created_at(self, value: Any) -> str:
        return day(value)

    def render_last_used_at(self, value: Any) -> str:
        return moment(value)

    def render_state(self, record: ApiKey) -> str:
        if record.revoked_at:
            return say("revoked %(day)s") % {"day": day(record.revoked_at)}
        if record.expires_at is None:
            return say("valid")
        words = say("expired %(day)s") if record.expires_at <= now() else say("valid until %(day)s")
        return words % {"day": day(record.expires_at)}
