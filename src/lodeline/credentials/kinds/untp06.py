"""UNTP 0.6.1: a vocabulary for each credential; facilities and products stand inside a record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lodeline.credentials import dates
from lodeline.credentials.kinds import untp07
from lodeline.credentials.kinds.parts import filled, number, scheme
from lodeline.credentials.kinds.terms import OWN, UNTP_06

if TYPE_CHECKING:
    from lodeline.credentials.kinds.values import (
        Amount,
        Conformity,
        Event,
        Events,
        Facility,
        Identity,
        Membership,
        Passport,
        Thing,
    )

CONTEXTS = [UNTP_06]
_ACTS = {
    "make": ("TransformationEvent", "add", "outputEPCList", "outputQuantityList"),
    "move": ("ObjectEvent", "observe", "epcList", "quantityList"),
    "modify": ("ObjectEvent", "observe", "epcList", "quantityList"),
}
_BIZ_STEP = "https://ref.gs1.org/cbv/BizStep-"


def identity(said: Identity) -> tuple[str, list[str], Any]:
    return (
        "DigitalIdentityAnchor",
        CONTEXTS,
        filled(
            type=["RegisteredIdentity"],
            id=said.did,
            name=said.name,
            registeredId=said.number,
            idScheme=scheme(said.scheme),
            registerType=said.register.capitalize(),
            registrationScopeList=list(said.scopes),
        ),
    )


def facility(said: Facility) -> tuple[str, list[str], Any]:
    here = None
    if said.latitude is not None and said.longitude is not None:
        point = [number(said.longitude), number(said.latitude)]
        here = {"geoLocation": {"type": "Point", "coordinates": point}}
    found = filled(
        type=["Facility"],
        id=said.id,
        name=said.name,
        registeredId=said.number,
        idScheme=scheme(said.scheme),
        countryOfOperation=said.country,
        processCategory=[{"type": ["Classification"], "code": one, "name": one} for one in said.processes],
        operatedByParty=untp07.party(said.operator),
        locationInformation=here,
    )
    return "DigitalFacilityRecord", CONTEXTS, {"type": ["FacilityRecord"], "facility": found}


def events(said: Events) -> tuple[str, list[str], Any]:
    return "DigitalTraceabilityEvent", CONTEXTS, [_event(one) for one in said.events]


def _event(said: Event) -> dict[str, Any]:
    kind, action, items, quantities = _ACTS[said.act]
    made = filled(
        type=[kind, "Event"],
        id=said.id,
        processType=said.name,
        eventTime=dates.write(said.time),
        action=action,
        bizStep=_BIZ_STEP + said.activity if said.activity.isidentifier() else None,
        bizLocation=said.place.id if said.place else None,
    )
    found = said.outputs if said.act == "make" else (*said.inputs, *said.outputs)
    made |= _lists(found, items, quantities)
    if said.act == "make":
        made |= _lists(said.inputs, "inputEPCList", "inputQuantityList")
    return made


def _lists(amounts: tuple[Amount, ...], items: str, quantities: str) -> dict[str, Any]:
    return filled(
        **{
            items: [
                {"type": ["Item"], "id": one.thing.id, "name": one.thing.name}
                for one in amounts
                if one.quantity is None
            ],
            quantities: [
                filled(
                    productId=one.thing.id,
                    productName=one.thing.name,
                    quantity=number(one.quantity),
                    uom=one.unit,
                )
                for one in amounts
                if one.quantity is not None
            ],
        }
    )


def conformity(said: Conformity) -> tuple[str, list[str], Any]:
    certificate = None
    if said.digest:
        certificate = {"linkName": said.name, "hashDigest": said.digest, "hashMethod": "SHA-256"}
    assessment = filled(
        type=["ConformityAssessment"],
        id=f"{said.id}#assessment",
        name=said.name,
        assessmentDate=said.decided.isoformat(),
        conformance=said.conforms,
        assessedProduct=[{"product": _thing(one), "IDverifiedByCAB": False} for one in said.things],
        assessedFacility=[{"facility": untp07.place(one), "IDverifiedByCAB": False} for one in said.places],
        assessedOrganisation=untp07.party(said.holder),
    )
    return (
        "DigitalConformityCredential",
        CONTEXTS,
        filled(
            type=["ConformityAttestation"],
            id=said.id,
            name=said.name,
            assessorLevel=said.assessor,
            assessmentLevel=said.assessment,
            attestationType=said.attestation,
            issuedToParty=untp07.party(said.holder),
            authorisation=[{"type": ["Endorsement"], "name": said.accreditation}]
            if said.accreditation
            else None,
            conformityCertificate=certificate,
            scope={"type": ["ConformityScheme"], "id": said.scheme.id, "name": said.scheme.name},
            assessment=[assessment],
        ),
    )


def passport(said: Passport) -> tuple[str, list[str], Any]:
    product = _thing(said.thing) | filled(
        producedByParty=untp07.party(said.maker),
        producedAtFacility=untp07.place(said.place) if said.place else None,
        countryOfProduction=said.country,
        productionDate=said.made.isoformat() if said.made else None,
    )
    subject = {
        "type": ["ProductPassport"],
        "id": f"{said.thing.id}#passport",
        "granularityLevel": said.thing.granularity,
        "product": product,
    }
    return "DigitalProductPassport", [*CONTEXTS, OWN], subject | dict(said.elements)


def membership(said: Membership) -> tuple[str, list[str], Any]:
    kind, _, subject = untp07.membership(said)
    return kind, [*CONTEXTS, OWN], subject


def _thing(said: Thing) -> dict[str, Any]:
    return filled(
        type=["Product"],
        id=said.id,
        name=said.name,
        idScheme=scheme(said.scheme),
        batchNumber=said.batch,
        serialNumber=said.item,
    )
