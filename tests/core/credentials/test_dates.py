"""XSD dateTimeStamp: a zone is needed, odd zones are read right, the rest is refused."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lodeline.credentials import dates
from lodeline.credentials.verdict import CredentialRefused


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-22T10:00:00Z", datetime(2026, 11, 22, 10, tzinfo=UTC)),
        ("2026-11-22T23:45:00+13:45", datetime(2026, 11, 22, 10, tzinfo=UTC)),
        ("2026-11-21T20:00:00-14:00", datetime(2026, 11, 22, 10, tzinfo=UTC)),
        ("2026-11-22T10:00:00.123456789-00:00", datetime(2026, 11, 22, 10, 0, 0, 123456, tzinfo=UTC)),
        ("2026-12-31T24:00:00Z", datetime(2027, 1, 1, tzinfo=UTC)),
        ("4023-02-26T01:02:58.447Z", datetime(4023, 2, 26, 1, 2, 58, 447000, tzinfo=UTC)),
    ],
)
def test_read(text, moment):
    assert dates.read(text, "it") == moment


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-22T10:00:00",
        "2026-11-22",
        "2026-11-22 10:00:00Z",
        "2026-11-22T10:00:00z",
        "2026-11-22T10:00:00+1400",
        "2026-11-22T10:00:00+14:01",
        "2026-11-22T10:00:00+01:60",
        "2026-02-29T10:00:00Z",
        "2026-11-22T24:00:01Z",
        "2026-11-22T10:00:60Z",
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T24:00:00Z",
        "-2026-11-22T10:00:00Z",
        "12026-11-22T10:00:00Z",
        "٢٠٢٦-11-22T10:00:00Z",
        "2026-11-22T10:00:00Z\n",
        "2026-11-22T10:00:00.Z",
        "",
        None,
        1763805600,
        ["2026-11-22T10:00:00Z"],
    ],
)
def test_refused(text):
    with pytest.raises(CredentialRefused, match="zone") as refusal:
        dates.read(text, "validFrom")
    assert refusal.value.step == "dates"


@given(st.datetimes(timezones=st.just(UTC)))
def test_written_and_read(moment):
    assert dates.read(dates.write(moment), "it") == moment.replace(microsecond=0)
