"""The explorer: what is shown of the graph, how it stood at a time, and nothing of others."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.apps.lots.chain import (
    CARS,
    CRATE,
    GARAGE,
    MINE,
    NOW,
    PACKS,
    PALLET,
    START,
    STORE,
    commission,
    declare,
    described,
    item,
    kg,
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
from lodeline_server.lots import explorer, queries
from lodeline_server.lots.models import Lot
from lodeline_server.parties.models import Organisation

pytestmark = pytest.mark.django_db


def page_of(key):
    return f"/app/lots/{Lot.objects.get(key=key).pk}/explore"


def text(answer):
    return unescape(answer.content.decode())


def heading(answer):
    return re.search(r"<h1>(.*?)</h1>", text(answer), re.DOTALL)[1].strip()


def test_the_trail_is_shown_both_ways(workspace, client_as):
    world(workspace.pk)
    client = client_as("buyer")
    answer = client.get(page_of(lot("CAM")))
    assert answer.status_code == 200
    assert heading(answer).startswith("All ")
    assert text(answer).count("<rect") > 4
    assert "explorer.js" in text(answer)
    assert "style=" not in text(answer).split("<main")[1]
    back = text(client.get(page_of(lot("CAM")) + "?direction=back"))
    assert ("MINED" in back, "P1" in back) == (True, False)


def test_a_date_says_what_there_was(workspace, client_as):
    world(workspace.pk)
    client = client_as("buyer")
    page = client.get(page_of(lot("CAM")) + "?at=2026-01-01")
    assert heading(page).startswith("On 2026-01-01, ")
    assert "not made yet" in text(page)
    assert "later-way" in text(page)
    assert "not made yet" not in text(client.get(page_of(lot("CAM")) + "?at=2026-12-31"))


def test_a_log_position_says_what_was_known(workspace, client_as):
    organisations(workspace.pk)
    tell(workspace.pk, commission(lot("A"), 0, MINE))
    early = queries.position()
    tell(workspace.pk, transform(2, [(lot("A"), 50)], [(lot("B"), 50)], ilmd=described("cathode", Co="0.5")))
    client = client_as("buyer")
    assert (
        heading(client.get(page_of(lot("A")) + f"?known={early}"))
        == "A stands alone: nothing flowed in or out."
    )
    assert heading(client.get(page_of(lot("A")))) == "All 2 lots around A are shown."
    assert client.get(page_of(lot("B")) + f"?known={early}").status_code == 404


def test_many_lots_are_folded_and_counted(workspace, client_as, django_assert_max_num_queries):
    organisations(workspace.pk)
    outputs = [(lot(f"B{number}"), 1) for number in range(230)]
    tell(workspace.pk, commission(lot("A"), 0, MINE, 500))
    tell(workspace.pk, transform(2, [(lot("A"), 230)], outputs, ilmd=described("cathode", Co="0.5")))
    client = client_as("buyer")
    with django_assert_max_num_queries(24):
        page = client.get(page_of(lot("A")) + "?limit=200")
    assert heading(page) == "200 of 231 lots around A are shown."
    assert "31 lots are folded: at most 200 are shown at once" in text(page)
    assert "200 of 231" in heading(client.get(page_of(lot("A")) + "?limit=200&at=")), (
        "an empty date asks nothing"
    )


def test_opening_shows_more_and_filters_keep_the_way(workspace, client_as):
    world(workspace.pk)
    client = client_as("buyer")
    folded = text(client.get(page_of(lot("CAM")) + "?depth=1&direction=forward"))
    link = re.search(r'href="(\?[^"]*open=[^"]*)"', folded)
    if link is None:
        assert "folded" not in folded.split("<h1>")[1].split("</p>")[0]
    else:
        assert len(text(client.get(page_of(lot("CAM")) + link[1]))) > len(folded)
    found = client.get(page_of(lot("CAM")), {"site": MINE, "depth": 9})
    assert "MINED" in text(found)
    assert "TRADED" not in text(found).split("<table")[1]


@pytest.mark.parametrize(
    "query",
    [
        "?at=yesterday", "?at=2026-99-99", "?known=-1", "?known=9" + "9" * 40, "?depth=0", "?limit=100000", "?limit=x",
        "?substance=Unobtainium", "?direction=up", "?at=%00", "?known=٣",
    ],
)  # fmt: skip
def test_what_does_not_fit_is_said(workspace, client_as, query):
    world(workspace.pk)
    answer = client_as("buyer").get(page_of(lot("CAM")) + query)
    assert answer.status_code == 200
    assert "Part of the address was not understood." in text(answer)


def test_odd_words_name_nothing(workspace, client_as):
    world(workspace.pk)
    client = client_as("buyer")
    for query in ("?open=%00&open=x", "?site=%00", "?party=nobody", "?at=0001-01-01T00:00:00"):
        assert client.get(page_of(lot("CAM")) + query).status_code == 200


@pytest.mark.parametrize("slug", ["cars", "quick"])
def test_a_supplier_sees_shares_and_no_names(workspace, client_as, slug):
    world(workspace.pk)
    client = client_as("supplier", of=Organisation.objects.get(slug=slug))
    own = [one for one in Lot.objects.all() if client.get(one.get_absolute_url()).status_code == 200]
    hidden = set(Lot.objects.values_list("label", flat=True)) - {one.label for one in own}
    assert own
    assert hidden
    for one in own:
        page = text(client.get(f"/app/lots/{one.pk}/explore?depth=9")).split("<main")[1]
        said = client.get(f"/api/lots/graph?key={one.key}&depth=9").content.decode()
        assert "another party" in page
        for name in hidden:
            assert f">{name}<" not in page
            assert f"/{name}" not in page
            assert name not in said
    for one in Lot.objects.filter(label__in=hidden):
        assert client.get(f"/app/lots/{one.pk}/explore").status_code == 404


def test_units_without_mass_are_not_measured(workspace, client_as):
    organisations(workspace.pk)
    tell(workspace.pk, commission(lot("A"), 0, MINE, ilmd=described("ore")))
    tell(workspace.pk, transform(2, [(lot("A"), 50)], [(lot("B"), 5)], ilmd=described("slag")))
    page = client_as("buyer").get(page_of(lot("B")))
    assert "Mass</a>" in text(page)
    assert kg(lot("A"), 1)["uom"] == "KGM"


def test_the_api_says_the_same(workspace, client_as):
    world(workspace.pk)
    client = client_as("buyer")
    said = client.get(f"/api/lots/graph?key={lot('CAM')}&limit=200&depth=9").json()
    assert said["shown"] == said["total"] == len(said["lots"])
    into = {}
    for edge in said["edges"]:
        into[edge["to"]] = into.get(edge["to"], 0) + float(edge["share"])
    for one in said["lots"]:
        if one["id"] in into:
            assert into[one["id"]] + float(one["unknownInput"]) == pytest.approx(1, abs=1e-5)
    early = client.get(f"/api/lots/graph?key={lot('CAM')}&at=2026-01-01").json()
    assert {one["there"] for one in early["lots"]} == {True, False}
    assert client.get(f"/api/lots/graph?key={lot('CAM')}&at=soon").status_code == 422
    assert client.get(f"/api/lots/graph?key={lot('NONE')}").status_code == 404
    shares = client.get(f"/api/lots/origins?key={lot('CAM')}").json()["origins"]["Co"]
    whole = sum(float(one["low"]) for one in shares["countries"]) + float(shares["unknown"])
    assert whole == pytest.approx(1, abs=1e-5)
    assert all(float(one["low"]) <= float(one["high"]) for one in shares["countries"])


def test_the_api_takes_what_the_page_takes(workspace, client_as):
    world(workspace.pk)
    client = client_as("buyer")

    def labels(**asked):
        answer = client.get("/api/lots/graph", {"key": lot("CAM"), **asked})
        return {one["label"] for one in answer.json()["lots"]}

    for asked in (
        {"site": MINE, "depth": 9},
        {"party": "nobody", "depth": 9},
        {"depth": 1, "open": [lot("MINED")]},
    ):
        table = text(client.get(page_of(lot("CAM")), asked)).split("<tbody>")[1]
        shown = {one.label for one in Lot.objects.all() if f">{one.label}</a>" in table}
        assert labels(**asked) == shown
    assert labels(site=MINE, depth=9) < labels(depth=9)
    near = {"depth": 1, "direction": "back"}
    start = {"key": item("P1"), **near}
    few = client.get("/api/lots/graph", start).json()
    more = client.get("/api/lots/graph", {**start, "open": [lot("CAM")]}).json()
    assert {one["label"] for one in more["lots"]} > {one["label"] for one in few["lots"]}
    assert client.get("/api/lots/graph", {**start, "open": ["x"] * 41}).status_code == 422


FIELDS = ("label", "status", "current_site", "holder", "inside", "seen_at", "used", "mass", "amount", "site")


def containers():
    """Packs in a crate on a pallet that goes to a store, where one is taken out, and on; one event is wrong."""
    made = [item(f"P{number}") for number in range(4)]
    wrong = observe("receiving", 11, MINE, [PALLET], to=CARS)
    told = [
        commission(lot("A"), 0, MINE, 500),
        transform(1, [(lot("A"), 80)], items=made, where=PACKS, ilmd=described("pack", "20", Co="0.4")),
        pack(2, CRATE, made[:2]),
        pack(3, PALLET, [CRATE, made[2]]),
        observe("shipping", 4, PACKS, [PALLET], to=CARS),
        observe("receiving", 6, STORE, [PALLET], to=CARS),
        pack(7, PALLET, [made[2]], STORE, put=False),
        observe("shipping", 8, STORE, [PALLET], to=CARS),
        observe("receiving", 10, GARAGE, [PALLET], to=CARS),
        wrong,
    ]
    return made, told, declare(wrong)


def stood(workspace, at=None, known=None):
    """The lots' states as the explorer tells them."""
    question = explorer.Question(at=at, known=known, depth=explorer.DEEPEST)
    row = Lot.objects.get(key=lot("A"))
    return explorer.explore(row, question, platform(workspace)).states


def of(one):
    return {name: getattr(one, name) for name in FIELDS}


def test_what_is_in_a_container_moves_with_it(workspace, client_as):
    organisations(workspace.pk)
    made, told, declaration = containers()
    tell(workspace.pk, *profiles(), *told)

    def seen(day, hours=1, **more):
        found = stood(workspace.pk, START + timedelta(days=day, hours=hours), **more)
        return [(found[key].current_site, found[key].status, found[key].inside) for key in made]

    loose = (PACKS, "in stock", "")
    assert seen(1) == [loose] * 4
    assert seen(3) == [(PACKS, "in stock", CRATE)] * 2 + [(PACKS, "in stock", PALLET), loose]
    assert seen(4) == [(PACKS, "in transit", CRATE)] * 2 + [(PACKS, "in transit", PALLET), loose]
    assert seen(8) == [(STORE, "in transit", CRATE)] * 2 + [(STORE, "in stock", ""), loose]
    assert seen(10) == [(GARAGE, "in stock", CRATE)] * 2 + [(STORE, "in stock", ""), loose]
    assert seen(11) == [(MINE, "in stock", CRATE)] * 2 + [(STORE, "in stock", ""), loose]
    before = queries.position()
    tell(workspace.pk, declaration)
    assert seen(11) == seen(10), "what happened to the pallet was declared wrong"
    assert seen(11, known=before)[0] == (MINE, "in stock", CRATE), "and was not yet then"
    page = text(client_as("buyer").get(page_of(lot("A")) + "?at=2026-01-09"))
    assert "Quick store" in page


def test_at_now_is_how_it_stands(workspace):
    organisations(workspace.pk)
    _, told, declaration = containers()
    tell(workspace.pk, *profiles(), *told)
    for more in ([], [declaration]):
        tell(workspace.pk, *more)
        states = {key: of(one) for key, one in stood(workspace.pk, NOW).items()}
        assert states == {one.key: of(one) for one in Lot.objects.all()}
        assert states == {key: of(one) for key, one in stood(workspace.pk).items()}


parts = st.lists(
    st.tuples(
        st.sampled_from(["put", "out", "ship", "receive", "empty", "wrong"]),
        st.integers(0, 3),
        st.integers(0, 1),
        st.integers(2, 9),
    ),
    max_size=9,
)


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(parts)
def test_at_now_is_how_it_stands_however_things_were_packed(workspace, drawn):
    """Also told out of order, nested, packed twice, emptied, declared wrong."""
    made = [item(f"P{number}") for number in range(3)]
    with transaction.atomic():
        told = [
            commission(lot("A"), 0, MINE, 500),
            transform(1, [(lot("A"), 60)], items=made, where=PACKS, ilmd=described("pack", "20", Co="0.4")),
        ]
        for number, (what, child, parent, day) in enumerate(drawn):
            box, within, name = (CRATE, PALLET)[parent], [*made, CRATE][child], f"{number}"
            if what == "wrong":
                told += [declare(told[-1])] if told[2:] else []
            elif what in {"ship", "receive"}:
                step, where = ("shipping", PACKS) if what == "ship" else ("receiving", GARAGE)
                told.append(observe(step, day, where, [box], to=CARS, name=name))
            elif what == "empty":
                told.append(pack(day, box, [], STORE, put=False, name=name))
            elif within != box:
                told.append(pack(day, box, [within], PACKS, put=what == "put", name=name))
        tell(
            workspace.pk,
            *{
                one.payload["id"] + str("errorDeclaration" in one.payload["body"]["event"]): one
                for one in told
            }.values(),
        )
        states = {key: of(one) for key, one in stood(workspace.pk, NOW).items()}
        assert states == {one.key: of(one) for one in Lot.objects.all()}
        transaction.set_rollback(True)
