"""The excerpt of a graph: bounds hold, nothing is lost in silence, the same always looks the same."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from lodeline.lots.build import build
from lodeline.lots.excerpt import MOST, Choice, excerpt
from lodeline.lots.values import Description, Made, Used

START = datetime(2026, 1, 1, tzinfo=UTC)
HALF = Description(composition={"Co": Fraction(1, 2)})


def made(key, day, amount=100, group=""):
    return Made(
        key=key, time=START + timedelta(days=day), position=day, group=group, amount=Decimal(amount), uom="KGM",
        site=f"urn:site:{day % 3}", party="urn:party", description=HALF,
    )  # fmt: skip


def used(key, group, day, amount):
    return Used(
        key=key,
        time=START + timedelta(days=day),
        position=day,
        group=group,
        amount=Decimal(amount),
        uom="KGM",
    )


def ladder(links):
    """Lots 0 to n, each of the earlier ones in `links` (number: the numbers that went into it)."""
    mades, uses = [], []
    for number, before in links.items():
        mades.append(made(f"lot{number}", number, group=f"g{number}" if before else ""))
        uses += [used(f"lot{one}", f"g{number}", number, Decimal(100) / len(links)) for one in before]
    return build(mades, uses)


def shown(graph, key, **choice):
    starts = graph.versions(key)
    return excerpt(starts, Choice(substance="Co", **choice), {"back": starts, "forward": starts})


def test_depth_folds_and_opening_unfolds():
    graph = ladder({0: (), 1: (0,), 2: (1,), 3: (2,), 4: (3,)})
    found = shown(graph, "lot2", depth=1)
    assert [one.node.key for one in found.spots] == ["lot1", "lot2", "lot3"]
    assert [one.column for one in found.spots] == [-1, 0, 1]
    assert [one.folded for one in found.spots] == [1, 0, 1]
    assert (found.total, found.deeper, found.over) == (5, 2, 0)
    opened = shown(graph, "lot2", depth=1, opened=frozenset({"lot1"}))
    assert "lot0" in {one.node.key for one in opened.spots}
    assert (opened.deeper, opened.over) == (1, 0)


def test_what_is_over_the_limit_is_counted():
    graph = ladder({0: (), **dict.fromkeys(range(1, 260), (0,))})
    found = shown(graph, "lot0", limit=10_000)
    assert len(found.spots) == MOST
    assert (found.total, found.over) == (260, 60)
    assert sum(one.folded for one in found.spots) == 60


def test_a_filter_keeps_the_way():
    graph = ladder({0: (), 1: (0,), 2: (1,), 3: (2,)})
    found = shown(graph, "lot3", depth=9, fits=lambda node: node.key == "lot0")
    assert [one.node.key for one in found.spots] == ["lot0", "lot1", "lot2", "lot3"]
    assert [one.node.key for one in shown(graph, "lot3", fits=lambda _node: False).spots] == ["lot3"]


LINKS = st.integers(2, 14).flatmap(
    lambda n: st.fixed_dictionaries(
        {
            number: st.sets(st.integers(0, max(number - 1, 0)), max_size=min(number, 3)).map(
                lambda found, number=number: tuple(sorted(found)) if number else ()
            )
            for number in range(n)
        }
    )
)


@settings(max_examples=60, deadline=None)
@given(LINKS, st.integers(1, 12), st.integers(1, 5))
def test_bounds_and_counts_hold(links, limit, depth):
    graph = ladder(links)
    key = f"lot{max(links) // 2}"
    found = shown(graph, key, limit=limit, depth=depth)
    spots = {one.at: one for one in found.spots}
    assert len(spots) == len(found.spots) <= limit
    assert found.total == len(found.spots) + found.deeper + found.over
    assert all(0 <= one.low <= one.high <= 1 for one in found.spots)
    assert all(spots[line.source].column < spots[line.target].column for line in found.lines)
    assert shown(graph, key, limit=limit, depth=depth) == found
    whole = shown(graph, key, limit=MOST, depth=99)
    ends = sum(one.low for one in whole.spots if one.column < 0 and one.node.source)
    asked = next(one for one in whole.spots if not one.column)
    assert (
        asked.node.source
        or ends + max((one.high - one.low for one in whole.spots if one.column < 0), default=0) <= 1
    )
