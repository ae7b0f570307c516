from __future__ import annotations

from urllib.parse import quote

import pytest
from tests.apps.trust.chain import ACME, MINER

from lodeline.trust import method

pytestmark = pytest.mark.django_db


def test_suppliers_with_all_three_answers(api_client, scored):
    found = api_client("buyer").get("/api/suppliers").json()["suppliers"]
    assert found[0]["party"] == ACME
    assert len(found) == 3
    for row in found:
        assert {"score", "likelyRange", "bounds", "coverage", "confidence", "gates"} <= row.keys()
    acme = found[0]
    assert acme["score"] == str(scored[ACME].score)
    assert acme["method"] == {"id": "v1", "hash": method.load().hash}
    mine = next(row for row in found if row["party"] == MINER)
    assert (mine["score"], mine["withheldBy"], mine["bounds"]) == (None, ["G4"], None)


def test_filters(api_client, scored):
    client = api_client("buyer")

    def parties(**query):
        return [row["party"] for row in client.get("/api/suppliers", query).json()["suppliers"]]

    assert parties(segment="refiner") == [ACME]
    assert parties(country="FI", material="Co", segment="mine") == [MINER]
    assert parties(material="Xx") == []
    assert parties(band="A\x00") == []


@pytest.mark.parametrize("spelled", [ACME, quote(ACME, safe=""), "9521000000004"])
def test_a_score_by_identifier_or_gln(api_client, scored, spelled):
    answer = api_client("buyer").get(f"/api/scores/{spelled}")
    assert answer.status_code == 200
    assert answer.json()["party"] == ACME
    assert len(answer.json()["indicators"]) == 7


def test_evidence_needs_its_permission(api_client, scored):
    financier = api_client("financier")
    answer = financier.get(f"/api/scores/{ACME}").json()
    assert answer["score"] == str(scored[ACME].score)
    assert not {"indicators", "steps", "lost", "bundle", "estimate"} & answer.keys()
    assert financier.get(f"/api/scores/{ACME}", {"evidence": "true"}).status_code == 403
    full = api_client("auditor").get(f"/api/scores/{ACME}", {"evidence": "true"}).json()
    assert full["result"]["snapshotHash"] == scored[ACME].snapshot_hash
    assert full["bundle"]["party"] == ACME


def test_history(api_client, scored):
    answer = api_client("buyer").get(f"/api/scores/{ACME}/history").json()
    assert [row["position"] for row in answer["scores"]] == [scored[ACME].position]


def test_a_supplier_asks_for_itself(api_client, scored):
    client = api_client("supplier")
    assert [row["party"] for row in client.get("/api/suppliers").json()["suppliers"]] == [ACME]
    assert client.get(f"/api/scores/{MINER}").status_code == 404
    assert client.get(f"/api/scores/{MINER}/history").status_code == 404


def test_another_tenant_gets_404(api_client, other_organisation, scored):
    client = api_client("buyer", of=other_organisation)
    assert client.get("/api/suppliers").json() == {"suppliers": []}
    assert client.get(f"/api/scores/{ACME}").status_code == 404


@pytest.mark.parametrize("word", ["nothing", "../../etc", "%00", "a%0d%0ab", "0" * 600, "9521000000005"])
def test_odd_identifiers_answer_404(api_client, scored, word):
    assert api_client("buyer").get(f"/api/scores/{word}").status_code == 404


def test_methods(api_client, db):
    client = api_client("buyer")
    answer = client.get("/api/methods/v1").json()
    assert answer["hash"] == method.load().hash
    assert len(answer["subs"]) == 38
    assert answer["subs"][0]["points"] == "7"
    assert client.get("/api/methods/v2").status_code == 404


def test_without_the_permission_nothing_is_answered(api_client, scored, client):
    for address in (
        "/api/suppliers",
        f"/api/scores/{ACME}",
        f"/api/scores/{ACME}/history",
        "/api/methods/v1",
    ):
        assert api_client("recycler").get(address).status_code == 403
        assert client.get(address).status_code == 401
