"""A drill is drawn on record, its clock runs, it is answered once, and stays in the history."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction
from tests.apps.lots.chain import NOW, commission, item, lot, tell, world
from tests.apps.recalls.test_exploring import batteries

from lodeline.access import Denied, Role
from lodeline.recalls.drill import fingerprint
from lodeline_server.kit.problems import Problem
from lodeline_server.log.actions import append
from lodeline_server.log.own import statement
from lodeline_server.log.projections import dump_all, follow_all, rebuild
from lodeline_server.log.queries import get, size
from lodeline_server.recalls.drilling import actions, queries
from lodeline_server.recalls.drilling.actions import Answer, abandon, answer, draw
from lodeline_server.recalls.drilling.models import Drill

pytestmark = pytest.mark.django_db
LOTS = [lot(code) for code in ("A", "B", "C", "ONE", "TWO")]


def drawn(actor, *, ticket=3, now=NOW, limit=3600, again=""):
    return draw(actor=actor, limit=limit, now=now, random=lambda _most: ticket, ticket=again)


def answered(actor, row, *, listed=None, truth=None, after=60):
    times = iter((1.0, 1.5))
    now = row.drawn_at + timedelta(seconds=after)
    return answer(
        actor=actor, row=row, given=Answer(listed=listed, truth=truth), now=now, timer=times.__next__
    )


def test_the_ticket_decides_and_is_kept(workspace, actor):
    batteries(workspace.pk, bad="")
    row = drawn(actor("quality"))
    assert (row.number, row.ticket, row.lot, row.label) == ("DR-2026-001", "3", sorted(LOTS)[3], "ONE")
    assert (row.population, row.population_hash, row.state) == (5, fingerprint(LOTS), "open")
    stated = get(row.position).payload["body"]
    assert (stated["ticket"], stated["subject"], stated["method"]) == ("3", row.lot, "drill-1")
    # Nobody draws again because the lot is a hard one.
    with pytest.raises(Problem, match="A drill is running") as refused:
        drawn(actor("maker"), ticket=4)
    assert refused.value.status == 409
    assert size() == row.position + 1


def test_two_who_draw_in_one_instant_draw_one(workspace, actor):
    """Whoever is second under the log's lock looks again, whether the rows have followed the log or not."""
    batteries(workspace.pk, bad="")

    def meanwhile(_most):
        drawn(actor("maker"), ticket=4)
        return 3

    with pytest.raises(Problem, match="A drill is running"):
        draw(actor=actor("quality"), limit=3600, now=NOW, random=meanwhile)
    assert [row.ticket for row in Drill.objects.all()] == ["4"]


def test_what_the_rows_do_not_show_yet_is_looked_at(workspace, actor, monkeypatch):
    batteries(workspace.pk, bad="")
    row, honest = drawn(actor("quality")), actions.decide

    def meanwhile(*args):
        found = honest(*args)
        said = {"drill": row.position, "state": "abandoned", "at": NOW.isoformat(), "reason": "a fire drill"}
        with transaction.atomic():
            ended = [statement(actions.FINISHED, "urn:uuid:another", said)]
            append(actor=actor("maker"), workspace=workspace.pk, statements=ended, now=NOW)
        return found

    monkeypatch.setattr(actions, "decide", meanwhile)
    with pytest.raises(Problem, match="just now"):
        answered(actor("quality"), row, truth=["A"])
    row.refresh_from_db()
    assert row.state == "open"
    follow_all()
    row.refresh_from_db()
    assert (row.state, row.reason) == ("abandoned", "a fire drill")


def test_what_was_missed_and_wrongly_listed(workspace, actor):
    serials, _ = batteries(workspace.pk, bad="")
    row = drawn(actor("quality"))
    truth = [item(one) for one in serials["A"]] + serials["C"][:2] + ["unheard-of"]
    row = answered(actor("quality"), row, truth=truth, after=90)
    assert (row.state, row.seconds, row.milliseconds, row.by_people) == ("answered", 90, 500, False)
    assert (row.found, row.truth, row.missed) == (8, 7, ["unheard-of"])
    assert row.wrong == [item(one) for one in serials["C"][2:]]
    assert (float(row.completeness), float(row.precision), float(row.reconciled)) == (0.85714286, 0.75, 1)
    assert (row.passed, row.method, row.evidence_position) == (False, "drill-1", row.position + 1)
    assert row.truth_hash == fingerprint([*map(item, serials["A"] + serials["C"][:2]), "unheard-of"])


def test_people_are_drilled_against_the_record(workspace, actor):
    serials, _ = batteries(workspace.pk, bad="")
    row = drawn(actor("quality"))
    row = answered(actor("quality"), row, listed=serials["A"] + serials["C"])
    assert (row.by_people, row.against_record, row.passed, float(row.placed)) == (True, True, True, 1)
    again = drawn(actor("maker"), again=row.ticket, now=NOW + timedelta(days=1), limit=30)
    assert (again.lot, again.ticket, again.repeats, again.number) == (
        row.lot,
        "3",
        row.position,
        "DR-2026-002",
    )
    again = answered(actor("maker"), again, listed=serials["A"], after=31)
    assert (again.passed, float(again.completeness), again.seconds) == (False, 0.5, 31)
    assert list(queries.same_ticket(again)) == [row]
    figures = queries.figures(queries.visible(actor("buyer")))
    assert (figures.drawn, figures.answered, figures.passed, figures.abandoned) == (2, 2, 1, 0)
    assert float(figures.completeness) == 0.75


def test_late_is_not_passed(workspace, actor):
    serials, _ = batteries(workspace.pk, bad="")
    row = drawn(actor("quality"), limit=60)
    assert not answered(actor("quality"), row, listed=serials["A"] + serials["C"], after=60.001).passed


def test_an_abandoned_drill_stays_in_the_history(workspace, actor):
    world(workspace.pk)
    row = drawn(actor("quality"))
    with pytest.raises(Problem, match="reason"):
        abandon(actor=actor("quality"), row=row, reason="  ", now=NOW)
    row = abandon(actor=actor("quality"), row=row, reason="fire alarm", now=NOW + timedelta(minutes=3))
    assert (row.state, row.reason, row.passed) == ("abandoned", "fire alarm", None)
    for step in (
        lambda: answered(actor("quality"), row, truth=[]),
        lambda: abandon(actor=actor("quality"), row=row, reason="x", now=NOW),
    ):
        with pytest.raises(Problem, match="over") as refused:
            step()
        assert refused.value.status == 409
    assert drawn(actor("quality"), ticket=0).number == "DR-2026-002"


def test_who_may_not_and_what_cannot(workspace, actor, other_actor):
    with pytest.raises(Problem, match="no lot to draw"):
        drawn(actor("quality"))
    world(workspace.pk)
    for role in set(Role) - {Role.MAKER, Role.QUALITY}:
        with pytest.raises(Denied):
            drawn(actor(role))
    with pytest.raises(Problem, match="No drill has this ticket"):
        drawn(actor("quality"), again="17")
    row = drawn(actor("quality"))
    with pytest.raises(Problem, match="list is needed"):
        answered(actor("quality"), row)
    with pytest.raises(Problem, match="not on record"):
        answered(other_actor("quality"), row, truth=[])
    assert not queries.visible(actor("supplier")).exists()
    assert not queries.visible(other_actor("quality")).exists()


def test_a_rebuild_gives_the_same_content(workspace, actor, other_workspace, other_actor):
    serials, _ = batteries(workspace.pk, bad="")
    answered(actor("quality"), drawn(actor("quality")), truth=serials["A"])
    abandon(actor=actor("quality"), row=drawn(actor("quality"), ticket=1), reason="x", now=NOW)
    tell(other_workspace.pk, commission(lot("OTHER"), 0, "https://id.gs1.org/414/9520000000004"))
    drawn(actor("maker"), ticket=2)
    before = list(dump_all(["recalls"]))
    assert len(before) == 3
    rebuild(["recalls"])
    assert list(dump_all(["recalls"])) == before
    assert list(Drill.objects.values_list("number", "state")) == [
        ("DR-2026-003", "open"), ("DR-2026-002", "abandoned"), ("DR-2026-001", "answered"),
    ]  # fmt: skip


def test_over_http(workspace, client_as):
    serials, _ = batteries(workspace.pk, bad="")
    client, json = client_as("quality"), {"content_type": "application/json"}
    made = client.post("/api/recalls/drills", {"limitSeconds": 600}, **json)
    assert made.status_code == 201, made.content
    found = made.json()
    address = f"/api/recalls/drills/{found['id']}"
    assert client.post("/api/recalls/drills", {}, **json).status_code == 409
    assert found["lot"] == sorted(LOTS)[int(found["ticket"]) % 5]
    done = client.post(f"{address}/answer", {"truth": serials["A"]}, **json)
    assert (done.status_code, done.json()["state"]) == (200, "answered")
    assert client.get(address).content == client.get(address).content
    assert client.get(address).json()["truth"] == 4
    listed = client.get("/api/recalls/drills").json()
    assert (listed["total"], listed["figures"]["answered"]) == (1, 1)
    assert client.post(f"{address}/abandon", {"reason": "x"}, **json).status_code == 409
    assert client.post("/api/recalls/drills", {"ticket": "5x"}, **json).status_code == 422
    assert client_as("buyer").post("/api/recalls/drills", {}, **json).status_code == 403
    assert client_as("buyer").get(address).status_code == 200
    assert client.get("/api/recalls/drills/99999").status_code == 404
