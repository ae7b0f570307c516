"""The list of books."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import django_tables2
from attrs import frozen
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from lodeline.evidence import Severity
from lodeline_server.kit.tables import NumberColumn, Table
from lodeline_server.kit.templatetags.lode import mass_tag, status
from lodeline_server.lots.custody import queries, shown
from lodeline_server.lots.custody.reading import kilograms

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from lodeline_server.lots.custody.findings import CustodyFinding
    from lodeline_server.lots.custody.models import CustodyBook


@frozen(kw_only=True)
class Row:
    """One book with what is in it now, its newest period and how many findings there are."""

    book: CustodyBook
    group: str
    characteristics: str
    site: str
    model: str
    scheme: str
    balance: int
    period: str
    mark: str
    state: str
    findings: int


def row(book: CustodyBook, places: dict[str, str], found: Sequence[CustodyFinding], now: datetime) -> Row:
    spans = queries.periods(book, now)
    waiting = [one for one in spans if not (book.closed and book.closed >= one.end)]
    span = waiting[0] if waiting else spans[-1]
    mark, state = shown.state(book, span.end, now)
    return Row(
        book=book,
        group=book.group,
        characteristics=shown.characteristics(book),
        site=places.get(book.site, book.site),
        model=shown.model(book.model),
        scheme=book.scheme,
        balance=queries.ledger(book.workspace_id).balance(queries.account(book), now).left,
        period=f"{span.start:%Y-%m-%d}",
        mark=mark,
        state=state,
        findings=sum(one.book == book.ref and one.severity is not Severity.NOTE for one in found),
    )


class BookTable(Table):
    group = django_tables2.Column(verbose_name=_("Material group"))
    characteristics = django_tables2.Column(verbose_name=_("Characteristics"))
    site = django_tables2.Column(verbose_name=_("Site"))
    model = django_tables2.Column(verbose_name=_("Model"))
    scheme = django_tables2.Column(verbose_name=_("Scheme"))
    balance = NumberColumn(verbose_name=_("Balance"))
    period = django_tables2.Column(verbose_name=_("Period from"))
    state = django_tables2.Column(verbose_name=_("State"))
    findings = NumberColumn(verbose_name=_("Open findings"))
    title = _("By site, material group and characteristics")

    class Meta(Table.Meta):
        order_by = ("site", "group", "characteristics")
        empty_text = _(
            "No book is kept yet. The first entry of a site, a group and its characteristics opens one."
        )

    def render_group(self, record: Row) -> str:
        return format_html(
            '<a href="{}">{}</a>', shown.book_href(record.book.ref, record.period), record.group
        )

    def value_group(self, value: str) -> str:
        return value

    def render_balance(self, value: int) -> str:
        return mass_tag(value)

    def value_balance(self, value: int) -> str:
        return kilograms(value)

    def render_state(self, record: Row) -> str:
        return status(record.mark, record.state)

    def value_state(self, value: Any) -> str:
        return str(value)

    def render_findings(self, value: int) -> str:
        return status("bad", value) if value else "0"

    def value_findings(self, value: int) -> int:
        return value
