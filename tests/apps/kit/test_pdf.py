"""PDF: the same bytes for the same input, archivable, and no way from data into the template."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import typst

from lodeline_server.kit import pdf

NOW = datetime(2027, 6, 14, 8, 52, tzinfo=UTC)
TEMPLATE = """#import "kit.typ": *
#show: sheet.with(title: data.title, foot: data.foot)
= #data.title
#bench(("Scope", data.foot))
#facts((("Serial", "left"), ("Dose", "right"), ("Place", "left", 1fr)), data.rows)
"""
DATA = {
    "title": "212 packs hold 1\u202f% or more",
    "foot": "log position 4,218,907",
    "rows": [["HV77-27-004182", "38.1\u202f%", "Norrsund"]] * 60,
}


@pytest.fixture
def _template(settings, tmp_path):
    (tmp_path / "try").mkdir()
    (tmp_path / "try" / "list.typ").write_text(TEMPLATE)
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [tmp_path]}]


@pytest.mark.usefixtures("_template")
class TestRender:
    def test_gives_the_same_bytes_for_the_same_input(self):
        first = pdf.render("try/list.typ", DATA, now=NOW)
        assert first.startswith(b"%PDF-1.7")
        assert pdf.render("try/list.typ", DATA, now=NOW) == first
        assert pdf.render("try/list.typ", DATA, now=NOW.replace(day=15)) != first

    def test_is_archivable_and_says_when_it_was_made(self):
        made = pdf.render("try/list.typ", DATA, now=NOW)
        assert b"<pdfaid:part>2</pdfaid:part>" in made
        assert b"<pdfaid:conformance>A</pdfaid:conformance>" in made
        assert b"2027-06-14T08:52:00" in made
        assert b"pdfuaid:part>1<" in pdf.render("try/list.typ", DATA, now=NOW, standard="ua-1")

    @pytest.mark.parametrize(
        "text",
        [
            '#read("/etc/passwd")',
            "$x$ *b* _i_ `c` @ref <label>",
            '"\\ \n\t\u202e',
            "#panic()",
            "= head",
            "#import",
        ],
    )
    def test_what_users_wrote_is_never_source(self, text):
        made = pdf.render("try/list.typ", {**DATA, "rows": [[text, text, text]], "title": text}, now=NOW)
        assert made.startswith(b"%PDF")


def test_a_faulty_template_is_an_error(settings, tmp_path):
    (tmp_path / "faulty.typ").write_text('#import "kit.typ": *\n#show: sheet.with(title: data.nothing)\n')
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [tmp_path]}]
    with pytest.raises(typst.TypstError):
        pdf.render("faulty.typ", {}, now=NOW)
