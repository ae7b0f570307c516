"""What asks for somebody: each source, its urgency, and who may see it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.apps.evidence.telling import ACCREDITED, ACME, BODY, NOW, WORKS, party, site, statement, tell
from tests.apps.trust import chain

from lodeline.access import Role, platform
from lodeline_server.events.models import CaptureJob
from lodeline_server.kit.charts.numbers import NARROW
from lodeline_server.trust import actions as trust
from lodeline_server.web import balances
from lodeline_server.web.inbox import inbox
from lodeline_server.web.scene import Scene

pytestmark = pytest.mark.django_db
OTHER = "https://id.gs1.org/417/9521101000009"


def certificate(until, number="NM-1", *, status="valid", days=300, owner=ACME, place=WORKS):
    content = {
        "scheme": "Fairhaven",
        "number": number,
        "sites": [place],
        "materials": ["Co"],
        "status": status,
    }
    return statement(
        "certificate",
        owner,
        content,
        issuer=BODY,
        assurance=ACCREDITED,
        days=days,
        until=until,
        number=number,
    )


def lines(actor):
    return [(task.kind, task.title, task.when) for task in inbox(Scene(actor, NOW))]


@pytest.fixture
def known(workspace):
    tell(workspace.pk, party(), site())
    return workspace


@pytest.mark.parametrize(
    ("until", "kind", "title", "when"),
    [
        (27, "warn", "Certificate NM-1 (Acme Refining) ends on 2026-11-28", "27 days left"),
        (0, "warn", "Certificate NM-1 (Acme Refining) ends on 2026-11-01", "today"),
        (-38, "warn", "Certificate NM-1 (Acme Refining) ended on 2026-09-24", "38 days ago"),
        (60, "warn", "Certificate NM-1 (Acme Refining) ends on 2026-12-31", "60 days left"),
    ],
)
def test_a_certificate_about_to_end(known, actor, until, kind, title, when):
    tell(known.pk, certificate(until))
    assert lines(actor(Role.BUYER)) == [(kind, title, when)]


def test_a_certificate_with_time_or_with_a_successor_is_quiet(known, actor):
    tell(known.pk, certificate(61), certificate(-5, "OLD", days=400), certificate(365, "NEW", days=10))
    assert lines(actor(Role.BUYER)) == []


def test_a_suspended_certificate_cannot_wait(known, actor):
    tell(known.pk, certificate(300, status="suspended"))
    assert lines(actor(Role.BUYER)) == [
        ("bad", "Certificate NM-1 (Acme Refining) is suspended", "300 days left")
    ]


def test_an_open_incident_and_a_closed_one(known, actor):
    content = {"severity": "critical", "area": "labour", "opened": "2026-10-02", "description": "<b>fire</b>"}
    tell(
        known.pk,
        statement("incident", ACME, content),
        statement("incident", ACME, {**content, "closed": "2026-10-20"}, number=1),
    )
    found = inbox(Scene(actor(Role.QUALITY), NOW))
    assert [(task.kind, task.title) for task in found] == [("bad", "Incident at Acme Refining: <b>fire</b>")]


def test_more_out_than_in_is_a_contradiction(workspace, actor):
    tell(workspace.pk, *chain.profiles(), chain.mined(1), chain.refined(1, output=1600))
    (gap,) = balances.gaps(actor(Role.QUALITY))
    assert (gap.party, gap.site, gap.substance, gap.quarter, gap.percent) == (
        ACME, "Acme works", "cobalt", "2026-Q3", f"12.0{NARROW}%",
    )  # fmt: skip
    titles = [task.title for task in inbox(Scene(actor(Role.QUALITY), NOW))]
    assert titles == [f"Mass balance at Acme works: 12.0{NARROW}% more cobalt out than in"]


def test_a_balance_inside_the_tolerance_is_quiet(workspace, actor):
    tell(workspace.pk, *chain.profiles(), chain.mined(1), chain.refined(1, output=1440))  # 302.4 of 300 kg
    assert balances.gaps(actor(Role.QUALITY)) == []


def test_pages_do_not_wait_for_the_graph_of_a_large_workspace(workspace, actor, monkeypatch):
    tell(workspace.pk, *chain.profiles(), chain.mined(1), chain.refined(1, output=1600))
    assert len(balances.gaps(actor(Role.QUALITY))) == 1
    monkeypatch.setattr(balances, "MOST", 1)
    monkeypatch.setattr(balances.queries, "picture", None)
    assert balances.gaps(actor(Role.QUALITY)) == []
    assert balances.traced(actor(Role.QUALITY)) == []


def test_gates_of_suppliers(workspace, actor):
    chain.world(workspace.pk)
    trust.score_all(actor=platform(), workspace=workspace.pk, now=NOW)
    found = [task for task in inbox(Scene(actor(Role.BUYER), NOW)) if task.action in {"See gate", "Compare"}]
    assert found
    assert all(task.kind in {"bad", "warn"} and task.href.startswith("/app/suppliers/") for task in found)
    assert not [
        task for task in inbox(Scene(actor(Role.RECYCLER), NOW)) if task.action in {"See gate", "Compare"}
    ]


@pytest.fixture
def refused(organisation):
    findings = [{"rule": "x", "severity": "error", "pointer": "/a", "message": "There is no unit of mass."}]
    return [
        CaptureJob.objects.create(
            workspace=organisation.workspace,
            organisation=organisation,
            actor="user:1",
            name=f"sheet-{n}.json",
            sha256="0" * 64,
            size=10,
            media_type="application/json",
            kind="EPCISDocument",
            state=CaptureJob.State.REFUSED,
            findings=findings,
            created_at=NOW - timedelta(days=n),
        )
        for n in (0, 3, 29, 31)
    ]


def test_refused_documents_of_thirty_days(refused, actor):
    found = inbox(Scene(actor(Role.SUPPLIER), NOW))
    assert [(task.title, task.when) for task in found] == [
        ("“sheet-0.json” from North Works was refused", "today"),
        ("“sheet-3.json” from North Works was refused", "3 days ago"),
        ("“sheet-29.json” from North Works was refused", "29 days ago"),
    ]
    assert {task.detail for task in found} == {"There is no unit of mass."}
    assert found[0].href == f"/app/captures/{refused[0].uuid}/"


def test_what_is_most_urgent_comes_first(known, refused, actor):
    tell(known.pk, certificate(27))
    kinds = [task.kind for task in inbox(Scene(actor(Role.BUYER), NOW))]
    assert kinds == ["bad", "bad", "bad", "warn"]


class TestWhoSeesIt:
    @pytest.fixture(autouse=True)
    def _two_parties(self, known):
        other_site = "https://id.gs1.org/414/9521101000016"
        tell(
            known.pk,
            party(OTHER, "Other Mines", ["mine"]),
            site(other_site, OTHER, "mine", "Other mine"),
            certificate(5, "OWN"),
            certificate(5, "FOREIGN", owner=OTHER, place=other_site),
        )

    def numbers(self, actor):
        return sorted(task.title.split()[1] for task in inbox(Scene(actor, NOW)))

    def test_a_buyer_sees_all_of_the_workspace(self, actor):
        assert self.numbers(actor(Role.BUYER)) == ["FOREIGN", "OWN"]

    def test_a_supplier_sees_its_own(self, actor):
        assert self.numbers(actor(Role.SUPPLIER)) == ["OWN"]

    @pytest.mark.parametrize("role", [Role.RECYCLER, Role.FINANCIER, Role.OPERATOR])
    def test_roles_without_evidence_see_none(self, actor, role):
        assert self.numbers(actor(role)) == []

    @pytest.mark.parametrize("role", Role)
    def test_another_workspace_sees_nothing(self, other_actor, role):
        assert inbox(Scene(other_actor(role), NOW)) == []
