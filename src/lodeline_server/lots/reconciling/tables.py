"""The inbox as a table, and what it can be filtered by."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import django_filters
import django_tables2
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from lodeline_server.kit.clock import now
from lodeline_server.kit.tables import Table
from lodeline_server.kit.templatetags.lode import day, receipt, status
from lodeline_server.lots.folding import label
from lodeline_server.lots.reconciling import queries, wording
from lodeline_server.lots.reconciling.models import Case

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest

LONGEST = 200
WAITING, NOBODY = "waiting", "nobody"
AGES = ((7, _("a week or more")), (14, _("two weeks or more")), (30, _("a month or more")))


class CaseFilter(django_filters.FilterSet):
    """Rule, site, owner, state and age; part of a lot number or subject."""

    q = django_filters.CharFilter(
        label=_("Lot or subject"), field_name="subject", lookup_expr="icontains", max_length=LONGEST
    )
    rule = django_filters.ChoiceFilter(label=_("Rule"), empty_label=_("all"))
    site = django_filters.ChoiceFilter(label=_("Site"), empty_label=_("all"))
    state = django_filters.ChoiceFilter(
        label=_("State"),
        empty_label=_("all"),
        method="in_state",
        choices=[(WAITING, _("waiting for somebody")), *Case.State.choices],
    )
    owner = django_filters.ChoiceFilter(label=_("Owner"), empty_label=_("all"), method="of_owner")
    age = django_filters.ChoiceFilter(label=_("Age"), empty_label=_("all"), method="older", choices=AGES)

    class Meta:
        model = Case
        fields = ["q", "rule", "site", "state", "owner", "age"]

    def __init__(self, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(*args, request=request, **kwargs)
        actor = request.actor  # type: ignore[attr-defined]
        mine = queries.visible(actor).order_by()
        names = queries.names(actor)
        people = queries.people(actor.workspace) if not actor.only_own else {}
        owners = set(mine.exclude(owner="").values_list("owner", flat=True))
        choices: dict[str, list[tuple[str, Any]]] = {
            "rule": [
                (code, wording.rule(code))
                for code in sorted(mine.values_list("rule", flat=True).distinct(), key=wording.rule)
            ],
            "site": sorted(
                (
                    (uri, names.get(uri) or label(uri))
                    for uri in mine.exclude(site="").values_list("site", flat=True).distinct()
                ),
                key=lambda row: row[1],
            ),
            "owner": [
                (NOBODY, _("nobody")),
                *((one, queries.person(one, people)) for one in sorted(owners)),
            ],
        }
        for name, offered in choices.items():
            self.filters[name].extra["choices"] = offered

    def in_state(self, rows: QuerySet[Case], _name: str, word: str) -> QuerySet[Case]:
        return rows.filter(state__in=Case.WAITING if word == WAITING else [word])

    def of_owner(self, rows: QuerySet[Case], _name: str, word: str) -> QuerySet[Case]:
        return rows.filter(owner="" if word == NOBODY else word)

    def older(self, rows: QuerySet[Case], _name: str, days: str) -> QuerySet[Case]:
        return rows.filter(opened_at__lte=now() - timedelta(days=int(days)))


class CaseTable(Table):
    title = _("Cases")
    rule = django_tables2.Column(verbose_name=_("What does not fit"))
    message = django_tables2.Column(
        accessor="finding__message", verbose_name=_("In figures"), orderable=False, default="–"
    )
    site = django_tables2.Column(verbose_name=_("Site"), default="–")
    cause = django_tables2.Column(verbose_name=_("Likely cause"))
    state = django_tables2.Column(verbose_name=_("State"))
    owner = django_tables2.Column(verbose_name=_("Owner"), empty_values=())
    due = django_tables2.Column(verbose_name=_("Due"), default="–", attrs={"td": {"class": "nowrap"}})
    opened_at = django_tables2.Column(verbose_name=_("Open since"))
    changed = django_tables2.Column(verbose_name=_("Receipt"))

    class Meta(Table.Meta):
        model = Case
        fields = ("rule", "message", "site", "cause", "state", "owner", "due", "opened_at", "changed")
        order_by = "-opened_at"
        empty_text = _("Nothing on record fails to fit. Every night the record is looked at again.")

    def before_render(self, request: HttpRequest) -> None:
        self.known(request)

    def known(self, request: HttpRequest) -> tuple[dict[str, str], dict[str, str]]:
        """Names and people, read once for all rows."""
        if not hasattr(self, "_known"):
            actor = request.actor  # type: ignore[attr-defined]
            people = queries.people(actor.workspace) if not actor.only_own else {}
            self._known = queries.names(actor), people
        return self._known

    def render_rule(self, record: Case) -> str:
        return format_html(
            '<a href="{}">{}</a><small>{} · {}</small>',
            record.get_absolute_url(),
            wording.rule(record.rule),
            record.rule,
            label(record.lot) if record.lot else record.period,
        )

    def value_rule(self, record: Case) -> str:
        return record.rule

    def render_message(self, value: str) -> str:
        return wording.plain(value, self.known(self.request)[0])

    def render_site(self, value: str) -> str:
        return self.known(self.request)[0].get(value) or label(value)

    def render_cause(self, value: str) -> str:
        return str(wording.CAUSES.get(value, value))

    def value_cause(self, value: str) -> str:
        return value

    def render_state(self, record: Case) -> str:
        return status(wording.MARKS[Case.State(record.state)], record.get_state_display())

    def value_state(self, record: Case) -> str:
        return record.state

    def render_owner(self, record: Case) -> str:
        return queries.person(record.owner, self.known(self.request)[1])

    def render_due(self, value: Any) -> str:
        return day(value)

    def render_opened_at(self, value: Any) -> str:
        return day(value)

    def render_changed(self, value: int) -> str:
        return receipt(value)

    def value_changed(self, value: int) -> int:
        return value
