"""The pages about captured documents."""

from __future__ import annotations

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from lodeline_server.events.models import CaptureJob
from lodeline_server.log import queries as log

pytestmark = pytest.mark.django_db


def text(answer):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def heading(answer):
    return re.search(r"<h1>(.*?)</h1>", answer.content.decode(), re.DOTALL)[1].strip()


def test_an_empty_list_teaches(client_as):
    answer = client_as("maker").get("/app/captures/")
    assert heading(answer) == "No document has come in yet."
    assert "Upload a document" in text(answer)
    assert (
        "Upload a document"
        not in text(client_as("operator").get("/app/captures/")).split("Nothing has been")[0]
    )


def test_the_list_says_what_happened(client_as, capture, events, second):
    capture(events.make("A"), name="first.json")
    page = client_as("maker")
    assert heading(page.get("/app/captures/")) == "One document came in, and it is in the log."
    capture(events.make("A"), by=second, name="<b>second.json")
    answer = page.get("/app/captures/")
    assert heading(answer) == "One of 2 documents was refused."
    assert b"&lt;b&gt;second.json" in answer.content
    assert b"<b>second" not in answer.content
    rows = text(page.get("/app/captures/?state=refused"))
    assert "second.json" in rows
    assert "first.json" not in rows


def test_csv_is_safe_in_a_spreadsheet(client_as, capture, events):
    capture(events.make("A"), name="=cmd|'/c calc'!A0")
    answer = client_as("maker").get("/app/captures/?format=csv")
    body = b"".join(answer.streaming_content).decode()
    assert "\"'=cmd" in body or "'=cmd" in body
    assert "\n=cmd" not in body


def test_a_job_lists_findings_and_positions(client_as, capture, events, second):
    job = capture(events.make("A"), name="a.json")
    answer = client_as("maker").get(f"/app/captures/{job.uuid}/")
    assert heading(answer) == "One statement of this document is in the log."
    assert f"/app/log/{job.records.get().position}/".encode() in answer.content
    again = capture(log_document(job))
    assert heading(client_as("maker").get(f"/app/captures/{again.uuid}/")) == (
        "This document added nothing: all of it is on record already."
    )
    refused = capture(events.turn(["A"], ["B"]), by=second)
    answer = client_as("maker").get(f"/app/captures/{refused.uuid}/")
    assert heading(answer) == "This document was refused; nothing of it is in the log."
    shown = text(answer)
    assert "lot.not-yours" in shown
    assert "/epcisBody/eventList/0/inputQuantityList/0/epcClass" in shown
    assert "refused 1" in shown


def log_document(job):
    import base64
    import gzip

    position = job.records.get().position - 1
    return gzip.decompress(base64.b64decode(log.get(position).payload["body"]["raw"]))


def test_hostile_text_is_shown_as_text(client_as, capture, events):
    job = capture(
        events.make("A", eventID="urn:x:%3Cscript%3Ealert(1)%3C/script%3E"), name="<script>alert(1)</script>"
    )
    answer = client_as("maker").get(f"/app/captures/{job.uuid}/")
    assert b"<script>alert" not in answer.content


def test_others_see_nothing(client_as, capture, events, second, other_organisation):
    job = capture(events.make("A"))
    for role, of, status in (
        ("supplier", second, 404),
        ("buyer", second, 200),
        ("maker", other_organisation, 404),
    ):
        assert client_as(role, of=of).get(f"/app/captures/{job.uuid}/").status_code == status
    assert heading(client_as("supplier", of=second).get("/app/captures/")) == "No document has come in yet."
    assert client_as("financier").get("/app/captures/").status_code == 403
    assert Client().get("/app/captures/").status_code == 302


def upload(client, data, name="doc.json", **headers):
    file = SimpleUploadedFile(name, data, content_type="application/json")
    return client.post("/app/captures/new", {"document": file}, **headers)


def test_upload(client_as, events, now):
    client = client_as("maker")
    answer = upload(client, events.document(events.make("A")))
    job = CaptureJob.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, f"/app/captures/{job.uuid}/")
    waiting = client.get(answer["Location"])
    assert heading(waiting) == "This document is being processed."
    assert (job.name, job.state) == ("doc.json", "waiting")
    from lodeline_server.events.processing import process_pending

    process_pending(now)
    assert heading(client.get(answer["Location"])) == "One statement of this document is in the log."


def test_upload_of_a_bad_document_says_why(client_as):
    answer = upload(client_as("maker"), b'{"type":"EPCISDocument"}')
    assert answer.status_code == 400
    assert "is missing. Add it." in text(answer)
    assert not CaptureJob.objects.exists()


def test_upload_of_nothing(client_as):
    assert client_as("maker").post("/app/captures/new", {}).status_code == 400


def test_upload_is_for_those_who_may(client_as, events):
    data = events.document(events.make("A"))
    assert upload(client_as("regulator"), data).status_code == 403
    assert upload(Client(), data).status_code == 302
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = client_as("maker").cookies
    assert upload(strict, data).status_code == 403
    assert not CaptureJob.objects.exists()


def test_a_form_that_is_too_large_is_refused_before_it_is_read(client_as, settings):
    settings.MAX_UPLOAD = 1_000
    answer = upload(client_as("maker"), b" " * 80_000)
    assert answer.status_code == 413


def test_queries_do_not_grow_with_the_list(client_as, capture, events, django_assert_max_num_queries):
    for n in range(30):
        capture(events.make(str(n)))
    client = client_as("maker")
    client.get("/app/captures/")
    with django_assert_max_num_queries(16):
        client.get("/app/captures/")
