"""The index that queries narrow by: kept with the log, the same again after a rebuild, few rows."""

from __future__ import annotations

import pytest

from lodeline_server.events.querying.models import Posting
from lodeline_server.log import projections

pytestmark = pytest.mark.django_db


def positions(**where):
    return sorted(
        int(place)
        for row in Posting.objects.filter(**where).values_list("positions", flat=True)
        for place in row.split(",")
        if place
    )


def test_terms_of_events_and_a_rebuild(capture, events):
    capture(events.document(events.make("A", readPoint={"id": "urn:epc:id:sgln:9521141.00001.0"})))
    capture(
        events.document(
            events.ship("A", to="https://id.gs1.org/417/9521000000004"),
            events.receive("A", disposition="https://ref.gs1.org/cbv/Disp-in_progress"),
        )
    )
    projections.follow_all()
    assert len(positions(kind=Posting.TYPE, value="ObjectEvent")) == 3
    assert len(positions(kind=Posting.STEP, value="shipping")) == 1
    assert positions(kind=Posting.DISPOSITION, value="in_progress")
    assert positions(kind=Posting.DESTINATION, value="https://id.gs1.org/417/9521000000004")
    assert positions(kind=Posting.HOUR, value="2026-10-01T08")
    before = list(projections.dump_all({"events"}))
    projections.rebuild({"events"})
    assert list(projections.dump_all({"events"})) == before


def test_many_small_documents_make_few_rows(capture, events, monkeypatch):
    monkeypatch.setattr(Posting, "FULL", 4)
    for number in range(6):
        capture(events.document(events.make(f"L{number}")))
        projections.follow_all()
    rows = Posting.objects.filter(kind=Posting.TYPE)
    assert sum(row.count for row in rows) == 6
    assert rows.count() <= 2
    assert all(len(row.positions.split(",")) - 1 == row.count for row in rows)
