"""A sheet becomes events: looked at first, captured like any document, corrected on record, never doubled."""

from __future__ import annotations

import base64
import gzip
import json
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from lodeline.events.sheet_templates import TEMPLATES
from lodeline_server.events import processing
from lodeline_server.events.models import CaptureJob, EventRecord, SheetPreview
from lodeline_server.events.sheets import actions
from lodeline_server.kit.problems import Problem
from lodeline_server.log import queries as log

pytestmark = pytest.mark.django_db
HEAD = "Lodeline sheet;{label}\nTime zone;UTC\nDecimal mark;,\n\n{titles}\n"
SHIPPED = "D-{n};2026-10-01 08:00;9521141000014;9521141000021;;09521141123454;{lot};{amount};kg;"


def csv(*rows, template="shipments"):
    one = TEMPLATES[template]
    titles = ";".join(column.title for column in one.columns)
    return (HEAD.format(label=one.label, titles=titles) + "\n".join(rows)).encode()


def shipped(n, lot="A", amount="10,5"):
    return SHIPPED.format(n=n, lot=lot, amount=amount)


@pytest.fixture
def look(organisation, acting, now):
    def run(data, template="shipments", by=None, name="sheet.csv", **fields):
        upload = actions.Upload(data=data, template=template, name=name, **fields)
        return actions.preview(actor=acting(by or organisation), upload=upload, now=now)

    return run


@pytest.fixture
def take(organisation, acting, now):
    def run(preview, by=None, **fields):
        job = actions.confirm(actor=acting(by or organisation), preview=preview, now=now, **fields)
        return processing.process(job, now, follow=False)

    return run


def test_a_sheet_is_captured_and_its_bytes_are_kept_with_it(look, take, organisation):
    data = csv(shipped(1), shipped(2, lot="B"))
    row = look(data)
    assert (row.errors, row.total, row.count("new")) == (0, 2, 2)
    assert CaptureJob.objects.count() == 0
    job = take(row)
    assert (job.state, job.accepted, job.outcomes) == ("taken", 2, "aa")
    document = log.get(0)
    raw = json.loads(gzip.decompress(base64.b64decode(document.payload["body"]["raw"])))
    assert base64.b64decode(raw["lode:sheet"]["raw"]) == data
    assert raw["lode:sheet"]["rows"] == [[6], [7]]
    event = log.get(1).payload["body"]["event"]
    assert event["quantityList"][0] == {
        "epcClass": "https://id.gs1.org/01/09521141123454/10/A", "quantity": 10.5, "uom": "KGM",
    }  # fmt: skip
    assert event["sourceList"][0]["source"] == organisation.party
    row.refresh_from_db()
    assert row.document is None
    assert take(row).pk == job.pk  # a second time: the same job


def test_the_same_rows_again_are_duplicates_wherever_they_stand(look, take):
    take(look(csv(shipped(1), shipped(2))))
    again = look(csv("", shipped(2), shipped(1), shipped(3)))
    assert [again.count(one) for one in ("new", "duplicate", "correction")] == [1, 2, 0]
    job = take(again)
    assert (job.accepted, job.duplicates, job.outcomes) == (1, 2, "dda")
    assert EventRecord.objects.count() == 3


def test_a_corrected_row_is_a_correction_only_when_somebody_says_so(look, take, organisation, acting, now):
    take(look(csv(shipped(1), shipped(2))))
    row = look(csv(shipped(1, amount="99"), shipped(2)))
    assert (row.errors, row.count("correction"), row.count("duplicate")) == (0, 1, 1)
    found = [one for one in row.findings if one["rule"] == "sheet.on-record"]
    assert [(one["row"], one["severity"]) for one in found] == [(6, "warning")]
    assert "10.5 KGM" in found[0]["message"]
    with pytest.raises(Problem, match="differ"):
        actions.confirm(actor=acting(organisation), preview=row, now=now)
    job = take(row, correct=True)
    assert (job.state, job.accepted, job.duplicates) == ("taken", 2, 1)
    kept = EventRecord.objects.filter(kind="event", ended=False)
    assert kept.count() == 2
    assert EventRecord.objects.filter(kind="declaration").count() == 1
    # The corrected sheet again adds nothing; a second correction corrects the correction.
    assert look(csv(shipped(1, amount="99"), shipped(2))).count("duplicate") == 2
    take(look(csv(shipped(1, amount="100"))), correct=True)
    assert EventRecord.objects.filter(kind="event", ended=False).count() == 2
    assert look(csv(shipped(1, amount="100"))).count("duplicate") == 1


def test_an_assay_is_a_statement_and_is_not_changed(look, take):
    row = "C-1;2026-10-02;2026-10-01;Lab;;09521141123454;A;Ni;{};;%"
    job = take(look(csv(row.format("22,3"), template="assays"), "assays"))
    assert job.accepted == 1
    statement = log.get(1)
    assert statement.type == "lot.assay"
    assert statement.payload["body"]["content"]["composition"] == [
        {"substance": "Ni", "massFraction": "0.223"}
    ]
    again = look(csv(row.format("22,4"), template="assays"), "assays")
    assert [one["rule"] for one in again.findings] == ["sheet.on-record"]
    assert again.errors == 1


def test_a_sheet_with_errors_keeps_its_findings_and_captures_nothing(look, acting, organisation, now):
    row = look(csv(shipped(1, amount="1.000,5"), shipped(2)))
    assert [(one["cell"], one["rule"]) for one in row.findings] == [("H6", "sheet.number")]
    with pytest.raises(Problem) as refused:
        actions.confirm(actor=acting(organisation), preview=row, now=now)
    assert refused.value.status == 409


def test_previews_belong_to_who_uploaded_them_and_end(look, acting, organisation, second, now):
    row = look(csv(shipped(1)))
    later = now + actions.KEPT
    for actor, when in ((acting(second), now), (acting(organisation), later)):
        with pytest.raises(Problem) as refused:
            actions.confirm(actor=actor, preview=row, now=when)
        assert refused.value.status == 404
    assert actions.forget_ended(later - timedelta(seconds=1)) == 0
    assert actions.forget_ended(later) == 1
    for n in range(actions.MOST_OPEN + 2):
        look(csv(shipped(n)))
    assert SheetPreview.objects.count() == actions.MOST_OPEN


def test_who_may_not_capture_may_not_look(organisation, acting, now):
    from lodeline.access import Denied, Role

    upload = actions.Upload(data=csv(shipped(1)), template="shipments")
    with pytest.raises(Denied):
        actions.preview(actor=acting(organisation, Role.FINANCIER), upload=upload, now=now)


@pytest.mark.parametrize(
    ("name", "data", "rule"),
    [
        ("macro.xlsm", b"PK\x03\x04", "sheet.macros"),
        ("old.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "sheet.format"),
        ("broken.xlsx", b"PK\x03\x04" + bytes(600), "sheet.format"),
        ("sheet.csv", b"\xff\xfea\x00", "sheet.encoding"),
        ("sheet.pdf", b"%PDF-1.7", "sheet.format"),
        ("empty.csv", b"", "sheet.headings"),
    ],
)
def test_hostile_files_are_findings(look, name, data, rule):
    row = look(data, name=name)
    assert [one["rule"] for one in row.findings] == [rule]
    assert row.errors == 1


def post(client, data, name="sheet.csv", template="shipments"):
    file = SimpleUploadedFile(name, data)
    return client.post("/app/sheets/new", {"template": template, "sheet": file, "zone": "", "decimal": ""})


def test_pages(client_as, second, now):
    client = client_as("supplier")
    assert b"Shipments" in client.get("/app/sheets/").content
    template = client.get("/app/sheets/templates/shipments.xlsx")
    assert template.content[:2] == b"PK"
    assert client.get("/app/sheets/templates/nothing.csv").status_code == 404
    bad = client.get(post(client, csv(shipped(1, amount="<b>=1</b>"))).headers["Location"])
    text = bad.content.decode()
    assert "One error stands in the way" in text
    assert "<b>=1" not in text
    row = SheetPreview.objects.get()
    answer = client.get(f"/app/sheets/{row.uuid}/findings.csv").content.decode("utf-8-sig")
    assert "H6" in answer
    good = post(client, csv(shipped(1)))
    where = good.headers["Location"]
    assert "This sheet becomes one event." in client.get(where).content.decode()
    assert client_as("maker", of=second).get(where).status_code == 404
    done = client.post(f"{where}capture")
    assert done.status_code == 302
    assert "captures" in done.headers["Location"]
    assert "captured" in client.get(where).content.decode()
    other = post(client, csv(shipped(2))).headers["Location"]
    assert client.post(f"{other}drop").status_code == 302
    assert client.get(other).status_code == 404
    assert post(client, b"", name="empty.csv").status_code == 400


def test_api(api_client):
    client = api_client("supplier")
    names = [one["name"] for one in client.get("/api/sheets").json()]
    assert names == list(TEMPLATES)
    assert client.get("/api/sheets/assays.csv").content.startswith(b"\xef\xbb\xbfLodeline sheet,assays/1")
    assert client.get("/api/sheets/none.csv").status_code == 404
    sent = {"data": csv(shipped(1)), "content_type": "text/csv"}
    seen = client.post("/api/sheets/shipments/preview?name=a.csv", **sent)
    assert seen.status_code == 200, seen.content
    assert seen.json()["new"] == 1
    assert client.get(f"/api/sheets/previews/{seen.json()['previewID']}").json() == seen.json()
    job = client.post(f"/api/sheets/previews/{seen.json()['previewID']}/capture")
    assert job.status_code == 202
    assert job.json()["state"] == "waiting"
    processing.process_pending(CaptureJob.objects.get().created_at)
    again = client.post("/api/sheets/shipments/capture?name=a.csv", **sent)
    assert again.status_code == 202
    bad = client.post(
        "/api/sheets/shipments/capture", data=csv(shipped(1, amount="x")), content_type="text/csv"
    )
    assert bad.status_code == 400
    assert [one["pointer"] for one in bad.json()["findings"]] == ["/CSV/H6"]
