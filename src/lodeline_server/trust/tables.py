"""The league table: its filters, its columns, its export."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import django_filters
import django_tables2
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lodeline.trust import method
from lodeline_server.kit import charts
from lodeline_server.kit.tables import NumberColumn, Table
from lodeline_server.kit.templatetags.lode import day, share_tag, status
from lodeline_server.trust.models import Score

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest
    from django.utils.safestring import SafeString

# One scale for the whole column; below 20 points nothing differs that anybody would buy by.
AXIS = (20, 100)
CAPS = {gate.id: gate.cap for gate in method.load().gates if gate.cap is not None}


def segments() -> list[tuple[str, str]]:
    return [(name, profile.name) for name, profile in method.load().profiles.items()]


def segment_name(segment: str) -> str:
    return dict(segments()).get(segment, segment)


class ScoreFilter(django_filters.FilterSet):
    """Who is compared. Choices are those of the scores at hand."""

    segment = django_filters.ChoiceFilter(
        label=gettext_lazy("Stage"), choices=segments, empty_label=gettext_lazy("any")
    )
    country = django_filters.ChoiceFilter(
        label=gettext_lazy("Country"), choices=list, empty_label=gettext_lazy("any")
    )
    material = django_filters.ChoiceFilter(
        label=gettext_lazy("Material"), choices=list, empty_label=gettext_lazy("any"), method="of_material"
    )
    band = django_filters.ChoiceFilter(
        label=gettext_lazy("Band"),
        choices=[(name, name) for name, _least in method.load().bands],
        empty_label=gettext_lazy("any"),
    )
    gates = django_filters.ChoiceFilter(
        label=gettext_lazy("Gates"),
        choices=[("closed", gettext_lazy("one closed")), ("open", gettext_lazy("none closed"))],
        empty_label=gettext_lazy("any"),
        method="by_gates",
    )

    class Meta:
        model = Score
        fields = ["segment", "country", "material", "band", "gates"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = list(self.queryset.values_list("country", "materials"))
        countries = sorted({country for country, _materials in rows if country})
        materials = sorted({material for _country, found in rows for material in found})
        self.filters["country"].extra["choices"] = [(code, code) for code in countries]
        self.filters["material"].extra["choices"] = [(name, name) for name in materials]

    def of_material(self, rows: QuerySet[Score], _name: str, value: str) -> QuerySet[Score]:
        # Lists in JSON cannot be searched on every database; there are as many rows as parties.
        return rows.filter(pk__in=[row.pk for row in rows if value in row.materials])

    def by_gates(self, rows: QuerySet[Score], _name: str, value: str) -> QuerySet[Score]:
        closed = [row.pk for row in rows if any(gate["state"] == "closed" for gate in row.gates)]
        return rows.filter(pk__in=closed) if value == "closed" else rows.exclude(pk__in=closed)


def gates_of(score: Score) -> SafeString:
    """The gates in one status: the worst first, what is unknown counted."""
    closed = [gate["id"] for gate in score.gates if gate["state"] == "closed"]
    warnings = [gate for gate in score.gates if gate["state"] == "warning"]
    unknown = sum(gate["state"] == "unknown" for gate in score.gates)
    clear = sum(gate["state"] == "clear" for gate in score.gates)
    if score.withheld_by:
        return status("bad", _("%(gate)s withholds the score") % {"gate": score.withheld_by[0]})
    if closed:
        first = score.capped_by or closed[0]
        said = {"gate": first, "cap": f"{float(CAPS.get(first, 0)):.0f}"}
        return status("bad", _("%(gate)s caps at %(cap)s") % said)
    if warnings:
        gate = warnings[0]
        said = {"gate": gate["id"], "day": day(gate["due"])}
        return status(
            "warn", _("%(gate)s ends %(day)s") % said if gate["due"] else _("%(gate)s warns") % said
        )
    words = _("%(count)s clear") % {"count": clear}
    return status(
        "ok", words if not unknown else _("%(words)s, %(count)s unknown") % {"words": words, "count": unknown}
    )


def cap_of(score: Score) -> Any:
    """The points above which a closed gate takes everything; None without one."""
    return CAPS.get(score.capped_by)


class ScoreTable(Table):
    name = django_tables2.Column(verbose_name=gettext_lazy("Supplier"))
    score = NumberColumn(verbose_name=gettext_lazy("Score"), empty_values=())
    range = django_tables2.Column(
        verbose_name=gettext_lazy("Likely range, 20 to 100"), accessor="low", attrs={"td": {"class": "draw"}}
    )
    band = django_tables2.Column(verbose_name=gettext_lazy("Band"))
    coverage = django_tables2.Column(verbose_name=gettext_lazy("Coverage"), attrs={"td": {"class": "nowrap"}})
    confidence = NumberColumn(verbose_name=gettext_lazy("Confidence"))
    gates = django_tables2.Column(verbose_name=gettext_lazy("Gates"), orderable=False)
    # Only in the export:
    party = django_tables2.Column(visible=False)
    country = django_tables2.Column(visible=False)
    segment = django_tables2.Column(visible=False)
    high = django_tables2.Column(visible=False, verbose_name="Likely range, high")
    bound_low = django_tables2.Column(visible=False)
    bound_high = django_tables2.Column(visible=False)
    computed_at = django_tables2.Column(visible=False)
    position = django_tables2.Column(visible=False, verbose_name="Log position")

    class Meta(Table.Meta):
        model = Score
        fields = ("name", "score", "range", "band", "coverage", "confidence", "gates")
        order_by = "-score"

    def __init__(self, data: Any, *, request: HttpRequest, links: dict[str, int] | None = None) -> None:
        super().__init__(data, request=request)
        self.links = links or {}

    def render_name(self, record: Score) -> SafeString:
        said = format_html("<small>{} · {}</small>", record.country, segment_name(record.segment))
        pk = self.links.get(record.party)
        if pk is None:
            return format_html("{}{}", record.name, said)
        return format_html('<a href="{}">{}</a>{}', reverse("supplier", args=[pk]), record.name, said)

    def value_name(self, record: Score) -> str:
        return record.name

    def render_score(self, record: Score) -> SafeString:
        return format_html("<b>{}</b>", f"{record.score:.1f}")

    def value_score(self, record: Score) -> str:
        return "not rated" if record.score is None else str(record.score)

    def render_range(self, record: Score) -> SafeString:
        return charts.interval(
            record.bound_low,
            record.low,
            record.score,
            record.high,
            record.bound_high,
            compact=True,
            cap=cap_of(record),
            axis=AXIS,
        )

    def value_range(self, record: Score) -> str:
        return str(record.low)

    def render_coverage(self, record: Score) -> SafeString:
        return format_html("{} {}", charts.coverage(record.coverage), share_tag(record.coverage, 0))

    def value_coverage(self, record: Score) -> str:
        return str(record.coverage)

    def render_gates(self, record: Score) -> SafeString:
        return gates_of(record)

    def value_gates(self, record: Score) -> str:
        return ", ".join(f"{gate['id']} {gate['state']}" for gate in record.gates)
