"""Sites: what is there, what came and left, yields; a supplier sees its own."""

from __future__ import annotations

import re
from html import unescape

import pytest
from tests.apps.lots.chain import (
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
    with django_assert_max_num_queries(30):
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
