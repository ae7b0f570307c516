"""XML and lenient capture through the HTTP interface: what is taken, what is kept beside it, what comes back."""

from __future__ import annotations

import base64
import gzip
import json

import pytest

from lodeline.events.epcis import events_of
from lodeline.events.hashing import hashes
from lodeline.events.limits import Limits
from lodeline.events.reading import read
from lodeline_server.events.models import CaptureJob, EventRecord
from lodeline_server.events.processing import process_pending
from lodeline_server.log import queries as log

pytestmark = pytest.mark.django_db
WHEN = "<eventTime>2026-10-01T10:00:00Z</eventTime><eventTimeZoneOffset>+00:00</eventTimeZoneOffset>"
DOCUMENT = (
    '<e:EPCISDocument xmlns:e="urn:epcglobal:epcis:xsd:2" schemaVersion="2.0" creationDate="2026-10-01T10:00:00Z">'
    f"<EPCISBody><EventList><ObjectEvent>{WHEN}<eventID>urn:uuid:00000000-0000-4000-8000-000000000001</eventID>"
    "<epcList><epc>urn:x:1</epc></epcList><action>OBSERVE</action>"
    "<bizStep>urn:epcglobal:cbv:bizstep:inspecting</bizStep></ObjectEvent></EventList></EPCISBody>"
    "</e:EPCISDocument>"
).encode()


def capture(client, data, content_type, now, **headers):
    answer = client.post("/epcis/capture", data, content_type=content_type, headers=headers)
    assert answer.status_code == 202, answer.content
    process_pending(now)
    return CaptureJob.objects.get(uuid=answer["Location"].rsplit("/", 1)[1])


def stored(job):
    """The bytes as they came, out of the log."""
    position = EventRecord.objects.filter(job=job).order_by("position").first().position - 1
    body = log.get(position, job.workspace_id).payload["body"]
    return gzip.decompress(base64.b64decode(body["raw"])), body


def test_xml_is_taken_and_kept_as_it_came(api_client, now):
    client = api_client("maker")
    job = capture(client, DOCUMENT, "application/xml", now)
    assert (job.state, job.accepted) == ("taken", 1)
    raw, body = stored(job)
    assert raw == DOCUMENT
    assert body["mediaType"] == "application/xml"


def test_the_same_event_as_json_is_known_already(api_client, now):
    client = api_client("maker")
    capture(client, DOCUMENT, "text/xml", now)
    form, _ = read(DOCUMENT, Limits())
    again = capture(client, json.dumps(form).encode(), "application/json", now)
    assert (again.accepted, again.duplicates) == (0, 1)


WILD = {
    "type": "EPCISDocument", "schemaVersion": "2.0", "creationDate": "2026-10-01T10:00:00Z",
    "epcisBody": {"eventList": [
        {"type": "TransformationEvent", "action": "ADD", "eventTime": "2026-10-01T10:00:00+02:00", "colour": "red",
         "inputQuantityList": [{"epcClass": "urn:x:lot:1", "quantity": "12.5", "uom": "KGM"}],
         "outputQuantityList": [{"epcClass": "urn:x:lot:2", "quantity": 12, "uom": "KGM"}]},
    ]},
}  # fmt: skip


def test_lenient_repairs_are_listed_and_kept_with_the_event(api_client, now):
    client = api_client("maker")
    data = json.dumps(WILD).encode()
    refused = client.post("/epcis/capture", data, content_type="application/json")
    assert refused.status_code == 400
    job = capture(client, data, "application/json", now, **{"Lodeline-Lenient": "true"})
    assert (job.state, job.accepted) == ("taken", 1)
    rules = {"R-CONTEXT", "R-ACTION-TRF", "R-NUM-STR", "R-TZ", "R-KEY-NS"}
    shown = client.get(f"/epcis/capture/{job.uuid}").json()
    assert {one["rule"] for one in shown["repairs"]} == rules
    assert {one["rule"] for one in shown["findings"]} == rules
    raw, _ = stored(job)
    assert raw == data
    record = EventRecord.objects.get(job=job)
    body = log.get(record.position, job.workspace_id).payload["body"]
    assert body["event"]["inputQuantityList"][0]["quantity"] == 12.5
    assert body["event"]["own:colour"] == "red"
    assert body["context"][-1]["own"].startswith("urn:x-lodeline:own:")
    assert {one["rule"] for one in body["repaired"]} == rules - {"R-CONTEXT"}
    assert all({"before", "after", "pointer"} <= one.keys() for one in body["repaired"])


def test_a_sound_document_in_lenient_mode_says_nothing(api_client, now):
    client = api_client("maker")
    job = capture(client, DOCUMENT, "application/xml", now, **{"Lodeline-Lenient": "true"})
    assert (job.repairs, job.findings) == ([], [])
    record = EventRecord.objects.get(job=job)
    assert "repaired" not in log.get(record.position, job.workspace_id).payload["body"]


@pytest.mark.conformance
def test_every_official_xml_file_with_events_is_captured_and_read_again(conformance, api_client, now):
    client = api_client("maker")
    taken = 0
    for path in sorted((conformance / "gs1-epcis" / "XML").rglob("*.xml")):
        data = path.read_bytes()
        form, _ = read(data, Limits())
        if form is None or not events_of(form):
            continue
        job = capture(client, data, "application/xml", now)
        assert job.state == CaptureJob.State.TAKEN, (path.name, job.findings)
        names = hashes(events_of(form), form["@context"])
        for record in EventRecord.objects.filter(job=job):
            answer = client.get(f"/epcis/events/{record.event_id}")
            (found, *_) = [
                one for one in events_of(answer.json())
                if hashes([one], one.get("@context"))[0] == names[record.index]
            ]  # fmt: skip
            assert found["type"] == record.type
        taken += job.accepted + job.duplicates
    assert taken == 63
