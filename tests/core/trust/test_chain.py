"""What the lot graph says about a party's lots, on a graph small enough to reckon by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction

from lodeline.evidence import EvidenceLevel
from lodeline.lots.build import build
from lodeline.lots.origin import Place
from lodeline.lots.values import Description, Made, Used
from lodeline.trust.chain import Survey, custody, linked, traceable
from lodeline.trust.snapshot import Attested

PLACES = {
    "mine": Place(name="Mine", country="FI", kind="mine", party="miner"),
    "works": Place(name="Works", country="FI", kind="refinery", party="refiner"),
    "cathode": Place(name="Cathode", country="NO", kind="active_material_plant", party="cam"),
    "store": Place(name="Store", country="CH", kind="warehouse", party="trader"),
}
KILO = 1_000_000


def made(key, site, day, kilos, *, group="", position=1, cobalt="0.5", model="segregated"):
    return Made(
        key=key,
        time=datetime(2026, 1, day, tzinfo=UTC),
        position=position,
        group=group,
        amount=Decimal(kilos),
        uom="KGM",
        site=site,
        party=PLACES[site].party,
        description=Description(composition={"Co": Fraction(cobalt)}, custody=model),
    )


def used(key, day, kilos, group):
    return Used(
        key=key,
        time=datetime(2026, 1, day, tzinfo=UTC),
        position=9,
        group=group,
        amount=Decimal(kilos),
        uom="KGM",
    )


def survey():
    graph = build(
        [
            made("ore", "mine", 1, 100, position=1),
            made("blend", "store", 2, 100, position=2, model=""),
            made("salt", "works", 10, 150, group="t1", position=3),
            made("cam", "cathode", 20, 140, group="t2", position=4),
            made("cam2", "cathode", 20, 10, group="t2", position=4),
        ],
        [used("ore", 10, 100, "t1"), used("blend", 10, 50, "t1"), used("salt", 20, 150, "t2")],
    )
    return graph, Survey.of(graph, PLACES)


def node(graph, key):
    found = graph.last(key)
    assert found is not None
    return found


def test_stages_are_counted_by_mass():
    graph, view = survey()
    assert view.stages([node(graph, "ore"), node(graph, "salt")]) == {"1": 100 * KILO, "2": 150 * KILO}
    assert view.stages([node(graph, "cam")]) == {"3": 140 * KILO}
    assert view.stages([node(graph, "blend")]) == {"0": 100 * KILO}


def test_upstream_names_parties_with_the_day_of_their_last_lot():
    graph, view = survey()
    assert view.upstream([node(graph, "cam")], "cam") == {
        "miner": date(2026, 1, 1),
        "trader": date(2026, 1, 2),
        "refiner": date(2026, 1, 10),
    }
    assert view.upstream([node(graph, "ore")], "miner") == {}


def test_sources_hold_every_milligram_once():
    graph, view = survey()
    held = Attested(position=77, level=EvidenceLevel.E5, since=None, until=None)
    sources, unknown = view.sources([node(graph, "salt")], {"ore": held}, {"trader": EvidenceLevel.E2})
    by_lot = {source.lot: source for source in sources}
    assert unknown == {}
    assert sum(source.masses["Co"] for source in sources) == 75 * KILO
    assert by_lot["ore"].masses == {"Co": 50 * KILO}
    assert (by_lot["ore"].named, by_lot["ore"].country, by_lot["ore"].attestation) == (True, "FI", held)
    assert (by_lot["blend"].named, by_lot["blend"].level) == (False, EvidenceLevel.E2)


def test_linked_input_and_balance_count_a_transformation_once():
    graph, _ = survey()
    found = linked([node(graph, "cam"), node(graph, "cam2")])
    assert (found.taken_in, found.identified) == (75 * KILO, 75 * KILO)
    (row,) = found.balances
    assert (row.site, row.substance, row.quarter) == ("cathode", "Co", "2026-Q1")
    assert (row.taken_in, row.given_out) == (75 * KILO, 75 * KILO)


def test_input_that_nobody_named_counts_as_taken_in():
    graph = build(
        [made("ore", "mine", 1, 100), made("salt", "works", 10, 150, group="t1", position=3)],
        [used("ore", 10, 100, "t1")],
    )
    found = linked([node(graph, "salt")])
    assert found.identified == 50 * KILO
    assert found.taken_in == 75 * KILO
    assert (found.balances[0].taken_in, found.balances[0].given_out) == (50 * KILO, 75 * KILO)


def test_custody_and_traceability():
    graph, view = survey()
    lots = [node(graph, key) for key in ("ore", "blend", "salt")]
    assert custody(lots) == {"segregated": 250 * KILO, "unknown": 100 * KILO}
    assert traceable(lots, view.places) == 2
