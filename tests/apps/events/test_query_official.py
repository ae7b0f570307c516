"""GS1's example files: captured, then asked for; the answers are what was captured, and fit the official schemas."""

from __future__ import annotations

import json
import re

import pytest

from lodeline.events.epcis import events_of
from lodeline.events.hashing import hashes
from lodeline.events.limits import Limits
from lodeline.events.reading import read
from lodeline_server.log import projections

pytestmark = [pytest.mark.conformance, pytest.mark.django_db]
OURS = {"recordTime", "@context"}


@pytest.fixture(params=["JSON", "XML"])
def kind(request):
    return request.param


@pytest.fixture
def captured(kind, conformance, client, now):
    """The events of every file that holds any, in the log; one form at a time, for some ids stand in both."""
    from lodeline_server.events.processing import process_pending

    said, taken = [], 0
    ending, media = {"JSON": ("jsonld", "application/json"), "XML": ("xml", "application/xml")}[kind]
    for path in sorted((conformance / "gs1-epcis" / kind).rglob(f"*.{ending}")):
        data = path.read_bytes()
        document, _ = read(data, Limits())
        if document is None or not events_of(document):
            continue
        answer = client.post("/epcis/capture", data, content_type=media)
        assert answer.status_code == 202, (path, answer.content)
        taken += 1
        said += [(raw, document.get("@context")) for raw in events_of(document)]
    process_pending(now)
    projections.follow_all()
    assert (taken, len(said)) == {"JSON": (47, 56), "XML": (30, 63)}[kind]
    return said


@pytest.fixture
def client(api_client):
    return api_client("maker")


def plain(event):
    return {name: value for name, value in event.items() if name not in OURS}


def name_of(raw, context):
    return hashes([raw], context)[0]


def everything(client, per=20, **headers):
    target = f"/epcis/events?perPage={per}"
    while target:
        answer = client.get(target, headers=headers)
        assert answer.status_code == 200, answer.content
        yield answer
        found = re.fullmatch(r'<http://testserver(.+)>; rel="next"', answer.get("Link", ""))
        target = found[1] if found else None


def test_queries_return_what_was_captured(captured, kind, client, conformance):
    answered, documents = [], []
    for answer in everything(client):
        document = answer.json()
        documents.append(document)
        answered += document["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
    there = [plain(event) for event in answered]
    nameless = [{**event, "eventID": None} for event in there]
    for raw, _ in captured:
        wanted = plain(raw)
        # One that came without an id got one; it says the same otherwise.
        assert wanted in there or ("eventID" not in raw and {**wanted, "eventID": None} in nameless), raw
    names = {name_of(event, event.get("@context")) for event in answered}
    assert {name_of(raw, context) for raw, context in captured} == names
    if kind == "JSON":  # the XML files name reports without a type, which the JSON schema wants
        fits(conformance, documents)


def fits(conformance, documents):
    """By the official JSON schema, and by that of the answers in the official OpenAPI."""
    import jsonschema_rs

    root = conformance / "gs1-epcis"
    schema = json.loads((root / "EPCIS-JSON-Schema.json").read_bytes())
    api = json.loads((root / "REST Bindings" / "openapi.json").read_bytes())
    answer = {"$ref": "#/components/schemas/epcisQueryDocument", "components": api["components"]}
    for validator in (
        jsonschema_rs.Draft7Validator(schema, validate_formats=True),
        jsonschema_rs.Draft7Validator(answer),
    ):
        for document in documents:
            found = [
                f"{error.instance_path}: {error.message[:200]}" for error in validator.iter_errors(document)
            ]
            assert not found, found[:3]


def test_answers_in_xml_say_the_same(captured, client):
    names = set()
    for answer in everything(client, per=1, accept="application/xml"):
        assert answer["Content-Type"] == "application/xml"
        document, findings = read(answer.content, Limits())
        assert document is not None, findings
        names |= {name_of(raw, document.get("@context")) for raw in events_of(document)}
    assert {name_of(raw, context) for raw, context in captured} == names
