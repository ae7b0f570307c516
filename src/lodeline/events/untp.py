"""UNTP Digital Traceability Events, version 0.5: their names for what EPCIS has names for, by a table.

Source: UN/CEFACT UNTP, Digital Traceability Events 0.5.0. A later version gets a table and a rule code of its own.
What the table does not know stays, and the checks say so. The credential around the events is verified elsewhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from lodeline.events import vocabulary as words

if TYPE_CHECKING:
    from lodeline.events.repairs import Log, Path

RULE: Final = "UNTP-0.5"
SPACE: Final = "https://test.uncefact.org/vocabulary/untp/dte/0.5.0/"
CREDENTIAL: Final = "DigitalTraceabilityEvent"
NAMES: Final = {
    "id": "eventID",
    "parentEPC": "parentID",
    "childEPCList": "childEPCs",
    "processType": "untp:processType",
    "sensorIntegrityProof": "untp:sensorIntegrityProof",
}
"""Fields of an event that only have another name."""
PARTIES: Final = {
    "sourcePartyId": ("sourceList", "source"),
    "sourceParty": ("sourceList", "source"),
    "destinationPartyId": ("destinationList", "destination"),
    "destinationParty": ("destinationList", "destination"),
}
"""Parties of a transfer: in UNTP they are who sells and who buys."""


def document(value: dict[str, Any], log: Log) -> dict[str, Any]:
    """An EPCIS document around the events of a UNTP credential; anything else as it is."""
    kinds = value.get("type")
    if not (isinstance(kinds, list) and CREDENTIAL in kinds):
        return value
    from lodeline.events.context import EPCIS_CONTEXT

    subject = value.get("credentialSubject")
    made = {
        "@context": [EPCIS_CONTEXT, {"untp": SPACE}],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": value.get("validFrom") or value.get("issuanceDate"),
        "epcisBody": {"eventList": subject if isinstance(subject, list) else [subject]},
    }
    if made["creationDate"] is None:
        del made["creationDate"]
    log.note(RULE, ("type",), kinds, made["type"])
    return made


def event(raw: dict[str, Any], at: Path, log: Log) -> None:
    """Names and forms of one event, in place. Only events that say they are UNTP's (a list of types) are touched."""
    kinds = raw.get("type")
    if not isinstance(kinds, list):
        return
    kind = next((one for one in kinds if one in words.EVENT_TYPES), None)
    if kind is None:
        return
    log.set(RULE, raw, "type", kind, at)
    for old, name in NAMES.items():
        if old in raw and name not in raw:
            log.rename(RULE, raw, old, name, at)
    if isinstance(raw.get("eventID"), str):
        log.event_id = raw["eventID"]
    for name in ("parentID", *words.EPC_LISTS):
        if name in raw and (made := _ids(raw[name])) != raw[name]:
            log.set(RULE, raw, name, made, at)
    for old, (name, member) in PARTIES.items():
        if old in raw and name not in raw:
            log.rename(RULE, raw, old, name, at)
            log.set(RULE, raw, name, [{"type": "owning_party", member: _ids(raw[name])}], at)
    for name in words.QUANTITY_LISTS:
        elements = raw.get(name)
        for index, element in enumerate(elements if isinstance(elements, list) else ()):
            if isinstance(element, dict):
                _quantity(element, (*at, name, index), log)
    sensors = raw.get("sensorElementList")
    for index, element in enumerate(sensors if isinstance(sensors, list) else ()):
        if isinstance(element, dict):
            _sensor(element, (*at, "sensorElementList", index), log)


def _ids(value: Any) -> Any:
    """Identifiers of entities that come as objects; their names are labels."""
    if isinstance(value, list):
        return [_ids(one) for one in value]
    return value["id"] if isinstance(value, dict) and isinstance(value.get("id"), str) else value


def _quantity(element: dict[str, Any], at: Path, log: Log) -> None:
    for old in ("productId", "product"):
        if old in element and "epcClass" not in element:
            log.rename(RULE, element, old, "epcClass", at)
            if (made := _ids(element["epcClass"])) != element["epcClass"]:
                log.set(RULE, element, "epcClass", made, at)
    if "productName" in element:
        log.drop(RULE, element, "productName", at)


def _sensor(element: dict[str, Any], at: Path, log: Log) -> None:
    if "sensorIntegrityProof" in element:
        log.rename(RULE, element, "sensorIntegrityProof", NAMES["sensorIntegrityProof"], at)
    about = element.get("sensorMetadata")
    if isinstance(about, dict) and "device" in about and "deviceID" not in about:
        log.rename(RULE, about, "device", "deviceID", (*at, "sensorMetadata"))
        log.set(RULE, about, "deviceID", _ids(about["deviceID"]), (*at, "sensorMetadata"))
    reports = element.get("sensorReport")
    for index, report in enumerate(reports if isinstance(reports, list) else ()):
        if isinstance(report, dict) and "sensorType" in report and "type" not in report:
            log.rename(RULE, report, "sensorType", "type", (*at, "sensorReport", index))
