"""Recalls on pages, over HTTP, on paper and from the command line."""

from __future__ import annotations

import csv
import io
import json
import re
from html import unescape

import pytest
from tests.apps.lots.chain import (
    MINE,
    commission,
    described,
    item,
    lot,
    organisations,
    tell,
    transform,
    world,
)
from tests.apps.recalls.test_recall import run

from lodeline.cli import main
from lodeline_server.recalls.models import Recall

pytestmark = pytest.mark.django_db
NARROW = "\u202f"


def text(answer):
    content = b"".join(answer) if answer.streaming else answer.content
    return unescape(content.decode())


def heading(answer):
    return " ".join(re.search(r"<h1>(.*?)</h1>", text(answer), re.DOTALL)[1].split(" ")).strip()


@pytest.fixture
def recall(workspace, actor):
    world(workspace.pk)
    return run(actor("quality"), reason="sodium above specification")


def test_the_page_says_the_answer_and_where_the_items_are(recall, client_as):
    page = client_as("quality").get(f"/app/recalls/{recall.pk}/")
    assert heading(page) == (
        f"In 2 items, 0.1{NARROW}% or more of the cobalt is from lot MINED. They carry 19.2{NARROW}% of it."
    )
    said = text(page)
    for words in ("sodium above specification", "Fjord plant", "North pack plant", "9.6", "CAM",
                  f"60.0{NARROW}%", f"20.4{NARROW}kg", f"100.0{NARROW}%"):  # fmt: skip
        assert words in said, words


def test_another_line_through_the_same_list(recall, client_as):
    client = client_as("buyer")
    address = f"/app/recalls/{recall.pk}/"
    assert heading(client.get(address + "?threshold=0")) == (
        f"2 items were reached by lot MINED. They carry 19.2{NARROW}% of it."
    )
    page = client.get(address + "?threshold=70")
    assert heading(page) == "No item holds that much of lot MINED."
    assert "On record is the threshold" in text(page)
    for odd in ("x", "-1", "101", "nan", "1e999", "", "9" * 400):
        assert "In 2 items" in heading(client.get(address, {"threshold": odd}))


def test_the_list_as_csv_and_pdf_is_what_is_on_record(recall, client_as):
    client = client_as("buyer")
    answer = client.get(f"/app/recalls/{recall.pk}.csv?threshold=90")
    rows = list(csv.DictReader(io.StringIO(text(answer))))
    assert [(row["rank"], row["serial"], row["dose"], row["lot_mass_kg"], row["place"]) for row in rows] == [
        ("1", "P1", "0.6", "4.8", "Fjord plant"),
        ("2", "P2", "0.6", "4.8", "North pack plant"),
    ]
    paper = client.get(f"/app/recalls/{recall.pk}.pdf")
    assert (paper.headers["Content-Type"], paper.content[:5]) == ("application/pdf", b"%PDF-")
    assert paper.content == client.get(f"/app/recalls/{recall.pk}.pdf").content


def test_names_are_data_on_paper_and_on_pages(workspace, actor, client_as):
    organisations(workspace.pk)
    tell(
        workspace.pk,
        commission(lot("A"), 0, MINE, ilmd=described('#panic("x") $ = * _ <b>', Co="0.5")),
        transform(1, [(lot("A"), 5)], items=[item("=P")], ilmd=described("\\#eval", "5", Co="0.5")),
    )
    found = run(actor("quality"), "A", reason='"]#read("/etc/passwd") <script>')
    client = client_as("quality")
    assert client.get(f"/app/recalls/{found.pk}.pdf").content[:5] == b"%PDF-"
    page = client.get(f"/app/recalls/{found.pk}/")
    assert b"<script>" not in page.content.replace(b"<script src=", b"")
    assert "'=P" in text(client.get(f"/app/recalls/{found.pk}.csv"))


def test_ordering_a_recall(workspace, client_as):
    world(workspace.pk)
    client = client_as("maker")
    assert 'value="MINED"' in text(client.get("/app/recalls/new?lot=MINED"))
    answer = client.post(
        "/app/recalls/new", {"lot": "MINED", "threshold": "0.1", "substance": "", "reason": "test"}
    )
    found = Recall.objects.get()
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/app/recalls/{found.pk}/")
    assert (found.affected, found.reason, str(found.threshold.normalize())) == (2, "test", "0.001")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"lot": "nobody"}, "No lot or item of this name is on record"),
        ({"lot": ""}, "This field is required"),
        ({"threshold": "101"}, "less than or equal to 100"),
        ({"threshold": "x"}, "Enter a number"),
        ({"threshold": "NaN"}, "Enter a number"),
        ({"substance": "Xx"}, "not one of the available choices"),
        ({"substance": "Ni"}, "The lot states none of this substance"),
        ({"reason": ""}, "This field is required"),
        ({"reason": "x" * 501}, "at most 500 characters"),
        ({"lot": "\x00"}, "Null characters are not allowed"),
    ],
)
def test_an_order_with_mistakes_says_which(workspace, client_as, change, words):
    world(workspace.pk)
    given = {"lot": "MINED", "threshold": "0.1", "substance": "", "reason": "test"} | change
    answer = client_as("maker").post("/app/recalls/new", given)
    assert answer.status_code == 422
    assert words in text(answer)
    assert not Recall.objects.exists()


def test_the_list_of_recalls(recall, client_as):
    client = client_as("auditor")
    page = client.get("/app/recalls/")
    assert heading(page) == "One recall is on record."
    assert "Start a recall" not in text(page)
    assert "Start a recall" in text(client_as("quality").get("/app/recalls/"))
    rows = list(csv.DictReader(io.StringIO(text(client.get("/app/recalls/?format=csv")))))
    assert [(row["Recall"], row["Lot"], row["Threshold"]) for row in rows] == [
        ("RC-2026-001", "MINED", "0.001")
    ]


def test_of_another_workspace(recall, client_as, api_client, other_organisation):
    stranger = client_as("quality", of=other_organisation)
    for address in ("/", ".csv", ".pdf"):
        assert stranger.get(f"/app/recalls/{recall.pk}{address}").status_code == 404
    key = api_client("quality", of=other_organisation)
    assert key.get(f"/api/recalls/{recall.pk}").status_code == 404
    assert key.get("/api/recalls").json() == {"total": 0, "recalls": []}
    assert key.post("/api/recalls", {"lot": lot("MINED")}, content_type="application/json").status_code == 404


def test_over_http(workspace, api_client):
    world(workspace.pk)
    client = api_client("quality")
    made = client.post(
        "/api/recalls",
        {"lot": "MINED", "threshold": 0.001, "reason": "test"},
        content_type="application/json",
    )
    assert made.status_code == 201
    body = made.json()
    assert [(hit["label"], hit["dose"], hit["massKg"]) for hit in body["items"]] == [
        ("P1", "0.6", "4.8"),
        ("P2", "0.6", "4.8"),
    ]
    assert (body["massKg"], body["lotMassKg"], body["threshold"]) == (
        {"affected": "9.6", "below": "0", "lotsOnTheWay": "20.4", "lot": "20"}, "50", "0.001",
    )  # fmt: skip
    assert client.get(f"/api/recalls/{body['id']}").json() == body
    assert client.get("/api/recalls").json()["recalls"][0]["number"] == "RC-2026-001"
    assert (
        api_client("buyer")
        .post("/api/recalls", {"lot": "MINED"}, content_type="application/json")
        .status_code
        == 403
    )


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"lot": "nobody"}, 404),
        ({"lot": "MINED", "threshold": 2}, 422),
        ({"lot": "MINED", "threshold": "NaN"}, 422),
        ({"lot": "MINED", "substance": "Ni"}, 422),
        ({"lot": ""}, 422),
        ({}, 422),
        ({"lot": "MINED", "reason": "a\u0000b"}, 422),
    ],
)
def test_orders_over_http_that_cannot_be_answered(workspace, api_client, body, status):
    world(workspace.pk)
    answer = api_client("quality").post("/api/recalls", body, content_type="application/json")
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/problem+json")
    assert not Recall.objects.exists()


def test_the_command_writes_all_forms(workspace, capsys, tmp_path):
    world(workspace.pk)
    table, sheet = tmp_path / "list.csv", tmp_path / "list.pdf"
    words = ["recall", "MINED", "--threshold", "0.001", "--csv", str(table), "--pdf", str(sheet), "--json"]
    assert main(words) == 0
    answer = json.loads(capsys.readouterr().out)
    assert [hit["label"] for hit in answer["items"]] == ["P1", "P2"]
    assert answer["milliseconds"] > 0
    assert table.read_text().splitlines()[1].startswith("1,P1,")
    assert sheet.read_bytes()[:5] == b"%PDF-"


def test_the_command_in_words(workspace, capsys):
    world(workspace.pk)
    assert main(["recall", lot("MINED"), "--threshold", "0.1%", "--reason", "test"]) == 0
    said = capsys.readouterr()
    lines = said.out.replace(NARROW, " ").splitlines()
    assert lines[0] == "RC-2026-001  In 2 items, 0.1 % or more of the cobalt is from lot MINED."
    assert lines[1] == "They carry 19.2 % of it."
    assert lines[4].split() == [
        "1",
        "P1",
        "60.0",
        "%",
        "4.8",
        "kg",
        "Fjord",
        "Cars,",
        "Fjord",
        "plant,",
        "in",
        "stock",
    ]
    assert lines[-1] == "1 lots on the way hold 20.4 kg; the lot itself 20 kg"
    assert "the whole command took" in said.err


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["nobody"], 1),
        (["MINED", "--substance", "Ni"], 1),
        (["MINED", "--csv", "/no/such/folder/list.csv"], 2),
    ],
)
def test_the_command_says_why_not(workspace, capsys, words, code):
    world(workspace.pk)
    assert main(["recall", *words]) == code
    assert capsys.readouterr().err.startswith("lodeline: ")


@pytest.mark.parametrize("word", ["x", "2", "-1", "200%", "nan", "1/0", ""])
def test_a_threshold_is_a_share(capsys, word):
    with pytest.raises(SystemExit) as stopped:
        main(["recall", "MINED", f"--threshold={word}"])
    assert stopped.value.code == 2
    assert "is no share" in capsys.readouterr().err
