"""League table, supplier, method: what each role sees, and that nothing pretends."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re

import pytest
from django.urls import reverse
from tests.apps.evidence.telling import NOW, days_ago, party, statement, tell
from tests.apps.trust.chain import ACME, CARMAKER, MINER, TRADER

from lodeline.access import platform
from lodeline_server.evidence.models import Party
from lodeline_server.trust import actions, words
from lodeline_server.trust.models import Score

pytestmark = pytest.mark.django_db


def pk_of(uri):
    return Party.objects.get(uri=uri, workspace__slug="north").pk


def page(client, name, *args, **query):
    response = client.get(reverse(name, args=args), query)
    assert response.status_code == 200, response.status_code
    return response.content.decode()


def heading(html):
    return re.sub(r"\s+", " ", re.search(r"<h1>(.*?)</h1>", html, re.DOTALL)[1]).strip()


def test_the_league_says_who_leads_and_keeps_who_is_not_rated(client_as, scored):
    html = page(client_as("buyer"), "suppliers")
    assert heading(html) == "Acme Refining scores 69."
    assert "1 of 3 parties" in html
    assert html.index("Acme Refining</a>") < html.index("Not rated")
    assert html.count('class="sheet w4"') == 2
    assert "Maringo &lt;b&gt;Trading&lt;/b&gt;" in html
    assert "<b>Trading" not in html


def test_filters_work_on_rated_and_unrated_alike(client_as, scored):
    client = client_as("buyer")
    assert heading(page(client, "suppliers", segment="mine")) == "The one supplier here is not rated."
    assert heading(page(client, "suppliers", country="CH")) == "The one supplier here is not rated."
    assert heading(page(client, "suppliers", material="Co", segment="refiner")) == "Acme Refining scores 69."
    assert heading(page(client, "suppliers", gates="closed")) == "None of the 2 suppliers here is rated."
    assert "No rated supplier fits" in page(client, "suppliers", band="A")
    page(client, "suppliers", segment="nonsense", sort="nonsense", page="10^9")


def test_the_export_holds_all_parties_and_no_formulas(client_as, scored):
    response = client_as("buyer").get(reverse("suppliers"), {"format": "csv"})
    rows = list(csv.DictReader(io.StringIO(b"".join(response.streaming_content).decode())))
    assert response["Content-Type"].startswith("text/csv")
    assert {row["Supplier"] for row in rows} == {
        "Acme Refining",
        "Kaarnila Kaivos Oy",
        "Maringo <b>Trading</b>",
    }
    by_name = {row["Supplier"]: row for row in rows}
    assert by_name["Kaarnila Kaivos Oy"]["Score"] == "not rated"
    assert by_name["Acme Refining"]["Score"] == str(scored[ACME].score)


def test_an_empty_league_teaches(client_as, workspace):
    assert heading(page(client_as("buyer"), "suppliers")) == "No supplier has a score yet."


def test_the_page_of_a_supplier_explains_and_adds_up(client_as, scored):
    html = page(client_as("buyer"), "supplier", pk_of(ACME))
    assert heading(html).startswith("Acme Refining scores 69")
    for words_ in (
        "How much of this is proven",
        "Why 69, and not 100",
        "What would raise it most",
        "Eighteen months",
    ):
        assert words_ in html
    for sub in scored[ACME].gates:
        assert sub["id"] in html
    assert html.count('<td class="fall">') == 9
    assert "Wages against the living wage" in html
    assert "0.97 on time in full, 12 defects per million" in html
    assert "no value" in html
    assert "points are an estimate" in html
    assert f'href="/app/log/{scored[ACME].position}/"' in html


def test_evidence_is_for_those_who_may_see_it(client_as, scored):
    for role, sees in (("buyer", True), ("auditor", True), ("financier", False)):
        html = page(client_as(role), "supplier", pk_of(ACME))
        assert heading(html).startswith("Acme Refining scores 69")
        assert ("Sub-indicator" in html) is sees
        assert ("Download bundle" in html) is sees
        assert ("What would raise it most" in html) is sees
        assert "G3" in html
        assert "Coverage" in html


def test_a_supplier_sees_itself_and_nobody_else(client_as, scored):
    client = client_as("supplier")
    assert heading(page(client, "suppliers")) == "Acme Refining scores 69."
    assert "Maringo" not in page(client, "suppliers")
    assert "Sub-indicator" in page(client, "supplier", pk_of(ACME))
    for name in ("supplier", "supplier_bundle"):
        assert client.get(reverse(name, args=[pk_of(MINER)])).status_code == 404


def test_another_tenant_finds_nothing(client_as, other_organisation, scored):
    client = client_as("buyer", of=other_organisation)
    assert heading(page(client, "suppliers")) == "No supplier has a score yet."
    for name in ("supplier", "supplier_bundle"):
        assert client.get(reverse(name, args=[pk_of(ACME)])).status_code == 404
    assert client.post(reverse("supplier_compute", args=[pk_of(ACME)])).status_code == 404
    assert Score.objects.count() == 3


@pytest.mark.parametrize("who", [MINER, TRADER])
def test_a_gate_that_withholds_speaks_first(client_as, scored, who):
    html = page(client_as("buyer"), "supplier", pk_of(who))
    assert scored[who].withheld_by == ["G4"]
    assert "while gate G4 is closed: Not signed." in heading(html)
    assert "Withheld" in html
    assert "Sign the current code of conduct." in html
    assert "Why " not in html


def test_low_coverage_is_not_rated_and_keeps_its_bounds(client_as, told):
    conduct = {"policy": "code_of_conduct", "version": "2", "signatory": "Head", "signed": days_ago(40)}
    tell(told.pk, statement("policy.signature", MINER, conduct, issuer=MINER))
    score = actions.score(actor=platform(told.pk), party=MINER, now=NOW)
    html = page(client_as("buyer"), "supplier", pk_of(MINER))
    assert (score.rated, score.withheld_by) == (False, [])
    assert f"is not rated: the evidence covers {score.coverage * 100:.0f}" in heading(html)
    assert f"Between {score.bound_low:.0f} and {score.bound_high:.0f}" in html
    assert "Estimate, not a rating" in html


def test_a_party_that_is_not_scored_says_so(client_as, scored):
    html = page(client_as("buyer"), "supplier", pk_of(CARMAKER))
    assert heading(html) == "Fjellvind Cars has no score yet."
    assert "This party is on record as: vehicle." in html
    assert "Recompute" not in html


def test_recompute_is_a_post_with_permission(client_as, told):
    address = reverse("supplier_compute", args=[pk_of(ACME)])
    assert client_as("buyer").get(address).status_code == 405
    assert client_as("supplier").post(address).status_code == 403
    answer = client_as("buyer").post(address, follow=True).content.decode()
    assert "Computed and put on record at log position" in answer
    assert Score.objects.get().party == ACME
    assert client_as("buyer").post(reverse("supplier_compute", args=[pk_of(CARMAKER)])).status_code == 409


def test_the_bundle_is_a_file_that_recomputes(client_as, scored, tmp_path, capsys):
    from lodeline.cli import main

    response = client_as("buyer").get(reverse("supplier_bundle", args=[pk_of(ACME)]))
    saved = tmp_path / "score.json"
    saved.write_bytes(response.content)
    assert main(["score", "recompute", str(saved), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["equal"] is True
    assert client_as("financier").get(reverse("supplier_bundle", args=[pk_of(ACME)])).status_code == 403


def test_the_method_is_readable_and_its_file_is_public(client_as, client):
    html = page(client_as("financier"), "method", "v1")
    assert html.count("<section") >= 10
    assert "Origin verification" in html
    response = client.get("/methods/v1.toml")
    digest = hashlib.sha256(response.content).hexdigest()
    assert response.status_code == 200
    assert digest in html
    assert "Cookie" not in response.headers.get("Vary", "")
    assert client.get("/methods/v1.toml", headers={"if-none-match": f'"{digest}"'}).status_code == 304
    assert client.get("/methods/v9.toml").status_code == 404
    assert client_as("buyer").get(reverse("method", args=["v9"])).status_code == 404


def test_pages_ask_the_database_a_bounded_number_of_times(client_as, scored, django_assert_max_num_queries):
    client = client_as("buyer")
    page(client, "suppliers")
    with django_assert_max_num_queries(20):
        page(client, "suppliers")
    with django_assert_max_num_queries(24):
        page(client, "supplier", pk_of(ACME))


def test_every_reason_and_gate_has_its_sentence(scored, told):
    """What a score can say is said in words, not in codes."""
    import inspect

    from lodeline.trust import gates
    from lodeline.trust.indicators import (
        audits,
        certified,
        custody,
        integrity,
        origin,
        readiness,
        regulation,
        site,
    )

    source = "".join(map(inspect.getsource, (audits, certified, custody, integrity, origin, readiness, site)))
    codes = set(re.findall(r'(?:missing|expired)\(\s*"([a-z-]+)"', source))
    codes |= set(re.findall(r'(?:measured|computed)\([^"()]*(?:\([^()]*\)[^"()]*)*,\s*"([a-z-]+)"', source))
    codes |= {f"no-{word}" for word in ("duties", "diligence", "duties-ahead", "governance", "recall-plan")}
    assert len(codes) > 45
    assert sorted(codes - set(words.REASONS)) == []
    assert "duties-expired" in inspect.getsource(regulation)
    verdicts = set(re.findall(r'Position\.[A-Z_]+, "([a-z-]+)"', inspect.getsource(gates)))
    assert sorted(verdicts - set(words.GATES)) == []


def test_a_bundle_of_another_method_cannot_break_a_sentence():
    sub = {"reason": "traced", "detail": {}, "value": "0.5", "unit": "share"}
    assert words.reason(sub) == "Unknown"
    assert words.reason({**sub, "reason": "100%-new"}) == "100%-new"


def test_party_of_the_shared_fixture_is_the_one_scored(organisation, told):
    assert organisation.party == ACME
    assert party(ACME).type == "party.profile"
