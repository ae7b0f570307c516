"""Scores on record: who may, what goes in, the same again."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal

import pytest
from tests.apps.evidence.telling import BODY, NOW, days_ago, party, statement, tell
from tests.apps.trust.chain import ACME, CARMAKER, MINE, MINER, ORE, TRADER, WORKS, lots, moved

from lodeline.access import Denied, Permission, Role, platform
from lodeline.strictjson import canonical
from lodeline.trust import bundle, method
from lodeline.trust.score import score as compute
from lodeline_server.kit.problems import Problem
from lodeline_server.log import queries as log
from lodeline_server.log.projections import dump_all, rebuild
from lodeline_server.trust import actions, queries
from lodeline_server.trust.models import Score

pytestmark = pytest.mark.django_db


def cell(score, sub_id):
    result = queries.body(score)["result"]
    return next(sub for group in result["indicators"] for sub in group["subs"] if sub["id"] == sub_id)


def test_everybody_with_a_scored_role_gets_a_score(scored):
    assert {row.segment for row in scored.values()} == {"mine", "refiner", "trader"}
    assert set(scored) == {MINER, ACME, TRADER}
    assert [row.latest for row in scored.values()] == [True, True, True]


def test_the_refiner_is_rated_and_every_measure_has_its_source(scored):
    row = scored[ACME]
    assert row.rated, (row.coverage, queries.body(row)["result"]["short"])
    assert row.bound_low <= row.score <= row.bound_high
    assert cell(row, "OV1")["value"] == "1.0000"
    assert cell(row, "OV2")["detail"] == {"with": "1", "of": "2", "without": ORE.format(2)}
    assert cell(row, "OV4")["detail"] == {"clear": "1", "of": "1", "exposed": "0"}
    assert cell(row, "CC1")["value"] == "2.0000"
    assert cell(row, "CC2")["value"] == "1.0000"
    assert cell(row, "CC3")["value"] == "0.0200"  # 300 kg of cobalt in, 294 kg out
    assert cell(row, "CC5")["detail"] == {"confirmed": "2", "of": "4"}  # the carmaker records no receipt
    assert cell(row, "DI2")["detail"] == {"own": "9", "of": "9"}
    assert cell(row, "RR1")["detail"] == {"linked": "2", "of": "2"}
    assert cell(row, "OV3")["state"] == "missing"
    assert cell(row, "ES6")["evidence"]


def test_an_assessment_of_the_sender_counts_on_the_day_of_the_hand_over(told):
    content = {"scheme": "Clearmine", "site": MINE, "result": "active", "findings": {}, "area": "management"}
    late = statement("assessment.result", MINER, content, issuer=BODY, days=60)
    tell(told.pk, late)
    score = actions.score(actor=platform(told.pk), party=ACME, now=NOW)
    assert cell(score, "OV3")["state"] == "missing"
    tell(told.pk, statement("assessment.result", MINER, content, issuer=BODY, days=200))
    again = actions.score(actor=platform(told.pk), party=ACME, now=NOW + timedelta(seconds=1))
    assert cell(again, "OV3")["value"] == "0.5000"


def test_the_statement_recomputes_to_the_same_bytes(scored):
    for row in scored.values():
        statement_ = log.get(row.position, row.workspace_id)
        assert (statement_.type, statement_.payload["issuer"]) == ("score", "urn:x-lodeline:platform")
        assert statement_.payload["signature"]["by"] == "platform"
        body = statement_.payload["body"]
        again = compute(bundle.from_dict(body["bundle"]), method.load())
        assert canonical(again) == canonical(body["result"])
        assert row.snapshot_hash == bundle.bundle_hash(body["bundle"])
        assert row.evidence_position < row.position


def test_the_same_evidence_at_the_same_time_is_put_on_record_once(told, scored):
    size = log.size()
    actions.score_all(actor=platform(), workspace=told.pk, now=NOW)
    assert log.size() == size
    actions.score_all(actor=platform(), workspace=told.pk, now=NOW + timedelta(days=1))
    assert log.size() == size + 3


def test_one_party_alone_scores_as_among_all(told, scored):
    later = NOW + timedelta(hours=1)
    one = actions.score(actor=platform(told.pk), party=ACME, now=later)
    everybody = actions.score_all(actor=platform(told.pk), workspace=told.pk, now=later)
    assert [row.position for row in everybody if row.party == ACME] == [one.position]


def test_only_those_who_may_compute(told, actor):
    for role in Role:
        who = actor(role)
        if who.may(Permission.SCORES_RUN):
            assert actions.score(actor=who, party=ACME, now=NOW).party == ACME
        else:
            with pytest.raises(Denied):
                actions.score(actor=who, party=ACME, now=NOW)


def test_what_cannot_be_scored_is_said(told, other_actor):
    run = {"actor": platform(told.pk), "now": NOW}
    with pytest.raises(Problem) as unknown:
        actions.score(party="https://id.gs1.org/417/1", **run)
    with pytest.raises(Problem) as carmaker:
        actions.score(party=CARMAKER, **run)
    with pytest.raises(Problem) as foreign:
        actions.score(actor=other_actor("buyer"), party=ACME, now=NOW)
    with pytest.raises(Problem) as elsewhere:
        actions.score_all(actor=other_actor("buyer"), workspace=told.pk, now=NOW)
    assert [error.value.status for error in (unknown, carmaker, foreign, elsewhere)] == [404, 409, 404, 404]
    assert not Score.objects.exists()


def critical():
    content = {"severity": "critical", "area": "labour", "opened": days_ago(9)}
    return statement("incident", ACME, content, days=9)


def test_only_what_was_known_then_counts(told):
    tell(told.pk, critical(), now=NOW + timedelta(hours=2))
    with pytest.raises(Problem, match="not on record"):
        actions.score(actor=platform(told.pk), party=ACME, now=NOW - timedelta(seconds=1))
    before = actions.score(actor=platform(told.pk), party=ACME, now=NOW + timedelta(hours=1))
    after = actions.score(actor=platform(told.pk), party=ACME, now=NOW + timedelta(hours=3))
    assert (before.capped_by, after.capped_by, after.score) == ("", "G2", 20)
    facts = [cell(score, "DI2")["detail"]["of"] for score in (before, after)]
    assert facts == ["9", "10"]


def test_up_to_a_position_only(told, scored):
    known = scored[ACME]
    tell(told.pk, critical(), party(ACME, "Renamed", number=5))
    run = {"actor": platform(told.pk), "party": ACME}
    past = actions.score(now=NOW + timedelta(minutes=1), position=known.evidence_position, **run)
    assert (past.score, past.name) == (known.score, "Acme Refining")
    today = actions.score(now=NOW + timedelta(minutes=2), **run)
    assert (today.score, today.name) == (20, "Renamed")


def test_a_listed_party_and_whoever_takes_its_material_later(told):
    hit = {"list": "L", "date": days_ago(95), "hit": "confirmed"}
    tell(told.pk, statement("screening", MINER, hit, issuer=CARMAKER, days=95, number=9))
    tell(
        told.pk,
        statement("screening", MINER, {**hit, "date": days_ago(5)}, issuer=CARMAKER, days=5, number=8),
    )
    mine, works = (actions.score(actor=platform(told.pk), party=who, now=NOW) for who in (MINER, ACME))
    assert mine.withheld_by == ["G1", "G4"]
    assert mine.score is None
    assert works.withheld_by == []  # the ore was mined 100 days ago, before the hit
    assert next(gate for gate in works.gates if gate["id"] == "G1")["state"] == "warning"


def test_change_says_what_moved_and_adds_up(told, scored):
    closed = {
        "scheme": "Clearmine",
        "site": WORKS,
        "result": "conformant",
        "findings": {"critical": 0, "major": 3, "minor": 0},
        "area": "labour",
    }
    later = NOW + timedelta(days=40)
    tell(told.pk, statement("assessment.result", ACME, closed, issuer=BODY, days=-1, until=500), now=later)
    score = actions.score(actor=platform(told.pk), party=ACME, now=later)
    change = queries.body(score)["change"]
    assert change["position"] == scored[ACME].position
    parts = {name: Decimal(part) for name, part in change["parts"].items()}
    assert sum(parts.values()) == Decimal(change["to"]) - Decimal(change["from"])
    assert parts["data"] < 0
    assert queries.body(scored[ACME])["change"] is None


def test_a_lot_that_is_still_on_its_way_is_no_missing_receipt(told):
    ship = moved(
        "shipping", ORE.format(1), 77, sender=ACME, receiver=TRADER, place=WORKS, days=3, said_by=ACME
    )
    before = cell(actions.score(actor=platform(told.pk), party=ACME, now=NOW), "CC5")["detail"]
    tell(told.pk, ship)
    after = cell(actions.score(actor=platform(told.pk), party=ACME, now=NOW + timedelta(minutes=1)), "CC5")[
        "detail"
    ]
    assert before == after


def test_a_rebuild_gives_the_same_scores(told, scored):
    actions.score_all(actor=platform(), workspace=told.pk, now=NOW + timedelta(days=1))
    before = list(dump_all({"trust"}))
    assert len(before) == 6
    rebuild({"trust"})
    assert list(dump_all({"trust"})) == before
    assert Score.objects.filter(latest=True).count() == 3


def test_nothing_crosses_the_border(told, scored, other_workspace, actor, other_actor):
    tell(other_workspace.pk, party(ACME, "Acme as the south sees it", ["refiner"]), *lots(numbers=(7,)))
    (south,) = actions.score_all(actor=platform(), workspace=other_workspace.pk, now=NOW)
    assert south.name == "Acme as the south sees it"
    assert queries.latest(other_actor("buyer")).count() == 1
    assert queries.latest(actor("buyer")).count() == 3
    assert "ORE1" not in json.dumps(queries.body(south))


def test_a_supplier_reads_its_own_score_only(scored, actor):
    assert [row.party for row in queries.latest(actor("supplier"))] == [ACME]
    assert not queries.history(actor("supplier"), MINER).exists()
    assert queries.history(actor("buyer"), MINER).count() == 1


def test_nightly_work_scores_all_workspaces(told, other_workspace):
    from lodeline_server.trust.tasks import score_everybody

    tell(other_workspace.pk, party(ACME, "Acme", ["refiner"]))
    assert score_everybody.func(NOW.isoformat()) == 4
    assert Score.objects.count() == 4
    score_everybody.func((NOW + timedelta(days=1)).isoformat())
    assert Score.objects.count() == 4  # nothing moved
    tell(told.pk, critical(), now=NOW + timedelta(days=1, hours=1))
    score_everybody.func((NOW + timedelta(days=2)).isoformat())
    assert Score.objects.filter(party=ACME, workspace_id=told.pk).count() == 2
    score_everybody.func((NOW + timedelta(days=40)).isoformat())
    assert Score.objects.filter(workspace_id=other_workspace.pk).count() == 2  # a month later, changed or not
