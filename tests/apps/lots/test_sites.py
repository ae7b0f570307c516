"""Sites: what is there, what came and left, yields; a supplier sees its own."""

from __future__ import annotations

import re
from html import unescape

import pytest
from tests.apps.lots.chain import (
    GARAGE,
    MINE,
    PLANT,
    commission,
    described,
    lot,
    organisations,
    profiles,
    tell,
    transform,
    world,
)

from lodeline_server.evidence.models import Site
from lodeline_server.parties.models import Organisation

pytestmark = pytest.mark.django_db
NARROW = "\u202f"


def text(answer):
    return unescape(answer.content.decode())


def heading(answer):
    return re.search(r"<h1>(.*?)</h1>", text(answer), re.DOTALL)[1].strip()


def page_of(uri):
    return f"/app/sites/{Site.objects.get(uri=uri).pk}/"


def test_stock_yield_and_months(workspace, client_as, django_assert_max_num_queries):
    organisations(workspace.pk)
    tell(
        workspace.pk,
        *profiles(),
        commission(lot("A"), 0, MINE),
        commission(lot("B"), 1, MINE, 10, ilmd=described("ore")),
        transform(40, [(lot("A"), 50)], [(lot("C"), 40)], ilmd=described("cathode", Co="0.5")),
    )
    client = client_as("buyer")
    page = client.get(page_of(PLANT))
    assert "1 lot is at" in heading(page) or "lots are at" in heading(page)
    assert f"Yield 80.0{NARROW}%: 40{NARROW}kg made of 50{NARROW}kg used." in text(page)
    assert "In 2026-02" in text(page)
    mined = text(client.get(page_of(MINE) + "?month=2026-01"))
    assert f"110{NARROW}kg" in mined
    assert "no composition for 1" in mined
    with django_assert_max_num_queries(25):
        client.get(page_of(PLANT))
    assert text(client.get("/app/sites/")).count('href="/app/sites/') >= 2


@pytest.mark.parametrize(
    "query", ["?month=2026-99", "?month=%00", "?month=0000-01", "?page=x", "?month=9999-12"]
)
def test_odd_words_in_the_address_are_no_error(workspace, client_as, query):
    world(workspace.pk)
    assert client_as("buyer").get(page_of(PLANT) + query).status_code == 200


def test_a_supplier_sees_its_own_sites(workspace, client_as):
    world(workspace.pk)
    party = Organisation.objects.get(slug="cars")
    client = client_as("supplier", of=party)
    for one in Site.objects.all():
        mine = one.party.endswith("952000400001" + one.party[-1])
        assert client.get(f"/app/sites/{one.pk}/").status_code == (200 if mine else 404)
    listed = text(client.get("/app/sites/"))
    assert ("Fjord plant" in listed, "Deep mine" in listed) == (True, False)


def test_the_api_says_what_the_page_says(workspace, client_as):
    organisations(workspace.pk)
    tell(
        workspace.pk,
        *profiles(),
        commission(lot("A"), 0, MINE),
        transform(40, [(lot("A"), 50)], [(lot("C"), 40)], ilmd=described("cathode", Co="0.5")),
    )
    client = client_as("buyer")
    listed = client.get("/api/sites").json()
    assert listed["total"] == Site.objects.count()
    assert {one["site"]: one["lotsThere"] for one in listed["sites"]}[PLANT] == 2
    said = client.get("/api/sites/figures", {"site": PLANT}).json()
    page = text(client.get(page_of(PLANT)))
    assert said["stock"] == {"lowKg": "90", "highKg": "90", "lots": 2}
    assert f"90{NARROW}kg" in heading(client.get(page_of(PLANT)))
    assert said["period"]["yielded"] == "0.800000"
    assert said["period"]["month"] == "2026-02"
    assert f"Yield 80.0{NARROW}%" in page
    assert said["origins"]["Co"]["countries"] == [{"name": "FI", "low": "1.000000", "high": "1.000000"}]
    assert f"Finland 100.0{NARROW}%" in page
    assert (
        client.get("/api/sites/figures", {"site": PLANT, "month": "2026-01"}).json()["period"]["month"]
        == "2026-01"
    )
    for month, status in (("2026-99", 422), ("0000-01", 422), ("soon", 422)):
        assert client.get("/api/sites/figures", {"site": PLANT, "month": month}).status_code == status
    for site in ("urn:none", "\x00", lot("A")):
        assert client.get("/api/sites/figures", {"site": site}).status_code == 404


def test_a_supplier_asks_for_its_own_sites_only(workspace, client_as):
    world(workspace.pk)
    client = client_as("supplier", of=Organisation.objects.get(slug="cars"))
    assert [one["site"] for one in client.get("/api/sites").json()["sites"]] == [GARAGE]
    assert client.get("/api/sites/figures", {"site": GARAGE}).status_code == 200
    assert client.get("/api/sites/figures", {"site": MINE}).status_code == 404
