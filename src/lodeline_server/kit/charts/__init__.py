"""Drawings made on the server: pure functions from figures to SVG.

Each is deterministic, carries its facts as title and description for screen readers, uses classes of
`kit/lodeline.css` and no `style`, and is followed by a table of the same facts on the page. Numbers may be
int, float, Decimal or Fraction. Unknown is hatched; the hatchings stand in `kit/sprite.html`, which the base
page includes.

    interval, coverage, bar, legal_minimum         how sure a figure is
    rank, rank_axis, ties                          a league table's cells
    stacked, swatch, pattern, legend, colours      shares of origin
    waterfall, waterfall_cells                     why a score is not 100
    steps, columns, timeline                       over time
    dose_curve                                     a recall's ranked items
    trace_columns                                  the graph
    lot_graph                                      a part of it, each lot a link
    world_map, has_land, between, span             where it began, and its bounds
"""

from lodeline_server.kit.charts.dose import dose_curve
from lodeline_server.kit.charts.explorer import lot_graph
from lodeline_server.kit.charts.folding import fold
from lodeline_server.kit.charts.history import columns, steps, timeline
from lodeline_server.kit.charts.intervals import bar, coverage, interval, legal_minimum, rank, rank_axis, ties
from lodeline_server.kit.charts.outline import has_land
from lodeline_server.kit.charts.shares import colours, legend, pattern, stacked, swatch
from lodeline_server.kit.charts.trace import trace_columns
from lodeline_server.kit.charts.waterfall import waterfall, waterfall_cells
from lodeline_server.kit.charts.world import between, span, world_map

__all__ = [
    "bar", "between", "colours", "columns", "coverage", "dose_curve", "fold", "has_land", "interval",
    "legal_minimum", "legend", "lot_graph", "pattern", "rank", "rank_axis", "span", "stacked", "steps", "swatch",
    "ties", "timeline", "trace_columns", "waterfall", "waterfall_cells", "world_map",
]  # fmt: skip
