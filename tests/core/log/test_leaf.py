"""The leaf record's form is final: these bytes may never change."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lodeline.log.leaf import MAX_LEAF, Leaf, decode
from lodeline.strictjson import canonical

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
LEAF = Leaf(type="epcis.event", time=NOON, tenant="t" * 43, commitment=bytes(32))


def test_the_bytes_of_a_leaf():
    assert LEAF.encode() == (
        b'{"commit":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA","tenant":"' + b"t" * 43 + b'",'
        b'"time":"2026-11-01T12:00:00.000000Z","type":"epcis.event","v":1}'
    )


def test_an_instant_is_written_in_utc():
    zone = timezone(timedelta(hours=-5))
    same = Leaf(type="epcis.event", time=NOON.astimezone(zone), tenant="t" * 43, commitment=bytes(32))
    assert same.encode() == LEAF.encode()


def test_a_time_without_a_zone_is_no_instant():
    with pytest.raises(ValueError, match="time zone"):
        Leaf(type="a", time=datetime(2026, 1, 1), tenant="t", commitment=bytes(32)).encode()  # noqa: DTZ001


@given(
    st.text(st.characters(codec="utf-8"), max_size=30),
    st.datetimes(timezones=st.just(UTC)),
    st.text(st.characters(codec="utf-8"), max_size=43),
    st.binary(min_size=32, max_size=32),
)
def test_a_leaf_is_read_back(kind, time, tenant, commitment):
    leaf = Leaf(type=kind, time=time, tenant=tenant, commitment=commitment)
    assert decode(leaf.encode()) == leaf


def test_a_leaf_fits_into_an_entry_bundle():
    room = MAX_LEAF - len(Leaf(type="", time=NOON, tenant="t", commitment=bytes(32)).encode())
    assert len(Leaf(type="x" * room, time=NOON, tenant="t", commitment=bytes(32)).encode()) == 65_535
    with pytest.raises(ValueError, match="65535"):
        Leaf(type="x" * (room + 1), time=NOON, tenant="t", commitment=bytes(32)).encode()


def changed(**changes):
    return json.dumps(json.loads(LEAF.encode()) | changes, separators=(",", ":"), sort_keys=True).encode()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        LEAF.encode() + b" ",
        LEAF.encode()[:-1],
        LEAF.encode().replace(b":1}", b":1.0}"),
        LEAF.encode().replace(b":1}", b":2}"),
        LEAF.encode().replace(b":1}", b":true}"),
        LEAF.encode().replace(b'"v"', b'"v":1,"v"'),
        json.dumps(json.loads(LEAF.encode())).encode(),
        changed(extra=1),
        changed(type=5),
        changed(type=None),
        changed(time=5),
        changed(time="2026-11-01T12:00:00Z"),
        changed(time="2026-11-01T12:00:00.0Z"),
        changed(time="2026-11-01T12:00:00.000000+00:00"),
        changed(tenant=["t"]),
        changed(commit=7),
        changed(commit="AAAA"),
        changed(commit="A" * 44),
        changed(commit="A" * 42 + "B"),
    ],
)
def test_what_is_not_exactly_a_leaf_is_refused(data):
    with pytest.raises(ValueError):
        decode(data)


@given(
    st.text(min_size=1, max_size=40),
    st.datetimes(timezones=st.just(UTC)),
    st.text(max_size=40),
    st.binary(min_size=32, max_size=32),
)
def test_the_quick_way_writes_canonical_bytes(kind, time, tenant, commitment):
    try:
        data = Leaf(type=kind, time=time, tenant=tenant, commitment=commitment).encode()
    except ValueError:
        return  # a lone surrogate has no canonical form
    assert data == canonical(json.loads(data))
    assert decode(data) == Leaf(type=kind, time=time, tenant=tenant, commitment=commitment)


@given(st.binary(max_size=200))
def test_any_bytes_are_refused_as_a_value_error(data):
    with pytest.raises(ValueError):
        decode(data)
