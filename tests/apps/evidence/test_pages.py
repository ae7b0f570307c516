"""Certificates on record: state of today, the first to end on top."""

from __future__ import annotations

import csv
import io
import re

import pytest
from django.urls import reverse
from tests.apps.evidence.telling import ACCREDITED, ACME, BODY, NOW, WORKS, party, site, statement, tell

pytestmark = pytest.mark.django_db
MINER = "https://id.gs1.org/417/9521101000009"


@pytest.fixture(autouse=True)
def _clock(monkeypatch):
    monkeypatch.setattr("lodeline_server.evidence.pages.now", lambda: NOW)


def certificate(number, *, until=400, days=30, status="valid", holder=ACME, sites=(WORKS,), count=0):
    content = {
        "scheme": "Clearmine",
        "number": number,
        "sites": list(sites),
        "materials": ["Co"],
        "accreditation": "A-1",
        "status": status,
    }
    return statement(
        "certificate",
        holder,
        content,
        issuer=BODY,
        assurance=ACCREDITED,
        until=until,
        days=days,
        number=count,
    )


@pytest.fixture
def told(workspace):
    tell(
        workspace.pk,
        party(),
        site(),
        party(MINER, "Kaarnila <i>Kaivos</i>", ["mine"]),
        certificate("=C-1", until=200),
        certificate("C-2", until=20),
        certificate("C-3", until=-5, days=100),
        certificate("C-4", status="suspended"),
        certificate("C-5", days=-9),
        certificate("M-1", holder=MINER, sites=(), until=90),
    )
    return workspace


def html_of(client, **query):
    response = client.get(reverse("schemes"), query)
    assert response.status_code == 200
    return response.content.decode()


def heading(html):
    return re.search(r"<h1>(.*?)</h1>", html, re.DOTALL)[1].strip()


def test_what_ends_and_what_is_out_of_force_comes_first(client_as, told):
    html = html_of(client_as("buyer"))
    assert heading(html) == "2 certificates end within 90 days, 2 are out of force."
    order = [html.index(f">{number}<") for number in ("C-3", "C-2", "M-1", "=C-1")]
    assert order == sorted(order)
    for words in (
        "Expired",
        "Ends soon",
        "Suspended",
        "Not yet valid",
        "Valid",
        "5 days ago",
        "20 days left",
    ):
        assert words in html
    assert "the group, no site named" in html
    assert "&lt;i&gt;" in html
    assert "<i>Kaivos" not in html


@pytest.mark.parametrize(
    ("state", "numbers"),
    [
        ("valid", {"=C-1"}),
        ("ending", {"C-2", "M-1"}),
        ("expired", {"C-3"}),
        ("suspended", {"C-4"}),
        ("ahead", {"C-5"}),
        ("withdrawn", set()),
    ],
)
def test_filter_by_state(client_as, told, state, numbers):
    html = html_of(client_as("auditor"), state=state)
    assert {word for word in ("=C-1", "C-2", "C-3", "C-4", "C-5", "M-1") if f">{word}<" in html} == numbers


def test_the_last_word_about_a_certificate_counts(client_as, told):
    tell(told.pk, certificate("C-2", until=20, status="withdrawn", count=1))
    html = html_of(client_as("buyer"))
    assert html.count(">C-2<") == 1
    assert "Withdrawn" in html


def test_the_export_is_safe_to_open(client_as, told):
    response = client_as("buyer").get(reverse("schemes"), {"format": "csv", "holder": ACME})
    rows = list(csv.DictReader(io.StringIO(b"".join(response.streaming_content).decode())))
    assert {row["Certificate"] for row in rows} == {"'=C-1", "C-2", "C-3", "C-4", "C-5"}
    assert {row["State"] for row in rows} == {"valid", "ending", "expired", "suspended", "ahead"}
    assert {row["Holder"] for row in rows} == {"Acme Refining"}


def test_a_supplier_sees_its_own(client_as, told):
    html = html_of(client_as("supplier"))
    assert ">C-2<" in html
    assert ">M-1<" not in html


def test_who_may_not_and_who_is_elsewhere(client_as, told, other_organisation):
    assert client_as("financier").get(reverse("schemes")).status_code == 403
    assert heading(html_of(client_as("buyer", of=other_organisation))) == "No certificate is on record."


def test_no_links_to_scores_for_those_who_may_not_see_them(client_as, told):
    assert "/app/suppliers/" in html_of(client_as("buyer")).split("<main")[1]
    assert "/app/suppliers/" not in html_of(client_as("regulator")).split("<main")[1]


def test_one_number_of_queries_for_any_number_of_rows(client_as, told, django_assert_max_num_queries):
    client = client_as("buyer")
    html_of(client)
    tell(told.pk, *(certificate(f"X-{number}", count=number) for number in range(60)))
    with django_assert_max_num_queries(18):
        html_of(client)
