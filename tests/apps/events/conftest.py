"""Documents to capture, and ways to capture them."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime, timedelta

import pytest

CONTEXT = [
    "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",
    {"lode": "urn:x-lodeline:epcis:"},
]
SITE = {"id": "https://id.gs1.org/414/9521141000014"}
START = datetime(2026, 10, 1, 8, tzinfo=UTC)


class Events:
    """Makes raw events; `at` is hours after the start."""

    ITEM = "https://id.gs1.org/01/09521141123454/21/{}"
    LOT = "https://id.gs1.org/01/09521141123454/10/{}"
    PALLET = "https://id.gs1.org/00/095211411234567893"

    def event(self, kind="ObjectEvent", at=0, **fields):
        made = {
            "type": kind,
            "eventID": f"urn:uuid:{uuid.uuid4()}",
            "eventTime": (START + timedelta(hours=at)).isoformat(),
            "eventTimeZoneOffset": "+00:00",
            "action": "OBSERVE",
            **fields,
        }
        return {key: value for key, value in made.items() if value is not ...}

    def lots(self, *codes):
        return [{"epcClass": self.LOT.format(code), "quantity": 10, "uom": "KGM"} for code in codes]

    def make(self, *codes, at=0, **fields):
        return self.event(
            at=at,
            action="ADD",
            bizStep="commissioning",
            quantityList=self.lots(*codes),
            bizLocation=SITE,
            **fields,
        )

    def make_items(self, *serials, at=0, **fields):
        return self.event(
            at=at,
            action="ADD",
            bizStep="commissioning",
            epcList=[self.ITEM.format(one) for one in serials],
            **fields,
        )

    def turn(self, inputs, outputs, at=1, **fields):
        return self.event(
            "TransformationEvent",
            at,
            action=...,
            inputQuantityList=self.lots(*inputs) if inputs else ...,
            outputQuantityList=self.lots(*outputs) if outputs else ...,
            **fields,
        )

    def ship(self, *codes, to, at=2, **fields):
        return self.event(
            at=at,
            bizStep="shipping",
            quantityList=self.lots(*codes) if codes else ...,
            destinationList=[{"type": "possessing_party", "destination": to}],
            **fields,
        )

    def receive(self, *codes, at=3, **fields):
        return self.event(
            at=at, bizStep="receiving", quantityList=self.lots(*codes), bizLocation=SITE, **fields
        )

    def pack(self, *codes, parent=PALLET, at=1, action="ADD"):
        return self.event(
            "AggregationEvent", at, action=action, parentID=parent, childQuantityList=self.lots(*codes)
        )

    def declare(self, event, **changes):
        return {
            **event,
            **changes,
            "errorDeclaration": {"declarationTime": "2026-10-20T00:00:00Z", "reason": "incorrect_data"},
        }

    def document(self, *events, context=CONTEXT, **fields):
        return json.dumps(
            {
                "@context": context,
                "type": "EPCISDocument",
                "schemaVersion": "2.0",
                "creationDate": "2026-10-01T10:00:00Z",
                "epcisBody": {"eventList": list(events)},
                **fields,
            }
        ).encode()


@pytest.fixture(scope="session")
def events():
    return Events()


@pytest.fixture
def second(organisation, now):
    """Another organisation of the same workspace."""
    from lodeline_server.parties.models import Organisation

    return Organisation.objects.create(
        workspace=organisation.workspace,
        slug="refiner",
        name="Refiner",
        party="https://id.gs1.org/417/9521999000003",
        country="FI",
        created_at=now,
    )


@pytest.fixture
def acting():
    """An actor for any organisation."""
    from lodeline.access import Actor, Role

    def of(organisation, role=Role.MAKER):
        return Actor(
            kind="key",
            id=f"key:{organisation.slug}",
            workspace=organisation.workspace_id,
            organisation=organisation.pk,
            party=organisation.party,
            role=role,
        )

    return of


@pytest.fixture
def capture(organisation, acting, events, now):
    """Capture events (or bytes) as an organisation; the finished job."""
    from lodeline_server.events import actions, processing

    def run(*what, by=None, follow=False, **fields):
        data = what[0] if isinstance(what[0], bytes) else events.document(*what)
        document = actions.Document(data=data, **fields)
        job = actions.submit(actor=acting(by or organisation), document=document, now=now)
        return processing.process(job, now, follow=follow)

    return run


def rules(job):
    return [(found["rule"], found["severity"]) for found in job.findings]
