"""Model, batch, item and events in one record: who wins, what contradicts, where a value came from."""

from __future__ import annotations

from datetime import UTC, datetime
from fractions import Fraction

import pytest
from tests.core.passports import samples
from tests.core.passports.samples import cobalt, making, record, stated

from lodeline.passports.assemble import assemble
from lodeline.passports.record import BATCH, ITEM, Profile


def value(passport, number):
    return passport.values[number].typed.content


def test_the_finest_part_wins_whatever_the_order():
    model, batch, item = (
        stated({"11": "77.0", "36": "95"}, position=1),
        stated({"11": "76.5", "14": "Water"}, BATCH, position=2),
        stated({"11": "76.1"}, ITEM, position=3),
    )
    for order in ((model, batch, item), (item, batch, model)):
        passport = assemble(record(*order))
        assert [value(passport, n) for n in (11, 14, 36)] == ["76.1", "Water", "95"]
        assert [passport.values[n].part for n in (11, 14, 36)] == ["item", "batch", "model"]


def test_a_later_statement_of_the_same_part_wins_and_names_itself():
    passport = assemble(record(stated({"11": "80"}, position=9), stated({"11": "77"}, position=2)))
    assert value(passport, 11) == "80"
    assert passport.values[11].source.position == 9


def test_every_value_names_its_statement():
    passport = assemble(record(stated(samples.ALL)))
    assert all(one.source.id and one.source.position >= 0 for one in passport.values.values())
    assert [one.position for one in passport.sources()] == [0, 1, 7]


def test_values_from_events():
    passport = assemble(record())
    assert value(passport, 1) == "https://passports.example/01/09521001000017/21/HV77-001"
    assert value(passport, 2) == f"Norrsund Pack Works ({samples.MAKER})"
    assert value(passport, 3) == "Norrsund Pack Works"
    assert value(passport, 5) == "a@b.example"
    assert value(passport, 7) == "Halvard HV77, serial HV77-001"
    assert value(passport, 8) == "Norrsund plant, Sweden"
    assert value(passport, 9) == "2026-05"
    assert value(passport, 10) == "462"
    assert value(passport, 15) == ("Nickel", "Cobalt", "Manganese")
    assert (value(passport, 20), passport.values[20].unknown) == ("8.60", "45.40")
    assert passport.values[20].positions == (3, 4)
    assert 21 not in passport.values
    assert all(passport.values[n].computed for n in (1, 7, 8, 9, 10, 15, 20))


def test_a_serial_with_reserved_characters_is_escaped_in_the_address():
    passport = assemble(record(serial="A/1%?"))
    assert value(passport, 1) == "https://passports.example/01/09521001000017/21/A%2F1%25%3F"


def test_without_events_and_profile_nothing_is_invented():
    unknown = Profile(uri=samples.MAKER, name=samples.MAKER)
    passport = assemble(record(making=None, facility=None, maker=unknown))
    assert sorted(passport.values) == [1, 6]


def test_a_statement_of_the_item_beats_the_event_the_model_does_not():
    assert value(assemble(record(stated({"10": "460"}))), 10) == "462"
    passport = assemble(record(stated({"10": "461.5"}, ITEM)))
    assert value(passport, 10) == "461.5"
    assert not passport.values[10].computed


@pytest.mark.parametrize(
    ("weight", "contradicts"),
    [("462", False), ("466.62", False), ("466.63", True), ("457.38", False), ("457.37", True)],
)
def test_weight_may_differ_by_one_percent(weight, contradicts):
    passport = assemble(record(stated({"10": weight})))
    assert (10 in passport.contradictions) == contradicts


@pytest.mark.parametrize(
    ("points", "number", "words"),
    [
        ({"6": "LMT"}, 6, "on record as EV"),
        ({"1": "https://elsewhere.example/01/1"}, 1, "on record as https://passports"),
        ({"9": "2026-07"}, 9, "2026-05"),
        ({"12": "LFP cells"}, 12, "hold Co, Ni"),
        ({"15": ["Nickel"]}, 15, "cobalt, manganese"),
        ({"20": "60"}, 20, "traced as 8.60 % with 45.40 % unknown"),
        ({"20": "7"}, 20, "traced as 8.60 %"),
        ({"26": "300", "27": "290"}, 27, "out of order"),
        ({"31": "1500.5"}, 31, None),
    ],
)
def test_contradictions(points, number, words):
    passport = assemble(record(stated(points)))
    if words is None:
        assert number not in passport.contradictions
        assert "whole number" in passport.refused[number].words
    else:
        assert words in passport.contradictions[number]


def test_stated_share_inside_the_traced_bounds_is_no_contradiction():
    for share in ("8.2", "20", "54.4"):
        assert 20 not in assemble(record(stated({"20": share}))).contradictions


def test_nickel_cathode_without_nickel():
    lean = making(composition={"Li": Fraction(1, 100)})
    passport = assemble(record(stated({"12": "NMC 622"}), making=lean))
    assert "no Co, Mn, Ni" in passport.contradictions[12]
    assert 12 not in assemble(record(stated({"12": "NMC 622"}), making=making(composition={}))).contradictions


def test_local_month_at_the_turn_of_a_month():
    late = making(time=datetime(2026, 5, 31, 23, tzinfo=UTC))
    for month, wrong in (("2026-05", False), ("2026-06", False), ("2026-07", True)):
        passport = assemble(record(stated({"9": month}, ITEM), making=late))
        assert (9 in passport.contradictions) == wrong


def test_serial_in_point_seven():
    assert 7 in assemble(record(stated({"7": "HV77, serial X"}, ITEM))).contradictions
    assert 7 not in assemble(record(stated({"7": "HV77, serial HV77-001"}, ITEM))).contradictions
    assert 7 not in assemble(record(stated({"7": "HV77"}))).contradictions


def test_an_unusable_value_beside_a_usable_one_is_said():
    passport = assemble(record(stated({"10": "heavy"}, ITEM)))
    assert value(passport, 10) == "462"
    assert "cannot be used" in passport.contradictions[10]


def test_corrected_value_takes_the_refusal_away():
    passport = assemble(record(stated({"31": "x"}, position=1), stated({"31": "1500"}, position=2)))
    assert value(passport, 31) == 1500
    assert not passport.refused


def test_conditions():
    passport = assemble(
        record(stated({"35": {"applies": False, "reason": "none given"}, "57": {"applies": True}}))
    )
    assert passport.conditions == {35: False, 57: True}
    assert 35 not in passport.values
    both = assemble(record(stated({"35": {"applies": False, "value": "8 years"}})))
    assert "not to apply" in both.contradictions[35]


@pytest.mark.parametrize(
    ("cadmium", "lead", "required"),
    [
        ("0.002", "0.004", False),
        ("0.0020000001", "0", True),
        ("0", "0.0040000001", True),
        ("much", "0.1", True),
        ("much", "more", None),
    ],
)
def test_symbols_by_exact_thresholds(cadmium, lead, required):
    passport = assemble(record(stated({"41": {"cadmium": cadmium, "lead": lead}})))
    assert passport.conditions.get(41) is required


def test_keys_that_are_no_points_are_named():
    passport = assemble(record(stated({"72": "x", "0": "x", "07": "x", "1t": "x", "٣": "x"})))
    assert passport.strange == ("72", "0", "07", "1t", "٣")
    assert 7 in passport.values
    assert passport.values[7].computed


def test_status_may_come_from_the_holder_and_nothing_else():
    maker = stated({"67": "original", "52": "1"}, ITEM, position=1, status="original")
    other = stated({"67": "waste", "52": "99"}, ITEM, position=2, status="waste", by_maker=False)
    passport = assemble(record(maker, other))
    assert value(passport, 67) == "waste"
    assert passport.values[67].source.position == 2
    assert value(passport, 52) == "1"


def test_waste_never_becomes_original_again():
    first = stated({}, ITEM, position=1, status="waste")
    again = stated({}, ITEM, position=2, status="original")
    assert "waste never becomes original" in assemble(record(first, again)).contradictions[67]
    reused = stated({}, ITEM, position=3, status="re-used")
    assert 67 not in assemble(record(first, reused)).contradictions


def test_status_and_point_must_agree():
    passport = assemble(record(stated({"67": "original"}, ITEM, status="waste")))
    assert "says waste" in passport.contradictions[67]


def test_traced_share_without_named_origin_is_wholly_unknown():
    blind = making(traced={"Co": cobalt(shares=(), unknown=Fraction(1))})
    passport = assemble(record(making=blind))
    assert (value(passport, 20), passport.values[20].unknown) == ("0.00", "100.00")
