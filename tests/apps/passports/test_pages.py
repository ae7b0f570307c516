"""Pages, API and command: each reader sees its groups and nothing of the others, counts included."""

from __future__ import annotations

import json

import pytest
from django.core.management import call_command  # noqa: F401
from django.test import Client
from tests.apps.passports.telling import GTIN, HOLDER, MAKER, item, model, pack, tell

from lodeline.access import Role, platform
from lodeline.passports.access import MATRIX, Audience
from lodeline.passports.datapoints import points
from lodeline_server.passports.models import Passport

pytestmark = pytest.mark.django_db


def row(serial="A1"):
    return Passport.objects.get(key=item(serial))


def test_list(issued, client_as):
    page = client_as(Role.MAKER).get("/app/passports/").content.decode()
    assert "3 batteries have a passport on record, and none waits." in page
    assert "A1" in page
    csv = b"".join(client_as(Role.MAKER).get("/app/passports/?format=csv")).decode().splitlines()
    assert len(csv) == 4
    assert csv[1].startswith("A1,Acme A7 pack,Acme Packs,")


def test_list_counts_what_the_reader_may_know_of(issued, client_as):
    totals = {}
    for role in (Role.MAKER, Role.REGULATOR, Role.RECYCLER):
        body = client_as(role).get("/app/passports/").content.decode()
        totals[role] = [n for n in (44, 50, 71) if f"of {n}</small>" in body]
    assert totals == {Role.MAKER: [71], Role.REGULATOR: [50], Role.RECYCLER: [44]}


def test_filters(issued, client_as):
    client = client_as(Role.MAKER)
    assert "A2" not in client.get("/app/passports/?serial=A1").content.decode().split("</form>")[-1]
    for query in (
        "serial=" + "x" * 200,
        "category=nothing",
        "status=<b>",
        "page=99",
        "sort=--x",
        "serial=%00",
    ):
        assert client.get(f"/app/passports/?{query}").status_code == 200, query


SECRETS = {
    "LI+AU": "Secret cathode recipe",
    "AU": "Secret report 9",
    "LI": "219.7 Ah",
}
READS = {
    Role.MAKER: {"LI+AU", "AU", "LI"},
    Role.QUALITY: {"LI+AU", "AU", "LI"},
    Role.REGULATOR: {"LI+AU", "AU"},
    Role.RECYCLER: set(),
    Role.BUYER: set(),
    Role.AUDITOR: set(),
}


@pytest.mark.parametrize("role", READS)
def test_workbench_by_role(issued, client_as, role):
    page = client_as(role).get(f"/app/passports/{row().pk}/").content.decode()
    for group, words in SECRETS.items():
        assert (words in page) == (group in READS[role]), group
    for point in points().values():
        readable = point.group.value == "PUB" or point.group.value in READS[role]
        assert (f'id="p{point.number}"' in page) == readable, point.number


@pytest.mark.parametrize("role", READS)
def test_api_by_role(issued, api_client, role):
    answer = api_client(role).get(f"/api/passports/{row().pk}")
    assert answer["Cache-Control"] == "private, no-store"
    found = answer.json()
    groups = {"PUB"} | READS[role]
    assert {point["group"] for point in found["points"].values()} == groups
    assert sum(found["completeness"].values()) == len(found["points"])
    ids = {point.id for point in points().values() if point.group.value not in groups}
    assert not ids & found["document"].keys()
    assert not any(words in answer.content.decode() for group, words in
                   {**SECRETS, "LI": '"ratedCapacity"'}.items() if group not in groups)  # fmt: skip


def test_api_list(issued, api_client):
    found = api_client(Role.MAKER).get("/api/passports?limit=2&offset=1").json()
    assert (found["total"], [one["serial"] for one in found["passports"]]) == (3, ["A2", "A3"])
    assert found["passports"][0]["audience"] == "operator"
    assert api_client(Role.MAKER).get(f"/api/passports?gtin={GTIN}").json()["total"] == 3
    assert api_client(Role.MAKER).get("/api/passports?gtin=1").json()["total"] == 0
    for query in ("limit=0", "limit=501", "offset=-1", "gtin=x"):
        assert api_client(Role.MAKER).get(f"/api/passports?{query}").status_code == 422, query


def test_another_workspace_is_not_there(issued, client_as, api_client, other_organisation):
    pk = row().pk
    assert client_as(Role.MAKER, other_organisation).get(f"/app/passports/{pk}/").status_code == 404
    assert client_as(Role.MAKER, other_organisation).post(f"/app/passports/{pk}/issue").status_code == 404
    assert api_client(Role.MAKER, other_organisation).get(f"/api/passports/{pk}").status_code == 404
    assert api_client(Role.MAKER, other_organisation).get("/api/passports").json()["total"] == 0


def test_a_supplier_sees_its_own(ground, client_as, now):
    from lodeline_server.passports.actions import issue_all

    tell(ground.pk, model(issuer=HOLDER), pack("B1", issuer=HOLDER))
    issue_all(actor=platform(ground.pk), workspace=ground.pk, now=now)
    client = client_as(Role.SUPPLIER)
    assert client.get(f"/app/passports/{row('B1').pk}/").status_code == 404
    assert client.get(f"/app/passports/{row('A1').pk}/").status_code == 200
    assert "B1" not in client.get("/app/passports/").content.decode()


def test_another_makers_passport_is_read_in_public(ground, client_as, now):
    from lodeline_server.passports.actions import issue_all

    tell(ground.pk, model(issuer=HOLDER), pack("B1", issuer=HOLDER))
    issue_all(actor=platform(ground.pk), workspace=ground.pk, now=now)
    page = client_as(Role.MAKER).get(f"/app/passports/{row('B1').pk}/").content.decode()
    assert "Secret" not in page
    assert "Issue a new version" not in page


def test_issue_by_page(ground, client_as):
    client = client_as(Role.MAKER)
    page = client.get("/app/passports/").content.decode()
    assert "Issue 3 passports" in page
    waiting = client.get("/app/passports/waiting/").content.decode()
    assert "3 batteries have no passport yet." in waiting
    preview = client.get("/app/passports/waiting/", {"key": item("A1")}).content.decode()
    assert "Secret cathode recipe" in preview
    assert "Issue 1 passport" in preview
    one = client.post("/app/passports/issue", {"key": item("A1")}, follow=True)
    assert one.redirect_chain[0][0] == f"/app/passports/{row().pk}/"
    assert Passport.objects.count() == 1
    rest = client.post("/app/passports/issue", follow=True).content.decode()
    assert "2 passports issued, 1 unchanged." in rest
    again = client.post(f"/app/passports/{row().pk}/issue", follow=True).content.decode()
    assert "Nothing has changed since it was issued" in again
    assert client.get("/app/passports/waiting/", {"key": item("A1")}).status_code == 302


def test_preview_is_for_the_maker(ground, client_as):
    for role in (Role.REGULATOR, Role.BUYER, Role.RECYCLER):
        assert client_as(role).get("/app/passports/waiting/", {"key": item("A1")}).status_code == 404
        assert client_as(role).get("/app/passports/waiting/").status_code == 200
    for key in ("x", "\x00", "x" * 600, item("NONE")):
        assert client_as(Role.MAKER).get("/app/passports/waiting/", {"key": key}).status_code == 404
        assert client_as(Role.MAKER).post("/app/passports/issue", {"key": key}).status_code == 404


def test_a_change_shows_on_the_workbench(issued, client_as):
    from tests.apps.passports.telling import about

    tell(issued.pk, about("A1", {"10": "300"}, number=3))
    page = client_as(Role.MAKER).get(f"/app/passports/{row().pk}/").content.decode()
    assert "has changed since this passport was issued" in page
    assert "more than 1 % apart" in page
    assert "300 kg" in page
    assert "300 kg" not in client_as(Role.REGULATOR).get(f"/app/passports/{row().pk}/").content.decode()


def test_public_address(issued):
    path = f"/01/{GTIN}/21/A1"
    html = Client().get(path)
    assert html["Content-Type"] == "text/html; charset=utf-8"
    assert "Set-Cookie" not in html
    assert html["Cache-Control"] == "public, max-age=60, must-revalidate"
    data = Client().get(path, headers={"accept": "application/json"})
    assert data.json()["uniqueProductIdentifier"] == item("A1")
    assert Client().get(f"{path}.json").content == data.content
    assert Client().get(f"{path}.html").content == html.content
    assert Client().get(path, headers={"accept": "image/png"}).status_code == 406
    full = Client().get(f"{path}?representation=full").json()
    assert {one["elementId"] for one in full["elements"]} == data.json().keys() - full.keys()
    for wrong in (
        "/01/1/21/A1",
        f"/01/{GTIN}/21/NONE",
        f"/01/{GTIN}",
        f"/01/{GTIN}/21/A1/x",
        f"/01/{GTIN}/21/NO?representation=full",
    ):
        assert Client().get(wrong).status_code == 404, wrong
    assert Client().post(path).status_code == 405


def test_command(issued, capsys):
    from lodeline.cli import main

    assert main(["passport", "list", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)["passports"]
    assert [one["serial"] for one in listed] == ["A1", "A2", "A3"]
    assert main(["passport", "show", "A1", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert "ratedCapacity" not in shown
    assert main(["passport", "show", item("A1"), "--audience", "operator", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["ratedCapacity"]["value"] == "219.7"
    assert main(["passport", "show", "A1", "--form", "full", "--json"]) == 0
    assert "elements" in json.loads(capsys.readouterr().out)
    for audience in Audience:
        assert main(["passport", "show", "A1", "--audience", audience.value]) == 0
        out = capsys.readouterr().out
        assert ("Secret report 9" in out) == (points()[50].group in MATRIX[audience])
    assert main(["passport", "issue", "--all"]) == 0
    assert capsys.readouterr().out == "0 passports issued, 3 unchanged, 0 skipped\n"
    assert main(["passport", "issue", "A1", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["result"] == "unchanged"
    assert main(["passport", "show", "NONE", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["status"] == 404
    assert main(["passport", "issue", "NONE"]) == 1
    assert "No battery is called 'NONE'" in capsys.readouterr().err
    assert MAKER
