"""GS1's 47 example documents through the HTTP interface: all taken, in any order; twice adds nothing."""

from __future__ import annotations

import random

import pytest

from lodeline_server.events.models import CaptureJob, EventRecord
from lodeline_server.log import queries as log

pytestmark = [pytest.mark.conformance, pytest.mark.django_db]


@pytest.fixture
def documents(conformance):
    found = sorted((conformance / "gs1-epcis" / "JSON").rglob("*.jsonld"))
    assert len(found) == 47
    return [path.read_bytes() for path in found]


def capture(client, data):
    answer = client.post("/epcis/capture", data, content_type="application/json")
    assert answer.status_code == 202, answer.content
    return CaptureJob.objects.get(uuid=answer["Location"].rsplit("/", 1)[1])


def process_all(now):
    from lodeline_server.events.processing import process_pending

    process_pending(now)


@pytest.mark.parametrize("order", ["as they stand", "backwards", 1, 2, 3])
def test_all_go_in_and_a_second_time_adds_nothing(documents, api_client, order, now):
    client = api_client("maker")
    if order == "backwards":
        documents.reverse()
    elif order != "as they stand":
        random.Random(order).shuffle(documents)
    jobs = [capture(client, data) for data in documents]
    process_all(now)
    for job in jobs:
        job.refresh_from_db()
    refused = [(job.name, job.findings) for job in jobs if job.state != CaptureJob.State.TAKEN]
    assert refused == []
    assert sum(job.accepted for job in jobs) + sum(job.duplicates for job in jobs) == 56
    assert EventRecord.objects.count() == sum(job.accepted for job in jobs)
    size = log.size()

    again = [capture(client, data) for data in documents]
    process_all(now)
    for job in again:
        job.refresh_from_db()
    assert [job.state for job in again] == [CaptureJob.State.TAKEN] * 47
    assert sum(job.accepted for job in again) == 0
    assert sum(job.duplicates for job in again) == 56
    assert log.size() == size
    assert all(job.findings[-1]["rule"] == "capture.duplicate" for job in again)
