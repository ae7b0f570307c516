"""Search: everything by any spelling, and nothing that the role or the workspace hides."""

from __future__ import annotations

import pytest
from tests.apps.evidence.telling import ACME
from tests.apps.trust import chain

from lodeline.access import Role
from lodeline_server.log.models import Entry
from lodeline_server.lots.models import Lot
from lodeline_server.web.search import search

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _world(workspace):
    chain.world(workspace.pk)


def found(actor, words):
    return [(hit.kind, hit.name) for hit in search(actor, words)]


@pytest.mark.parametrize(
    "words",
    [
        "SALT1", "https://id.gs1.org/01/09521000001018/10/SALT1", "/01/09521000001018/10/SALT1", "  SALT1  ",
    ],
)  # fmt: skip
def test_a_lot_in_any_spelling(actor, words):
    hits = search(actor(Role.QUALITY), words)
    lot = Lot.objects.get(key=chain.SALT.format(1))
    assert hits[0].name == "SALT1"
    assert hits[0].href == f"/app/lots/{lot.pk}/"
    assert len({hit.href for hit in hits}) == len(hits)


def test_parts_of_names(actor):
    assert ("Party", "Maringo <b>Trading</b>") in found(actor(Role.BUYER), "maringo")
    assert {("Site", "Kaarnila mine"), ("Party", "Kaarnila Kaivos Oy")} <= set(
        found(actor(Role.BUYER), "kaarnila")
    )
    assert {name for kind, name in found(actor(Role.BUYER), "sulphate") if kind == "Lot"} == {
        "SALT1",
        "SALT2",
    }


def test_a_log_position_as_it_is_written_on_pages(actor, workspace):
    assert ("Log position", "7") in found(actor(Role.AUDITOR), "7")
    entry = Entry.objects.filter(workspace=workspace.pk).first()
    hits = search(actor(Role.AUDITOR), f"#{entry.position:,}")
    assert hits[0].href == f"/app/log/{entry.position}/"


def test_a_statement_by_its_identifier_and_a_certificate_by_number(actor):
    assert found(actor(Role.BUYER), "=1+1") == [("Certificate", "=1+1")]
    name = f"urn:test:policy.signature:{ACME}:{ACME}:30:0"
    assert found(actor(Role.BUYER), name) == [("Statement", name)]


@pytest.mark.parametrize(
    "words", ["", "   ", "\x00", "a\nb", "%", "'; drop table", "9" * 400, "x" * 5000, "\u202e", "∞"]
)
def test_odd_words_find_nothing_and_harm_nothing(actor, words):
    assert search(actor(Role.QUALITY), words) == []


def test_a_supplier_finds_its_own_only(actor):
    mine = actor(Role.SUPPLIER)
    assert ("Lot", "SALT1") in found(mine, "SALT1")
    assert found(mine, "Kaarnila") == []
    assert found(mine, "Acme Refining") == [("Party", "Acme Refining")]


def test_roles_find_what_their_pages_show(actor):
    assert found(actor(Role.FINANCIER), "SALT1") == []
    assert found(actor(Role.FINANCIER), "Acme Refining") == [("Party", "Acme Refining")]
    assert found(actor(Role.OPERATOR), "Acme Refining") == []
    regulator = search(actor(Role.REGULATOR), "SALT1")
    assert [hit.name for hit in regulator] == ["SALT1"]


@pytest.mark.parametrize("role", Role)
def test_another_workspace_finds_nothing(other_actor, role):
    for words in ("SALT1", "Acme", "Kaarnila", "7", "=1+1", chain.ORE.format(1)):
        assert search(other_actor(role), words) == []


def test_the_page_escapes_and_keeps_the_words(client_as):
    page = client_as(Role.BUYER).get("/app/search", {"q": '"><script>alert(1)</script>'}).content.decode()
    assert "<script>alert" not in page
    assert page.count("&quot;&gt;&lt;script&gt;") >= 2
    page = client_as(Role.BUYER).get("/app/search", {"q": "maringo"}).content.decode()
    assert "1 thing on record fits “maringo”." in page
    assert "Maringo &lt;b&gt;Trading&lt;/b&gt;" in page


def test_without_words_the_page_asks(client_as):
    page = client_as(Role.RECYCLER).get("/app/search").content.decode()
    assert "What are you looking for?" in page


def test_cost_does_not_grow_with_what_is_found(actor, django_assert_max_num_queries):
    someone = actor(Role.QUALITY)
    with django_assert_max_num_queries(20):
        search(someone, "S")
