"""The pages around a recall: what-if, common cause, contribution, drills, notices, the closing."""

from __future__ import annotations

import csv
import io
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from tests.apps.lots.chain import CARS, OWN, item, world
from tests.apps.recalls.test_exploring import batteries
from tests.apps.recalls.test_pages import heading, text
from tests.apps.recalls.test_recall import run

from lodeline_server.log.queries import size
from lodeline_server.recalls.closing import queries as closing
from lodeline_server.recalls.drilling.models import Drill

pytestmark = pytest.mark.django_db
N = "\u202f"


@pytest.fixture
def client(client_as):
    return client_as("quality")


@pytest.fixture
def recall(workspace, actor):
    world(workspace.pk)
    return run(actor("quality"), reason="<b>sodium</b>")


def test_what_if(workspace, client):
    batteries(workspace.pk, bad="")
    before = size()
    page = client.get("/app/recalls/what-if", {"lots": "ONE\nTWO", "threshold": "0", "substance": ""})
    assert heading(page) == "12 items would be reached by 2 suspect lots together."
    said = text(page)
    for words in ("what-if-1", "Only by this lot", "A0", f"100.00{N}%"):
        assert words in said, words
    assert size() == before
    assert heading(client.get("/app/recalls/what-if")) == "What would these lots reach?"


def test_contribution(workspace, client):
    batteries(workspace.pk, bad="")
    page = client.get("/app/recalls/contribution", {"items": "C1, C2", "threshold": "1", "substance": "Co"})
    assert heading(page) == f"3 lots brought 1{N}% or more of the cobalt each."
    assert "begins here" in text(page)
    assert heading(client.get("/app/recalls/contribution")) == "Which lots feed these batteries?"


def test_common_cause_pasted_and_uploaded(workspace, client):
    serials, failed = batteries(workspace.pk, bad="A")
    before = size()
    page = client.post("/app/recalls/common-cause", {"failed": "\n".join(failed)})
    assert page.status_code == 200
    assert "explains it best: behind 4 of 4 failed items and 0 of 8 sound ones." in heading(page)
    said = text(page)
    assert "1 in 495" in said
    assert "cause-1" in said
    file = SimpleUploadedFile("failed.csv", "\ufeff".encode() + "\r\n".join(failed).encode())
    other = client.post("/app/recalls/common-cause", {"failed_file": file, "sound": " ".join(serials["B"])})
    assert "behind 4 of 4 failed items and 0 of 4 sound ones." in heading(other)
    assert size() == before


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "Name at least one failed battery"),
        ({"failed": "nobody"}, "not on record: nobody"),
        ({"failed": "ONE"}, "Only items can fail"),
        ({"failed": "A0", "sound": "A0"}, "not both"),
        ({"failed": " ".join(f"x{n}" for n in range(501))}, "501 are given; at most 500"),
        ({"failed": "x" * 501}, "at most 500"),
        ({"failed": "A\0B"}, "Null characters"),
        ({"failed_file": SimpleUploadedFile("x", b"\xff\xfe\x00")}, "no text in UTF-8"),
        ({"failed_file": SimpleUploadedFile("x", b"a" * 1_000_001)}, "more than 1 MB"),
        ({"failed_file": SimpleUploadedFile("x", b"A0\x00")}, "not on record"),
    ],
)
def test_a_cause_that_cannot_be_asked(workspace, client, given, words):
    batteries(workspace.pk, bad="")
    page = client.post("/app/recalls/common-cause", given)
    assert page.status_code == 422, text(page)
    assert words in text(page)


@pytest.mark.parametrize("page", ["what-if?lots=", "contribution?items="])
def test_what_is_asked_wrongly_is_said(workspace, client, page):
    world(workspace.pk)
    for given, words in (
        ("nobody", "not on record"),
        ("", "This field is required"),
        ("MINED&threshold=101", "less than or equal"),
        ("MINED&threshold=NaN", "Enter a number"),
        ("MINED&substance=Xx", "not one of the available"),
        ("%00", "Null characters"),
        (",,,", "Name at least one"),
    ):
        answer = client.get(f"/app/recalls/{page}{given}")
        assert answer.status_code == 422, given
        assert words in text(answer), given


def test_a_drill_from_drawing_to_the_history(workspace, client, client_as):
    serials, _ = batteries(workspace.pk, bad="")
    assert heading(client.get("/app/recalls/drills/")) == "No recall drill was held yet."
    made = client.post("/app/recalls/drills/draw", {"hours": "4"})
    row = Drill.objects.get()
    assert (made.status_code, made.headers["Location"]) == (302, row.get_absolute_url())
    assert f"what did lot {row.label} reach?" in heading(client.get(row.get_absolute_url()))
    again = client.post("/app/recalls/drills/draw", {"hours": "4"})
    assert again.status_code == 422
    assert "A drill is running" in text(again)
    wrong = client.post(row.get_absolute_url() + "answer", {})
    assert (wrong.status_code, Drill.objects.get().state) == (422, "open")
    truth = {"ONE": "AC", "TWO": "BC"}.get(row.label, row.label)
    names = [name for code in truth for name in serials[code]]
    done = client.post(row.get_absolute_url() + "answer", {"truth": "\n".join(names)})
    assert done.status_code == 302
    page = client_as("buyer").get(row.get_absolute_url())
    assert heading(page).startswith(f"Drill {row.number} passed: all {len(names)} items of lot {row.label}")
    assert "Stop the clock" not in text(page)
    repeated = client.post("/app/recalls/drills/draw", {"hours": "1", "ticket": row.ticket})
    second = Drill.objects.get(state="open")
    assert (repeated.status_code, second.lot) == (302, row.lot)
    client.post(second.get_absolute_url() + "answer", {"listed": "none"})
    page = client.get(second.get_absolute_url())
    assert f"found 0 of {len(names)} items" in heading(page)
    assert row.number in text(page)
    third = client.post("/app/recalls/drills/draw", {"hours": "1"}).headers["Location"]
    assert client.post(third + "abandon", {"reason": ""}).status_code == 422
    assert client.post(third + "abandon", {"reason": "fire alarm"}).status_code == 302
    assert heading(client.get(third)).endswith("was abandoned.")
    listed = list(csv.DictReader(io.StringIO(text(client.get("/app/recalls/drills/?format=csv")))))
    assert [one["Result"] for one in listed] == ["abandoned", "not passed", "passed"]
    assert listed[1]["Ticket"] == listed[2]["Ticket"] == row.ticket


def test_marking_notices(recall, client, client_as):
    address = f"/app/recalls/{recall.pk}/notices"
    page = client.get(address)
    assert heading(page) == "0 of 2 holders were told."
    assert "Fjord Cars" in text(page)
    wrong = client.post(address, {"mark-mark": "answered", "mark-parties": [CARS]})
    assert wrong.status_code == 422
    assert "No notice was sent to them" in text(wrong)
    for given in ({}, {"mark-mark": "sent", "mark-parties": ["x"]}, {"mark-mark": "x", "mark-parties": [CARS]},
                  {"mark-mark": "sent", "mark-parties": [CARS], "mark-on": "2999-01-01T00:00"}):  # fmt: skip
        assert client.post(address, given).status_code == 422
    given = {"mark-mark": "sent", "mark-parties": [CARS, OWN], "mark-note": "<i>by e-mail</i>"}
    assert client.post(address, given).status_code == 302
    page = client.get(address)
    assert heading(page) == "All 2 holders were told."
    assert b"<i>" not in page.content
    assert client_as("buyer").post(address, given).status_code == 403
    rows = list(csv.DictReader(io.StringIO(text(client.get(address + ".csv")))))
    assert {(row["name"], row["label"], row["kind"], bool(row["sent"])) for row in rows} == {
        ("North Works", "MINED", "lot", True), ("North Works", "CAM", "lot", True),
        ("North Works", "P2", "item", True), ("Fjord Cars", "P1", "item", True),
    }  # fmt: skip


def test_outcomes_and_the_closing(recall, client, client_as):
    base = f"/app/recalls/{recall.pk}"
    assert heading(client.get(base + "/closing")) == "Of 4 of 4 things it is open what became of them."
    assert client.get(base + "/closing.pdf").status_code == 404
    assert client.get(base + "/closing.json").status_code == 404
    for given in ({}, {"outcome-outcome": "clean"}, {"outcome-outcome": "clean", "outcome-things": "nobody"},
                  {"outcome-outcome": "lost", "outcome-holder": OWN}):  # fmt: skip
        assert client.post(base + "/outcome", given).status_code == 422
    assert (
        client.post(base + "/outcome", {"outcome-outcome": "quarantined", "outcome-holder": OWN}).status_code
        == 302
    )
    wrong = client.post(base + "/close", {"close-signed_off_by": "Head of quality"})
    assert wrong.status_code == 422
    assert "still open" in text(wrong)
    assert closing.closure(recall) is None
    field = re.search(r'name="(close-reason_\d+)"', text(wrong))[1]
    given = {"close-signed_off_by": "Head of quality", field: "sold abroad <script>"}
    assert client_as("buyer").post(base + "/close", given).status_code == 403
    assert client.post(base + "/close", given).status_code == 302
    page = client_as("buyer").get(base + "/closing")
    assert heading(page) == (
        f"Of 4 things that lot MINED reached, it is known of 75.0{N}% what became of them."
    )
    assert b"abroad <script>" not in page.content
    assert closing.closure(recall).bundle in text(page)
    paper = client.get(base + "/closing.pdf")
    assert paper.content[:5] == b"%PDF-"
    assert paper.content == client.get(base + "/closing.pdf").content
    told = client.get(base + "/closing.json").json()
    assert (told["matches"], told["report"]["signedOffBy"]) == (True, "Head of quality")
    late = client.post(base + "/outcome", {"outcome-outcome": "clean", "outcome-things": "P1"})
    assert late.status_code == 422
    assert "is closed" in text(late)
    assert "Closed on" in text(client.get(base + "/"))
    assert re.search(r"2026-\d\d-\d\d", text(client.get("/app/recalls/?format=csv")))


def test_who_may_see_and_ask(recall, client_as):
    base = f"/app/recalls/{recall.pk}"
    for role, ask, see in (("buyer", 403, 200), ("supplier", 403, 403), ("recycler", 403, 403)):
        other = client_as(role)
        for page in ("what-if", "contribution", "common-cause"):
            assert other.get(f"/app/recalls/{page}").status_code == ask
        for page in (base + "/notices", base + "/notices.csv", base + "/closing", "/app/recalls/drills/"):
            assert other.get(page).status_code == see, (role, page)


def test_keys_of_items_are_names_too(workspace, client):
    serials, _ = batteries(workspace.pk, bad="")
    one, other = (
        client.get("/app/recalls/contribution", {"items": name, "substance": "Co"})
        for name in (serials["A"][0], item(serials["A"][0]))
    )
    assert heading(one) == heading(other)
    assert heading(one).startswith("2 lots")
