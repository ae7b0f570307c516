"""What-if and common cause over HTTP: they answer like the recall on record, and put nothing on record."""

from __future__ import annotations

from decimal import Decimal

import pytest
from tests.apps.lots.chain import MINE, commission, described, item, lot, tell, transform, world
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


def test_a_drill_draws_a_lot_and_holds_its_list_against_the_truth(workspace, client):
    serials, _ = batteries(workspace.pk, bad="")
    before = size()
    drawn = client.post("/api/recalls/drill/draw").json()
    assert drawn["lot"] in {lot(code) for code in ("ONE", "TWO", "A", "B", "C")}
    assert int(drawn["ticket"]) >= 0
    truth = [item(one) for one in serials["A"]] + serials["C"][:2] + ["unheard-of"]
    found = ask(client, "drill", lot="ONE", truth=truth).json()
    assert (found["found"], found["truth"], found["missed"], found["passed"]) == (8, 7, ["unheard-of"], False)
    assert found["wrong"] == [item(one) for one in serials["C"][2:]]
    assert (found["completeness"], found["precision"], found["reconciled"]) == ("0.857143", "0.75", "1")
    good = ask(client, "drill", lot="ONE", truth=truth[:-1] + serials["C"][2:]).json()
    assert (good["completeness"], good["precision"], good["missed"], good["passed"]) == ("1", "1", [], True)
    assert (size(), Recall.objects.count()) == (before, 0)


def test_a_drill_without_lots(workspace, client):
    assert client.post("/api/recalls/drill/draw").status_code == 404


def test_questions_that_cannot_be_answered(workspace, client):
    serials, failed = batteries(workspace.pk, bad="ABC")
    for what, body, status, words in (
        ("what-if", {"lots": ["NOBODY"]}, 404, "not on record"),
        ("what-if", {"lots": ["a\0b"]}, 404, "not on record"),
        ("common-cause", {"failed": ["a\0b"]}, 404, "not on record"),
        ("drill", {"lot": "a\0b", "truth": ["a\0b"]}, 404, "not on record"),
        ("what-if", {"lots": []}, 422, ""),
        ("what-if", {"lots": ["ONE"], "threshold": "2"}, 422, ""),
        ("what-if", {"lots": ["ONE"], "substance": "Xx"}, 422, ""),
        ("drill", {"lot": "NOBODY", "truth": []}, 404, "not on record"),
        ("drill", {"lot": "ONE", "truth": [], "limitSeconds": 0}, 422, ""),
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
        "drill": {"lot": "MINED", "truth": []},
    }
    assert client_as("buyer").post("/api/recalls/drill/draw").status_code == 403
    for what, body in asked.items():
        assert ask(client_as("buyer"), what, **body).status_code == 403


def test_a_question_over_many_items_asks_the_database_a_few_times(
    workspace, client, django_assert_max_num_queries
):
    serials, failed = batteries(workspace.pk, bad="A")
    ask(client, "common-cause", failed=[item(one) for one in failed])
    with django_assert_max_num_queries(15):
        body = {"failed": [item(one) for one in failed], "sound": [item(one) for one in serials["B"]]}
        assert ask(client, "common-cause", **body).status_code == 200
