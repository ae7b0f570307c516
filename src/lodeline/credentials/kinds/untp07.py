"""UNTP 0.7.0: one vocabulary for all credentials; the subject is the thing itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lodeline.credentials import dates, multibase
from lodeline.credentials.kinds.parts import filled, number, scheme
from lodeline.credentials.kinds.terms import OWN, UNTP_07

if TYPE_CHECKING:
    from lodeline.credentials.kinds.values import (
        Amount,
        Conformity,
        Event,
        Events,
        Facility,
        Identity,
        Membership,
        Party,
        Passport,
        Place,
        Thing,
    )

CONTEXTS = [UNTP_07]
_ACTS = {
    "make": ("MakeEvent", "outputProduct", "madeAtFacility"),
    "move": ("MoveEvent", "movedProduct", "fromFacility"),
    "modify": ("ModifyEvent", "modifiedProduct", "modifiedAtFacility"),
}


def identity(said: Identity) -> tuple[str, list[str], Any]:
    return (
        "DigitalIdentityAnchor",
        CONTEXTS,
        filled(
            type=["RegisteredIdentity"],
            id=said.did,
            registeredName=said.name,
            registeredId=said.number,
            registeredDate=said.since.isoformat(),
            idScheme=scheme(said.scheme),
            registrar=party(said.registrar),
            registerType=said.register,
            registrationScope=list(said.scopes),
        ),
    )


def facility(said: Facility) -> tuple[str, list[str], Any]:
    here = None
    if said.latitude is not None and said.longitude is not None:
        here = {"geoLocation": {"latitude": number(said.latitude), "longitude": number(said.longitude)}}
    return (
        "DigitalFacilityRecord",
        CONTEXTS,
        filled(
            type=["Facility"],
            id=said.id,
            name=said.name,
            registeredId=said.number,
            idScheme=scheme(said.scheme),
            countryOfOperation=country(said.country),
            processCategory=[{"code": one, "name": one} for one in said.processes],
            relatedParty=[{"role": "operator", "party": party(said.operator)}],
            locationInformation=here,
        ),
    )


def events(said: Events) -> tuple[str, list[str], Any]:
    return "DigitalTraceabilityEvent", CONTEXTS, [_event(one) for one in said.events]


def _event(said: Event) -> dict[str, Any]:
    kind, products, where = _ACTS[said.act]
    made = filled(
        type=[kind, "LifecycleEvent"],
        id=said.id,
        name=said.name,
        eventDate=dates.write(said.time),
        activityType={"code": said.activity, "name": said.activity},
        relatedParty=[{"role": role, "party": party(one)} for role, one in said.parties],
    )
    if said.act == "make" and said.inputs:
        made["inputProduct"] = [_amount(one) for one in said.inputs]
    found = said.outputs if said.act == "make" else (*said.inputs, *said.outputs)
    if found:
        made[products] = [_amount(one) for one in found]
    if said.place is not None:
        made[where] = place(said.place)
    if said.to is not None:
        made["toFacility"] = place(said.to)
    return made


def conformity(said: Conformity) -> tuple[str, list[str], Any]:
    assessment = filled(
        type=["ConformityAssessment"],
        id=f"{said.id}#assessment",
        name=said.name,
        assessmentDate=said.decided.isoformat(),
        assessedProduct=[{"product": thing(one), "idVerifiedByCAB": False} for one in said.things],
        assessedFacility=[{"facility": place(one), "idVerifiedByCAB": False} for one in said.places],
        assessedOrganisation=party(said.holder),
        conformance=said.conforms,
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
            issuedToParty=party(said.holder),
            authorisation=[{"name": said.accreditation}] if said.accreditation else None,
            referenceScheme={"type": ["ConformityScheme"], "id": said.scheme.id, "name": said.scheme.name},
            conformityCertificate=_certificate(said),
            conformityAssessment=[assessment],
        ),
    )


def _certificate(said: Conformity) -> dict[str, Any] | None:
    if not said.digest:
        return None
    digest = multibase.encode(multibase.SHA256_PREFIX + bytes.fromhex(said.digest))
    return {"linkName": said.name, "digestMultibase": digest}


def passport(said: Passport) -> tuple[str, list[str], Any]:
    subject = thing(said.thing) | filled(
        relatedParty=[{"role": "manufacturer", "party": party(said.maker)}],
        producedAtFacility=place(said.place) if said.place else None,
        countryOfProduction=country(said.country),
        productionDate=said.made.isoformat() if said.made else None,
    )
    return "DigitalProductPassport", [*CONTEXTS, OWN], subject | dict(said.elements)


def membership(said: Membership) -> tuple[str, list[str], Any]:
    return (
        "MembershipCredential",
        [*CONTEXTS, OWN],
        {
            "type": ["Member"],
            "id": said.did,
            "name": said.name,
            "memberOf": party(said.organisation),
            "memberRole": said.role,
            "memberSince": said.since.isoformat(),
        },
    )


def party(said: Party) -> dict[str, Any]:
    return filled(
        type=["Party"],
        id=said.id,
        name=said.name,
        registeredId=said.number,
        idScheme=scheme(said.scheme),
    )


def place(said: Place) -> dict[str, Any]:
    return {"type": ["Facility"], "id": said.id, "name": said.name}


def thing(said: Thing) -> dict[str, Any]:
    return filled(
        type=["Product"],
        id=said.id,
        name=said.name,
        idScheme=scheme(said.scheme),
        modelNumber=said.model,
        batchNumber=said.batch,
        itemNumber=said.item,
        idGranularity=said.granularity,
    )


def country(code: str) -> dict[str, Any] | None:
    return {"countryCode": code} if code else None


def _amount(said: Amount) -> dict[str, Any]:
    made: dict[str, Any] = {"product": thing(said.thing)}
    if said.quantity is not None:
        made["quantity"] = filled(value=number(said.quantity), unit=said.unit)
    return made
