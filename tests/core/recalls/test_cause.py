"""Common cause against the textbook and a planted fault; drills."""

from __future__ import annotations

import random
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lodeline.lots.kernel.compressed import compress
from lodeline.lots.kernel.delta import State
from lodeline.recalls.cause import causes, fisher, interval, odds
from lodeline.recalls.drill import draw, drill


def test_the_tea_of_fisher():
    """The Design of Experiments, 1935, chapter 2: three of four cups right has 17 chances in 70, four of four 1."""
    assert fisher(3, 1, 1, 3) == 17 / 70
    assert fisher(4, 0, 0, 4) == 1 / 70
    assert fisher(0, 4, 4, 0) == 1


@settings(max_examples=100, deadline=None)
@given(*[st.integers(0, 12)] * 4)
def test_the_tail_by_counting(a, b, c, d):
    total = comb(a + b + c + d, a + b)
    tail = sum(comb(a + c, k) * comb(b + d, a + b - k) for k in range(a, a + b + 1))
    assert fisher(a, b, c, d) == pytest.approx(tail / total, rel=1e-12)
    low, high = interval(a, b, c, d)
    assert low < odds(a, b, c, d) < high


def test_the_interval_of_a_known_table():
    """By hand: (10.5 x 8.5)/(2.5 x 3.5) = 10.2; 1/10.5 + 1/2.5 + 1/3.5 + 1/8.5 = 0.8986; exp(2.3224 -+ 1.8579)."""
    assert odds(10, 2, 3, 8) == pytest.approx(10.2)
    assert interval(10, 2, 3, 8) == pytest.approx((1.5911, 65.387), rel=1e-4)


def plant(bad_lot, rng, *, share=1.0):
    """30 cathode lots on 3 machines over 10 days, 400 packs of two lots each; packs with `bad_lot` fail."""
    sources, targets, failed, sound = [], [], [], []
    for pack in range(30, 430):
        day = (pack - 30) // 40
        lots = rng.sample(range(max(0, 3 * day - 3), 3 * day + 3), 2)
        sources += lots
        targets += [pack, pack]
        (failed if bad_lot in lots and rng.random() < share else sound).append(pack)
    graph = compress(430, sources, targets, {"Co": np.full(len(sources), 0.5)})
    return State(base=graph, id="s", position=3), failed, sound


def factors(lot):
    return [("lot", str(lot)), ("machine", f"m{lot % 3}"), ("day", str(lot // 3))]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("share", [1.0, 0.6])
@pytest.mark.parametrize("fast", [False, True])
def test_a_planted_lot_is_found(seed, share, fast):
    state, failed, sound = plant(13, random.Random(seed), share=share)
    found = causes(state, failed, sound, factors, fast=fast)
    best = found.findings[0]
    assert ("lot", "13") in best.factors
    assert (best.failed, found.failed, found.sound) == (len(failed), len(failed), len(sound))
    assert best.p <= best.adjusted < 1e-6
    assert best.low > 5
    assert [one.p for one in found.findings] == sorted(one.p for one in found.findings)
    assert [one.adjusted for one in found.findings] == sorted(one.adjusted for one in found.findings)


def test_a_machine_explains_more_than_each_of_its_lots():
    rng = random.Random(1)
    state, _, _ = plant(0, rng)
    graph = state.base
    made = {
        pack: graph.nodes[graph.sources[graph.indptr[row] : graph.indptr[row + 1]]].tolist()
        for pack, row in zip(range(30, 430), state.rows(range(30, 430)).tolist(), strict=True)
    }
    failed = [pack for pack, lots in made.items() if any(lot % 3 == 1 for lot in lots) and rng.random() < 0.3]
    sound = [pack for pack in made if pack not in failed]
    assert causes(state, failed, sound, factors).findings[0].factors == (("machine", "m1"),)


def test_what_touches_the_same_batteries_is_one_finding():
    """Ore 0 went into lot 1 alone, lot 1 into packs 2 and 3: no table can tell them apart."""
    graph = compress(7, [0, 1, 1, 4, 4], [1, 2, 3, 5, 6], {"Co": np.ones(5)})
    found = causes(State(base=graph, id="s"), [2, 3], [5, 6], lambda lot: [("lot", str(lot))])
    assert (found.tested, [one.factors for one in found.findings]) == (1, [(("lot", "0"), ("lot", "1"))])
    assert found.findings[0].p == pytest.approx(1 / 6)


def test_the_correction_is_that_of_holm():
    state, failed, sound = plant(13, random.Random(2))
    found = causes(state, failed, sound, factors, most=1000)
    before = 0.0
    for place, one in enumerate(found.findings):
        before = max(before, min(1.0, one.p * (found.tested - place)))
        assert one.adjusted == before
    assert len(found.findings) == found.tested
    assert len(causes(state, failed, sound, factors, most=2).findings) == 2


def test_groups_that_cannot_be_compared_are_refused():
    state, failed, sound = plant(13, random.Random(2))
    for one, other in (([], sound), (failed, []), (failed, failed)):
        with pytest.raises(ValueError, match="sound"):
            causes(state, one, other, factors)


def times(*values):
    return iter(values).__next__


def test_a_drill_is_judged_by_the_truth():
    good = drill("a", lambda: (["x", "y", "z"], 0.99), {"x", "y"}, clock=times(10.0, 12.5), limit=3)
    assert (good.seconds, good.completeness, good.precision, good.wrong, good.passed) == (
        2.5,
        1.0,
        2 / 3,
        ("z",),
        True,
    )
    slow = drill("a", lambda: (["x"], None), {"x"}, clock=times(0.0, 9.0), limit=3)
    assert (slow.within, slow.passed) == (False, False)
    short = drill("a", lambda: (["x"], None), {"x", "y"}, clock=times(0.0, 1.0), limit=3)
    assert (short.missed, short.completeness, short.passed) == (("y",), 0.5, False)
    empty = drill("a", lambda: ([], None), [], clock=times(0.0, 0.0), limit=1)
    assert (empty.completeness, empty.precision, empty.passed) == (1.0, 1.0, True)


def test_a_draw_is_settled_by_its_ticket():
    assert [draw("abc", ticket) for ticket in (0, 4, 2**64)] == ["a", "b", "b"]
    with pytest.raises(ValueError, match="no lot"):
        draw([], 1)
