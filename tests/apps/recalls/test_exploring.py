"""What-if, common cause and contribution over HTTP: like the recall on record, and nothing is put on it."""

from __future__ import annotations

from decimal import Decimal

import pytest
from tests.apps.lots.chain import MINE, PLANT, commission, described, item, lot, tell, transform, world
from tests.apps.recalls.test_recall import run

from lodeline_server.log.queries import size
from lodeline_server.recalls.models import Recall

pytestmark = pytest.mark.django_db


def ask(client, what, **body):
    return client.post(f"/api/recalls/{what}", body, content_type="application/json")


@pytest.fixture
def client(client_as):
    return client_as("quality")


def test_what_if_agrees_with_the_recall_on_record(workspace, actor, client):
    world(workspace.pk)
    before = size()
    answer = ask(client, "what-if", lots=["MINED"], threshold="0.001")
    assert answer.status_code == 200, answer.content
    found = answer.json()
    assert (size(), Recall.objects.count()) == (before, 0)
    assert (found["substance"], found["items"], found["suspectMassKg"]) == ("Co", 2, "50")
    assert found["alone"] == [{"key": lot("MINED"), "label": "MINED", "reached": 2, "affected": 2, "only": 2}]
    recall = run(actor("quality"))
    rows = {hit.key: (hit.share, Decimal(hit.held) / 10**6) for hit in recall.hits.filter(item=True)}
    assert {one["key"]: (Decimal(one["dose"]), Decimal(one["massKg"])) for one in found["listed"]} == rows
    assert ask(client, "what-if", lots=["MINED"], threshold="0.001").json()["snapshot"] != ""
    nothing = ask(client, "what-if", lots=["MINED"], threshold="0.7").json()
    assert (nothing["items"], nothing["listed"], nothing["alone"][0]["reached"]) == (0, [], 2)


def batteries(workspace, *, bad):
    """Two mines; cathode lots A (of the first), B (of the second), C (of both); four packs of each."""
    events = [
        commission(lot("ONE"), 0, MINE, ilmd=described("ore", Co="0.5")),
        commission(lot("TWO"), 1, MINE, ilmd=described("ore", Co="0.5")),
    ]
    feeds = {"A": ["ONE"], "B": ["TWO"], "C": ["ONE", "TWO"]}
    serials = {}
    for day, (code, ores) in enumerate(feeds.items(), 2):
        events.append(
            transform(
                day, [(lot(ore), 10) for ore in ores], [(lot(code), 10 * len(ores))],
                ilmd=described("cathode", Co="0.5"), name=code,
            )
        )  # fmt: skip
        serials[code] = [f"{code}{n}" for n in range(4)]
        for n, serial in enumerate(serials[code]):
            events.append(
                transform(
                    10 + day, [(lot(code), 2)], items=[item(serial)], ilmd=described("pack", mass="4", Co="0.25"),
                    name=f"{code}{n}",
                )
            )  # fmt: skip
    tell(workspace, *events)
    return serials, [serial for code in bad for serial in serials[code]]


def test_what_several_lots_add_to_each_other(workspace, client):
    serials, _ = batteries(workspace.pk, bad="")
    found = ask(client, "what-if", lots=["ONE", "TWO", lot("ONE")]).json()
    assert [(one["label"], one["reached"], one["only"]) for one in found["alone"]] == [
        ("ONE", 8, 4),
        ("TWO", 8, 4),
    ]
    assert {one["label"] for one in found["listed"]} == {serial for row in serials.values() for serial in row}
    assert {one["dose"] for one in found["listed"]} == {"1"}


def test_the_lot_behind_the_failures_is_named(workspace, client):
    serials, failed = batteries(workspace.pk, bad="A")
    before = size()
    answer = ask(client, "common-cause", failed=failed)
    assert answer.status_code == 200, answer.content
    found = answer.json()
    assert (found["failed"], found["sound"], size()) == (4, 8, before)
    best = found["findings"][0]
    assert ("lot", "A") in {(one["kind"], one["label"]) for one in best["factors"]}
    assert (best["failed"], best["sound"]) == (4, 0)
    assert float(best["p"]) == pytest.approx(1 / 495, rel=1e-5)  # one of the 495 ways to choose 4 of 12
    ore = next(
        one
        for one in found["findings"]
        if ("lot", "ONE") in {(f["kind"], f["label"]) for f in one["factors"]}
    )
    assert (ore["failed"], ore["sound"]) == (4, 4)
    assert float(ore["p"]) > float(best["p"])
    some = ask(client, "common-cause", failed=failed, sound=serials["B"]).json()
    assert (some["sound"], some["findings"][0]["failed"], some["findings"][0]["sound"]) == (4, 4, 0)


def test_what_feeds_a_battery_adds_up(workspace, client):
    batteries(workspace.pk, bad="")
    found = ask(client, "contribution", items=["C1"], substance="Co").json()
    assert (found["wantedKg"], found["substance"], found["items"]) == ("1", "Co", 1)
    rows = {one["label"]: (one["share"], one["massKg"], one["begins"]) for one in found["listed"]}
    assert rows == {"C": ("1", "1", False), "ONE": ("0.5", "0.5", True), "TWO": ("0.5", "0.5", True)}
    assert found["sourcesKg"] == {"listed": "1", "below": "0", "unknown": "0"}
    some = ask(client, "contribution", items=["C1", "A0"], substance="Co", threshold="0.3").json()
    assert {one["label"]: one["share"] for one in some["listed"]} == {"A": "0.5", "C": "0.5", "ONE": "0.75"}
    assert (some["lotsBelow"], some["largestBelowKg"], some["sourcesKg"]["below"]) == (1, "0.5", "0.5")
    assert {some["snapshot"], some["position"], some["method"]} == {
        found["snapshot"],
        found["position"],
        "contribution-1",
    }


def test_machines_days_and_shifts_count(workspace, client):
    """Two coaters at one site make the same product from the same lot; what comes from one of them fails."""
    coater = "https://id.gs1.org/414/{}/254/COATER{}"
    events = [commission(lot("ORE"), 0, MINE, ilmd=described("ore", Co="0.5"))]
    failed = []
    for n in range(16):
        event = transform(
            1 + n % 4 + n / 100, [(lot("ORE"), 2)], items=[item(f"M{n}")], ilmd=described("pack", mass="2", Co="0.5"),
            name=f"m{n}", readPoint={"id": coater.format(PLANT.rsplit("/", 1)[1], 1 + n // 8)},
        )  # fmt: skip
        events.append(event)
        failed += [f"M{n}"] if n // 8 else []
    tell(workspace.pk, *events)
    found = ask(client, "common-cause", failed=failed).json()
    best = found["findings"][0]
    assert [(one["kind"], one["name"].rsplit(", ")[-1]) for one in best["factors"]] == [
        ("machine", "COATER2")
    ]
    assert (best["failed"], best["sound"], best["significant"]) == (8, 0, True)
    kinds = {one["kind"] for finding in found["findings"] for one in finding["factors"]}
    assert kinds == {"lot", "machine", "site", "party", "day", "shift"}
    assert "COATER2" in found["words"]
    assert "explains it best" in found["words"]


def test_nothing_is_said_to_explain_what_chance_explains(workspace, client):
    serials, _ = batteries(workspace.pk, bad="")
    found = ask(client, "common-cause", failed=[row[0] for row in serials.values()]).json()
    assert found["significant"] == 0
    assert found["words"].startswith("Nothing stands out")


def test_questions_that_cannot_be_answered(workspace, client):
    serials, failed = batteries(workspace.pk, bad="ABC")
    for what, body, status, words in (
        ("what-if", {"lots": ["NOBODY"]}, 404, "not on record"),
        ("what-if", {"lots": ["a\0b"]}, 404, "not on record"),
        ("common-cause", {"failed": ["a\0b"]}, 404, "not on record"),
        ("what-if", {"lots": []}, 422, ""),
        ("contribution", {"items": []}, 422, ""),
        ("contribution", {"items": ["NOBODY"]}, 404, "not on record"),
        ("what-if", {"lots": ["ONE"], "threshold": "2"}, 422, ""),
        ("what-if", {"lots": ["ONE"], "substance": "Xx"}, 422, ""),
        ("common-cause", {"failed": ["ONE"]}, 422, "Only items"),
        ("common-cause", {"failed": failed}, 422, "no sound item"),
        ("common-cause", {"failed": serials["A"], "sound": serials["A"]}, 422, "not both"),
        ("common-cause", {"failed": ["x" * 501]}, 422, ""),
        ("common-cause", {"failed": ["A0"] * 501}, 422, ""),
    ):
        answer = ask(client, what, **body)
        assert answer.status_code == status, (what, body, answer.content)
        assert words in answer.content.decode()


def test_who_may_not_run_recalls_may_not_ask(workspace, client_as):
    world(workspace.pk)
    asked = {
        "what-if": {"lots": ["MINED"]},
        "common-cause": {"failed": ["P1"]},
        "contribution": {"items": ["P1"]},
    }
    for what, body in asked.items():
        assert ask(client_as("buyer"), what, **body).status_code == 403


def test_a_question_over_many_items_asks_the_database_a_few_times(
    workspace, client, django_assert_max_num_queries
):
    serials, failed = batteries(workspace.pk, bad="A")
    ask(client, "common-cause", failed=[item(one) for one in failed])
    with django_assert_max_num_queries(40):
        body = {"failed": [item(one) for one in failed], "sound": [item(one) for one in serials["B"]]}
        assert ask(client, "common-cause", **body).status_code == 200
