"""The document: what each audience gets, no leak, and two forms that lose nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.core.passports import samples
from tests.core.passports.samples import record, stated

from lodeline import strictjson
from lodeline.passports.access import MATRIX, Audience
from lodeline.passports.assemble import assemble
from lodeline.passports.datapoints import CATEGORIES, Group, points
from lodeline.passports.derive import percents
from lodeline.passports.document import (
    ENVELOPE,
    OPEN,
    DocumentRefused,
    compress,
    content_hash,
    document,
    expand,
    to_bytes,
    visible,
)

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)


def made(passport, audience=Audience.PUBLIC):
    return document(passport, audience, last_updated=NOW, log_origin="example/log")


def test_the_envelope():
    found = made(assemble(record(stated(samples.ALL))))
    assert {name: found[name] for name in ENVELOPE} == {
        "digitalProductPassportId": "https://passports.example/01/09521001000017/21/HV77-001",
        "uniqueProductIdentifier": samples.KEY,
        "granularity": "item",
        "dppSchemaVersion": "urn:x-lodeline:passport:1",
        "dppStatus": "active",
        "lastUpdated": "2026-11-01T12:00:00Z",
        "economicOperatorId": samples.MAKER,
        "facilityId": "https://id.gs1.org/414/9521000000011",
        "contentSpecificationIds": ["urn:x-lodeline:datapoints:eu-2023-1542:guidance-1.0"],
    }


def test_a_value_carries_unit_date_source_and_part():
    found = made(assemble(record(stated(samples.ALL))))
    assert found["batteryCapacity"] == {
        "value": "77.0",
        "unit": "kWh",
        "part": "model",
        "source": "stated",
        "evidenceLevel": "E2",
        "statement": 1,
        "statementId": "urn:uuid:00000000-0000-0000-0000-000000000001",
        "statementDate": "2026-05-04",
    }
    assert found["recycledCobalt"]["source"] == "computed"
    assert found["recycledCobalt"]["unknownShare"] == "45.40"
    assert found["recycledCobalt"]["restsOn"] == [3, 4]
    assert found["expectedLifetimeCycles"]["value"] == 1500
    assert found["hazardousSubstances"]["value"] == ["LiPF6"]


def test_origin_by_country_adds_up():
    found = made(assemble(record()))["materialOrigin"]["cobalt"]
    assert found == {
        "unit": "%",
        "massKg": "15.3",
        "countries": {"AU": "46.00"},
        "recycled": {"PL": "8.60"},
        "unknownShare": "45.40",
    }


def test_what_must_not_be_filled_is_in_no_document():
    passport = assemble(record(stated({"25": "94", "62": "98", "61": "100"})))
    for audience in Audience:
        assert not {"ratedCapacityPublic", "remainingCapacity"} & made(passport, audience).keys()
    assert "stateOfCertifiedEnergy" in made(passport, Audience.OPERATOR)


def test_full_form_describes_itself():
    full = expand(made(assemble(record(stated(samples.ALL)))))
    weight = next(one for one in full["elements"] if one["elementId"] == "batteryWeight")
    assert weight["objectType"] == "DataElementCollection"
    assert weight["dictionaryReference"] == "urn:x-lodeline:datapoint:10"
    assert weight["elements"][0] == {
        "elementId": "value",
        "objectType": "SingleValuedDataElement",
        "valueDataType": "xsd:decimal",
        "value": "462",
    }
    assert "batteryWeight" not in full


texts = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "Zs"]), min_size=1, max_size=12)
some_value = texts | st.decimals("0.001", "99", places=3).map(str) | st.lists(texts, min_size=1, max_size=3)
stated_points = st.dictionaries(
    st.sampled_from([str(number) for number in points()]),
    some_value | st.fixed_dictionaries({"value": some_value, "measuredAt": st.just("2026-05-03T08:00:00Z")}),
    max_size=71,
)


@given(stated_points, st.sampled_from(CATEGORIES), st.sampled_from(Audience))
def test_both_forms_hold_the_same(values, category, audience):
    found = made(assemble(record(stated(values, part=samples.ITEM), category=category)), audience)
    full = expand(found)
    assert compress(full) == found
    assert expand(compress(full)) == full
    assert to_bytes(compress(strictjson.loads(to_bytes(full)))) == to_bytes(found)


SECRET = {number: f"SECRET{number:03d}X" for number in points()}


def token(point):
    """A value that fits the point and that nothing else would say."""
    if point.type == "decimal":
        return f"{41 + point.number / 1000:.3f}{point.number:03d}7713"
    if point.type == "integer":
        return f"7713{point.number:03d}"
    if point.type == "uri":
        return f"https://secret{point.number:03d}x.example/"
    if point.type in {"month", "category", "status"}:
        return {"month": "2026-05", "category": "EV", "status": "remanufactured"}[point.type]
    return SECRET[point.number]


@given(
    st.sets(st.sampled_from(list(points()))),
    st.sampled_from(CATEGORIES),
    st.sampled_from(Audience),
    st.booleans(),
)
def test_no_audience_gets_what_it_may_not_read(numbers, category, audience, by_item):
    values = {str(number): token(points()[number]) for number in numbers}
    part = samples.ITEM if by_item else samples.MODEL
    passport = assemble(record(stated(values, part=part, status="remanufactured"), category=category))
    found = made(passport, audience)
    for form in (found, expand(found), visible(made(passport, Audience.OPERATOR), audience)):
        text = to_bytes(form).decode()
        for point in points().values():
            if point.group in MATRIX[audience]:
                continue
            assert f'"{point.id}"' not in text
            assert token(point) not in text
            assert f"datapoint:{point.number}" not in text


def test_the_tokens_are_values():
    """The law above would hold for values that are refused, too: these are not."""
    values = {str(number): token(point) for number, point in points().items()}
    passport = assemble(record(stated(values, part=samples.ITEM, status="remanufactured")))
    assert not passport.refused
    text = to_bytes(made(passport, Audience.OPERATOR)).decode()
    assert all(
        token(point) in text
        for point in points().values()
        if point.group is not Group.PUBLIC and point.duty("EV").value != "-"
    )


def test_visible_is_what_would_have_been_made():
    passport = assemble(record(stated(samples.ALL)))
    held = made(passport, Audience.OPERATOR)
    for audience in Audience:
        assert visible(held, audience) == made(passport, audience)
    assert "somethingNew" not in visible({**held, "somethingNew": {"value": "x"}}, Audience.OPERATOR)


def test_the_content_hash_does_not_know_when():
    one, other = assemble(record(stated(samples.ALL))), assemble(record(stated(samples.ALL), position=500))
    later = document(other, Audience.PUBLIC, last_updated=NOW.replace(year=2027), log_origin="example/log")
    assert content_hash(made(one)) == content_hash(later)
    changed = assemble(record(stated({**samples.ALL, "11": "78.0"})))
    assert content_hash(made(changed)) != content_hash(made(one))


def test_a_private_change_does_not_show_in_public():
    one = assemble(record(stated({"50": "Report 9", "67": "original"}, samples.ITEM)))
    other = assemble(record(stated({"50": "Report 10", "67": "waste"}, samples.ITEM)))
    assert to_bytes(made(one)) == to_bytes(made(other))
    assert content_hash(made(one, Audience.OPERATOR)) != content_hash(made(other, Audience.OPERATOR))


def single(**more):
    return {"elementId": "a", "objectType": "SingleValuedDataElement", "valueDataType": "xsd:string", **more}


@pytest.mark.parametrize(
    ("element", "words"),
    [
        (single(valueDataType="xsd:integer", value=1.5), "no xsd:integer"),
        (single(valueDataType="xsd:integer", value=True), "no xsd:integer"),
        (single(valueDataType="xsd:decimal", value=94.0), "no xsd:decimal"),
        (single(objectType="MultiValuedDataElement", value=[]), "does not hold"),
        (single(value=["x"]), "does not hold"),
        (single(objectType="Something", value="x"), "neither"),
        (single(), "neither"),
        ({"objectType": "SingleValuedDataElement", "value": "x"}, "elementId"),
        ("x", "elementId"),
        (single(elementId="granularity", value="x"), "twice"),
    ],
)
def test_full_forms_that_are_none(element, words):
    with pytest.raises(DocumentRefused, match=words):
        compress({"granularity": "item", "elements": [element]})


def test_full_forms_without_elements_or_with_more():
    with pytest.raises(DocumentRefused, match="list of elements"):
        compress({})
    with pytest.raises(DocumentRefused, match="unknown member extra"):
        compress({"elements": [], "extra": 1})


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=8).filter(any), st.integers(0, 4))
def test_percentages_add_up_to_exactly_one_hundred(weights, digits):
    total = sum(weights)
    found = percents([Fraction(weight, total) for weight in weights], digits)
    assert sum(found) == 100
    assert all(
        abs(Fraction(part) - Fraction(100 * weight, total)) < Fraction(1, 10**digits)
        for part, weight in zip(found, weights, strict=True)
    )


def test_elements_that_are_no_points_are_open_on_purpose():
    assert {"materialOrigin", "record", "derivedFrom", "succeededBy"} == OPEN
