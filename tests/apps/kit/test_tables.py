"""List pages: range, sort, filter, export, empty states."""

from __future__ import annotations

import csv
import io

import django_filters
import django_tables2
import pytest
from django.test import RequestFactory

from lodeline_server.kit.tables import NumberColumn, Table, plain, table_page
from lodeline_server.parties.models import Organisation


class Rows(Table):
    name = django_tables2.Column()
    n = NumberColumn()
    drawn = django_tables2.Column(orderable=False, accessor="n")
    title = "Things"

    class Meta(Table.Meta):
        empty_text = "Things stand here once they are captured."


DATA = [{"name": f"thing {n:03}", "n": n} for n in range(120)]


def answer(query="", rows=None, **more):
    request = RequestFactory().get(f"/app/things/{query}")
    return table_page(
        request,
        template="kit/list.html",
        table_class=Rows,
        queryset=DATA if rows is None else rows,
        filename="things",
        **more,
    )


def html(*args, **kwargs):
    return answer(*args, **kwargs).content.decode()


def test_says_which_rows_of_how_many():
    page = html()
    assert "1 to 50 of 120" in page
    assert "Page 1 of 3" in page
    assert "thing 049" in page
    assert "thing 050" not in page
    assert "101 to 120 of 120" in html("?page=3")


@pytest.mark.parametrize("word", ["0", "-1", "x", "", "99999999999999999999", "٣", "1.5", "4"])
def test_a_page_that_does_not_exist_is_the_first(word):
    assert "1 to 50 of 120" in html(f"?page={word}")


def test_sort_is_in_the_address_and_said_to_readers():
    page = html("?sort=-n")
    assert 'aria-sort="descending"' in page
    assert page.count("aria-sort") == 1
    assert "thing 119" in page
    assert 'href="?sort=n"' in page


@pytest.mark.parametrize("word", ["nothing", "-drawn", "drawn", "__class__", "n__x", "--n", "?"])
def test_an_unknown_sort_is_ignored(word):
    page = html(f"?sort={word}")
    assert "thing 000" in page
    assert "aria-sort" not in page


def test_the_region_that_scrolls_is_named():
    assert '<div class="scroll" role="region" tabindex="0" aria-label="Things">' in html()


def test_an_empty_list_teaches():
    page = html(rows=[])
    assert "Things stand here once they are captured." in page
    assert "<table" not in page


def test_csv_gives_all_rows():
    response = answer("?format=csv&page=2")
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response["Content-Disposition"] == 'attachment; filename="things.csv"'
    assert response["Cache-Control"] == "private, no-store"
    rows = list(csv.reader(io.StringIO(response.getvalue().decode())))
    assert rows[0] == ["Name", "N", "Drawn"]
    assert len(rows) == 121


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_csv_makes_formulas_text(start):
    evil = f"{start}HYPERLINK(A1)"
    rows = list(
        csv.reader(
            io.StringIO(answer("?format=csv", rows=[{"name": evil, "n": -5}]).getvalue().decode(), newline="")
        )
    )
    assert rows[1][0] == f"'{evil}"
    assert rows[1][1] == "-5"  # a number stays a number


def test_plain():
    assert [plain(value) for value in (None, 3, -2.5, "a", "-1")] == ["", 3, -2.5, "a", "'-1"]


class OrganisationFilter(django_filters.FilterSet):
    name = django_filters.CharFilter(lookup_expr="icontains")
    pk = django_filters.NumberFilter(label="Number")

    class Meta:
        model = Organisation
        fields = ["name", "pk"]


class Organisations(Table):
    name = django_tables2.Column()

    class Meta(Table.Meta):
        model = Organisation
        fields = ("name",)


@pytest.mark.django_db
class TestFilters:
    @pytest.fixture(autouse=True)
    def _rows(self, organisation, other_organisation):
        pass

    def page(self, query):
        request = RequestFactory().get(f"/app/things/{query}")
        rows = Organisation.objects.order_by("name")
        answer = table_page(
            request,
            template="kit/list.html",
            table_class=Organisations,
            queryset=rows,
            filterset_class=OrganisationFilter,
        )
        return answer.content.decode()

    def test_narrow_the_list_and_stay_in_links(self):
        page = self.page("?name=north")
        assert "North Works" in page
        assert "South Works" not in page
        assert 'href="?name=north&amp;format=csv"' in page
        assert ">Reset<" in page

    def test_that_leave_nothing_say_so(self):
        page = self.page("?name=nowhere")
        assert "Nothing fits these filters." in page
        assert ">Show all<" in page

    def test_that_do_not_fit_are_said_beside_the_field(self):
        page = self.page("?pk=abc")
        assert "Enter a number." in page
        assert "North Works" in page


@pytest.mark.django_db
def test_user_text_is_escaped():
    assert "<script>alert" not in html(rows=[{"name": "<script>alert(1)</script>", "n": 1}])
