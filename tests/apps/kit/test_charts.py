"""Drawings: well-formed, named, without style, and true to their figures."""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lodeline_server.kit import charts

EVIL = "<script>alert('x')</script>&\""
ROWS = [
    {"label": "OV", "value": Decimal("2.0"), "cap": Decimal("3.5"), "age": 0, "missing": Decimal("1.4")},
    {"label": "CC", "value": 0, "cap": 0, "age": Decimal("2.5"), "missing": 0},
    {"label": "ES", "value": 0, "cap": 0, "age": 0, "missing": 0},
]
PARTS = [
    {"label": "Australia", "share": Decimal("0.46"), "colour": 1},
    {"label": EVIL, "share": Fraction(35, 100), "colour": 2},
    {"label": "unknown", "share": 0.19, "unknown": True},
]
COLUMNS = [
    {"title": "Mine", "cards": [
        {"id": "a", "title": EVIL, "lines": ["one", "two", "three"], "share": 0.7, "mix": [(1, 1)], "level": "E4"},
        {"id": "b", "title": "Unknown source", "share": 0.3, "unknown": True, "level": "E0"},
    ]},
    {"title": "Pack", "cards": [{"id": "c", "title": "HV77", "share": 1, "asked": True, "level": "S"}]},
]  # fmt: skip
STREAMS = [
    {"source": "a", "target": "c", "share": 0.7},
    {"source": "b", "target": "c", "share": 0.3, "unknown": True},
]
POINTS = [
    {"label": "2026-01", "value": None, "low": 31, "high": 78},
    {"label": "2026-02", "value": Decimal("57.8"), "low": 50, "high": 63},
    {"label": "2026-03", "value": Decimal("62.1"), "low": 56, "high": 67},
]
DAYS = [{"label": "06-01", "value": 23_000}, {"label": "06-02", "value": 31_000, "refused": 900}]
DRAWINGS = {
    "interval": lambda: charts.interval(51, Decimal("56.4"), Decimal("62.1"), Decimal("66.9"), 74),
    "interval not rated": lambda: charts.interval(31, None, None, None, 78, compact=True),
    "interval capped": lambda: charts.interval(31, 45, 50, 52, 90, cap=50, axis=(20, 100)),
    "coverage": lambda: charts.coverage(Fraction(84, 100), Decimal("0.6")),
    "bar": lambda: charts.bar(Decimal("0.381")),
    "minimum": lambda: charts.legal_minimum(Decimal("0.086"), Decimal("0.16")),
    "rank": lambda: charts.rank(6, 8, 10, 12),
    "rank axis": lambda: charts.rank_axis(40),
    "ties": lambda: charts.ties(["start", "through", "end", ""]),
    "stacked": lambda: charts.stacked(PARTS),
    "waterfall": lambda: charts.waterfall(ROWS, start=100, end=Decimal("90.6")),
    "waterfall cell": lambda: charts.waterfall_cells(ROWS, start=100, end=Decimal("90.6"))["rows"][0],
    "waterfall end": lambda: charts.waterfall_cells(ROWS, start=100, end=1, interval=(0, 3))["end"],
    "steps": lambda: charts.steps(POINTS, lines=[(65, EVIL)], marks=[(1, "Method 1.2")]),
    "steps of nothing": lambda: charts.steps([]),
    "columns": lambda: charts.columns(DAYS, unit="events"),
    "columns of nothing": lambda: charts.columns([]),
    "timeline": lambda: charts.timeline([{"label": "2027-03", "value": Decimal("1.9"), "strong": True}], target=4),
    "dose": lambda: charts.dose_curve([0.38, 0.37, 0.02, 0.0001, 0], Decimal("0.01")),
    "dose of nothing": lambda: charts.dose_curve([], 0),
}  # fmt: skip


@pytest.mark.parametrize("name", DRAWINGS)
def test_is_well_formed_named_and_without_style(name):
    drawn = DRAWINGS[name]()
    root = ET.fromstring(drawn)
    assert root.get("role") == "img"
    assert (root.findtext("title") or "").strip()
    assert not [part for part in root.iter() if "style" in part.attrib]
    assert "<script" not in drawn
    assert DRAWINGS[name]() == drawn


def test_an_interval_stands_where_its_figures_say():
    root = ET.fromstring(charts.interval(0, 25, 50, 75, 100))
    dot = root.find("circle")
    assert dot.get("cx") == "50%"
    band = root.find("rect")
    assert (band.get("x"), band.get("width")) == ("26.5%", "47%")  # the axis runs from 3 % to 97 %
    assert root.findtext("title") == "point 50, likely range 25 to 75 (5 to 95 %), bounds 0 to 100"


def test_a_party_that_is_not_rated_has_bounds_and_no_point():
    root = ET.fromstring(charts.interval(31, None, None, None, 78))
    assert root.find("circle") is None
    assert root.findtext("title") == "not rated, bounds 31 to 78"


def test_a_point_outside_its_range_is_said_in_words():
    assert "the point lies outside its range" in charts.interval(10, 20, 60, 50, 90)


def test_a_gate_takes_away_what_is_right_of_its_cap():
    root = ET.fromstring(charts.interval(0, 40, 50, 52, 100, cap=50))
    hatched = [part for part in root.iter("rect") if "hatch-bad" in (part.get("fill") or "")]
    assert [(part.get("x"), part.get("width")) for part in hatched] == [("50%", "47%")]


@given(st.lists(st.integers(1, 10**9), min_size=1, max_size=8))
def test_stacked_parts_fill_the_bar(weights):
    total = sum(weights)
    parts = [{"label": "x", "share": Fraction(w, total), "unknown": True} for w in weights]
    root = ET.fromstring(charts.stacked(parts, labels=False))
    widths = [float(part.get("width").rstrip("%")) for part in root.iter("rect") if part.get("class") is None]
    assert sum(widths) == pytest.approx(100, abs=0.01 * len(widths))


def test_unknown_is_hatched_and_keeps_its_own_part():
    root = ET.fromstring(charts.stacked(PARTS))
    fills = [part.get("fill") or "" for part in root.iter("rect")]
    assert sum("#hatch" in fill for fill in fills) == 1
    assert "unknown 19.0" in root.findtext("title")


def test_the_waterfall_ends_at_the_score():
    cells = charts.waterfall_cells(ROWS, start=100, end=Decimal("90.6"), floor=80)
    last = ET.fromstring(cells["rows"][-1])
    joint = [part.get("x1") for part in last.iter("line") if part.get("class") == "join"][-1]
    end = ET.fromstring(cells["end"])
    assert [part.get("cx") for part in end.iter("circle")] == [joint]
    assert cells["floor"] == 80
    assert "value gap 2.0, evidence cap 3.5, missing 1.4" in cells["rows"][0]
    assert ">ES: nothing lost<" in cells["rows"][2]


@pytest.mark.parametrize(("end", "floor"), [(62.1, 50), (0, 0), (8, 0), (99, 50), (55, 40)])
def test_the_waterfalls_axis_begins_below_the_score(end, floor):
    assert charts.waterfall_cells(ROWS, start=100, end=end)["floor"] == floor


def test_a_gap_in_a_history_is_not_bridged():
    drawn = charts.steps([POINTS[1], POINTS[0], POINTS[2]])
    path = next(p.get("d") for p in ET.fromstring(drawn).iter("path"))
    assert path.count("M") == 2
    assert "57.8 in 2026-02, 62.1 in 2026-03" in drawn


def test_refused_events_stand_on_top_of_the_taken():
    root = ET.fromstring(charts.columns(DAYS, unit="events"))
    taken = [part for part in root.iter("rect") if part.get("class") == "f5"]
    refused = [part for part in root.iter("rect") if part.get("class") == "bad-fill"]
    assert (len(taken), len(refused)) == (2, 1)
    assert float(refused[0].get("y")) < float(taken[1].get("y"))
    assert root.findtext("title") == "54,000 events in 2 columns, 900 refused"


@given(
    st.lists(st.floats(0, 1), max_size=700).map(lambda shares: sorted(shares, reverse=True)),
    st.sampled_from([Decimal("0.001"), Decimal("0.01"), Decimal("0.5"), Decimal(0)]),
)
def test_the_threshold_counts_what_is_at_or_above_it(shares, threshold):
    drawn = charts.dose_curve(shares, threshold)
    above = sum(1 for share in shares if share >= float(threshold))
    assert f"{above:,} of {len(shares):,} items" in ET.fromstring(drawn).findtext("title")
    assert len(drawn) < 60_000


def test_a_threshold_is_said_as_it_was_typed():
    assert "threshold 0.25\u202f%" in charts.dose_curve([0.3], Decimal("0.0025"))
    assert "threshold 1\u202f%" in charts.dose_curve([0.3], Decimal("0.01"))


def test_the_graph_draws_each_stream_as_wide_as_its_share():
    drawn = charts.trace_columns(COLUMNS, STREAMS)
    assert "<script" not in drawn
    sizes = [float(size) for size in re.findall(r'd="M[^"]*?v([\d.]+)C', drawn)]
    # both edges of the unknown stream are drawn again as an outline
    assert sorted(set(sizes)) == [pytest.approx(0.3 * 82, abs=0.05), pytest.approx(0.7 * 82, abs=0.05)]
    assert "3 cards in 2 stages" in drawn


def grown(stages, per_stage, sites):
    """A graph of `per_stage` lots in each stage, of `sites` sites each, fully joined to the next stage."""
    columns = [
        {"title": str(s), "cards": [
            {"id": f"{s}/{n}", "title": f"lot {n}", "share": Fraction(1, per_stage), "site": f"{s}-{n % sites}",
             "site_name": f"Site {n % sites}"} for n in range(per_stage)
        ]} for s in range(stages)
    ]  # fmt: skip
    columns.append(
        {"title": "asked", "cards": [{"id": "asked", "title": "asked", "share": 1, "asked": True}]}
    )
    streams = []
    for left, right in pairwise(columns):
        share = Fraction(1, len(left["cards"]) * len(right["cards"]))
        streams += [
            {"source": one["id"], "target": other["id"], "share": share}
            for one in left["cards"]
            for other in right["cards"]
        ]
    return columns, streams


@pytest.mark.parametrize("sites", [3, 200])
def test_large_graphs_are_folded_and_lose_no_share(sites):
    columns, streams = grown(4, 200, sites)
    folded, links = charts.fold(columns, streams)
    assert sum(len(column["cards"]) for column in folded) <= 60
    for column in folded:
        assert sum(card["share"] for card in column["cards"]) == 1
    assert sum(link["share"] for link in links) == sum(stream["share"] for stream in streams)
    names = {card["id"] for column in folded for card in column["cards"]}
    assert {link["source"] for link in links} | {link["target"] for link in links} <= names
    assert folded[-1]["cards"][0]["id"] == "asked"
    if sites == 3:
        assert [card["title"] for card in folded[0]["cards"]] == ["Site 0", "Site 1", "Site 2"]
        assert folded[0]["cards"][0]["lines"] == ["67 lots"]


def test_a_graph_of_sixty_cards_is_left_as_it_is():
    columns, streams = grown(1, 59, 2)
    assert charts.fold(columns, streams) == (columns, streams)


@given(st.lists(st.integers(1, 12), min_size=1, max_size=5), st.randoms(use_true_random=False))
def test_cards_of_a_column_never_overlap(sizes, random):
    columns = [
        {"title": str(i), "cards": [{"id": f"{i}/{n}", "title": "x", "share": 0.1} for n in range(size)]}
        for i, size in enumerate(sizes)
    ]
    streams = [
        {"source": a["id"], "target": b["id"], "share": random.random()}
        for left, right in pairwise(columns)
        for a in left["cards"]
        for b in random.sample(right["cards"], k=random.randint(0, len(right["cards"])))
    ]
    drawn = charts.trace_columns(columns, streams)
    boxes = [
        (float(x), float(y)) for x, y in re.findall(r'<rect x="([\d.]+)" y="([\d.]+)" width="200"', drawn)
    ]
    assert len(boxes) == sum(sizes)
    height = float(re.search(r'viewBox="0 0 \d+ (\d+)"', drawn)[1])
    for x in {x for x, _y in boxes}:
        column = sorted(y for left, y in boxes if left == x)
        assert all(lower - upper >= 78 for upper, lower in pairwise(column))
        assert column[0] >= 29
        assert column[-1] + 78 <= height


def test_colours_keep_their_name_and_end_with_other():
    assert charts.colours(["AU", "FI", "AU", "CA"]) == {"AU": 1, "FI": 2, "CA": 3}
    assert set(charts.colours("abcdefgh").values()) == {1, 2, 3, 4, 5, 6}


def test_the_legend_names_every_mark():
    drawn = charts.legend([(1, "Australia"), (None, "Unknown"), ("hatch-bad", EVIL)])
    assert re.findall(r"</svg>([^<]*)</li>", drawn)[:2] == ["Australia", "Unknown"]
    assert "<script" not in drawn
