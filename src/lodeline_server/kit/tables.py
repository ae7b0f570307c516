"""List pages: filter, sort, pages of 50, CSV of all rows. Built on django-tables2 and django-filter."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

import django_tables2
from django.core.paginator import EmptyPage
from django.http import StreamingHttpResponse
from django.shortcuts import render

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.db.models import QuerySet
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase
    from django_filters import FilterSet

PER_PAGE = 50
LONGEST = 8  # digits of a page number that is worth asking the database about
CSV = "text/csv; charset=utf-8"
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


class Table(django_tables2.Table):
    """Base of all tables: our template, no default column for the model's own fields."""

    class Meta:
        template_name = "kit/table.html"
        attrs = {"class": "list"}


class NumberColumn(django_tables2.Column):
    """Right-aligned figures."""

    attrs = {"th": {"class": "num"}, "td": {"class": "num"}}


def plain(value: Any) -> str:
    """A cell for a spreadsheet: what would be taken for a formula is made text."""
    said = "" if value is None else str(value)
    return f"'{said}" if said.startswith(FORMULA_STARTS) else said


class _Echo:
    def write(self, value: str) -> str:
        return value


def csv_response(rows: Iterator[list[Any]] | list[list[Any]], filename: str) -> StreamingHttpResponse:
    """All rows as CSV, streamed, safe to open in a spreadsheet."""
    writer = csv.writer(_Echo())
    lines = (writer.writerow([plain(cell) for cell in row]) for row in rows)
    response = StreamingHttpResponse(lines, content_type=CSV)
    response["Content-Disposition"] = f'attachment; filename="{filename}.csv"'
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

    The template gets `table`, `filters` (a form or None) and `total` beside `context`.
    """
    filters = filterset_class(request.GET, queryset=queryset, request=request) if filterset_class else None
    rows = filters.qs if filters is not None else queryset
    table = table_class(rows, request=request)
    sort = [word for word in request.GET.getlist("sort") if word.lstrip("-") in table.columns.names()]
    if sort:
        table.order_by = sort
    if request.GET.get("format") == "csv":
        return csv_response(table.as_values(), filename)
    try:
        table.paginate(page=_page(request), per_page=PER_PAGE)
    except EmptyPage:
        table.paginate(page=1, per_page=PER_PAGE)
    return render(
        request,
        template,
        {
            "table": table,
            "filters": filters.form if filters is not None else None,
            "total": table.paginator.count,
        }
        | (context or {}),
    )


def _page(request: HttpRequest) -> int:
    word = request.GET.get("page", "1")
    return max(int(word), 1) if word.isascii() and word.isdigit() and len(word) < LONGEST else 1
