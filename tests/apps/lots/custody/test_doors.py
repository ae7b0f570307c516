"""Books over HTTP, on pages and on the command line; what does not fit; who sees what."""

from __future__ import annotations

import csv
import io
import json
import re
from html import unescape

import pytest
from tests.apps.lots.chain import MINER, PLANT, RECYCLER, site, tell
from tests.apps.lots.custody.keeping import (
    ARRIVED,
    MINED_ARRIVED,
    NOW,
    SENT,
    book,
    claim,
    conversion,
    correction,
    hashed,
    ready,
    receipt,
    rules,
)

from lodeline.cli import main
from lodeline_server.lots.custody import queries
from lodeline_server.lots.custody.models import CustodyBook, CustodyEntry
from lodeline_server.parties.models import Organisation

pytestmark = pytest.mark.django_db


def text(answer):
    content = b"".join(answer) if answer.streaming else answer.content
    return unescape(re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", content.decode()))


def heading(answer):
    return re.search(r"<h1>(.*?)</h1>", text(answer), re.DOTALL)[1].strip()


def found(maker):
    return [(one.rule, one.severity.value, one.entry) for one in queries.findings(maker.workspace, NOW)]


def told(maker):
    """10 kg of regained cobalt came in and were converted; 9 of them are claimed on 20 kg that were shipped."""
    return book(
        maker,
        receipt("in", 2, "10", evidence={"event": ARRIVED, "ticket": "W-1"}),
        conversion("turn", 3, "10"),
        claim("out", 9, "9", evidence={"event": SENT}),
    )


def test_books_that_agree_with_what_moved(actor):
    maker = ready(actor)
    told(maker)
    assert found(maker) == []


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        (
            [receipt("in", 2, "10", evidence={"event": MINED_ARRIVED}), conversion("turn", 3, "10")],
            [("RB-CARRIED", "error", "in")],
        ),
        (
            [receipt("in", 2, "11", evidence={"event": ARRIVED}), conversion("turn", 3, "11")],
            [("RB-CARRIED", "error", "in"), ("RB-DOUBLED", "error", "")],
        ),
        (
            [receipt("in", 2, "10", evidence={"event": "urn:uuid:nothing"}), conversion("turn", 3, "10")],
            [("RB-EVENT", "error", "in")],
        ),
        ([receipt("in", 2, "10", evidence={"event": ARRIVED})], [("MB-03", "error", "")] * 11),
        (
            [receipt("in", 2, "10"), conversion("turn", 3, "10")],
            [("RB-EVENT", "error", "in")],
        ),
        (
            [
                receipt("in", 2, "10", evidence={"event": ARRIVED}),
                conversion("turn", 3, "10"),
                claim("out", 4, "9", evidence={"event": ARRIVED}),
            ],
            [("RB-EVENT", "error", "out")],
        ),
    ],
)  # fmt: skip
def test_what_does_not_fit(actor, entries, expected):
    maker = ready(actor)
    book(maker, *entries)
    assert found(maker) == expected


def test_findings_are_known_again(actor):
    maker = ready(actor)
    book(maker, receipt("in", 2, "10", evidence={"event": MINED_ARRIVED}), conversion("turn", 3, "10"))
    first, second = (queries.findings(maker.workspace, NOW)[0] for _ in range(2))
    assert first.identity == second.identity == ("RB-CARRIED", first.book, "2026-01-01", "in")
    assert (first.id, first.event) == (second.id, MINED_ARRIVED)


def test_periods_that_nobody_closed_and_rules_that_ran_out(actor):
    maker = ready(actor, closeDays=31, periods={"start": "2026-01-01", "months": 1, "count": 3})
    told(maker)
    rules_ = {one.rule for one in queries.findings(maker.workspace, NOW)}
    assert rules_ == {"MB-02", "MB-11"}


def test_a_model_that_was_not_the_claims(actor):
    """What is only balanced is said to be segregated on the lot that was shipped."""
    from tests.apps.lots.chain import described, event, kg, lot, transform

    maker = ready(actor)
    tell(
        maker.workspace,
        transform(4, [(lot("CAM"), 10)], [(lot("BETTER"), 10)], ilmd=described("cathode", Co="0.5")),
        event(
            "ObjectEvent", 10, PLANT, action="OBSERVE", bizStep="shipping", eventID="urn:uuid:better",
            quantityList=[kg(lot("BETTER"), 10)],
        ),
    )  # fmt: skip
    book(
        maker,
        receipt("in", 2, "10", evidence={"event": ARRIVED}),
        conversion("turn", 3, "10"),
        claim("out", 11, "5", evidence={"event": "urn:uuid:better"}),
    )
    assert found(maker) == [("CM-02", "note", "out")]


def test_over_http_from_rules_to_closing(actor, api_client, django_assert_max_num_queries):
    from tests.apps.lots.custody.keeping import world

    maker = actor("maker")
    world(maker.workspace)
    client = api_client("maker")

    def post(path, body):
        return client.post(f"/api/custody/{path}", json.dumps(body), content_type="application/json")

    answer = post("schemes", rules())
    assert (answer.status_code, answer.json()["version"]) == (201, "1")
    assert client.get("/api/custody/schemes").json()["schemes"][0]["scheme"] == "Loop"
    entries = [receipt("in", 2, "10", evidence={"event": ARRIVED}), conversion("turn", 3, "10")]
    answer = post("entries", {"entries": entries})
    assert answer.status_code == 201, answer.json()
    assert [one["givenKg"] for one in answer.json()["entries"]] == [None, "9.5"]
    answer = post("entries", {"entries": [claim("out", 9, "9.6")]})
    assert (answer.status_code, answer.json()["findings"][0]["rule"]) == (409, "MB-01")
    answer = post("entries", {"entries": [claim("out", 9, "9.4999999")]})
    assert (answer.status_code, answer.json()["findings"][0]["pointer"]) == (400, "/massKg")
    assert post("entries", {"entries": [claim("out", 9, "1", nonsense=1)]}).status_code == 422
    with django_assert_max_num_queries(30):
        listed = client.get("/api/custody/books").json()
    assert [(one["group"], one["balanceKg"]) for one in listed["books"]] == [
        ("cathode", "9.5"),
        ("cobalt hydroxide", "0"),
    ]
    ref = listed["books"][0]["book"]
    shown = client.get(f"/api/custody/books/{ref}?period=2026-01-20").json()["period"]
    assert (shown["openingKg"], shown["closingKg"], shown["creditedKg"]) == (
        "0",
        "9.5",
        {"conversion in": "9.5"},
    )
    assert client.get(f"/api/custody/books/{ref}?period=2020-01-20").status_code == 404
    assert client.get("/api/custody/entries/turn").json()["book"] != ref
    assert client.get("/api/custody/entries/nothing").status_code == 404
    assert client.get("/api/custody/findings").json() == {"findings": []}
    answer = post(f"books/{ref}/closings", {"period": "2026-01-31"})
    assert (answer.status_code, answer.json()["closingKg"]) == (201, "9.5")
    answer = post(f"books/{ref}/closings", {"accept": True})  # the next one
    assert (answer.status_code, answer.json()["start"][:10]) == (201, "2026-02-01")
    assert post("books/0123456789abcdef/closings", {"period": "2026-01-31"}).status_code == 404


@pytest.mark.parametrize(
    ("more", "pointer"),
    [
        ({"massKg": 1.5}, "/massKg"),
        ({"massKg": "-1"}, "/massKg"),
        ({"massKg": "1e30"}, "/massKg"),
        ({"massKg": None}, "/massKg"),
        ({"at": "2026-03-04T10:00:00"}, "/at"),
        ({"at": "yesterday"}, "/at"),
        ({"kind": "gift"}, "/kind"),
        ({"model": "trust"}, "/model"),
        ({"site": "\x00"}, "/site"),
        ({"characteristics": []}, "/characteristics"),
        ({"characteristics": ["a", "a"]}, "/characteristics"),
        ({"evidence": {"certificate": "abc"}}, "/evidence/certificate"),
        ({"evidence": "ticket"}, "/evidence"),
        ({"source": "abc"}, "/source"),
        ({"into": {"group": "x"}}, "/into"),
        ({"reverses": "x"}, "/reverses"),
        ({"weighed": "yes"}, "/weighed"),
        ({"id": "a" * 61}, "/id"),
        ({"group": "<script>"}, "/group"),
    ],
)
def test_what_is_no_entry_is_told_with_its_place(actor, more, pointer):
    from lodeline_server.kit.problems import Problem

    maker = actor("maker")
    with pytest.raises(Problem) as problem:
        book(maker, receipt("in", 2, "10") | more)
    assert problem.value.status == 400
    assert pointer in {one.pointer for one in problem.value.findings}


def test_pages_lead_from_the_list_to_the_lot(actor, client_as):
    maker = ready(actor)
    told(maker)
    client = client_as("maker")
    listed = client.get("/app/custody/")
    assert heading(listed) == "2 books of credits fit their rules and what moved."
    ref = CustodyBook.objects.get(group="cathode").ref
    page = client.get(f"/app/custody/{ref}/?period=2026-01-01")
    assert (
        heading(page)
        == "500\u202fg of cobalt in cathode may still be claimed as recycled at North cathode plant."
    )
    said = text(page)
    assert "claimed" in said
    assert "Credits, claims and movements of this period agree." in said
    row = CustodyEntry.objects.get(ref="out")
    assert f"/app/custody/entries/{row.position}/" in said
    shown = text(client.get(f"/app/custody/entries/{row.position}/"))
    assert ("mass balance" in shown, "CAM" in shown, SENT in shown) == (True, True, True)
    table = list(
        csv.reader(io.StringIO(text(client.get(f"/app/custody/{ref}/?period=2026-01-01&format=csv"))))
    )
    assert [line[2:5] for line in table[1:]] == [
        ["opening", "", "0"],
        ["conversion", "9.5", "9.5"],
        ["claim", "'-9", "0.5"],  # so that no spreadsheet takes it for a formula
        ["closing", "", "0.5"],
    ]


def test_a_period_is_closed_on_its_page(actor, client_as):
    maker = ready(actor)
    book(maker, receipt("in", 2, "10", evidence={"event": ARRIVED}))
    client = client_as("maker")
    ref = CustodyBook.objects.get().ref
    answer = client.post(f"/app/custody/{ref}/close", {"period": "2026-01-01"})
    assert answer.status_code == 409
    assert "nobody has accepted" in text(answer)
    answer = client.post(f"/app/custody/{ref}/close", {"period": "2026-01-01", "accept": "1"}, follow=True)
    assert "Nothing in it changes any more" in text(answer)
    assert "Close the period" not in text(answer)
    assert client_as("buyer").post(f"/app/custody/{ref}/close", {"period": "2026-01-01"}).status_code == 403


def test_a_supplier_keeps_the_books_of_its_own_sites(actor, client_as, api_client):
    maker = ready(actor)
    told(maker)
    deep = Organisation.objects.get(slug="deep")
    supplier, key = client_as("supplier", of=deep), api_client("supplier", of=deep)
    for ref in CustodyBook.objects.values_list("ref", flat=True):
        assert supplier.get(f"/app/custody/{ref}/").status_code == 404
        assert key.get(f"/api/custody/books/{ref}").status_code == 404
    for row in CustodyEntry.objects.all():
        assert supplier.get(f"/app/custody/entries/{row.position}/").status_code == 404
        assert key.get(f"/api/custody/entries/{row.ref}").status_code == 404
    assert "cathode plant" not in text(supplier.get("/app/custody/"))
    body = json.dumps({"entries": [receipt("own", 2, "1", site=RECYCLER)]})
    assert key.post("/api/custody/entries", body, content_type="application/json").status_code == 201
    body = json.dumps({"entries": [receipt("other", 2, "1", source=hashed("z"))]})
    assert key.post("/api/custody/entries", body, content_type="application/json").status_code == 404
    assert heading(supplier.get("/app/custody/")).startswith("2 things do not fit in the books")
    assert site(RECYCLER, MINER, "recycler", "x")


def test_a_lot_shows_the_claims_that_stand_on_it(actor, client_as):
    maker = ready(actor)
    told(maker)
    answer = client_as("maker").get("/app/trace/open?key=CAM", follow=True)
    assert "9\u202fkg claimed as recycled by mass balance" in text(answer)


def test_on_the_command_line(actor, tmp_path, capsys):
    from tests.apps.lots.custody.keeping import world

    world(actor("maker").workspace)

    def run(*words):
        code = main(["custody", *words])
        return code, capsys.readouterr()

    def file(name, content):
        path = tmp_path / name
        path.write_text(json.dumps(content))
        return str(path)

    assert run("scheme", file("rules.json", rules()))[0] == 0
    assert run("scheme", file("rules.json", {"scheme": 5}))[0] == 2
    in_ = receipt("in", 2, "10", evidence={"event": ARRIVED})
    assert run("entry", file("in.json", [in_, conversion("turn", 3, "10")]))[0] == 0
    code, said = run("entry", file("out.json", claim("out", 9, "9.6")), "--json")
    assert (code, json.loads(said.out)["findings"][0]["rule"]) == (1, "MB-01")
    assert run("entry", str(tmp_path / "nothing.json"))[0] == 2
    (tmp_path / "broken.json").write_text("{")
    assert run("entry", str(tmp_path / "broken.json"))[0] == 2
    code, said = run("books", "--json")
    ref = json.loads(said.out)["books"][0]["book"]
    code, said = run("book", ref, "--period", "2026-01-31")
    assert (code, "closing" in said.out, "9.5 kg" in said.out) == (0, True, True)
    assert run("book", "nothing")[0] == 1
    assert run("check")[0] == 0
    assert run("close", ref, "--period", "2026-01-31")[0] == 0
    assert run("entry", file("undo.json", correction("undo", 5, "turn")))[0] == 1
    assert run("books", "--workspace", "nowhere")[0] == 2
