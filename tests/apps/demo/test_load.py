"""The small world, loaded through the real actions into a real database, once for all tests here."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import pytest
from django.db import transaction

from lodeline.access import Role
from lodeline_server.kit.problems import Problem

pytestmark = pytest.mark.django_db
ANCHOR = date(2026, 11, 1)
NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)


@pytest.fixture(scope="module")
def loaded(django_db_setup, django_db_blocker):
    """What `load` answered; everything is rolled back after the module."""
    from lodeline_server.demo.actions import load

    with django_db_blocker.unblock(), transaction.atomic():
        said, seen = [], []
        result = load(now=NOW, small=True, say=said.append, progress=lambda *step: seen.append(step))
        yield result, said, seen
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def workspace(loaded):
    from lodeline_server.parties.models import Workspace

    return Workspace.objects.get(slug="demo")


@pytest.fixture(scope="module")
def places():
    from lodeline_server.demo.story import places

    return places(ANCHOR, small=True)


def test_the_story_ends_on_the_first_of_the_month_of_loading(loaded, workspace):
    result, said, _ = loaded
    assert result.as_of == ANCHOR
    assert result.small
    assert workspace.demonstration
    assert result.captured == result.documents > 100
    assert result.scores == result.suppliers * 3
    assert said[0].startswith(f"capturing {result.documents} documents")


def test_progress_goes_from_nothing_to_all(loaded):
    result, _, seen = loaded
    total = result.documents + 3
    assert [done for done, _, _ in seen] == list(range(total + 1))
    assert {of for _, of, _ in seen} == {total}
    assert [words for _, _, words in seen if words.startswith("scores")] == [
        "scores as of 2026-09-01",
        "scores as of 2026-10-01",
        "scores as of 2026-11-01",
    ]


def test_everything_went_in_through_capture(loaded, workspace):
    from lodeline_server.events.models import CaptureJob
    from lodeline_server.log import queries as log

    jobs = CaptureJob.objects.filter(workspace=workspace)
    assert Counter(jobs.values_list("state", flat=True)) == {"taken": loaded[0].documents}
    assert not jobs.filter(rejected__gt=0).exists()
    assert not jobs.filter(duplicates__gt=0).exists()
    types = Counter(statement.type for statement in log.read(workspace=workspace.pk))
    captured = sum(jobs.values_list("accepted", flat=True))
    documents = types["epcis.document"] + types["statement.document"]
    recalls = {name: count for name, count in types.items() if name.startswith("recall.")}
    told = {name: count for name, count in types.items() if name.startswith(("case.", "custody."))}
    results = types["score"] + types["passport.published"] + sum(recalls.values()) + sum(told.values())
    assert documents == jobs.count()
    signed = {name: count for name, count in types.items() if name.startswith(("credential.", "threshold."))}
    assert signed == {
        "credential.key": 5,
        "credential.trust-list": 3,
        "credential.trust": 1,
        "credential.issued": 5,
        "threshold.question": 1,
    }
    assert sum(types.values()) == captured + documents + results + sum(signed.values())
    assert min(job.created_at for job in jobs) == datetime(2026, 8, 1, tzinfo=UTC)


def test_each_document_came_from_its_own_party(workspace):
    from lodeline_server.demo.story import tell
    from lodeline_server.events.models import CaptureJob

    senders = {document.sha256: document.party for document in tell(ANCHOR, small=True).documents}
    rows = CaptureJob.objects.filter(workspace=workspace).values_list("sha256", "organisation__slug", "actor")
    for digest, slug, actor in rows:
        assert senders[digest] == slug
        assert actor.startswith("key:")


def test_loading_again_adds_nothing(loaded, workspace):
    from lodeline_server.demo.actions import load
    from lodeline_server.log import queries as log
    from lodeline_server.parties.models import ApiKey, Membership, Organisation, User

    def state():
        return log.size(), [m.objects.count() for m in (ApiKey, Membership, Organisation, User)]

    before = state()
    again = load(now=datetime(2027, 5, 5, tzinfo=UTC))
    assert again.captured == 0
    assert again.as_of == ANCHOR, "what is loaded keeps its anchor"
    assert again.as_dict() | {"captured": 0} == loaded[0].as_dict() | {"captured": 0}
    assert state() == before


@pytest.mark.parametrize(
    "asked", [{"as_of": date(2026, 12, 24)}, {"as_of": date(2025, 11, 1), "small": True}]
)
def test_another_anchor_is_refused(loaded, asked):
    from lodeline_server.demo.actions import load

    with pytest.raises(Problem, match="Another demonstration is loaded") as refused:
        load(now=NOW, **asked)
    assert refused.value.status == 409


@pytest.mark.parametrize(
    "address", ["https://lodeline.eu", "http://8.8.8.8:8000", "https://demo.lodeline.org/x"]
)
def test_a_public_address_is_refused_unless_forced(loaded, settings, address):
    from lodeline_server.demo.actions import load

    settings.PUBLIC_URL = address
    with pytest.raises(Problem, match="public address") as refused:
        load(now=NOW)
    assert refused.value.status == 409
    assert load(now=NOW, force=True).captured == 0


@pytest.mark.parametrize(
    "address",
    ["http://127.0.0.1:8000", "http://localhost", "http://192.168.1.4", "http://[::1]:1", "http://box"],
)
def test_a_near_address_is_fine(loaded, settings, address):
    from lodeline_server.demo.actions import load

    settings.PUBLIC_URL = address
    assert load(now=NOW).captured == 0


def test_no_key_of_the_loader_is_left(workspace):
    from lodeline_server.parties.models import ApiKey

    keys = ApiKey.objects.filter(organisation__workspace=workspace)
    assert keys.exists()
    assert not keys.filter(revoked_at=None).exists()


def test_one_person_for_each_role_can_sign_in(workspace, settings):
    from django.contrib.auth import authenticate

    from lodeline_server.demo.people import PASSWORD, email, sign_ins
    from lodeline_server.parties.models import Membership

    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]  # as when it was loaded
    rows = Membership.objects.filter(organisation__workspace=workspace)
    assert Counter(rows.values_list("role", flat=True)) == dict.fromkeys(map(str, Role), 1)
    for role in (Role.BUYER, Role.OPERATOR):
        user = authenticate(None, email=email(role), password=PASSWORD)
        assert user is not None, role
    lines = sign_ins()
    assert PASSWORD in lines[0]
    assert len(lines) == 1 + len(Role)


def test_one_recall_is_closed_and_a_drill_stands_in_the_history(loaded, workspace, places):
    from lodeline_server.recalls.closing import queries, report
    from lodeline_server.recalls.drilling.models import Drill
    from lodeline_server.recalls.models import Recall

    newest, closed = Recall.objects.filter(workspace=workspace)
    assert (newest.lot, queries.closure(newest)) == (places["recalled_lot"], None)
    assert (closed.lot, closed.affected) == (places["closed_recall_lot"], 4)
    said = queries.closure(closed).report
    assert (said["settledShare"], said["open"], said["hours"]) == ("1.000000", [], "7.00")
    assert report.as_dict(queries.closure(closed))["matches"]
    drill = Drill.objects.get(workspace=workspace)
    assert (drill.passed, drill.missed, drill.seconds) == (True, [], 47 * 60)
    assert drill.truth > 0


def test_the_batteries_that_failed_have_one_lot_in_common(loaded, workspace, places):
    from lodeline_server.recalls.causing import common_cause

    failed = places["failed_batteries"].split()
    found = common_cause(workspace.pk, failed)
    best = found["findings"][0]
    assert (best["failed"], best["sound"], found["sound"]) == (4, 0, 4)
    assert any(one["kind"] == "lot" and one["label"].startswith("CAM-") for one in best["factors"])


# --- the stories ---------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def back(workspace):
    """Trace a lot or item back, by key."""
    from lodeline.lots import trace
    from lodeline_server.lots.queries import picture

    seen = picture(workspace.pk)
    return lambda key: trace.back(seen.graph, seen.graph.last(key), seen.places)


def _packs(workspace):
    from lodeline_server.lots.models import Lot

    return list(Lot.objects.filter(workspace=workspace, product="Halvard HV77 battery pack").order_by("key"))


def _scores(workspace, party):
    from lodeline_server.trust.models import Score

    return list(Score.objects.filter(workspace=workspace, party=party).order_by("computed_at"))


def _sub(score, name):
    from lodeline_server.trust import queries

    result = queries.body(score)["result"]
    return next(sub for part in result["indicators"] for sub in part["subs"] if sub["id"] == name)


def _gates(score):
    return {gate["id"]: gate["state"] for gate in score.gates}


def test_the_trader_that_links_nothing_leaves_an_unknown_share_in_every_pack(workspace, places, back):
    from lodeline_server.evidence.queries import site
    from lodeline_server.lots.models import Lot

    lots = Lot.objects.filter(workspace=workspace, party=places["links_no_inputs"])
    assert lots.count() == 3
    assert {site(workspace.pk, lot.site).kind for lot in lots} == {"warehouse"}
    packs = _packs(workspace)
    assert len(packs) == 8
    for pack in packs:
        origin = back(pack.key).origins["Co"]
        assert 0 < origin.unknown < Fraction(1, 2)
        assert {gap.key for gap in origin.gaps} <= {lot.key for lot in lots}


def test_recycled_metal_is_in_the_newest_packs(workspace, places, back):
    *_, last = _packs(workspace)
    assert float(back(last.key).origins["Co"].recycled) > 0.05
    from lodeline_server.lots.models import Lot

    assert Lot.objects.get(workspace=workspace, key=places["recycled_battery"]).status == "ended"


def test_the_second_life_battery_comes_from_the_pack(workspace, places, back):
    found = back(places["second_life_battery"])
    assert places["second_life_original"] in {step.node.key for step in found.steps}
    original = back(places["second_life_original"])
    assert found.origins.keys() == original.origins.keys()
    for name, one in found.origins.items():
        assert float(one.unknown) == pytest.approx(float(original.origins[name].unknown), abs=1e-4)


def test_carry_over_links_each_lot_of_the_plant_to_the_next(workspace, places, back):
    from lodeline_server.lots.models import Lot

    lots = list(Lot.objects.filter(workspace=workspace, party=places["carry_over"]).order_by("made_at"))
    assert len(lots) == 9
    for before, after in pairwise(lots):
        assert before.key in {step.node.key for step in back(after.key).steps if step.depth == 1}


def test_more_nickel_came_out_than_went_in(workspace, places):
    (first, *_, last) = _scores(workspace, places["mass_balance"])
    assert Decimal(_sub(first, "CC3")["value"]) < Decimal("0.02")
    assert Decimal(_sub(last, "CC3")["value"]) > Decimal("0.05")


def test_certificates_that_end(workspace, places):
    before, after = _scores(workspace, places["expired_certificate"])[:2]
    assert _gates(before)["G3"] == "warning"
    assert _gates(after)["G3"] == "closed"
    assert after.capped_by == "G3"
    soon = _scores(workspace, places["certificate_expires_soon"])[-1]
    gate = next(gate for gate in soon.gates if gate["id"] == "G3")
    assert gate["state"] == "warning"
    assert gate["due"] == "2026-11-28"


def test_the_incident_closes_its_gate_when_it_is_known(workspace, places):
    gates = [_gates(score)["G2"] for score in _scores(workspace, places["incident"])]
    assert gates == ["clear", "closed", "closed"]
    assert _scores(workspace, places["incident"])[-1].high <= 20


def test_the_best_papers_score_best_and_are_signed_by_their_owner(workspace, places):
    from lodeline_server.evidence.models import Record
    from lodeline_server.trust.models import Score

    best = Score.objects.filter(workspace=workspace, latest=True, rated=True).order_by("-score").first()
    assert best.party == places["excellent_papers"]
    assert Decimal(_sub(best, "DI2")["value"]) > Decimal("0.3")
    own = Record.objects.filter(workspace=workspace, party=places["signs_itself"])
    assert own.exists()
    assert not own.filter(proxy__gt=0).exists()
    others = Record.objects.filter(workspace=workspace, party=places["certificate_expires_soon"])
    assert not others.filter(own__gt=0).exists()


def test_late_records_count_as_late(workspace, places):
    late = _scores(workspace, places["late_records"])[-1]
    assert Decimal(_sub(late, "DI4")["value"]) >= 14
    best = _scores(workspace, places["excellent_papers"])[-1]
    assert Decimal(_sub(best, "DI4")["value"]) < 7


def test_the_second_party_drill_is_on_record(workspace, places):
    from lodeline_server.evidence.models import Fact

    (drill,) = Fact.objects.filter(workspace=workspace, kind="drill", subject=places["second_party_drill"])
    assert drill.assurance["assessorLevel"] == "Buyer"
    assert drill.content["announced"] is False
    assert drill.level == "E3"


def test_the_certificate_is_a_credential_that_the_workspace_trusts(workspace):
    from lodeline import strictjson
    from lodeline_server.credentials import verifying
    from lodeline_server.credentials.checking import Asked
    from lodeline_server.credentials.models import Credential

    rows = Credential.objects.filter(issuer__organisation__workspace=workspace)
    assert sorted(rows.values_list("issuer__name", flat=True)) == ["lindmoor", "nordmark", *["norrsund"] * 3]
    certificate = rows.get(issuer__name="nordmark")
    verdict = verifying.credential(
        bytes(certificate.body).decode(), Asked(now=NOW, trusted=True), workspace.pk
    )
    assert verdict.holds
    assert verdict.judged.trusted
    measured = strictjson.loads(bytes(rows.get(issuer__name="lindmoor").body))
    assert "17.3" not in str(measured)
    assert verifying.credential(measured, Asked(now=NOW), workspace.pk).holds


def test_a_question_waits_for_the_refiner(workspace):
    from lodeline_server.credentials.thresholds.models import ThresholdQuestion

    (question,) = ThresholdQuestion.objects.filter(prover__slug="vellamo")
    assert (question.state, question.verifier.slug) == ("waiting", "norrsund")


def test_the_inbox_holds_the_stories_that_do_not_fit(loaded, workspace):
    from lodeline_server.demo.story import places
    from lodeline_server.lots.models import Case

    rows = Case.objects.filter(workspace=workspace, rule__startswith="RC-").order_by("rule")
    found = list(rows.values_list("rule", "lot", "cause"))
    where = places(ANCHOR, small=True)
    assert found[:2] == [
        ("RC-ASSAY", where["looks_alike"], "substituted"),
        ("RC-CLONE", where["copied_label"], "copied"),
    ]
    assert [(rule, cause) for rule, _, cause in found[2:]] == [
        ("RC-MISSING", "missing-receipt"),
        ("RC-YIELD", "wrong-factor"),
        ("RC-YIELD", "wrong-factor"),
    ]
