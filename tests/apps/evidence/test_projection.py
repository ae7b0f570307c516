"""What is on record: graded, latest profile wins, and the same again after a rebuild."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from tests.apps.evidence.telling import (
    ACCREDITED,
    ACME,
    BODY,
    NOW,
    WORKS,
    event,
    party,
    site,
    statement,
    tell,
)

from lodeline_server.evidence import queries
from lodeline_server.evidence.models import Fact, Record
from lodeline_server.log.projections import dump_all, rebuild

pytestmark = pytest.mark.django_db
MINER = "https://id.gs1.org/417/9521101000009"
CERTIFICATE = {
    "scheme": "Clearmine",
    "number": "C-1",
    "sites": [WORKS],
    "materials": ["Co"],
    "accreditation": "A-1",
    "status": "valid",
}


def test_profiles_become_a_party_and_its_site(workspace):
    first, second = tell(workspace.pk, party(), site())
    acme = queries.party(workspace.pk, ACME)
    assert (acme.name, acme.country, acme.roles, acme.position) == ("Acme Refining", "FI", ["refiner"], first)
    works = queries.site(workspace.pk, WORKS)
    assert (works.party, works.kind, works.position) == (ACME, "refinery", second)


def test_the_later_profile_wins_in_one_batch_and_across_batches(workspace):
    tell(workspace.pk, party(name="Old"), party(name="Newer", number=1))
    assert queries.party(workspace.pk, ACME).name == "Newer"
    (position,) = tell(workspace.pk, party(name="Newest", number=2))
    assert (queries.party(workspace.pk, ACME).name, queries.party(workspace.pk, ACME).position) == (
        "Newest",
        position,
    )
    assert queries.parties(workspace.pk).count() == 1


@pytest.mark.parametrize(
    ("changes", "level", "lowered"),
    [
        ({"issuer": BODY, "assurance": ACCREDITED}, "E5", []),
        ({"issuer": BODY, "assurance": ACCREDITED, "own": False}, "E4", ["no-own-signature"]),
        ({"issuer": ACME, "assurance": ACCREDITED}, "E2", ["self-declared"]),
        ({"issuer": ACME, "own": False}, "E1", ["self-declared", "no-own-signature"]),
    ],
)
def test_a_certificate_is_graded(workspace, changes, level, lowered):
    tell(workspace.pk, site(), statement("certificate", ACME, CERTIFICATE, **changes))
    fact = Fact.objects.get(kind="certificate")
    assert (fact.level, fact.lowered, fact.party) == (level, lowered, ACME)


def test_a_certificate_that_names_no_site_and_no_accreditation_loses_two_levels(workspace):
    content = {**CERTIFICATE, "sites": [], "accreditation": ""}
    tell(workspace.pk, statement("certificate", ACME, content, issuer=BODY, assurance=ACCREDITED))
    fact = Fact.objects.get()
    assert (fact.level, fact.lowered) == ("E3", ["accreditation-not-named", "group-not-site"])


def test_what_a_site_says_counts_for_its_owner_also_when_it_speaks_of_itself(workspace):
    content = {"site": WORKS, "period": "2026-Q3", "metric": "injury_rate", "value": "2", "unit": "1"}
    tell(
        workspace.pk, site(), statement("site.performance", WORKS, content, issuer=ACME, assurance=ACCREDITED)
    )
    fact = Fact.objects.get(kind="site.performance")
    assert (fact.party, fact.subject, fact.level) == (ACME, WORKS, "E2")


def test_spellings_of_one_party_are_one_party(workspace):
    tell(
        workspace.pk,
        party(),
        statement("drill", f"https://dpp.example/417/{MINER[-13:]}", {"announced": True}),
    )
    assert Fact.objects.get(kind="drill").subject == MINER


def test_facts_as_known_at_a_time_and_a_position(workspace):
    early = tell(workspace.pk, party(), now=NOW - timedelta(days=40))
    late = tell(workspace.pk, party(name="Renamed", number=1), now=NOW)
    everything = [fact.position for fact in queries.statements(workspace.pk)]
    assert everything == early + late
    known = queries.statements(workspace.pk, as_of=NOW - timedelta(days=1))
    assert [fact.position for fact in known] == early
    assert [fact.position for fact in queries.statements(workspace.pk, position=early[0])] == early
    assert not queries.statements(workspace.pk, kinds={"drill"}).exists()


def test_nothing_crosses_the_border_of_a_workspace(workspace, other_workspace):
    tell(workspace.pk, party(), site())
    assert queries.party(other_workspace.pk, ACME) is None
    assert queries.site(other_workspace.pk, WORKS) is None
    assert not queries.statements(other_workspace.pk).exists()
    tell(other_workspace.pk, party(name="Acme as the south knows it"))
    assert queries.party(workspace.pk, ACME).name == "Acme Refining"


def test_records_are_counted_by_day(workspace):
    tell(
        workspace.pk,
        party(),
        event(days=0.5),
        event(days=2.1, own=False, number=1),
        event(days=2.9, number=2),
    )
    declared = {"declarationTime": "2026-11-01T00:00:00Z", "reason": "incorrect_data"}
    tell(
        workspace.pk,
        event(number=3, declared=declared),
        event(number=4, declared={"declarationTime": "2026-11-01T00:00:00Z"}),
    )
    row = Record.objects.get()
    assert (row.party, row.day, row.own, row.proxy) == (ACME, date(2026, 11, 1), 5, 1)
    assert row.delays == {"1": 1, "3": 2}
    assert (row.corrections, row.unexplained) == (2, 1)


def test_an_event_ahead_of_its_record_has_no_negative_delay(workspace):
    tell(workspace.pk, event(days=-0.5))
    assert Record.objects.get().delays == {"0": 1}


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        {"subject": 5, "issuer": None, "content": "x"},
        {"subject": ACME, "content": {"roles": "mine", "name": ["x"], "party": {}}},
        {"subject": "a\nb", "issued": "soon", "assurance": "high"},
        {"subject": "x" * 600},
    ],
)
@pytest.mark.parametrize("kind", ["party.profile", "site.profile", "certificate", "epcis.event"])
def test_a_rebuild_never_stops_at_a_statement(workspace, kind, body):
    odd = statement(kind, ACME, {})
    odd.payload["body"] = body
    odd.payload["signature"] = "none"
    tell(workspace.pk, odd)
    assert Fact.objects.count() == (kind != "epcis.event")


def test_a_rebuild_gives_the_same_content(workspace, other_workspace):
    tell(
        workspace.pk,
        party(),
        site(),
        statement("certificate", ACME, CERTIFICATE, issuer=BODY, assurance=ACCREDITED),
    )
    tell(
        workspace.pk, party(name="Renamed", number=1), event(), event(number=1), now=NOW + timedelta(hours=1)
    )
    tell(other_workspace.pk, party(), event(), now=NOW + timedelta(days=1))
    before = list(dump_all({"evidence"}))
    assert len(before) == 5 + 2 + 1 + 3  # facts, parties, sites, record days
    rebuild({"evidence"})
    assert list(dump_all({"evidence"})) == before
