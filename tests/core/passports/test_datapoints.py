"""The data file against the check sums of the Commission's guidance, and the matrix against the law."""

from __future__ import annotations

from collections import Counter

import pytest

from lodeline.passports.access import MATRIX, Audience, may_read
from lodeline.passports.datapoints import CATEGORIES, SECTIONS, Duty, Group, by_id, points

SUMS = {
    "EV": {"M": 51, "C": 8, "O": 1, "P": 4, "-": 7},
    "LMT": {"M": 54, "C": 8, "O": 1, "P": 4, "-": 4},
    "industrial": {"M": 36, "C": 26, "O": 1, "P": 4, "-": 4},
}


def test_numbers_run_from_1_to_71():
    assert list(points()) == list(range(1, 72))


@pytest.mark.parametrize("category", CATEGORIES)
def test_check_sums_of_the_duties(category):
    assert Counter(point.duty(category).value for point in points().values()) == SUMS[category]


def test_check_sums_of_the_groups():
    assert Counter(point.group.value for point in points().values()) == {
        "PUB": 44,
        "LI+AU": 5,
        "AU": 1,
        "LI": 21,
    }
    assert [point.number for point in points().values() if point.group is Group.AUTHORITY] == [50]


def test_battery_status_is_not_public():
    assert points()[67].group is Group.INDIVIDUAL


def test_ev_and_the_others_exclude_each_other_in_state_of_health():
    for number in (61, 33):
        assert points()[number].duty("EV") is Duty.MANDATORY
        assert points()[number].duty("LMT") is points()[number].duty("industrial") is Duty.EMPTY
    for number in range(62, 67):
        assert points()[number].duty("EV") is Duty.EMPTY
        assert points()[number].duty("LMT") is Duty.MANDATORY


def test_element_ids_are_unique_camel_case_and_usable_in_a_path():
    assert len(by_id()) == 71
    assert all(name.isascii() and name.isalnum() and name[0].islower() for name in by_id())


def test_every_point_has_section_type_and_law():
    sections = [point.section for point in points().values()]
    assert set(sections) == set(SECTIONS)
    assert sorted(sections, key=list(SECTIONS).index) == sections
    assert Counter(sections)["identity"] == 9
    assert {point.type for point in points().values()} == {
        "text", "decimal", "integer", "uri", "month", "category", "status",
    }  # fmt: skip
    for point in points().values():
        assert bool(point.units) == (point.type in {"decimal", "integer"}), point.number
        assert bool(point.range) == bool(point.units), point.number
        assert point.law.startswith(("Annex XIII ", "Art. 77")), point.number


READS = {
    Audience.PUBLIC: "yes no no no",
    Audience.LEGITIMATE_INTEREST: "yes yes no yes",
    Audience.NOTIFIED_BODY: "yes yes yes no",
    Audience.AUTHORITY: "yes yes yes no",
    Audience.COMMISSION: "yes yes yes no",
    Audience.OPERATOR: "yes yes yes yes",
}
COLUMNS = (Group.PUBLIC, Group.RESTRICTED, Group.AUTHORITY, Group.INDIVIDUAL)


@pytest.mark.parametrize("audience", Audience)
def test_the_matrix_of_article_77(audience):
    told = " ".join("yes" if group in MATRIX[audience] else "no" for group in COLUMNS)
    assert told == READS[audience]
    assert may_read(audience, points()[50]) == (READS[audience].split()[2] == "yes")


def test_it_is_no_ladder():
    interest, authority = MATRIX[Audience.LEGITIMATE_INTEREST], MATRIX[Audience.AUTHORITY]
    assert not interest <= authority
    assert not authority <= interest
