"""Cases through their doors: inbox, case page, API, command."""

from __future__ import annotations

import json

import pytest
from tests.apps.lots.chain import MINER, OWN, tell
from tests.apps.lots.test_reconciling import came, look, sent, space  # noqa: F401 - a fixture

from lodeline.access import Role
from lodeline_server.kit import clock
from lodeline_server.lots.reconciling.models import Case

pytestmark = pytest.mark.django_db
INBOX = "/app/reconciliation/"


@pytest.fixture
def case(space):  # noqa: F811 - a fixture
    tell(space, sent())
    look(space)
    return Case.objects.get()


@pytest.fixture
def quality(client_as):
    return client_as(Role.QUALITY)


def text(answer):
    return b"".join(answer).decode()


def test_the_inbox(case, quality):
    Case.objects.update(opened_at=clock.now())
    page = quality.get(INBOX).content.decode()
    assert "One thing on record does not fit and waits for somebody." in page
    assert "Deep Mining sent MINED, and nobody says they received it" in page
    assert case.get_absolute_url() in page
    for query, shown in (
        ("rule=RC-MISSING", True), ("rule=RC-CLONE", True), ("state=waiting", True), ("state=resolved", False),
        ("owner=nobody", True), ("age=7", False), ("q=mined", True), ("q=nothing", False),
    ):  # fmt: skip
        assert (case.get_absolute_url() in quality.get(f"{INBOX}?{query}").content.decode()) is shown, query
    rows = text(quality.get(f"{INBOX}?format=csv")).splitlines()
    assert len(rows) == 2
    assert rows[1].startswith('RC-MISSING,"Deep Mining sent MINED')


def test_an_empty_inbox_teaches(quality):
    page = quality.get(INBOX).content.decode()
    assert "Everything on record fits, as far as it was looked at." in page
    assert "Every night the record is looked at again." in page


def test_the_record_is_looked_at_from_the_inbox(space, quality, client_as):  # noqa: F811 - a fixture
    tell(space, sent())
    assert quality.post(f"{INBOX}look").status_code == 302
    assert Case.objects.count() == 1
    assert "1 case opened, 0 changed, 0 closed by the record." in quality.get(INBOX).content.decode()
    assert client_as(Role.SUPPLIER).post(f"{INBOX}look").status_code == 403
    assert client_as(Role.REGULATOR).get(INBOX).status_code == 403


def test_a_case_page_is_worked_on(case, quality, actor):
    address = case.get_absolute_url()
    page = quality.get(address).content.decode()
    for words in (
        "Sent, and never received: MINED.",
        "100\u202fkg",
        "Deep mine",
        "nobody",
        "Resolve the case",
    ):
        assert words in page, words
    decide = f"{address}decide"
    owner = actor(Role.QUALITY).id
    assert quality.post(decide, {"decision": "assign", "assign-owner": owner}).status_code == 302
    wrong = quality.post(
        decide,
        {"decision": "resolve", "resolve-cause": "unit-error", "resolve-words": "", "resolve-reference": "x"},
    )
    assert wrong.status_code == 422
    assert "Nothing was noted." in wrong.content.decode()
    said = {
        "decision": "resolve",
        "resolve-cause": "unit-error",
        "resolve-words": "pounds",
        "resolve-reference": "x",
    }
    wrong = quality.post(decide, said)
    assert (wrong.status_code, "Nothing on record is called that." in wrong.content.decode()) == (422, True)
    assert quality.post(decide, {"decision": "guess"}).status_code == 422
    assert quality.post(decide, {**said, "resolve-reference": str(case.opened)}).status_code == 302
    page = quality.get(address).content.decode()
    assert "The record still does not fit." in page
    assert "a unit is wrong" in page
    assert quality.post(decide, {"decision": "reopen", "reopen-words": "again"}).status_code == 302
    case.refresh_from_db()
    assert case.state == "reopened"


def test_a_weight_shows_its_estimate(space, quality):  # noqa: F811 - a fixture
    tell(space, sent(100), came(90))
    look(space)
    page = quality.get(Case.objects.get().get_absolute_url()).content.decode()
    assert "What the true amounts most likely were" in page
    assert "−10" in page
    assert "29.7" in page  # 10 kg over the root of 250² + 225² g, in hundredths of a percent each


def test_a_supplier_comments_and_decides_nothing(case, client_as):
    supplier = client_as(Role.SUPPLIER)
    page = supplier.get(case.get_absolute_url()).content.decode()
    assert "Add the comment" in page
    assert "Resolve the case" not in page
    decide = f"{case.get_absolute_url()}decide"
    assert supplier.post(decide, {"decision": "comment", "comment-words": "It left."}).status_code == 302
    assert supplier.post(decide, {"decision": "reopen", "reopen-words": "x"}).status_code == 403
    Case.objects.update(parties=f"|{MINER}|")
    assert supplier.get(case.get_absolute_url()).status_code == 404
    assert supplier.get(INBOX).content.decode().count("<tbody>") == 0


def test_over_the_api(case, api_client, actor):
    client = api_client(Role.QUALITY)
    listed = client.get("/api/reconciliation/cases?state=waiting").json()
    assert (listed["total"], listed["waiting"], listed["cases"][0]["ref"]) == (1, 1, case.ref)
    assert client.get("/api/reconciliation/cases?rule=RC-CLONE").json()["total"] == 0
    address = f"/api/reconciliation/cases/{case.pk}"
    whole = client.get(address).json()
    assert (whole["expected"], whole["found"], whole["parties"]) == ("100000000", "0", [MINER, OWN])
    owner = actor(Role.QUALITY).id
    assert (
        client.post(f"{address}/assign", {"owner": owner}, content_type="application/json").json()["owner"]
        == owner
    )
    assert (
        client.post(f"{address}/comment", {"words": ""}, content_type="application/json").status_code == 422
    )
    assert (
        client.post(f"{address}/comment", {"words": "so"}, content_type="application/json").status_code == 200
    )
    done = client.post(
        f"{address}/resolve", {"cause": "missing-receipt", "words": "found"}, content_type="application/json"
    ).json()
    assert [one["what"] for one in done["history"]] == ["opened", "assigned", "commented", "resolved"]
    again = client.post(
        f"{address}/resolve", {"cause": "missing-receipt", "words": "found"}, content_type="application/json"
    )
    assert again.status_code == 409
    assert (
        client.post(f"{address}/resolve", {"cause": "luck"}, content_type="application/json").status_code
        == 422
    )
    assert client.get("/api/reconciliation/cases/999999").status_code == 404


def test_by_command(space, capsys, workspace):  # noqa: F811 - a fixture
    from lodeline.cli import main

    assert main(["trace", "reconcile", "--workspace", workspace.slug]) == 0
    assert "0 findings" in capsys.readouterr().out
    tell(space, sent())
    assert main(["trace", "reconcile", "--look-only", "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert [one["rule"] for one in found["findings"]] == ["RC-MISSING"]
    assert Case.objects.count() == 0
    assert main(["trace", "reconcile"]) == 1
    out = capsys.readouterr().out
    assert "1 finding, log position" in out
    assert "1 cases opened, 0 changed, 0 closed" in out
    assert Case.objects.count() == 1
    assert main(["trace", "reconcile", "--period", "2025"]) == 0
    assert main(["trace", "reconcile", "--period", "2026-01", "--site", "nowhere"]) == 0
    assert main(["trace", "reconcile", "--period", "May"]) == 2
    assert main(["trace", "reconcile", "--workspace", "nobody", "--json"]) == 2


def test_a_case_whose_opening_was_erased_can_be_read(case, quality):
    Case.objects.update(finding={}, cause="")
    assert "What was found was erased." in quality.get(case.get_absolute_url()).content.decode()
    assert quality.get(INBOX).status_code == 200


def test_more_cases_ask_no_more_questions(case, quality, django_assert_num_queries):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    quality.get(INBOX)
    with CaptureQueriesContext(connection) as asked:
        quality.get(INBOX)
    for number in range(5):
        Case.objects.create(
            workspace_id=case.workspace_id, ref=f"{number:016d}", rule="RC-TWICE", subject=f"L{number}",
            site=f"urn:site:{number}", finding=case.finding, opened_at=case.opened_at, opened=90 + number,
            changed=90 + number,
        )  # fmt: skip
    with django_assert_num_queries(len(asked)):
        assert quality.get(INBOX).content.decode().count("Recorded twice under two ids") > 5
    assert len(asked) < 30
