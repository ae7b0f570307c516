"""The map of the world: outline, circles, bounds."""

from __future__ import annotations

import json
import re
from fractions import Fraction

import pytest

from lodeline_server.kit import charts
from lodeline_server.kit.charts import outline, world

SQUARE = {
    "type": "Topology",
    "transform": {"scale": [10, 10], "translate": [-100, -50]},
    "arcs": [[[0, 0], [4, 0], [0, 4]], [[0, 0], [0, 4], [4, 0]]],
    "objects": {
        "land": {
            "type": "GeometryCollection",
            "geometries": [{"type": "MultiPolygon", "arcs": [[[0, -2]]]}, {"type": "Point"}],
        }
    },
}


def test_arcs_are_differences_and_a_complement_runs_backwards():
    assert list(outline.rings(SQUARE)) == [[(-100, -50), (-60, -50), (-60, -10), (-100, -10), (-100, -50)]]
    assert outline.path(SQUARE).count("L") == 3


def test_what_lies_south_of_the_drawing_is_left_out():
    assert outline.path({**SQUARE, "transform": {"scale": [10, 1], "translate": [-100, -90]}}) == ""


def test_what_crosses_the_date_line_lies_at_both_edges():
    arcs = [[[175, 0], [-350, 0], [0, 10], [350, 0], [0, -10]]]
    shape = {"type": "Polygon", "arcs": [[0]]}
    crossing = {"transform": {"scale": [1, 1], "translate": [0, 0]}, "arcs": arcs, "objects": {"land": shape}}
    drawn = outline.path(crossing)
    spans = [[int(x) for x in re.findall(r"[ML](-?\d+) ", one)] for one in drawn.split("Z")[:-1]]
    assert [max(xs) - min(xs) for xs in spans] == [round(10 / 360 * outline.WIDE)] * 2
    assert max(spans[0]) > outline.WIDE
    assert min(spans[1]) < 0


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"transform": 1}', json.dumps({**SQUARE, "arcs": []}), '{"objects": []}']
)
def test_without_a_file_that_fits_there_is_no_land(tmp_path, content):
    file = tmp_path / "land.json"
    file.write_text(content)
    assert outline.read(file) == ""
    assert outline.read(tmp_path / "none") == ""


def test_places_stand_where_they_are():
    assert outline.place(outline.NORTH, -180) == (0, 0)
    assert outline.place(outline.SOUTH, 180) == (outline.WIDE, outline.TALL)


def test_area_says_the_share():
    assert world.radius(Fraction(1)) == pytest.approx(2 * world.radius(Fraction(1, 4)))


def test_circles_are_drawn_the_largest_below_and_the_unknown_hatched():
    points = [
        {"latitude": 10.0, "longitude": 20.0, "share": Fraction(1, 10), "colour": 2, "label": "<small>"},
        {
            "latitude": 60.0,
            "longitude": 20.0,
            "share": Fraction(1, 2),
            "colour": 1,
            "label": "Large",
            "ring": True,
        },
    ]
    drawn = charts.world_map(points, unknown=Fraction(4, 10), unknown_name="unknown", title="Cobalt")
    assert "<small>" not in drawn
    assert re.findall(r'class="(pin[^"]*)"', drawn) == ["pin hollow p1", "pin p2"]
    assert "url(#hatch)" in drawn
    assert "unknown 40.0" in drawn
    assert "style=" not in drawn
    assert "url(#hatch)" not in charts.world_map(
        points, unknown=Fraction(0), unknown_name="unknown", title=""
    )


def test_labels_do_not_hide_each_other():
    crowd = [
        {
            "latitude": 50.0,
            "longitude": 10.0 + at / 50,
            "share": Fraction(1, 40),
            "colour": 1,
            "label": f"Site {at}",
        }
        for at in range(40)
    ]
    drawn = charts.world_map(crowd, unknown=0, unknown_name="", title="")
    assert 0 < drawn.count("halo") < 5
    assert drawn.count("<circle") == 40


def test_bounds_in_words_and_drawn():
    assert charts.span(Fraction(1, 4), Fraction(1, 4)) == "25.0\u202f%"
    assert charts.span(Fraction(1, 4), Fraction(1, 2)).startswith("25.0 to 50.0")
    assert "url(#hatch)" in charts.between(Fraction(1, 4), Fraction(1, 2), 1)
    assert "url(#hatch)" not in charts.between(Fraction(1, 4), Fraction(1, 4), 1)
