"""Put statements on record for tests: through the log's door, then into the projections."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.db import transaction

from lodeline.access import platform
from lodeline_server.log.actions import NewStatement, append
from lodeline_server.log.projections import follow_all

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
ACME = "https://id.gs1.org/417/9521000000004"
WORKS = "https://id.gs1.org/414/9521000000011"
BODY = "https://id.gs1.org/417/9521901000001"
ACCREDITED = {
    "assessorLevel": "3rdParty",
    "assessmentLevel": "Accredited",
    "attestationType": "certification",
}


def days_ago(days):
    return (NOW - timedelta(days=days)).date().isoformat()


def statement(
    kind,
    subject,
    content,
    *,
    issuer=ACME,
    own=True,
    assurance=None,
    days=30,
    until=400,
    document="ab" * 32,
    number=0,
):
    body = {
        "id": f"urn:test:{kind}:{subject}:{issuer}:{days}:{number}",
        "kind": kind,
        "subject": subject,
        "issuer": issuer,
        "issued": days_ago(days),
        "validFrom": days_ago(days),
        "content": content,
    }
    if until is not None:
        body["validUntil"] = (NOW + timedelta(days=until)).date().isoformat()
    if assurance is not None:
        body["assurance"] = assurance
    if document:
        body["documentHash"] = document
    return NewStatement(
        type=kind,
        payload={
            "id": body["id"],
            "issuer": issuer,
            "captured_by": "north-works",
            "document": "cd" * 32,
            "signature": {"by": "party" if own else "platform-on-behalf", "kid": "k1"},
            "body": body,
        },
    )


def event(issuer=ACME, *, own=True, days=3.0, logged=NOW, number=0, declared=None):
    happened = logged - timedelta(days=days)
    raw = {
        "type": "ObjectEvent",
        "action": "OBSERVE",
        "eventTime": happened.isoformat().replace("+00:00", "Z"),
        "eventTimeZoneOffset": "+00:00",
        "epcList": [f"https://id.gs1.org/01/09521000000011/21/{number}"],
        "bizStep": "shipping",
    }
    if declared is not None:
        raw["errorDeclaration"] = declared
    return NewStatement(
        type="epcis.event",
        payload={
            "id": f"urn:test:event:{issuer}:{number}",
            "issuer": issuer,
            "captured_by": "north-works",
            "document": "cd" * 32,
            "signature": {"by": "party" if own else "platform-on-behalf", "kid": "k1"},
            "body": {"index": 0, "event": raw, "context": []},
        },
    )


def party(uri=ACME, name="Acme Refining", roles=("refiner",), country="FI", **changes):
    content = {"name": name, "country": country, "roles": list(roles), "materials": ["Co"]}
    return statement("party.profile", uri, content, issuer=uri, **changes)


def site(uri=WORKS, owner=ACME, kind="refinery", name="Acme works", **changes):
    content = {"name": name, "party": owner, "country": "FI", "kind": kind, "materials": ["Co"]}
    return statement("site.profile", uri, content, issuer=owner, **changes)


def tell(workspace, *statements, now=NOW):
    """Append and follow; the positions."""
    with transaction.atomic():
        rows = append(actor=platform(), workspace=workspace, statements=statements, now=now)
    failed = [failure for failure in follow_all() if failure.projection in {"evidence", "trust"}]
    assert failed == []
    return [row.position for row in rows]
