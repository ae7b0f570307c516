"""List pages: filter, sort, pages of 50, CSV of all rows. Built on django-tables2 and django-filter.

    class LotTable(Table):
        key = django_tables2.Column(linkify=...)            # the first column is the link
        mass = NumberColumn(verbose_name=_("Mass"))
        title = _("Lots")                                   # names the table for screen readers
        class Meta(Table.Meta):
            model, fields, order_by = Lot, ("key", "mass"), "-mass"

    return table_page(request, template="lots/list.html", table_class=LotTable, queryset=rows,
                      filterset_class=LotFilter, context={...}, filename="lots")

The template extends `kit/list.html`, or includes `kit/filters.html` and renders `{% render_table table %}`.
"""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any, Final

import django_tables2
from django.core.paginator import EmptyPage
from django.http import StreamingHttpResponse
from django.shortcuts import render

from lodeline_server.kit.permissions import PRIVATE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from django.db.models import QuerySet
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase
    from django_filters import FilterSet

PER_PAGE: Final = 50
LONGEST: Final = 8  # digits of a page number that is worth asking the database about
CSV: Final = "text/csv; charset=utf-8"
FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")


class Table(django_tables2.Table):
    """Base of all tables: our template, nothing but hairlines."""

    title = ""
    filtered = False

    class Meta:
        template_name = "kit/table.html"
        attrs = {"class": "list"}


class NumberColumn(django_tables2.Column):
    """Right-aligned figures."""

    attrs = {"th": {"class": "num"}, "td": {"class": "num"}}


def plain(value: Any) -> Any:
    """A cell for a spreadsheet: text that would be taken for a formula gets an apostrophe (CWE-1236)."""
    if value is None:
        return ""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    said = str(value)
    return f"'{said}" if said.startswith(FORMULA_STARTS) else said


class _Echo:
    def write(self, value: str) -> str:
        return value


def csv_response(rows: Iterable[list[Any]], filename: str) -> StreamingHttpResponse:
    """All rows as CSV, streamed, safe to open in a spreadsheet. `filename` without its ending."""
    writer = csv.writer(_Echo())
    lines: Iterator[str] = (writer.writerow([plain(cell) for cell in row]) for row in rows)
    response = StreamingHttpResponse(lines, content_type=CSV)
    response["Content-Disposition"] = f'attachment; filename="{filename}.csv"'
    response["Cache-Control"] = PRIVATE
    return response


def table_page(
    request: HttpRequest,
    *,
    template: str,
    table_class: type[Table],
    queryset: QuerySet[Any] | list[Any],
    filterset_class: type[FilterSet] | None = None,
    context: dict[str, Any] | None = None,
    filename: str = "list",
) -> HttpResponseBase:
    """Render a list page. Filters and sort stand in the address; `?format=csv` gives all filtered rows.

    The template gets `table`, `filters` (a form or None), `filtered` (whether a filter narrows the list) and
    `total` (rows after filtering) beside `context`. A filter value that does not fit is said beside its field
    and narrows nothing; an unknown sort or page is ignored.
    """
    filters = filterset_class(request.GET, queryset=queryset, request=request) if filterset_class else None
    rows = filters.qs if filters is not None else queryset
    table = table_class(rows, request=request)
    sort = [
        word
        for word in request.GET.getlist("sort")
        if (column := table.columns.columns.get(word.removeprefix("-"))) is not None and column.orderable
    ]
    if sort:
        table.order_by = sort
    if request.GET.get("format") == "csv":
        return csv_response(table.as_values(), filename)
    try:
        table.paginate(page=_page(request), per_page=PER_PAGE)
    except EmptyPage:
        table.paginate(page=1, per_page=PER_PAGE)
    narrowed = filters is not None and any(request.GET.get(name) for name in filters.filters)
    known: dict[str, Any] = {
        "table": table,
        "filters": filters.form if filters is not None else None,
        "filtered": narrowed,
        "total": table.paginator.count,
    }
    table.filtered = narrowed
    return render(request, template, known | (context or {}))


def _page(request: HttpRequest) -> int:
    word = request.GET.get("page", "1")
    return max(int(word), 1) if word.isascii() and word.isdigit() and len(word) < LONGEST else 1
