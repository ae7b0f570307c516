"""What does not fit becomes a case; cases are decided by people, closed by the record, and rebuilt from the log."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from attrs import evolve
from tests.apps.evidence.telling import site, statement
from tests.apps.lots.chain import (
    CARS,
    GARAGE,
    MINE,
    MINER,
    NOW,
    OWN,
    PLANT,
    START,
    STORE,
    TRADER,
    commission,
    described,
    event,
    item,
    key,
    kg,
    lot,
    number,
    organisations,
    profiles,
    tell,
    transform,
)

from lodeline.access import Denied, Role, platform
from lodeline_server.kit.problems import Problem
from lodeline_server.log.projections import dump_all, rebuild
from lodeline_server.lots.reconciling import actions, deciding, queries
from lodeline_server.lots.reconciling.models import Case
from lodeline_server.lots.reconciling.tasks import reconcile_all

pytestmark = pytest.mark.django_db
OTHER = key("01", number("0952000100002"), "10", "CAM")  # of another product than all other lots here


def moved(step, day, where, things, to, **more):
    more["destinationList"] = [{"type": "possessing_party", "destination": to}]
    return event("ObjectEvent", day, where, action="OBSERVE", bizStep=step, quantityList=things, **more)


def counted(day, where, *things, step="cycle_counting", **more):
    return event("ObjectEvent", day, where, action="OBSERVE", bizStep=step, quantityList=list(things), **more)


def sent(amount=100, day=2, code="MINED"):
    return moved("shipping", day, MINE, [kg(lot(code), amount)], OWN, by="deep")


def came(amount=100, day=5, code="MINED", **more):
    return moved("receiving", day, PLANT, [kg(lot(code), amount)], OWN, **more)


@pytest.fixture
def space(workspace):
    organisations(workspace.pk)
    tell(workspace.pk, *profiles(), commission(lot("MINED"), 0, MINE, by="deep"))
    return workspace.pk


def look(space, now=NOW):
    return actions.reconcile(actor=platform(space), now=now)


def found(outcome):
    return sorted((one.rule, one.lot or one.subject) for one in outcome.findings)


# --- what is found, and its near miss ---------------------------------------------------------------


def test_a_shipment_without_receipt_is_a_case_and_the_receipt_closes_it(space, django_assert_max_num_queries):
    (at,) = tell(space, sent())
    assert found(look(space, now=START + timedelta(days=40))) == []  # it may still be on its way
    outcome = look(space)
    assert found(outcome) == [("RC-MISSING", lot("MINED"))]
    case = Case.objects.get()
    assert (case.rule, case.period, case.state, case.standing) == ("RC-MISSING", "2026-01", "open", True)
    assert case.parties == f"|{MINER}||{OWN}|"
    assert case.due == date(2026, 11, 15)
    assert look(space).opened == ()
    assert Case.objects.get().entries.count() == 1
    (cure,) = tell(space, came())
    outcome = look(space)
    assert (found(outcome), [one.ref for one in outcome.cured]) == ([], [case.ref])
    case.refresh_from_db()
    assert (case.state, case.standing, case.cured) == ("cured", False, outcome.position)
    assert outcome.position > cure > at
    with django_assert_max_num_queries(12):
        deciding.findings(space, NOW)


@pytest.mark.parametrize(("amount", "expected"), [(99.5, []), (99.4, ["RC-WEIGHT"]), (100.6, ["RC-WEIGHT"])])
def test_what_came_weighs_what_was_sent(space, amount, expected):
    tell(space, sent(), came(amount))
    assert [rule for rule, _ in found(look(space))] == expected


def test_a_count_is_held_against_the_books(space):
    first = counted(6, PLANT, kg(lot("MINED"), 100))
    tell(space, sent(), came(), first, transform(8, [(lot("MINED"), 30)], [(OTHER, 30)]))
    tell(space, counted(9, PLANT, kg(lot("MINED"), 69.51), name="near", step="stock_taking"))
    assert found(look(space)) == []
    last = counted(10, PLANT, kg(lot("MINED"), 68))
    tell(space, last)
    outcome = look(space)
    (one,) = outcome.findings
    assert (one.rule, one.expected, one.found) == ("RC-STOCK", 69_510_000, 68_000_000)
    assert one.parties == (OWN,)
    assert one.here[1] == last.payload["id"]


def test_counts_of_pieces_without_a_mass_are_kept_in_pieces(space):
    def pieces(amount):
        return {"epcClass": lot("CELLS"), "quantity": amount, "uom": "H87"}

    birth = event(
        "ObjectEvent", 1, PLANT, action="ADD", bizStep="commissioning", quantityList=[pieces(50)],
        ilmd=described("cell", Co="0.1"),
    )  # fmt: skip
    tell(space, counted(2, PLANT, pieces(50)), birth, counted(3, PLANT, pieces(49)))
    (one,) = look(space).findings
    assert (one.rule, one.expected, one.found, one.unit) == ("RC-STOCK", 50, 49, "pieces")


def assay(value, sigma=None, issuer=OWN):
    part = {"substance": "Co", "massFraction": value} | ({"uncertainty": sigma} if sigma else {})
    content = {
        "lot": lot("MINED"), "certificate": "A1", "sampled": "2026-01-06", "laboratory": "L", "composition": [part],
    }  # fmt: skip
    return statement("lot.assay", lot("MINED"), content, issuer=issuer)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (assay("0.484", "0.002"), []),  # 0.5 was stated, which is known to 1 %
        (assay("0.483", "0.002"), ["RC-ASSAY"]),
        (assay("0.3", "0.001", issuer=MINER), []),  # the maker's own word, not a receiver's
    ],
)
def test_a_received_lot_that_is_another_one(space, said, expected):
    tell(space, sent(), came(), said)
    assert [rule for rule, _ in found(look(space))] == expected


def seen(day, where, *, hours=0, by="north-works"):
    return event(
        "ObjectEvent", day + hours / 24, where, action="OBSERVE", bizStep="inspecting", epcList=[item("P1")], by=by
    )  # fmt: skip


@pytest.mark.parametrize(("hours", "expected"), [(5, ["RC-CLONE"]), (8, [])])
def test_a_serial_at_two_places_at_once(space, hours, expected):
    tell(space, seen(3, "geo:53.55,9.99"), seen(3, "geo:-4.32,15.31", hours=hours, by="cars"))
    assert [rule for rule, _ in found(look(space))] == expected


def certificate(holder, name="N-7", status="valid", **more):
    content = {"scheme": "mass-1", "number": name, "sites": [MINE], "materials": ["Co"], "status": status}
    return statement("certificate", holder, content, issuer=holder, **more)


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        (certificate(TRADER), [("RC-CERTIFICATE", "mass-1 N-7")]),
        (certificate(TRADER, name="N-8"), []),
        (certificate(TRADER, status="withdrawn"), []),
    ],
)
def test_one_certificate_of_two_holders(space, other, expected):
    tell(space, certificate(MINER), other)
    assert found(look(space)) == expected


def test_used_before_it_was_made_and_more_than_there_was(space):
    tell(space, sent(), came(), transform(-1, [(lot("MINED"), 1)], [(lot("EARLY"), 1)]))
    assert found(look(space)) == [("RC-BEFORE", lot("MINED"))]
    tell(space, transform(9, [(lot("MINED"), 99.6)], [(lot("LATE"), 90)]))
    (_, one) = sorted(look(space).findings, key=lambda one: one.rule)
    assert (one.rule, one.expected, one.found) == ("RC-OUT", 100_000_000, 100_600_000)


def test_a_yield_above_what_went_in(space):
    tell(
        space,
        sent(),
        came(),
        transform(6, [(lot("MINED"), 100)], [(lot("CAM"), 51)], ilmd=described("c", Co="1")),
    )
    assert found(look(space)) == []
    tell(space, sent(100, 2, "B"), commission(lot("B"), 0, MINE, by="deep"), came(100, 5, "B"))
    tell(space, transform(6, [(lot("B"), 100)], [(lot("C"), 51.1)], ilmd=described("c", Co="1"), name="b"))
    (one,) = look(space).findings
    assert (one.rule, one.expected, one.found) == ("RC-YIELD", 50_000_000, 51_100_000)


def test_what_never_came_and_what_was_told_twice(space):
    tell(
        space, sent(60), came(60), transform(6, [(lot("MINED"), 5)], [(lot("X"), 5)], where=STORE, by="quick")
    )
    assert found(look(space)) == [("RC-NOWHERE", lot("MINED"))]
    tell(space, came(60, name="again", eventID="urn:uuid:11111111-1111-4111-8111-111111111111"))
    assert ("RC-TWICE", lot("MINED")) in found(look(space))


# --- cases ---------------------------------------------------------------------------------------


@pytest.fixture
def case(space):
    tell(space, sent())
    look(space)
    return Case.objects.get()


@pytest.fixture
def people(actor, case):
    return {role: actor(role) for role in (Role.QUALITY, Role.SUPPLIER, Role.REGULATOR, Role.BUYER)}


def test_a_case_is_worked_on_resolved_and_its_story_kept(case, people):
    quality = people[Role.QUALITY]
    actions.assign(actor=quality, case=case, owner=quality.id, due=date(2026, 12, 1), words="please", now=NOW)
    assert (case.state, case.owner, case.due) == ("working", quality.id, date(2026, 12, 1))
    actions.comment(actor=quality, case=case, words=" the carrier was asked ", now=NOW)
    actions.resolve(
        actor=quality, case=case, cause="missing-receipt", words="It stands in the yard.",
        reference=case.finding["pointer"], now=NOW,
    )  # fmt: skip
    assert (case.state, case.resolution, case.standing) == ("resolved", "missing-receipt", True)
    told = [(one.what, one.by, one.words) for one in case.entries.all()]
    assert [row[0] for row in told] == ["opened", "assigned", "commented", "resolved"]
    assert told[2][1:] == (quality.id, "the carrier was asked")
    assert look(case.workspace_id).changed == ()  # unchanged: it stays resolved, and still stands
    with pytest.raises(Problem, match="The case is resolved") as refused:
        actions.resolve(actor=quality, case=case, cause="unit-error", words="no", now=NOW)
    assert refused.value.status == 409


def test_a_decided_case_reopens_when_the_finding_changes(case, people):
    quality, space = people[Role.QUALITY], case.workspace_id
    actions.resolve(
        actor=quality, case=case, cause="missing-event", words="Nothing.", dismissed=True, now=NOW
    )
    assert case.state == "dismissed"
    tell(
        space,
        event(
            "ObjectEvent",
            7,
            PLANT,
            action="OBSERVE",
            bizStep="inspecting",
            quantityList=[kg(lot("MINED"), 1)],
        ),
    )
    assert [one.cause for one in look(space).changed] == ["missing-receipt"]
    case.refresh_from_db()
    assert (case.state, case.cause, case.entries.last().what) == ("reopened", "missing-receipt", "reopened")
    tell(space, came())
    look(space)
    case.refresh_from_db()
    assert case.state == "cured"
    actions.reopen(actor=quality, case=case, words="not so fast", now=NOW)
    assert case.state == "reopened"


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"cause": "bad luck"}, 422),
        ({"words": "  "}, 422),
        ({"words": "x" * 2001}, 422),
        ({"reference": "urn:uuid:nothing"}, 422),
        ({"reference": "9" * 30}, 422),
        ({"reference": "a\x00b"}, 422),
    ],
)
def test_what_is_no_resolution(case, people, change, status):
    words = {"cause": "unit-error", "words": "pounds", "reference": ""} | change
    with pytest.raises(Problem) as refused:
        actions.resolve(actor=people[Role.QUALITY], case=case, now=NOW, **words)
    assert refused.value.status == status
    assert case.entries.count() == 1


def test_who_may_do_what(case, people, other_actor):
    supplier, regulator, stranger = people[Role.SUPPLIER], people[Role.REGULATOR], other_actor(Role.QUALITY)
    actions.comment(actor=supplier, case=case, words="It left us on Friday.", now=NOW)
    for act, words in (
        (actions.assign, {"owner": supplier.id}),
        (actions.resolve, {"cause": "unit-error", "words": "ours"}),
        (actions.reopen, {"words": ""}),
    ):
        for actor in (supplier, regulator):
            with pytest.raises(Denied):
                act(actor=actor, case=case, now=NOW, **words)
    with pytest.raises(Denied):
        actions.reconcile(actor=supplier, now=NOW)
    with pytest.raises(Problem, match="no such case"):
        actions.comment(actor=stranger, case=case, words="hello", now=NOW)
    assert queries.visible(stranger).count() == 0


def test_a_supplier_sees_what_concerns_it(case, people):
    supplier = people[Role.SUPPLIER]
    assert supplier.party == OWN
    assert list(queries.visible(supplier)) == [case]
    Case.objects.update(parties=f"|{MINER}|")
    assert list(queries.visible(supplier)) == []
    assert queries.totals(people[Role.QUALITY], NOW)["waiting"] == 1


def test_rebuilt_it_is_the_same(case, people):
    quality, space = people[Role.QUALITY], case.workspace_id
    actions.assign(actor=quality, case=case, owner=quality.id, now=NOW)
    tell(space, came(80))
    look(space)
    weight = Case.objects.get(rule="RC-WEIGHT")
    actions.resolve(actor=quality, case=weight, cause="wrong-factor", words="Moisture.", now=NOW)
    tell(space, certificate(MINER), certificate(CARS))
    look(space)
    before = list(dump_all({"cases"}))
    assert len(before) > 6
    rebuild({"cases"})
    assert list(dump_all({"cases"})) == before


def test_every_night_every_workspace(space):
    tell(space, sent())
    assert reconcile_all.func(NOW.isoformat()) == "1 opened, 0 closed"
    assert reconcile_all.func(NOW.isoformat()) == "0 opened, 0 closed"


def test_the_same_record_and_day_give_the_same(space):
    tell(space, sent(), certificate(MINER), certificate(CARS))
    at, first = deciding.findings(space, NOW)
    assert deciding.findings(space, NOW + timedelta(hours=3)) == (at, first)
    tell(space, came())
    assert deciding.findings(space, NOW, until=at)[1] == first  # as it was known then


def test_an_erasure_reaches_cases_that_repeat_a_name(space):
    from lodeline_server.log import erasing
    from lodeline_server.log.queries import get

    yard = site(GARAGE, CARS, "other", "Anna Lind")
    place = {"latitude": "-4.32", "longitude": "15.31"}
    yard.payload["body"]["content"] |= place
    tell(space, evolve(yard, data_subject="Anna Lind"), seen(3, "geo:53.55,9.99"), seen(3, GARAGE, hours=5))
    look(space)
    case = Case.objects.get()
    assert "Anna Lind" in case.finding["message"]
    erasing.erase(
        actor=platform(space),
        workspace=space,
        subject="Anna Lind",
        reason="request",
        now=NOW + timedelta(days=1),
    )
    assert get(case.opened).erased
    assert not any("Anna" in line for line in dump_all())
    look(space, NOW + timedelta(days=1))
    assert not Case.objects.filter(rule="RC-CLONE").exists()  # nobody knows any more where that place is
