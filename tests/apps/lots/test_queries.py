"""Reading lots: names in any spelling, who sees what, one graph per position."""

from __future__ import annotations

from fractions import Fraction

import pytest
from tests.apps.lots.chain import GTIN, OWN, commission, item, lot, organisations, tell, world

from lodeline.access import Role
from lodeline.lots import trace
from lodeline_server.lots import queries
from lodeline_server.lots.models import Lot
from lodeline_server.parties.models import Organisation
from lodeline_server.parties.queries import actor_of

pytestmark = pytest.mark.django_db


def actor_for(workspace, slug, role="supplier"):
    from lodeline_server.parties.models import Membership, User

    organisation = Organisation.objects.get(workspace=workspace, slug=slug)
    user = User.objects.create(email=f"{role}-{slug}@test.example")
    return actor_of(
        Membership.objects.create(
            user=user, organisation=organisation, role=role, created_at=organisation.created_at
        )
    )


def test_the_origin_of_a_pack_is_exact(workspace):
    world(workspace.pk)
    picture = queries.picture(workspace.pk)
    found = trace.back(picture.graph, picture.graph.last(item("P1")), picture.places)
    one = found.origins["Co"]
    assert [(s.place.name, s.place.country, s.share, s.recycled) for s in one.sources] == [
        ("Deep mine", "FI", Fraction(6, 10), False),
        ("Second recycler", "FI", Fraction(1, 10), True),
    ]
    assert one.unknown == Fraction(3, 10)
    assert [(gap.key, gap.share) for gap in one.gaps] == [(lot("TRADED"), Fraction(3, 10))]
    assert one.mass == 8_000_000
    # nickel came with the cathode lot, and what that holds nothing explains
    assert (found.origins["Ni"].unknown, found.origins["Ni"].mass) == (1, None)


@pytest.mark.parametrize(
    "word",
    [
        f"https://id.gs1.org/01/{GTIN}/10/CAM",
        f"https://example.com/01/{GTIN}/10/CAM",
        f"/01/{GTIN}/10/CAM",
        f"urn:epc:class:lgtin:9520001.{GTIN[0]}00001.CAM",
        "CAM",
        " CAM ",
    ],
)
def test_a_lot_is_found_by_any_of_its_names(workspace, word):
    world(workspace.pk)
    assert [one.key for one in queries.find(Lot.objects.all(), word)] == [lot("CAM")]


@pytest.mark.parametrize("word", ["", " ", "nobody", "\x00", "a\x00b", "../..", "x" * 600, "\udcff"])
def test_other_words_find_nothing(workspace, word):
    world(workspace.pk)
    assert queries.find(Lot.objects.all(), word) == []


def test_the_graph_is_kept_until_the_log_moves(workspace, django_assert_num_queries):
    world(workspace.pk)
    first = queries.picture(workspace.pk)
    with django_assert_num_queries(3):
        assert queries.picture(workspace.pk) is first
    tell(workspace.pk, commission(lot("NEW"), 1, "https://id.gs1.org/414/9521000000011"))
    second = queries.picture(workspace.pk)
    assert second is not first
    assert second.graph.last(lot("NEW")) is not None
    assert first.graph.last(lot("NEW")) is None


def test_a_supplier_opens_what_it_made_or_holds(workspace):
    world(workspace.pk)

    def labels(slug):
        return sorted(queries.visible(actor_for(workspace, slug)).values_list("label", flat=True))

    assert labels("deep") == ["MINED", "REGAINED"]
    assert labels("quick") == ["TRADED"]
    assert labels("cars") == ["P1"]
    assert labels("north-works") == ["CAM", "MINED", "P1", "P2", "REGAINED", "TRADED"]
    buyer = actor_for(workspace, "deep", "buyer")
    assert queries.visible(buyer).count() == 6
    assert queries.named(buyer) is None


def test_nobody_without_a_party_owns_what_has_none(workspace):
    organisations(workspace.pk)
    nobody = Organisation.objects.create(
        workspace=workspace, slug="none", name="None", party="", created_at=workspace.created_at
    )
    tell(workspace.pk, commission(lot("X"), 0, OWN, by="unheard-of"))
    Lot.objects.update(party="", holder="")
    assert nobody.party == ""
    assert list(queries.visible(actor_for(workspace, "none"))) == []


def test_nothing_of_another_workspace(workspace, other_workspace, other_actor):
    world(workspace.pk)
    for role in Role:
        assert not queries.visible(other_actor(role)).exists()
    assert queries.picture(other_workspace.pk).graph.order == ()
