"""An erased event answers no query, and leaves nothing in the index."""

from __future__ import annotations

import pytest

from lodeline.access import platform
from lodeline.events.query import parse
from lodeline_server.events.querying.models import Posting
from lodeline_server.events.querying.selecting import ordered, select
from lodeline_server.log import erasing, projections
from lodeline_server.log import queries as log

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _no_list():
    erasing.listed().unlink(missing_ok=True)
    yield
    erasing.listed().unlink(missing_ok=True)


def test_queries_honour_an_erasure(capture, events, organisation, acting, workspace, now):
    shop = {"bizLocation": {"id": "urn:x:shop:anna"}, "bizStep": "retail_selling"}
    capture(
        events.document(
            events.make_items("s1"),
            events.event(epcList=[events.ITEM.format("s1")], at=1, **shop, **{"lode:dataSubject": "anna"}),
        )
    )
    projections.follow_all()
    actor = acting(organisation)
    asked = [
        {"EQ_bizLocation": "urn:x:shop:anna"},
        {"MATCH_anyEPC": events.ITEM.format("s1")},
        {"orderBy": "eventTime"},
        {},
    ]

    def found(said):
        query = parse(said.items())
        page = select(actor, query, limit=10)
        assert len(ordered(actor, query, until=log.size(), limit=10).events) == len(page.events)
        return len(page.events)

    assert [found(said) for said in asked] == [1, 2, 2, 2]
    erasing.erase(
        actor=platform(workspace.pk), workspace=workspace.pk, subject="anna", reason="request", now=now
    )
    projections.follow_all()
    assert [found(said) for said in asked] == [0, 1, 1, 1]
    assert not Posting.objects.filter(value__contains="anna").exists()
    assert not Posting.objects.filter(kind=Posting.STEP, value="retail_selling").exists()
