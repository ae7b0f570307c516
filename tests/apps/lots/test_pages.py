"""What people see of lots: the answer, the same facts as a table, and nothing of others."""

from __future__ import annotations

import csv
import io
import re
from html import unescape

import pytest
from tests.apps.lots.chain import MINE, OWN, commission, described, item, lot, organisations, tell, world

from lodeline_server.lots.models import Lot
from lodeline_server.parties.models import Organisation

pytestmark = pytest.mark.django_db
NARROW = "\u202f"


def text(answer):
    """What is said, without the random token of the sign-out form."""
    content = b"".join(answer) if answer.streaming else answer.content
    return unescape(re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", content.decode()))


def heading(answer):
    return re.search(r"<h1>(.*?)</h1>", text(answer), re.DOTALL)[1].strip()


def rows(answer):
    return list(csv.DictReader(io.StringIO(text(answer))))


def page_of(key):
    return Lot.objects.get(key=key).get_absolute_url()


def test_the_list_filters_sorts_and_exports(workspace, client_as):
    world(workspace.pk)
    client = client_as("buyer")
    assert heading(client.get("/app/trace/")) == "4 lots and 2 items are on record."
    page = text(client.get("/app/trace/?kind=item"))
    assert ("P1" in page, "CAM" in page, "Fjord plant" in page) == (True, False, True)
    table = rows(client.get("/app/trace/?q=cobalt&sort=-label&format=csv"))
    assert [row["Lot or serial"] for row in table] == ["TRADED", "REGAINED", "MINED"]
    assert table[2] == {
        "Lot or serial": "MINED", "Product": "cobalt hydroxide", "Made": f"100{NARROW}kg", "Mass, kg": "100",
        "Date": "2026-01-01", "Now at": "North cathode plant", "Holder": "North Works", "Status": "partly used",
        "Receipt": table[2]["Receipt"], "Identifier": lot("MINED"),
    }  # fmt: skip
    assert table[2]["Receipt"].isdigit()


def test_an_empty_workspace_says_what_will_stand_there(client_as):
    answer = client_as("buyer").get("/app/trace/")
    assert heading(answer) == "No lot is on record yet."


@pytest.mark.parametrize(
    "query", ["?page=9", "?page=x", "?sort=nonsense", "?kind=x&status=y", "?q=%00", "?site=\x00"]
)
def test_odd_words_in_the_address_are_no_error(workspace, client_as, query):
    world(workspace.pk)
    assert client_as("buyer").get(f"/app/trace/{query}").status_code == 200


def test_names_that_look_like_formulas_or_markup(workspace, client_as):
    organisations(workspace.pk)
    tell(
        workspace.pk, commission(lot("A"), 0, MINE, ilmd=described("=1+1<script>alert(1)</script>", Co="0.5"))
    )
    client = client_as("buyer")
    assert rows(client.get("/app/trace/?format=csv"))[0]["Product"] == "'=1+1<script>alert(1)</script>"
    for address in ("/app/trace/", page_of(lot("A"))):
        content = client.get(address).content.decode()
        assert "<script>alert" not in content
        assert "=1+1&lt;script&gt;" in content


def test_the_answer_stands_in_the_heading(workspace, client_as):
    world(workspace.pk)
    answer = client_as("buyer").get(page_of(item("P1")))
    assert heading(answer) == (
        f"70{NARROW}% of this item’s cobalt is traced to a named mine or recycler. 30{NARROW}% is not."
    )
    page = text(answer)
    assert "Quick Trading linked no inputs to TRADED" in page
    assert "Origin attestation in force" in page
    assert page.count("Its own event, not attested") == 1  # the recycler's
    assert [f">{share}{NARROW}%<" in page for share in ("60.0", "30.0", "10.0")] == [True] * 3
    assert 'aria-label="Origins"' in page


def test_a_lot_of_one_mine_is_wholly_traced_and_a_traded_one_not_at_all(workspace, client_as):
    world(workspace.pk)
    client = client_as("buyer")
    assert heading(client.get(page_of(lot("MINED")))) == (
        "All of this lot’s cobalt is traced to a named mine or recycler."
    )
    assert heading(client.get(page_of(lot("TRADED")))) == (
        "None of this lot’s cobalt is traced to a named mine or recycler."
    )


def test_each_substance_has_its_own_answer(workspace, client_as):
    world(workspace.pk)
    client = client_as("buyer")
    nickel = client.get(page_of(lot("CAM")) + "?substance=Ni")
    assert heading(nickel) == "None of this lot’s nickel is traced to a named mine or recycler."
    for odd in ("Xx", "", "<script>"):
        assert "cobalt" in heading(client.get(page_of(lot("CAM")), {"substance": odd}))


def test_forward_and_its_csv(workspace, client_as):
    world(workspace.pk)
    client = client_as("buyer")
    address = page_of(lot("MINED")) + "?direction=forward"
    assert heading(client.get(address)) == "MINED went into 2 items and 1 lot."
    table = rows(client.get(address + "&format=csv"))
    assert [(row["lot"], row["steps"], row["share_Co"], row["mass_kg"]) for row in table] == [
        (lot("CAM"), "1", "0.600000", "100"),
        (item("P1"), "2", "0.600000", "20"),
        (item("P2"), "2", "0.600000", "20"),
    ]
    assert heading(client.get(page_of(item("P1")) + "?direction=forward")) == (
        "P1 went into nothing that is on record."
    )


def test_an_item_has_one_address(workspace, client_as):
    world(workspace.pk)
    client, row = client_as("buyer"), Lot.objects.get(key=item("P1"))
    assert client.get(f"/app/lots/{row.pk}/").headers["Location"] == f"/app/items/{row.pk}/"
    for word in (row.key, "P1", f"/01/{row.gtin}/21/P1"):
        assert client.get("/app/trace/open", {"key": word}).headers["Location"] == f"/app/items/{row.pk}/"
    assert client.get("/app/trace/open?key=nobody").headers["Location"] == "/app/trace/?q=nobody"


def test_a_lot_of_another_workspace_is_not_there(workspace, client_as, other_organisation):
    world(workspace.pk)
    stranger = client_as("buyer", of=other_organisation)
    for key in (lot("CAM"), item("P1")):
        assert stranger.get(page_of(key)).status_code == 404
        assert stranger.get(f"/api/lots/trace?key={key}").status_code == 404
    assert stranger.get("/api/lots").json()["total"] == 0


SECRETS = ("MINED", "REGAINED", "TRADED", "CAM", "P2", "Deep", "Quick", "North", "deep", MINE, OWN)


@pytest.mark.parametrize(
    ("slug", "own", "others"),
    [
        ("cars", item("P1"), ("MINED", "TRADED", "CAM", "P2", "Deep", "Quick", "North", MINE, OWN)),
        ("deep", lot("MINED"), ("TRADED", "CAM", "P1", "P2", "Quick", "Fjord", OWN)),
        ("quick", lot("TRADED"), ("MINED", "CAM", "P1", "P2", "Deep", "Fjord", OWN)),
    ],
)
def test_a_supplier_sees_its_own_lots_and_no_name_of_others(workspace, client_as, slug, own, others):
    world(workspace.pk)
    client = client_as("supplier", of=Organisation.objects.get(slug=slug))
    shown = [
        client.get(page_of(own) + query)
        for query in ("", "?direction=forward", "?format=csv", "?direction=forward&format=csv")
    ]
    shown += [client.get(f"/api/lots/trace?key={own}&direction={way}") for way in ("back", "forward")]
    for answer in shown:
        assert answer.status_code == 200
        said = text(answer)
        made_by_others = slug == "cars"
        for name in others:
            if made_by_others and name in {"North", OWN}:
                continue  # who made what it holds, it was told
            assert name not in said, (answer.request["PATH_INFO"], answer.request["QUERY_STRING"], name)
    for key in {lot("CAM"), lot("MINED"), lot("TRADED"), item("P2")} - {own}:
        assert client.get(page_of(key)).status_code == 404
        assert client.get(f"/api/lots/trace?key={key}").status_code == 404
    listed = text(client.get("/app/trace/?format=csv"))
    for name in others:
        if name not in {"North", OWN}:
            assert name not in listed


def test_hidden_lots_keep_their_shares(workspace, client_as):
    world(workspace.pk)
    client = client_as("supplier", of=Organisation.objects.get(slug="cars"))
    answer = client.get(f"/api/lots/trace?key={item('P1')}").json()
    assert answer["origins"]["Co"]["unknown"] == "0.300000"
    assert answer["origins"]["Co"]["countries"] == {"FI": "0.700000"}
    hidden = [one for one in answer["lots"] if one["key"] is None]
    assert len(hidden) == 4
    assert sorted(one["shares"]["Co"] for one in hidden) == ["0.100000", "0.300000", "0.600000", "1.000000"]
    assert {(one["label"], one["site"], one["statement"]) for one in hidden} == {("another party", "", None)}


def test_few_queries_and_little_time(workspace, client_as, django_assert_max_num_queries):
    world(workspace.pk)
    client = client_as("buyer")
    address = page_of(item("P1"))
    client.get(address)
    with django_assert_max_num_queries(18):
        client.get(address)
    with django_assert_max_num_queries(18):
        client.get("/app/trace/")
