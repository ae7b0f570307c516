"""Lots and traces over HTTP."""

from __future__ import annotations

import pytest
from tests.apps.lots.chain import MINER, OWN, PALLET, PLANT, commission, item, lot, tell, world

pytestmark = pytest.mark.django_db


def test_the_list_pages_through_what_may_be_seen(workspace, api_client):
    world(workspace.pk)
    client = api_client("buyer")
    whole = client.get("/api/lots").json()
    assert whole["total"] == 6
    assert [one["label"] for one in whole["lots"]] == ["P2", "P1", "CAM", "REGAINED", "TRADED", "MINED"]
    assert [one["label"] for one in client.get("/api/lots?limit=2&offset=1").json()["lots"]] == ["P1", "CAM"]
    assert client.get("/api/lots?kind=item&q=p1").json()["total"] == 1
    (mined,) = client.get(f"/api/lots?q={lot('MINED')}").json()["lots"]
    assert mined == {
        "key": lot("MINED"), "label": "MINED", "kind": "lot", "gtin": mined["gtin"], "product": "cobalt hydroxide",
        "party": MINER, "site": mined["site"], "made": "2026-01-01T08:00:00Z", "quantity": "100", "uom": "KGM",
        "massKg": "100", "custody": "segregated", "currentSite": PLANT, "holder": OWN, "inside": "",
        "status": "in use", "statement": mined["statement"],
    }  # fmt: skip
    (packed,) = client.get("/api/lots?q=P1").json()["lots"]
    assert packed["inside"] == PALLET


def test_a_trace_back(workspace, api_client):
    world(workspace.pk)
    answer = api_client("buyer").get("/api/lots/trace", {"key": "P1", "substance": "Co"}).json()
    by_id = {one["id"]: one["label"] for one in answer["lots"]}
    assert answer["direction"] == "back"
    assert by_id[answer["target"]] == "P1"
    assert {(by_id[e["from"]], by_id[e["to"]], e["massKg"], e["substancesKg"]["Co"]) for e in answer["edges"]} == {
        ("MINED", "CAM", "60", "30"), ("TRADED", "CAM", "30", "15"), ("REGAINED", "CAM", "10", "5"),
        ("CAM", "P1", "16", "8"),
    }  # fmt: skip
    assert list(answer["origins"]) == ["Co"]
    cobalt = answer["origins"]["Co"]
    assert (cobalt["name"], cobalt["massKg"], cobalt["unknown"]) == ("cobalt", "8", "0.300000")
    assert [(s["name"], s["country"], s["share"], s["recycled"]) for s in cobalt["sources"]] == [
        ("Deep mine", "FI", "0.600000", False),
        ("Second recycler", "FI", "0.100000", True),
    ]
    assert [gap["lot"] for gap in cobalt["gaps"]] == [lot("TRADED")]


def test_a_trace_forward(workspace, api_client):
    world(workspace.pk)
    answer = api_client("buyer").get("/api/lots/trace", {"key": "TRADED", "direction": "forward"}).json()
    assert {one["label"]: one["shares"] for one in answer["lots"]} == {
        "TRADED": {"Co": "1.000000"}, "CAM": {"Co": "0.300000"}, "P1": {"Co": "0.300000"}, "P2": {"Co": "0.300000"},
    }  # fmt: skip
    assert answer["origins"] == {}


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"key": "nobody"}, 404),
        ({"key": "\x00"}, 404),
        ({"key": "../../etc/passwd"}, 404),
        ({"key": ""}, 422),
        ({}, 422),
        ({"key": "x" * 501}, 422),
        ({"key": "P1", "direction": "up"}, 422),
        ({"key": "P1", "substance": "Xx"}, 422),
    ],
)
def test_what_cannot_be_answered(workspace, api_client, query, status):
    world(workspace.pk)
    answer = api_client("buyer").get("/api/lots/trace", query)
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_a_label_that_two_lots_bear(workspace, api_client):
    world(workspace.pk)
    other = "https://id.gs1.org/01/09520001000027/10/CAM"
    tell(workspace.pk, commission(other, 4, PLANT))
    answer = api_client("buyer").get("/api/lots/trace", {"key": "CAM"})
    assert answer.status_code == 409
    assert (lot("CAM") in answer.json()["detail"], other in answer.json()["detail"]) == (True, True)
    assert api_client("buyer").get("/api/lots/trace", {"key": item("P1")}).status_code == 200
