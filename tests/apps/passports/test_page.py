"""The public page: small, no script, readable by a decoder, honest about what is unknown."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest
from PIL import Image
from tests.apps.passports.telling import GTIN, item

from lodeline_server.kit import qr
from lodeline_server.publishing.models import Published
from lodeline_server.publishing.serving import HTML

pytestmark = pytest.mark.django_db
KIT = Path(qr.__file__).parent / "static" / "kit"
LIMIT = 60_000


@pytest.fixture
def page(issued):
    return bytes(Published.objects.get(key=f"/01/{GTIN}/21/A1", media_type=HTML).body).decode()


class Reader(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.ids, self.links, self.words = [], [], [], []

    def handle_starttag(self, tag, attributes):
        held = dict(attributes)
        self.tags.append(tag)
        self.ids += [held["id"]] if "id" in held else []
        self.links += [held[name] for name in ("href", "src") if held.get(name)]
        assert not [name for name in held if name.startswith("on") or name == "style"], held

    def handle_data(self, data):
        self.words.append(data)


def read(page):
    reader = Reader()
    reader.feed(page)
    return reader


def decoded(path, size):
    """The path's strokes as pixels, read by a decoder that is not ours."""
    zxing = pytest.importorskip("zxingcpp")
    image = Image.new("L", (size, size), 255)
    x = y = 0
    for step, first, second in re.findall(r"([Mmh])(\d+)(?: (\d+(?:\.5)?))?", path):
        if step == "M":
            x, y = int(first), int(float(second))
        elif step == "m":
            x += int(first)
        else:
            for _ in range(int(first)):
                image.putpixel((x, y), 0)
                x += 1
    found = zxing.read_barcodes(image.resize((size * 6, size * 6), Image.Resampling.NEAREST))
    return [one.text for one in found]


def test_the_code_on_the_page_leads_to_the_page(page, settings):
    drawing = re.search(
        r'<svg class="qr".*?viewBox="0 0 (\d+) \1".*?<path stroke="#000".*? d="([^"]+)"', page
    )
    assert drawing is not None
    assert decoded(drawing[2], int(drawing[1])) == [f"{settings.PUBLIC_URL}/01/{GTIN}/21/A1"]


@pytest.mark.parametrize("text", ["https://p.example/01/09521000000011/21/A%2F1%25", "x" * 300, "Ü 1"])
def test_codes_read_back(text):
    size, path = qr.path(text)
    assert decoded(path, size) == [text]


def test_page_sheet_and_drawings_stay_below_60_kilobytes(page):
    linked = [link.split("?")[0] for link in read(page).links if link.startswith("/static/")]
    assert linked
    total = len(page.encode()) + sum((KIT / Path(link).name).stat().st_size for link in set(linked))
    total += sum(
        (KIT / name).stat().st_size
        for name in re.findall(r"url\(([\w.]+)\)", (KIT / "passport.css").read_text())
    )
    assert total < LIMIT


def test_no_script_no_form_nothing_from_elsewhere(page):
    found = read(page)
    assert not {"script", "iframe", "object", "embed", "form", "style", "img"} & set(found.tags)
    assert "javascript:" not in page
    external = [link for link in found.links if "://" in link]
    assert external == [
        link for link in external if link.startswith("https://acme.example/")
    ]  # the maker's own documents, to be followed, not loaded
    assert len(found.ids) == len(set(found.ids))


def test_one_heading_one_main_and_no_jump_in_levels(page):
    tags = read(page).tags
    assert tags.count("h1") == tags.count("main") == 1
    levels = [int(tag[1]) for tag in tags if re.fullmatch(r"h[1-6]", tag)]
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_links_inside_the_page_lead_somewhere(page):
    found = read(page)
    for link in found.links:
        if link.startswith("#"):
            assert link[1:] in found.ids, link


def test_it_says_on_record_and_never_more(page):
    text = " ".join(" ".join(read(page).words).split())
    assert "On record since 2026-11-01" in text
    assert "No independent witness has confirmed the log yet." in text
    for word in ("genuine", "immutable", "guaranteed", "N/A", "!", "certified"):
        assert word not in text, word


def test_what_is_unknown_is_hatched_and_counted(issued, now):
    from tests.apps.passports.telling import HOLDER, MADE, MINED, happened, pack, tell  # noqa: F401

    from lodeline.access import platform
    from lodeline_server.passports.actions import issue_all

    tell(issued.pk, pack("HALF", mined=5, regained=0))
    issue_all(actor=platform(issued.pk), workspace=issued.pk, now=now)
    page = bytes(Published.objects.get(key=f"/01/{GTIN}/21/HALF", media_type=HTML).body).decode()
    assert "url(#hatch)" in page
    assert re.search(r"<span>Unknown</span><span class=\"end\">50\.0\u202f%", page)
    assert "at least; the origin of 50.0\u202f% is unknown" in page


def test_all_44_points_stand_in_details(page):
    text = re.sub(r"<[^>]+>", " ", page)
    numbers = {int(n) for n in re.findall(r"<dt>(\d+) ", page)}
    assert numbers == set(range(1, 45))
    assert "not yet required" in text
    assert "must stay empty" in text


def test_every_value_has_a_date_and_a_source(page):
    values = re.findall(r"<dt>\d+ [^<]*</dt><dd>(.*?)</dd>", page)
    filled = [one for one in values if 'href="#s' in one]
    assert len(filled) >= 20
    assert all(re.search(r"\d{4}-\d{2}-\d{2}, (computed|stated), ", one) for one in filled)


def test_the_battery_itself_is_not_in_it(page):
    assert item("A1")
    for word in ("original", "219.7", "97.31", "SOCE", "state of certified", "Secret"):
        assert word not in page, word
