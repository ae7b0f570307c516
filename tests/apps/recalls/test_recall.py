"""A recall is computed, put on record, and stands the same after a rebuild."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from tests.apps.lots.chain import (
    CARS,
    GARAGE,
    NOW,
    PALLET,
    commission,
    described,
    item,
    lot,
    tell,
    transform,
    world,
)

from lodeline.access import Denied, Role, platform
from lodeline_server.kit.problems import Problem
from lodeline_server.log.projections import dump_all, rebuild
from lodeline_server.log.queries import get
from lodeline_server.recalls import queries
from lodeline_server.recalls.actions import compute, weigh
from lodeline_server.recalls.deciding import Order
from lodeline_server.recalls.models import Hit, Recall

pytestmark = pytest.mark.django_db
RUNNERS = (Role.MAKER, Role.QUALITY)


def clock(*instants):
    """A timer that gives these seconds one after the other."""
    rest = iter(instants)
    return lambda: next(rest)


def run(actor, code="MINED", threshold="0.001", **more):
    order = Order(lot=lot(code), threshold=Fraction(threshold), **more)
    return compute(actor=actor, order=order, now=NOW, timer=clock(10.0, 10.25))


def test_the_list_is_ranked_and_on_record(workspace, actor):
    world(workspace.pk)
    found = run(actor("quality"), reason="sodium above specification")
    assert (found.number, found.label, found.product, found.substance) == (
        "RC-2026-001", "MINED", "cobalt hydroxide", "Co",
    )  # fmt: skip
    assert (found.affected, found.below, found.lots, found.untouched) == (2, 0, 1, 0)
    assert (found.threshold, found.milliseconds, found.error) == (
        Decimal("0.001"),
        Decimal(250),
        Decimal(0),
    )
    assert (found.mass, found.held) == (50_000_000, 20_000_000)
    rows = [
        (h.rank, h.label, h.share, h.made, h.held, h.via, h.holder_name, h.site_name, h.status, h.inside)
        for h in found.hits.filter(item=True)
    ]
    dose = Decimal("0.6")
    assert [(row[1:2] + row[3:]) for row in rows] == [
        ("P1", 4_800_000, 4_800_000, "CAM", "Fjord Cars", "Fjord plant", "in stock", PALLET),
        ("P2", 4_800_000, 4_800_000, "CAM", "North Works", "North pack plant", "in stock", ""),
    ]
    assert [row[0] for row in rows] == [1, 2]
    assert all(row[2] == dose for row in rows)
    masses = queries.masses(found)
    assert (masses.affected, masses.below, masses.waiting, masses.held) == (
        9_600_000, 0, 20_400_000, 20_000_000,
    )  # fmt: skip
    assert masses.reconciled == 1
    statement = get(found.position, workspace.pk)
    assert (statement.type, statement.payload["issuer"]) == ("recall.computed", "urn:x-lodeline:platform")
    assert statement.payload["body"]["position"] == found.evidence_position == found.position
    assert statement.payload["body"]["reached"][0]["madeMg"] == "4800000"


def test_a_threshold_counts_the_rest(workspace, actor):
    world(workspace.pk)
    tell(workspace.pk, transform(9, [(lot("CAM"), 1), (lot("TRADED"), 39)], items=[item("P3")], ilmd=described("x", "40", Co="0.4")))  # noqa: E501 # fmt: skip
    found = run(actor("quality"), threshold="0.1")
    assert (found.affected, found.below, found.untouched) == (2, 1, 0)
    below = Hit.objects.get(recall=found, label="P3")
    assert Decimal("0.015") <= below.share <= Decimal("0.015000000001")
    assert queries.masses(found).below == 240_000
    assert [number for _, number in queries.lines(found)] == [3, 3, 3, 3, 2]
    everything = run(actor("quality"), threshold="0")
    assert (everything.affected, everything.below, everything.number) == (3, 0, "RC-2026-002")


def test_the_dose_is_of_the_only_substance_else_of_the_mass(workspace, actor):
    world(workspace.pk)
    assert run(actor("quality")).substance == "Co"
    assert run(actor("quality"), substance="mass").substance == ""
    assert run(actor("quality"), "CAM").substance == ""
    by_substance = run(actor("quality"), "CAM", substance="Co")
    assert (by_substance.substance, by_substance.affected) == ("Co", 2)


@pytest.mark.parametrize("role", list(Role))
def test_who_may_run_a_recall(workspace, actor, role):
    world(workspace.pk)
    if role in RUNNERS:
        assert run(actor(role)).affected == 2
    else:
        with pytest.raises(Denied):
            run(actor(role))
        assert not Recall.objects.exists()


def test_a_lot_of_another_workspace_is_not_on_record(workspace, other_workspace, other_actor):
    world(workspace.pk)
    tell(other_workspace.pk, commission(lot("OTHER"), 0, GARAGE, by="south-works"))
    with pytest.raises(Problem) as refused:
        run(other_actor("quality"))
    assert refused.value.status == 404
    assert run(other_actor("quality"), "OTHER").affected == 0
    assert list(queries.visible(other_actor("quality")).values_list("label", flat=True)) == ["OTHER"]


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"code": "NOBODY"}, 404),
        ({"threshold": "1.5"}, 422),
        ({"threshold": "-0.1"}, 422),
        ({"substance": "Xx"}, 422),
        ({"substance": "Ni"}, 422),
    ],
)
def test_orders_that_cannot_be_answered_leave_no_trace(workspace, actor, more, status):
    before = world(workspace.pk)[-1]
    with pytest.raises(Problem) as refused:
        run(actor("quality"), **more)
    assert refused.value.status == status
    assert not Recall.objects.exists()
    assert get(before + 1) is None


def test_a_recall_needs_a_workspace():
    with pytest.raises(Problem):
        weigh(actor=platform(), order=Order(lot="x", threshold=Fraction(0)), timer=clock(0, 0))


def test_weighing_puts_nothing_on_record(workspace, actor):
    last = world(workspace.pk)[-1]
    order = Order(lot=lot("MINED"), threshold=Fraction(0))
    body = weigh(actor=actor("maker"), order=order, timer=clock(1, 1.5))
    assert (body["affected"], body["milliseconds"]) == (2, "500.0")
    assert get(last + 1) is None


def test_a_rebuild_gives_the_same_content(workspace, actor, other_workspace, other_actor):
    world(workspace.pk)
    tell(other_workspace.pk, commission(lot("OTHER"), 0, GARAGE, by="south-works"))
    run(actor("quality"))
    run(other_actor("quality"), "OTHER")
    run(actor("quality"), threshold="0")
    before = list(dump_all(["recalls"]))
    assert len(before) == 3 + 3 + 3
    rebuild(["recalls"])
    assert list(dump_all(["recalls"])) == before
    assert list(Recall.objects.order_by("position").values_list("number", flat=True)) == [
        "RC-2026-001", "RC-2026-001", "RC-2026-002",
    ]  # fmt: skip


def test_what_is_on_record_does_not_move_with_the_lots(workspace, actor):
    world(workspace.pk)
    found = run(actor("quality"))
    tell(
        workspace.pk,
        transform(20, [(lot("CAM"), 5)], items=[item("LATE")], ilmd=described("pack", "5", Co="0.5")),
    )
    found.refresh_from_db()
    assert found.affected == 2
    assert run(actor("quality")).affected == 3


def test_holders_are_counted_by_place(workspace, actor):
    world(workspace.pk)
    found = run(actor("quality"))
    assert [
        (one.name, one.place, one.status, one.items, one.mass) for one in queries.holders(queries.hits(found))
    ] == [
        ("Fjord Cars", "Fjord plant", "in stock", 1, 4_800_000),
        ("North Works", "North pack plant", "in stock", 1, 4_800_000),
    ]
    assert found.hits.get(label="P1").holder == CARS


def test_a_supplier_sees_no_recall(workspace, actor):
    world(workspace.pk)
    run(actor("quality"))
    assert not queries.visible(actor("supplier")).exists()
    assert queries.visible(actor("buyer")).count() == 1


def test_masses_beyond_what_a_database_holds_are_unknown(workspace, actor):
    world(workspace.pk)
    heavy = [commission(lot("HEAVY"), 0.1 * n, GARAGE, 9e11, name=str(n)) for n in range(12)]
    tell(
        workspace.pk,
        *heavy,
        transform(2, [(lot("HEAVY"), 9e11)], items=[item("H")], ilmd=described("x", "1", Co="0.5")),
    )
    found = run(actor("quality"), "HEAVY")
    assert (found.mass, found.held, found.affected) == (
        5_400_000_000_000_000_000,
        4_950_000_000_000_000_000,
        1,
    )
    whole = run(actor("quality"), "HEAVY", substance="mass")
    assert (whole.mass, queries.masses(whole).reconciled) == (None, None)
