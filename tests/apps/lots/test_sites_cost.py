"""What the page of a site costs is up to that site, not to what else the workspace has."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from tests.apps.lots.chain import (
    CARS,
    CRATE,
    GARAGE,
    NOW,
    PACKS,
    PALLET,
    PLANT,
    START,
    described,
    item,
    lot,
    observe,
    organisations,
    pack,
    profiles,
    tell,
    transform,
    world,
)

from lodeline.access import platform
from lodeline_server.evidence.models import Site
from lodeline_server.lots import rows, sites
from lodeline_server.lots.custody import physical
from lodeline_server.lots.models import Lot, Touch
from lodeline_server.lots.rows import TouchRow

pytestmark = pytest.mark.django_db
ELSEWHERE, OFTEN = 3_000, 3


def fill(workspace):
    """Thousands of events at a hundred other sites, and a few at the plant."""
    found = [
        TouchRow(
            lot(f"L{number}"), number, f"urn:event:{number}", START + timedelta(minutes=number), act,
            site=f"urn:site:{number % 100}" if number < ELSEWHERE else PLANT, amount="5", uom="KGM",
        )
        for number in range(ELSEWHERE + OFTEN)
        for act in (Touch.USED, Touch.MADE)
    ]  # fmt: skip
    rows.insert(workspace, found)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    site, _ = Site.objects.get_or_create(
        workspace_id=workspace, uri=PLANT, defaults={"name": "P", "position": 0}
    )
    return site


def plans(captured):
    """How the database answers what was asked of it."""
    found = []
    with connection.cursor() as cursor:
        for one in captured:
            words = "EXPLAIN (ANALYZE)" if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN"
            cursor.execute(f"{words} {one['sql']}")
            found.append("\n".join(str(row[-1]) for row in cursor.fetchall()))
    return found


@pytest.mark.parametrize(
    "ask",
    [
        sites.months,
        lambda site: sites.period(site, START),
        lambda site: list(sites.here(platform(site.workspace_id), site.uri)),
        lambda site: physical.moved(site.workspace_id, [site.uri]),
    ],
    ids=["months", "period", "here", "books"],
)
def test_a_site_finds_its_own_events(workspace, ask):
    site = fill(workspace.pk)
    with CaptureQueriesContext(connection) as asked:
        ask(site)
    found = plans(asked.captured_queries)
    assert any("happening_site" in plan for plan in found)
    for plan in found:
        if connection.vendor == "postgresql":
            looked = re.findall(r"actual time=\S+ rows=(\d+)|Rows Removed by Filter: (\d+)", plan)
            assert all(int(rows_ or removed) <= 10 * OFTEN for rows_, removed in looked), plan
        else:
            assert not re.search(r"SCAN (e|h|lots_\w+)\b", plan), plan
            assert not re.search(r"SEARCH \w+ USING INDEX \w+ \(workspace_id=\?\)", plan), plan


def test_the_books_find_events_by_name(workspace):
    site = fill(workspace.pk)
    with CaptureQueriesContext(connection) as asked:
        physical.moved(site.workspace_id, [], ["urn:event:7"])
    plan = plans(asked.captured_queries)[0]
    assert "happening_once" in plan or "(workspace_id=? AND event=?)" in plan, plan


def test_lots_are_counted_once_for_all_sites(workspace):
    world(workspace.pk)
    with CaptureQueriesContext(connection) as asked:
        found = {one.uri: one.there for one in sites.counted(platform(workspace.pk))}
    assert found == {one.uri: held(one.uri).count() for one in Site.objects.all()}
    assert sum(found.values()) > 2
    plan = plans(asked.captured_queries)[0]
    if connection.vendor == "postgresql":
        assert re.search(r"CTE held\n.*Aggregate.*loops=1\)", plan), plan
    else:
        assert "MATERIALIZE held" in plan, plan


def held(site):
    """What is at a site, by its plain meaning: every lot is looked at."""
    return Lot.objects.filter(current_site=site, status__in=sites.THERE)


@pytest.mark.parametrize("long", [0, 5_000])
def test_what_came_in_a_container_is_there(workspace, monkeypatch, long):
    """No event at the garage names what is in the pallet, and in the crate on it."""
    monkeypatch.setattr(sites, "LONG", long)
    organisations(workspace.pk)
    made = [item(f"P{number}") for number in range(4)]
    tell(
        workspace.pk,
        *profiles(),
        transform(1, [(lot("A"), 5)], items=made, where=PACKS, ilmd=described("pack", "20", Co="0.4")),
        pack(2, CRATE, made[:2]),
        pack(3, PALLET, [CRATE, made[2]]),
        observe("receiving", 4, GARAGE, [PALLET], to=CARS),
    )
    actor = platform(workspace.pk)
    for site in Site.objects.values_list("uri", flat=True):
        assert set(sites.here(actor, site)) == set(held(site))
    there = set(sites.here(actor, GARAGE).values_list("key", flat=True))
    assert there == set(made[:3])
    assert not Touch.objects.filter(site=GARAGE, key__in=there).exists()
    with transaction.atomic():
        rows.insert(workspace.pk, [TouchRow(made[3], 10**6, "urn:event:late", NOW, Touch.SEEN, site=GARAGE)])
    assert set(sites.here(actor, GARAGE).values_list("key", flat=True)) == there, "its row says where it is"


def test_months_are_those_of_utc(workspace):
    first = datetime(2026, 3, 1, tzinfo=UTC)
    times = [first - timedelta(microseconds=1), first, first + timedelta(days=31, microseconds=-1)]
    times.append(datetime(2024, 2, 29, 20, tzinfo=timezone(timedelta(hours=-9))).astimezone(UTC))
    rows.insert(workspace.pk, [
        TouchRow(lot("A"), number, f"urn:event:{number}", time, act, site=PLANT)
        for number, time in enumerate(times) for act in (Touch.SHIPPED, Touch.SEEN)
    ])  # fmt: skip
    found = sites.months(Site(workspace_id=workspace.pk, uri=PLANT))
    assert [(one["month"], one["left"]) for one in found] == [
        (first, 2), (first.replace(month=2), 1), (first.replace(year=2024), 1),
    ]  # fmt: skip
    assert {(one["came"], one["made"], one["used"]) for one in found} == {(0, 0, 0)}
