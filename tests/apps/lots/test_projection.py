"""Lots follow the log: what they say, and that neither order nor repetition changes it."""

from __future__ import annotations

import json
import random
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.apps.lots.chain import (
    CARS,
    CRATE,
    GARAGE,
    GTIN,
    MINE,
    MINER,
    NOW,
    OWN,
    PACKS,
    PALLET,
    PLANT,
    START,
    commission,
    declare,
    described,
    event,
    events,
    item,
    kg,
    lot,
    observe,
    organisations,
    pack,
    tell,
    transform,
    world,
)

from lodeline_server.log.projections import dump_all, rebuild
from lodeline_server.log.queries import Statement
from lodeline_server.lots import queries
from lodeline_server.lots.models import Lot, Touch
from lodeline_server.lots.projections import Lots

pytestmark = pytest.mark.django_db


def row(key):
    return Lot.objects.get(key=key)


def edges(workspace, key, until=None):
    node = queries.graph(workspace.pk, until=until).last(key)
    return {edge.source.key.rsplit("/", 1)[1]: edge.mass for edge in node.incoming} if node else None


def test_a_lot_says_what_was_made(workspace):
    world(workspace.pk)
    made = row(lot("MINED"))
    assert (made.label, made.item, made.product, made.party) == ("MINED", False, "cobalt hydroxide", MINER)
    assert (made.site, made.current_site, made.holder, made.status) == (MINE, PLANT, OWN, "in use")
    assert (made.amount, made.uom, made.mass, made.composition) == ("100", "KGM", 100_000_000, {"Co": "1/2"})
    assert (made.gtin, made.custody, made.made_at) == (GTIN, "segregated", START)
    assert edges(workspace, lot("CAM")) == {"MINED": 60_000_000, "TRADED": 30_000_000, "REGAINED": 10_000_000}
    graph = queries.graph(workspace.pk)
    assert graph.last(item("P1")).mass == 20_000_000
    assert graph.last(lot("CAM")).left == 68_000_000


def test_what_stands_on_a_pallet_travels_with_it(workspace):
    world(workspace.pk)
    moved, stayed = row(item("P1")), row(item("P2"))
    assert (moved.current_site, moved.holder, moved.inside, moved.status) == (
        GARAGE,
        CARS,
        PALLET,
        "in stock",
    )
    assert (stayed.current_site, stayed.holder, stayed.inside) == (PACKS, OWN, "")
    assert not Lot.objects.filter(key=PALLET).exists()


def test_crates_on_pallets_and_later_news_of_the_item_alone(workspace):
    world(workspace.pk)
    tell(
        workspace.pk,
        pack(11, CRATE, [item("P2")]),
        pack(12, PALLET, [CRATE]),
        observe("shipping", 13, PACKS, [PALLET], to=CARS),
    )
    assert (row(item("P2")).holder, row(item("P2")).status) == (CARS, "in transit")
    tell(workspace.pk, observe("inspecting", 12, PACKS, [item("P2")]))
    assert (row(item("P2")).holder, row(item("P2")).status) == (CARS, "in transit")
    tell(workspace.pk, event("AggregationEvent", 12.5, action="DELETE", parentID=PALLET))
    assert (row(item("P2")).holder, row(item("P2")).inside) == (OWN, CRATE)


def test_sold_used_and_ended(workspace):
    world(workspace.pk)
    tell(workspace.pk, observe("retail_selling", 20, GARAGE, [item("P1")]))
    assert row(item("P1")).status == "sold"
    assert row(item("P1")).holder == CARS
    second = event(
        "TransformationEvent", 30, inputEPCList=[item("P1")], outputEPCList=[item("S1")],
        ilmd=described("storage", "20", Co="0.4"),
    )  # fmt: skip
    tell(workspace.pk, second)
    assert row(item("P1")).status == "used"
    assert edges(workspace, item("S1")) == {"P1": 20_000_000}
    end = event("ObjectEvent", 40, action="DELETE", bizStep="destroying", epcList=[item("S1")])
    tell(workspace.pk, end)
    assert row(item("S1")).status == "ended"


def test_a_lot_is_used_up_when_nearly_all_was_drawn(workspace):
    world(workspace.pk)
    assert row(lot("CAM")).status == "in use"
    tell(workspace.pk, transform(9, [(lot("CAM"), 67.6)], [(lot("REST"), 67)]))
    assert row(lot("CAM")).status == "used"


@pytest.mark.parametrize("first", ["event", "declaration"])
def test_an_event_declared_wrong_moves_no_mass(workspace, first):
    organisations(workspace.pk)
    wrong = transform(3, [(lot("A"), 5)], [(lot("B"), 5)])
    before = tell(workspace.pk, commission(lot("A"), 0, MINE, by="deep"))
    said = [wrong, declare(wrong)] if first == "event" else [declare(wrong), wrong]
    for one in said:
        tell(workspace.pk, one)
    assert not Lot.objects.filter(key=lot("B")).exists()
    assert row(lot("A")).status == "in stock"
    assert list(Touch.objects.filter(event=wrong.payload["id"]).values_list("void", flat=True)) == [
        True,
        True,
    ]
    assert edges(workspace, lot("B")) is None
    # as it was known before the declaration came
    known = edges(workspace, lot("B"), until=before[0] + 2)
    assert known == ({"A": 5_000_000} if first == "event" else None)


def test_only_who_captured_an_event_may_declare_it_wrong(workspace):
    organisations(workspace.pk)
    right = transform(3, [(lot("A"), 5)], [(lot("B"), 5)])
    tell(workspace.pk, commission(lot("A"), 0, MINE, by="deep"), right, declare(right, captured_by="quick"))
    assert edges(workspace, lot("B")) == {"A": 5_000_000}


def test_a_corrective_event_takes_the_place_of_the_wrong_one(workspace):
    organisations(workspace.pk)
    wrong = transform(3, [(lot("A"), 50)], [(lot("B"), 50)])
    tell(workspace.pk, commission(lot("A"), 0, MINE, by="deep"), wrong)
    tell(workspace.pk, declare(wrong), transform(3, [(lot("A"), 5)], [(lot("B"), 5)], name="right"))
    assert edges(workspace, lot("B")) == {"A": 5_000_000}
    assert row(lot("B")).mass == 5_000_000


def test_the_same_event_again_adds_nothing(workspace):
    world(workspace.pk)
    before = edges(workspace, lot("CAM")), Touch.objects.count(), Lot.objects.count()
    tell(workspace.pk, *events())
    assert (edges(workspace, lot("CAM")), Touch.objects.count(), Lot.objects.count()) == before


def test_members_of_one_transformation_arrive_apart(workspace):
    organisations(workspace.pk)
    group = {"transformationID": "urn:uuid:7e4b2b0e-0000-4000-8000-000000000001"}
    late = event("TransformationEvent", 4, inputQuantityList=[kg(lot("B"), 7)], **group)
    tell(
        workspace.pk,
        commission(lot("A"), 0, MINE, by="deep"),
        commission(lot("B"), 0, MINE, by="deep"),
        event("TransformationEvent", 3, inputQuantityList=[kg(lot("A"), 5)], **group),
        event(
            "TransformationEvent",
            5,
            outputQuantityList=[kg(lot("C"), 12)],
            ilmd=described("x", Co="0.5"),
            **group,
        ),
    )
    assert edges(workspace, lot("C")) == {"A": 5_000_000}
    tell(workspace.pk, late)
    assert edges(workspace, lot("C")) == {"A": 5_000_000, "B": 7_000_000}


def test_odd_amounts_hold_nothing_up(workspace):
    organisations(workspace.pk)
    litres = {"epcClass": lot("LITRES"), "quantity": 3, "uom": "LTR"}
    odd = [
        commission(lot("TINY"), 0, MINE, 1e-300, by="deep"),
        commission(lot("HUGE"), 0, MINE, 1e300, by="deep"),
        event("ObjectEvent", 0, MINE, action="ADD", quantityList=[litres]),
        event("ObjectEvent", 0, MINE, action="ADD", quantityList=[{"epcClass": lot("NONE")}]),
        event("ObjectEvent", 0, MINE, action="ADD", epcList=[item("X"), item("X")], ilmd={"lode:composition": 3}),
        commission(lot("SHOUT"), 0, MINE, by="deep", ilmd=described("evil \x1b[31m name", Co="0.5")),
    ]  # fmt: skip
    tell(workspace.pk, *odd)
    masses = dict(Lot.objects.values_list("label", "mass"))
    assert masses == {"TINY": 0, "HUGE": None, "LITRES": None, "NONE": None, "X": None, "SHOUT": 100_000_000}
    assert row(item("X")).amount == "1"
    assert row(lot("SHOUT")).product == "evil [31m name"
    assert len(queries.graph(workspace.pk).order) == 6


def test_a_rebuild_gives_the_same_content(workspace, other_workspace):
    world(workspace.pk)
    wrong = transform(9, [(lot("CAM"), 1)], [(lot("OUT"), 1)])
    tell(workspace.pk, wrong)
    tell(workspace.pk, declare(wrong))
    tell(other_workspace.pk, commission(lot("MINED"), 3, PLANT, by="south-works"))
    before = list(dump_all(["lots"]))
    rebuild(["lots"])
    assert list(dump_all(["lots"])) == before
    assert len(before) == 26


def test_another_workspace_has_its_own_lots(workspace, other_workspace):
    world(workspace.pk)
    tell(other_workspace.pk, commission(lot("MINED"), 3, PLANT, 7, by="south-works"))
    assert [one.amount for one in Lot.objects.filter(key=lot("MINED")).order_by("workspace_id")] == [
        "100",
        "7",
    ]
    assert len(queries.graph(other_workspace.pk).order) == 1
    assert queries.lot(other_workspace.pk, lot("CAM")) is None


def story():
    """The chain with everything that may come late: corrections, crates, versions, a split transformation."""
    wrong = transform(4, [(lot("CAM"), 9)], [(lot("WRONG"), 9)])
    group = {"transformationID": "urn:uuid:7e4b2b0e-0000-4000-8000-000000000002"}
    return [
        *events(),
        wrong,
        declare(wrong),
        commission(lot("MINED"), 12, MINE, 40, by="deep"),
        transform(
            13, [(lot("MINED"), 20)], [(lot("MINED"), 20)], ilmd=described("cobalt hydroxide", Co="0.6")
        ),
        transform(14, [(lot("MINED"), 30)], [(lot("CAM2"), 30)]),
        event("TransformationEvent", 15, inputQuantityList=[kg(lot("CAM2"), 3)], **group),
        event("TransformationEvent", 16, outputQuantityList=[kg(lot("TWO"), 3)], **group),
        pack(17, CRATE, [item("P2")]),
        pack(18, PALLET, [CRATE]),
        pack(19, PALLET, [item("P1")], put=False),
        observe("shipping", 20, PACKS, [PALLET], to=CARS),
        event("TransformationEvent", 22, GARAGE, inputEPCList=[PALLET], outputEPCList=[item("V1")]),
        observe("retail_selling", 23, GARAGE, [item("V1")]),
    ]


def plain(lines):
    """Without log positions: those depend on arrival, and nothing else does."""
    found = []
    for line in lines:
        value = json.loads(line)
        if isinstance(value[1], dict):
            value[1].pop("position")
        found.append(value)
    return found


def picture(workspace):
    graph = queries.graph(workspace.pk)
    return [
        (n.key, n.version, n.mass, n.left, sorted(n.masses.items()), sorted(n.unknown.items()),
         sorted((e.source.key, e.source.version, e.mass or -1, sorted(e.masses.items())) for e in n.incoming))
        for n in sorted(graph.nodes.values(), key=lambda n: (n.key, n.version))
    ]  # fmt: skip


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 2**32))
def test_the_order_of_arrival_plays_no_part(workspace, seed):
    from lodeline_server.parties.models import Organisation

    if not Organisation.objects.filter(slug="deep").exists():
        organisations(workspace.pk)
    projection, rng = Lots(), random.Random(seed)

    def arrive(statements, sizes):
        projection.reset()
        rows = [
            Statement(position=at, type=one.type, workspace=workspace.pk, time=NOW, payload=one.payload, leaf=b"",
                      leaf_hash=b"", salt=b"")
            for at, one in enumerate(statements)
        ]  # fmt: skip
        while rows:
            size = sizes()
            projection.apply(rows[:size])
            rows = rows[size:]
        return plain(projection.dump()), picture(workspace)

    told = story()
    expected = arrive(told, lambda: 1000)
    shuffled = rng.sample(told, len(told))
    assert arrive(shuffled, lambda: rng.randint(1, 6)) == expected
    labels = {content[1]["label"] for content in expected[0] if isinstance(content[1], dict)}
    assert {"P1", "P2", "V1", "TWO", "CAM2"} <= labels
    assert "WRONG" not in labels


def test_following_asks_few_queries(workspace, django_assert_max_num_queries):
    organisations(workspace.pk)
    many = [commission(lot(f"L{n}"), n / 100, MINE, by="deep") for n in range(200)]
    rows = [
        Statement(position=at, type=one.type, workspace=workspace.pk, time=NOW + timedelta(0), payload=one.payload,
                  leaf=b"", leaf_hash=b"", salt=b"")
        for at, one in enumerate(many)
    ]  # fmt: skip
    with django_assert_max_num_queries(14):
        Lots().apply(rows)
    assert Lot.objects.count() == 200
