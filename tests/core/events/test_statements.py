"""Statement documents: every kind in its form; what is wrong has a place."""

from __future__ import annotations

import json

import pytest

from lodeline.events.check import check
from lodeline.events.limits import Limits
from lodeline.events.statement_kinds import KINDS
from lodeline.events.statements import canonical_hash, check_statements
from lodeline.evidence import Severity

PARTY = "https://id.gs1.org/417/9521141012345"
SITE = "https://id.gs1.org/414/9521141000014"
LOT = "https://id.gs1.org/01/09521141123454/10/L1"
ITEM = "https://id.gs1.org/01/09521141123454/21/A1"

CONTENTS = {
    "party.profile": {"name": "Åsgruvan & Co", "country": "SE", "roles": ["mine", "trader"], "materials": ["nickel"]},
    "site.profile": {"name": "Pit 1", "party": PARTY, "country": "SE", "kind": "mine", "latitude": "67.85"},
    "origin.attestation": {"lot": LOT, "site": SITE, "country": "SE", "materials": ["Ni"], "scheme": "S"},
    "lot.assay": {
        "lot": LOT, "certificate": "COA-1", "sampled": "2026-01-01", "laboratory": "Lab", "method": "ICP-OES",
        "composition": [{"substance": "Ni", "massFraction": "0.22", "uncertainty": "0.001"}],
    },
    "certificate": {"scheme": "IRMA", "number": "1", "sites": [SITE], "materials": [], "status": "valid"},
    "assessment.result": {
        "scheme": "RMAP", "result": "conformant", "findings": {"critical": 0, "major": 1, "minor": 2}, "area": "labour",
        "openMajor": 1,
    },
    "site.performance": {
        "site": SITE, "period": "2026-Q3", "metric": "injury_rate", "value": "0.12",
        "unit": "per 200000 h", "target": "0.1",
    },
    "policy.signature": {"policy": "code_of_conduct", "version": "3", "signatory": "CEO", "signed": "2026-01-01"},
    "incident": {
        "severity": "minor", "area": "environment", "opened": "2026-01-01", "closed": "2026-02-01", "description": "x",
    },
    "drill": {"announced": False, "hours": "3.5", "found_share": "0.98", "date": "2026-05-01"},
    "market.evidence": {"market": "EU", "duty": "EU-2023/1542 Art. 49", "due": "2027-08-18", "met": True},
    "delivery.performance": {"period": "2026-09", "on_time_in_full": "1", "defect_ppm": 12},
    "screening": {"list": "EU sanctions", "date": "2026-10-01", "hit": "none"},
    "battery.model": {
        "gtin": "09521141123454", "category": "EV",
        "points": {"1": "x", "36": {"value": "0.91", "unit": "1"}, "60": ["a", "b"], "70": {"value": ["a"]}},
    },
    "battery.item": {"points": {"5": "2026-01-01"}, "status": "original", "derivedFrom": [ITEM]},
}  # fmt: skip
SUBJECTS = {
    "battery.model": "https://id.gs1.org/01/09521141123454",
    "battery.item": ITEM,
    "site.profile": SITE,
    "lot.assay": LOT,
}


def statement(kind, /, **changes):
    made = {
        "id": f"urn:uuid:00000000-0000-4000-8000-{sorted(KINDS).index(kind):012d}"
        if kind in KINDS
        else "urn:x:1",
        "kind": kind,
        "subject": SUBJECTS.get(kind, PARTY),
        "issuer": PARTY,
        "issued": "2026-09-01",
        "content": CONTENTS.get(kind, {}),
        **changes,
    }
    return {key: value for key, value in made.items() if value is not ...}


def document(*statements, **changes):
    made = {
        "type": "StatementDocument",
        "schemaVersion": "1",
        "creationDate": "2026-09-01T00:00:00Z",
        "statements": list(statements),
        **changes,
    }
    return json.dumps(made).encode()


def findings(data, now):
    return [(one.rule, one.pointer) for one in check_statements(data, now=now).findings]


def test_every_kind_has_a_good_example(now):
    assert CONTENTS.keys() == KINDS.keys()
    checked = check(document(*map(statement, CONTENTS)), now=now)
    assert checked.findings == ()
    assert [one.kind for one in checked.statements] == list(CONTENTS)
    assert checked == check_statements(document(*map(statement, CONTENTS)), now=now)


def test_identifiers_are_canonical_and_the_hash_is_of_what_was_sent(now):
    raw = statement("party.profile", subject="urn:epc:id:pgln:9521141.01234", validFrom="2026-01-01")
    (one,) = check_statements(document(raw), now=now).statements
    assert one.subject == PARTY
    assert one.valid_from.isoformat() == "2026-01-01"
    assert canonical_hash(one.raw) == canonical_hash(dict(reversed(raw.items())))


def content(kind, /, **changes):
    made = {**CONTENTS[kind], **changes}
    return statement(kind, content={key: value for key, value in made.items() if value is not ...})


BAD = {
    "kind": (statement("rumour"), "statement.kind", "/kind"),
    "no kind": (statement("drill", kind=...), "statement.kind", ""),
    "no object": ("x", "statement.kind", ""),
    "no issuer": (statement("drill", issuer=...), "schema.required", ""),
    "extra": (statement("drill", note="x"), "schema.unknown-field", ""),
    "content missing a field": (content("drill", hours=...), "schema.required", "/content"),
    "content with another field": (content("drill", note="x"), "schema.unknown-field", "/content"),
    "number": (content("drill", hours=3.5), "statement.decimal", "/content/hours"),
    "share": (content("drill", found_share="1.01"), "statement.share", "/content/found_share"),
    "date": (content("drill", date="2026-02-30"), "statement.date", "/content/date"),
    "country": (content("party.profile", country="Sweden"), "statement.country", "/content/country"),
    "role": (content("party.profile", roles=["king"]), "statement.word", "/content/roles/0"),
    "period": (content("site.performance", period="2026-13"), "statement.period", "/content/period"),
    "count": (content("delivery.performance", defect_ppm=-1), "schema.invalid", "/content/defect_ppm"),
    "hash": (statement("drill", documentHash="abc"), "statement.hash", "/documentHash"),
    "assurance": (
        statement("drill", assurance={"assessorLevel": "boss"}), "statement.word", "/assurance/assessorLevel"
    ),
    "subject": (statement("drill", subject="urn:x:a%00b"), "id.characters", "/subject"),
    "lot": (content("origin.attestation", lot="https://x.example/../y"), "id.characters", "/content/lot"),
    "site": (content("certificate", sites=[SITE, "urn:x:%0a"]), "id.characters", "/content/sites/1"),
    "future": (statement("drill", issued="2026-11-03"), "time.ahead", "/issued"),
    "past": (statement("drill", issued="1980-01-01"), "time.too-early", "/issued"),
    "ends first": (statement("drill", validUntil="2026-08-31"), "time.inverted", "/validUntil"),
    "closed first": (content("incident", closed="2025-12-31"), "time.inverted", "/content/closed"),
    "assay of another lot": (statement("lot.assay", subject=ITEM), "statement.subject", "/subject"),
    "sampled afterwards": (content("lot.assay", sampled="2026-09-02"), "time.inverted", "/content/sampled"),
    "more than the whole": (
        content("lot.assay", composition=[
            {"substance": "Ni", "massFraction": "0.6"}, {"substance": "Co", "massFraction": "0.5"}]),
        "statement.assay", "/content/composition",
    ),
    "substance twice": (
        content("lot.assay", composition=[{"substance": "Ni", "massFraction": "0.1"}] * 2),
        "statement.assay", "/content/composition",
    ),
    "other model": (statement("battery.model", subject=ITEM), "statement.subject", "/subject"),
    "no battery": (statement("battery.item", subject="urn:x:1"), "statement.subject", "/subject"),
    "site is party": (statement("site.profile", subject=PARTY), "statement.subject", "/content/party"),
    "number as value": (content("battery.item", points={"5": 3}), "statement.value", "/content/points/5"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_bad_statements(case, now):
    raw, rule, place = BAD[case]
    assert findings(document(raw), now) == [(rule, "/statements/0" + place)]


def test_bad_documents(now):
    assert findings(b"", now) == [("json.empty", "")]
    assert findings(b"[]", now) == [("document.type", "")]
    assert findings(b'{"type":"EPCISDocument"}', now) == [("document.type", "/type")]
    assert findings(document(schemaVersion="2"), now)[0] == ("document.version", "/schemaVersion")
    assert findings(document(statements={}), now) == [("schema.type", "/statements")]
    assert findings(document(), now) == [("document.no-events", "/statements")]
    limited = check_statements(document(*[statement("drill")] * 3), now=now, limits=Limits(max_events=2))
    assert [one.rule for one in limited.findings] == ["document.too-many-events"]


def test_one_bad_statement_does_not_hide_the_others(now):
    checked = check_statements(document(statement("drill"), BAD["date"][0], statement("screening")), now=now)
    assert [one.kind for one in checked.statements] == ["drill", "screening"]
    assert [one.severity for one in checked.findings] == [Severity.ERROR]
