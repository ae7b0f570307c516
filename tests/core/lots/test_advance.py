"""The kernel follows the record step by step and stands where a whole reading stands; a trail costs its own length."""

from __future__ import annotations

import random
from collections import Counter

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from tests.core.lots.making import made, used
from tests.core.lots.records import Kept, histories

from lodeline.lots import nearby
from lodeline.lots.kernel import advance
from lodeline.lots.kernel.advance import COLUMNS, MASSES, Entangled
from lodeline.lots.kernel.names import Names

SLOW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def content(standing):
    """What the arrays say, under names: edges with their weights, masses and what is left of each lot."""
    state, names = standing.state, standing.names
    whole = state.rebuilt()
    called = [names.name(int(number)) for number in whole.nodes]
    into = np.repeat(np.arange(whole.size), np.diff(whole.indptr))
    edges = Counter(
        (called[source], called[target], tuple(float(whole.weights[name][at]) for name in COLUMNS))
        for at, (source, target) in enumerate(zip(whole.sources.tolist(), into.tolist(), strict=True))
    )
    lots = {
        name: (float(whole.left[row]), tuple(int(whole.masses[one][row]) for one in MASSES))
        for row, name in enumerate(called)
    }
    return edges, lots


def run(history, *, settle=None):
    """(standing, record) after each step; nothing once lots flow into themselves."""
    record, standing = Kept(), advance.empty()
    for position, (came, gone) in enumerate(history):
        changed = [*came.values(), *(record.rows.get(one) or came[one] for one in gone)]
        record.rows |= came
        for one in gone:
            del record.rows[one]
        if record.graph().circles:
            return
        standing = advance.advance(standing, record, changed, position + 1)
        if settle is not None and settle.random() < 0.3:
            standing = standing.settled()
        yield standing, record


@SLOW
@given(histories())
def test_following_equals_reading_the_whole(history):
    settle = random.Random(len(history))
    for standing, record in run(history, settle=settle):
        edges, lots = content(standing)
        wanted_edges, wanted_lots = content(advance.whole(record.graph(), 0))
        assert edges == wanted_edges
        assert {name: lots[name] for name in wanted_lots} == wanted_lots
        for name in lots.keys() - wanted_lots.keys():  # what ceased to be has nothing
            assert lots[name] == (0.0, (0,) * len(MASSES))


@SLOW
@given(histories())
def test_a_trail_is_as_in_the_whole_record(history):
    *_, (_, record) = [(None, Kept()), *run(history)]
    graph = record.graph()
    for key in sorted({node.key for node in graph.order}):
        for onward in (False, True):
            near = nearby.around(record, {key}, onward=onward)
            reached = trail(graph.versions(key), onward=onward)
            assert trail(near.graph.versions(key), onward=onward) == reached


def test_a_step_reads_what_it_concerns_and_not_the_record():
    record = Kept()
    for lot in range(400):  # a chain, and beside it lots that have nothing to do with it
        record.rows |= {
            3 * lot: made(f"c{lot}", lot, group=f"g{lot}" if lot else ""),
            3 * lot + 1: used(f"c{lot - 1}", f"g{lot}", "50", lot) if lot else made("start", 0),
            3 * lot + 2: made(f"apart{lot}", lot),
        }
    standing = advance.advance(advance.empty(), record, list(record.rows.values()), 1)
    fresh = [used("c399", "g400", "10", 400), made("c400", 400, group="g400")]
    record.rows |= dict(enumerate(fresh, 5_000))
    record.asked = 0
    found = advance.advance(standing, record, fresh, 2)
    assert record.asked <= 8
    assert content(found)[0] == content(advance.whole(record.graph(), 2))[0]
    record.asked = 0
    assert len(nearby.around(record, {"c5"}, onward=False).whole) == 6
    assert record.asked <= 6 * 4


def test_what_was_made_otherwise_is_restated_and_stays_so_in_a_new_snapshot():
    record = Kept({1: made("a", kg="100"), 2: used("a", "g", "40"), 3: made("b", 1, group="g", kg="40")})
    first = advance.advance(advance.empty(), record, list(record.rows.values()), 1).settled()
    wrong, right = record.rows.pop(1), made("a", kg="80", co="0.25")
    record.rows[4] = right
    after = advance.advance(first, record, [wrong, right], 2)
    (number,) = after.names.versions("a")
    assert after.state.mass("Co", after.state.rows([number])).tolist() == [20e6]
    assert content(after) == content(after.settled()) == content(advance.whole(record.graph(), 2))


def test_lots_that_flow_into_themselves_are_named():
    record = Kept(
        {
            1: made("a", 0, group="g"),
            2: made("b", 1, group="h"),
            3: used("a", "h", "5", 1),
            4: used("b", "g", "5", 0),
            5: made("c", 2, group="i"),
            6: used("b", "i", "1", 2),
        }
    )
    with pytest.raises(Entangled, match="in a circle: a, b"):
        advance.advance(advance.empty(), record, list(record.rows.values()), 1)
    graph = record.graph()
    assert graph.circles == ("a", "b")  # what lies behind the circle is in none, and keeps its edges
    assert [edge.source.key for edge in graph.last("c").incoming] == ["b"]


def test_names_are_found_by_text_and_by_number_also_from_arrays():
    wanted = [("a", 1), ("a", 2), ("lot ü", 1), ("", 1)]
    names = Names().plus(wanted[:2])
    names = Names(arrays=names.settled()).plus(wanted[2:])
    again = Names(arrays=names.settled())
    for one in (names, again):
        assert [one.name(number) for number in range(one.size)] == wanted
        assert [one.number(*name) for name in wanted] == [0, 1, 2, 3]
        assert one.versions("a") == [0, 1]
        assert one.number("b", 1) is None


def trail(nodes, *, onward):
    """Everything on a trail: lot versions with what flows into them, what is unknown, made and left."""
    found, rest = {}, list(nodes)
    while rest:
        node = rest.pop()
        if (node.key, node.version) in found:
            continue
        flows = Counter(
            (one.source.key, one.source.version, one.group, one.mass, tuple(sorted(one.masses.items())))
            for one in node.incoming
        )
        found[node.key, node.version] = (flows, node.unknown, node.mass, node.masses, node.left)
        rest += [one.target if onward else one.source for one in (node.outgoing if onward else node.incoming)]
    return found
