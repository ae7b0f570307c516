"""What is on record about a thing decides what may be said about it."""

from __future__ import annotations

import pytest

from lodeline_server.events.models import CaptureJob, Thing
from lodeline_server.log import queries as log

pytestmark = pytest.mark.django_db
TAKEN, REFUSED = CaptureJob.State.TAKEN, CaptureJob.State.REFUSED


def verdict(job):
    return job.state, [(found["rule"], found["severity"], found["pointer"]) for found in job.findings]


def at(path, index=0):
    return f"/epcisBody/eventList/{index}{path}"


def refused_and_nothing_logged(capture, size, job, rule, place):
    assert verdict(job) == (REFUSED, [(rule, "error", at(place))])
    assert (job.accepted, log.size()) == (0, size)


def test_another_partys_lot_cannot_be_made_again(capture, events, second):
    capture(events.make("A"))
    size = log.size()
    job = capture(events.make("A"), by=second)
    refused_and_nothing_logged(capture, size, job, "lot.other-party", "/quantityList/0/epcClass")
    job = capture(events.turn(["X"], ["A"]), by=second)
    refused_and_nothing_logged(capture, size, job, "lot.other-party", "/outputQuantityList/0/epcClass")
    assert Thing.objects.get(key=events.LOT.format("A")).maker is not None


def test_ones_own_lot_may_be_made_in_several_steps(capture, events):
    capture(events.make("A"))
    assert verdict(capture(events.make("A", at=1))) == (TAKEN, [])


def test_one_serial_claimed_by_two_parties(capture, events, second):
    capture(events.make_items("S1"))
    size = log.size()
    job = capture(events.make_items("S2", "S1"), by=second)
    refused_and_nothing_logged(capture, size, job, "item.claimed-twice", "/epcList/1")


def test_one_serial_in_two_spellings(capture, events, second):
    capture(events.make_items("S1"))
    job = capture(
        events.event(action="ADD", bizStep="commissioning", epcList=["urn:epc:id:sgtin:9521141.012345.S1"]),
        by=second,
    )
    assert verdict(job) == (REFUSED, [("item.claimed-twice", "error", at("/epcList/0"))])


def test_ones_own_serial_made_again_is_doubtful(capture, events):
    capture(events.make_items("S1"))
    assert verdict(capture(events.make_items("S1", at=1))) == (
        TAKEN,
        [("item.made-again", "warning", at("/epcList/0"))],
    )


def test_a_lot_of_another_party_cannot_be_used(capture, events, second):
    capture(events.make("A"))
    size = log.size()
    job = capture(events.turn(["A"], ["B"]), by=second)
    refused_and_nothing_logged(capture, size, job, "lot.not-yours", "/inputQuantityList/0/epcClass")


def test_it_can_once_it_was_sent_or_received(capture, events, second):
    capture(events.make("A", "B"), events.ship("A", to=second.party))
    assert verdict(capture(events.turn(["A"], ["C"], at=4), by=second)) == (TAKEN, [])
    assert verdict(capture(events.receive("B"), by=second)) == (
        TAKEN,
        [("custody.unpaired-receiving", "warning", at("/quantityList/0/epcClass"))],
    )
    assert verdict(capture(events.turn(["B"], ["D"], at=4), by=second)) == (TAKEN, [])


def test_sent_and_received_is_a_pair(capture, events, second):
    capture(events.make("A"), events.ship("A", to=second.party))
    assert verdict(capture(events.receive("A"), by=second)) == (TAKEN, [])


def test_what_is_inside_travels_along(capture, events, second):
    inner = "https://id.gs1.org/00/095211411234567794"
    capture(
        events.make("A", "B", "C"),
        events.pack("A", "B", parent=inner),
        events.event("AggregationEvent", 1, action="ADD", parentID=events.PALLET, childEPCs=[inner]),
        events.pack("B", parent=inner, at=2, action="DELETE"),
    )
    capture(events.ship(to=second.party, at=3, epcList=[events.PALLET]))
    assert verdict(capture(events.turn(["A"], ["X"], at=4), by=second)) == (TAKEN, [])
    job = capture(events.turn(["B"], ["Y"], at=4), by=second)
    assert verdict(job) == (REFUSED, [("lot.not-yours", "error", at("/inputQuantityList/0/epcClass"))])


def test_what_is_not_on_record_may_be_used(capture, events):
    assert verdict(capture(events.turn(["unknown"], ["B"]))) == (TAKEN, [])


def test_used_before_it_was_made(capture, events):
    capture(events.make("A", at=5))
    size = log.size()
    job = capture(events.turn(["A"], ["B"], at=4))
    refused_and_nothing_logged(capture, size, job, "item.not-made-yet", "/inputQuantityList/0/epcClass")
    assert verdict(capture(events.turn(["A"], ["B"], at=5))) == (TAKEN, [])


def test_made_after_it_was_used_when_the_making_comes_later(capture, events):
    capture(events.turn(["A"], ["B"], at=4))
    job = capture(events.make("A", at=5))
    assert verdict(job) == (REFUSED, [("item.used-before", "error", at("/quantityList/0/epcClass"))])
    assert verdict(capture(events.make("A", at=3))) == (TAKEN, [])


def test_a_cycle_over_several_transformations(capture, events):
    capture(
        events.turn(["A"], ["B"], at=1), events.turn(["B", "Q"], ["C"], at=2), events.turn(["C"], ["D"], at=3)
    )
    size = log.size()
    job = capture(events.turn(["D"], ["A"], at=4))
    refused_and_nothing_logged(capture, size, job, "transformation.cycle", "/outputQuantityList/0/epcClass")
    job = capture(events.turn(["C"], ["Q", "N"], at=4))
    refused_and_nothing_logged(capture, size, job, "transformation.cycle", "/outputQuantityList/0/epcClass")


def test_a_cycle_inside_one_document(capture, events):
    job = capture(events.turn(["A"], ["B"], at=1), events.turn(["B"], ["A"], at=2))
    assert verdict(job) == (
        REFUSED,
        [("transformation.cycle", "error", at("/outputQuantityList/0/epcClass", 1))],
    )


def test_a_cycle_through_a_transformation_in_parts(capture, events):
    group = {"transformationID": "urn:x:t1"}
    capture(events.turn(["A"], [], **group), events.turn([], ["B"], **group))
    job = capture(events.turn(["B"], ["A"], at=3))
    assert verdict(job) == (
        REFUSED,
        [("transformation.cycle", "error", at("/outputQuantityList/0/epcClass"))],
    )


def test_topping_up_is_no_cycle(capture, events):
    capture(events.turn(["A"], ["T"], at=1), events.turn(["T"], ["P"], at=2))
    job = capture(events.turn(["B"], ["T"], at=3))
    assert verdict(job) == (TAKEN, [])


def test_a_transformation_declared_wrong_is_no_way_back(capture, events):
    wrong = events.turn(["A"], ["B"], at=1)
    capture(wrong)
    capture(events.declare(wrong))
    assert verdict(capture(events.turn(["B"], ["A"], at=2))) == (TAKEN, [])


def test_a_making_declared_wrong_frees_the_name(capture, events, second):
    wrong = events.make("A")
    capture(wrong)
    capture(events.declare(wrong))
    assert verdict(capture(events.make("A"), by=second)) == (TAKEN, [])


def test_an_event_declared_wrong_before_it_came_says_nothing(capture, events, second):
    wrong = events.make("A")
    capture(events.declare(wrong))
    capture(wrong)
    assert verdict(capture(events.make("A"), by=second)) == (TAKEN, [])


def test_a_kind_of_goods_is_no_thing(capture, events, second):
    goods = {"quantityList": [{"epcClass": "https://id.gs1.org/01/09521141123454", "quantity": 1}]}
    capture(events.event(action="ADD", bizStep="commissioning", **goods))
    assert verdict(capture(events.event(action="ADD", bizStep="commissioning", **goods), by=second)) == (
        TAKEN,
        [],
    )
    assert not Thing.objects.exists()


def test_proceed_drops_the_bad_event_and_what_it_said(capture, events, second):
    capture(events.make("A"))
    job = capture(
        events.turn(["A"], ["B"], at=3),
        events.make("C", at=3),
        by=second,
        behaviour=CaptureJob.Behaviour.PROCEED,
    )
    assert verdict(job) == (TAKEN, [("lot.not-yours", "error", at("/inputQuantityList/0/epcClass"))])
    assert (job.accepted, job.rejected) == (1, 1)
    assert set(Thing.objects.values_list("key", flat=True)) == {
        events.LOT.format("A"),
        events.LOT.format("C"),
    }


def test_another_workspace_is_another_world(capture, events, other_organisation):
    capture(events.make("A"))
    assert verdict(capture(events.make("A"), by=other_organisation)) == (TAKEN, [])


def test_the_number_of_queries_does_not_grow_with_the_document(
    capture, events, django_assert_max_num_queries
):
    many = [events.turn([f"I{n}"], [f"O{n}"], at=1) for n in range(60)]
    capture(events.make(*[f"I{n}" for n in range(60)]))
    with django_assert_max_num_queries(60):
        job = capture(*many)
    assert job.accepted == 60


def test_what_came_out_of_order_is_not_followed_back_beyond_its_first_use(capture, events, monkeypatch):
    """Nothing that was made before a lot was first used came from that lot: no need to look behind it."""
    from lodeline_server.events.custody import Ledger

    read = []
    honest = Ledger._read_inputs
    monkeypatch.setattr(Ledger, "_read_inputs", lambda self, *what: read.append(what) or honest(self, *what))
    for step in range(1, 9):
        capture(events.turn([f"L{step - 1}"], [f"L{step}"], at=step))
    capture(events.turn(["L9", "L8"], ["L10"], at=10))  # uses what is made below
    assert verdict(capture(events.turn(["L8"], ["L9"], at=9))) == (TAKEN, [])
    assert read == []
    job = capture(events.turn(["L10"], ["L8"], at=11))
    assert verdict(job)[1][0][0] == "transformation.cycle"
    assert len(read) == 2  # to L10, and from there to L9
