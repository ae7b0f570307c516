"""The map of where a lot began, its bounds, and the origins of what is at a site."""

from __future__ import annotations

import re
from fractions import Fraction
from html import unescape

import pytest
from tests.apps.evidence.telling import statement
from tests.apps.lots.chain import (
    MINE,
    MINER,
    PLANT,
    RECYCLER,
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
from lodeline_server.kit.charts import outline
from lodeline_server.lots import origin_map
from lodeline_server.lots.models import Lot
from lodeline_server.parties.models import Organisation

pytestmark = pytest.mark.django_db
NARROW = "\u202f"


def text(answer):
    return unescape(answer.content.decode())


def page_of(key, name="origins"):
    return f"/app/lots/{Lot.objects.get(key=key).pk}/{name}"


def located(workspace, latitude="67.9", longitude="26.1", uri=MINE, kind="mine"):
    content = {"name": "Deep mine", "party": MINER, "country": "FI", "kind": kind, "materials": ["Co"]}
    place = {"latitude": latitude, "longitude": longitude}
    tell(workspace, statement("site.profile", uri, content | place, issuer=MINER, number=1))


def test_sites_with_coordinates_are_circles_and_the_others_are_listed(
    workspace, client_as, django_assert_max_num_queries
):
    world(workspace.pk)
    located(workspace.pk)
    client = client_as("buyer")
    client.get(page_of(lot("CAM")))
    with django_assert_max_num_queries(15):
        page = text(client.get(page_of(lot("CAM")) + "?substance=Co"))
    assert re.findall(r'class="(pin[^"]*)"', page) == ["pin p1"]
    assert "67.90° N 26.10° E" in page
    assert "no coordinates stated" in page
    assert "Named, without a point on the map" in page
    table = page.split("<tbody>")[1]
    assert f'<td class="num">60.0{NARROW}%</td><td class="num">90.0{NARROW}%</td>' in table
    assert f'<td class="num">10.0{NARROW}%</td><td class="num">40.0{NARROW}%</td>' in table
    assert f"unknown 30.0{NARROW}%" in page.split("</svg>")[0] + page
    assert "style=" not in page.split("<main")[1]
    assert page_of(lot("CAM")) in text(client.get(Lot.objects.get(key=lot("CAM")).get_absolute_url()))


def test_what_is_recycled_is_a_ring(workspace, client_as):
    world(workspace.pk)
    located(workspace.pk, uri=RECYCLER, kind="recycler")
    assert '"pin hollow p' in text(client_as("buyer").get(page_of(lot("CAM"))))


@pytest.mark.parametrize(
    "place",
    [("91", "0"), ("nan", "0"), ("0", "inf"), ("north", "east"), ("", "12"), ("0", "-180.1"), ("1e999", "0")],
)
def test_coordinates_that_do_not_exist_are_not_drawn(workspace, client_as, place):
    world(workspace.pk)
    located(workspace.pk, *place)
    page = text(client_as("buyer").get(page_of(lot("CAM"))))
    assert 'class="pin' not in page
    assert "Deep mine" in page


def test_without_the_outline_the_page_says_so(workspace, client_as, monkeypatch, tmp_path):
    world(workspace.pk)
    located(workspace.pk)
    monkeypatch.setattr(outline, "LAND", tmp_path / "none")
    page = text(client_as("buyer").get(page_of(lot("CAM"))))
    assert "could not be had at set-up" in page
    assert 'class="land"' not in page
    assert '"pin p' in page


@pytest.mark.parametrize("query", ["?substance=Xx", "?substance=%00", "?substance="])
def test_odd_words_in_the_address_take_the_usual(workspace, client_as, query):
    world(workspace.pk)
    assert client_as("buyer").get(page_of(lot("CAM")) + query).status_code == 200


def test_a_lot_of_nothing_tracked_has_no_map(workspace, client_as):
    organisations(workspace.pk)
    tell(workspace.pk, *profiles(), commission(lot("A"), 0, MINE, ilmd=described("ore")))
    assert "A map stands here once" in text(client_as("buyer").get(page_of(lot("A"))))


def test_a_supplier_sees_countries_and_no_places_of_others(workspace, client_as):
    world(workspace.pk)
    located(workspace.pk)
    supplier = Organisation.objects.get(slug="cars")
    client = client_as("supplier", of=supplier)
    row = next(one for one in Lot.objects.all() if client.get(one.get_absolute_url()).status_code == 200)
    page = text(client.get(f"/app/lots/{row.pk}/origins")).split("<main")[1]
    assert "another party's mine" in page
    assert "Finland" in page
    for secret in ("Deep mine", "67.9", 'class="pin'):
        assert secret not in page
    assert client.get(page_of(lot("CAM"))).status_code == 404


def test_a_site_is_the_weighed_mean_of_its_lots(workspace, client_as, monkeypatch):
    organisations(workspace.pk)
    tell(
        workspace.pk,
        *profiles(),
        commission(lot("A"), 0, MINE, 1000),
        commission(lot("R"), 0, RECYCLER, 1000),
        commission(lot("X"), 0, PLANT, 1000),
        transform(2, [(lot("A"), 30)], [(lot("B"), 30)], ilmd=described("cathode", Co="0.5")),
        transform(3, [(lot("R"), 5), (lot("X"), 5)], [(lot("C"), 10)], ilmd=described("cathode", Co="0.5")),
    )
    Lot.objects.filter(label__in="ARX").update(current_site="")
    page = client_as("buyer").get(f"/app/sites/{Site.objects.get(uri=PLANT).pk}/")
    assert "Where it comes from" in text(page)
    assert f"Finland 75.0 to 87.5{NARROW}%" in text(page)
    assert f"Recycled 12.5 to 25.0{NARROW}%" in text(page)
    monkeypatch.setattr(origin_map, "MOST_LOTS", 1)
    page = client_as("buyer").get(f"/app/sites/{Site.objects.get(uri=PLANT).pk}/")
    assert f"Finland 75.0 to 100.0{NARROW}%" in text(page)
    assert "What 1 more lot holds is counted as unknown." in text(page)


def test_a_recyclers_own_lots_go_on_into_what_they_were_made_of(workspace):
    """As on the pages of these lots: the pool is their mean."""
    from lodeline.lots.origin import origin, pooled
    from lodeline_server.lots import queries

    organisations(workspace.pk)
    tell(
        workspace.pk,
        *profiles(),
        commission(lot("A"), 0, MINE, 100),
        transform(
            2, [(lot("A"), 50)], [(lot("B"), 50)], where=RECYCLER, ilmd=described("black mass", Co="0.5")
        ),
        transform(3, [(lot("B"), 20)], [(lot("C"), 20)], ilmd=described("cathode", Co="0.5")),
    )
    picture = queries.around(workspace.pk, [lot("B"), lot("C")], onward=False)
    nodes = [picture.graph.last(lot(name)) for name in "BC"]
    single = [origin(node, "Co", picture.places) for node in nodes]
    both = pooled("Co", list(zip(nodes, (3, 1), strict=True)), picture.places, 8)
    assert both.unknown == Fraction(1, 2)
    assert both.recycled == (3 * single[0].recycled + single[1].recycled) / 8
    assert (
        both.countries()["FI"] == (3 * single[0].countries().get("FI", 0) + single[1].countries()["FI"]) / 8
    )
    assert single[0].recycled == 0
    assert single[1].recycled == 1
