"""Contexts of ours: the words we use, mapped to the addresses of the UNTP vocabulary, one document a version.

UN/CEFACT publishes its contexts on its own hosts only, and they send words without a meaning of their own to a
catch-all. Ours name each word and each code, so that a word that is not among them is refused and never signed. They
are made from the tables below, pinned by hash, and served under `/contexts/`.

Sources: UNTP 0.7.0 (May 2026) and 0.6.1, the terms and code lists of their contexts and schemas.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from lodeline import strictjson

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lodeline.strictjson import JSON

UNTP_07: Final = "urn:x-lodeline:context:untp:0.7:1"
UNTP_06: Final = "urn:x-lodeline:context:untp:0.6:1"
OWN: Final = "urn:x-lodeline:context:own:1"
_XSD: Final = "http://www.w3.org/2001/XMLSchema#"
_UNTP: Final = "https://vocabulary.uncefact.org/untp/"
_CORE, _DIA, _DFR, _DTE, _DCC, _DPP = (
    f"https://test.uncefact.org/vocabulary/untp/{part}/0/"
    for part in ("core", "dia", "dfr", "dte", "dcc", "dpp")
)
_TERM: Final = "urn:x-lodeline:term:"
DATAPOINT: Final = "urn:x-lodeline:datapoint:"


def _words(text: str) -> list[str]:
    return text.split()


COUNTRIES: Final = _words(
    "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA "
    "CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA "
    "GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP "
    "KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS "
    "MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS "
    "RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW "
    "TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW"
)
UNITS: Final = _words("AMH C62 CEL CMT EA GRM H87 KGM KWH LTR MGM MTQ MTR P1 PCE SET TNE VLT WHR")
ROLES: Final = _words(
    "owner producer manufacturer processor remanufacturer recycler operator serviceProvider inspector certifier "
    "logisticsProvider carrier consignor consignee importer exporter distributor retailer brandOwner regulator"
)
ASSESSORS: Final = _words("self commercial buyer membership unspecified 3rdParty hybrid")
ASSESSMENTS: Final = _words(
    "authority-benchmark authority-mandate authority-globalmra authority-peer authority-extended-mra scheme-self "
    "scheme-cab no-endorsement"
)
ATTESTATIONS: Final = _words(
    "certification declaration inspection testing verification validation calibration"
)
REGISTERS: Final = _words("product facility business trademark land accreditation")
GRANULARITIES: Final = _words("model batch item")
STATES: Final = _words("new inTransit active repaired recalled expired consumed recycled disposed")

# The data points of a passport, each a JSON value of its own. A test holds them against those of `passports`.
POINTS: Final = _words(
    "batteryPassportIdentifier responsibleOperator manufacturer manufacturerAddress manufacturerContact "
    "batteryCategory modelAndSerial placeOfManufacture dateOfManufacture batteryWeight batteryCapacity "
    "batteryChemistry hazardousSubstances extinguishingAgent criticalRawMaterials materialComposition carbonFootprint "
    "carbonFootprintClass responsibleSourcing recycledCobalt recycledLithium recycledNickel recycledLead "
    "renewableContent ratedCapacityPublic minimumVoltage nominalVoltage maximumVoltage originalPowerCapability "
    "powerLimits expectedLifetimeCycles lifetimeReferenceTest capacityThresholdForExhaustion idleTemperatureRange "
    "warrantyPeriod initialRoundTripEfficiency roundTripEfficiencyHalfLife initialInternalResistance "
    "cycleLifeTestCRate separateCollectionMarking cadmiumLeadSymbols declarationOfConformity "
    "wastePreventionAndManagement instructionsForUse detailedComposition componentPartNumbers sparePartContacts "
    "dismantlingInformation safetyMeasures testReportResults ratedCapacity capacityFade power powerFade "
    "internalResistance internalResistanceIncrease roundTripEfficiency roundTripEfficiencyFade "
    "remainingLifetimeCycles expectedLifetimeYears stateOfCertifiedEnergy remainingCapacity "
    "remainingPowerCapability remainingRoundTripEfficiency selfDischargeEvolution ohmicResistance batteryStatus "
    "chargeDischargeCycles negativeEvents operatingConditions stateOfCharge"
)
ENVELOPE: Final = _words(
    "digitalProductPassportId uniqueProductIdentifier granularity dppSchemaVersion dppStatus lastUpdated "
    "economicOperatorId facilityId contentSpecificationIds materialOrigin record derivedFrom succeededBy"
)
"""Members of a passport that are no data points."""


def _codes(address: str, base: str, codes: list[str]) -> dict[str, Any]:
    """A word whose values are codes of a list: each code stands for one address, others are refused."""
    return {"@id": address, "@type": "@vocab", "@context": {code: base + code for code in codes}}


def _typed(base: str, words: str, kind: str) -> dict[str, Any]:
    return {word: {"@id": base + word, "@type": kind} for word in words.split()}


def _plain(base: str, words: str) -> dict[str, Any]:
    return {word: base + word for word in words.split()}


def _untp_07() -> dict[str, Any]:
    return {
        **_plain(
            _UNTP,
            "DigitalProductPassport DigitalConformityCredential DigitalFacilityRecord DigitalIdentityAnchor "
            "DigitalTraceabilityEvent CredentialIssuer Party Facility Product IdentifierScheme RegisteredIdentity "
            "LifecycleEvent MakeEvent MoveEvent ModifyEvent ConformityAttestation ConformityAssessment "
            "ConformityScheme issuerAlsoKnownAs idScheme registrar countryOfOperation countryOfProduction "
            "processCategory relatedParty party locationInformation geoLocation activityType inputProduct "
            "outputProduct movedProduct modifiedProduct product quantity madeAtFacility fromFacility toFacility "
            "modifiedAtFacility issuedToParty referenceScheme conformityAssessment assessedFacility assessedProduct "
            "assessedOrganisation facility authorisation conformityCertificate producedAtFacility",
        ),
        **_typed(
            _UNTP,
            "registeredId registeredName countryName modelNumber batchNumber itemNumber code definition schemeName "
            "linkName linkType",
            _XSD + "string",
        ),
        **_typed(_UNTP, "registrationScope publicInformation schemeId linkURL", _XSD + "anyURI"),
        **_typed(_UNTP, "registeredDate assessmentDate productionDate", _XSD + "date"),
        **_typed(_UNTP, "eventDate", _XSD + "dateTime"),
        **_typed(_UNTP, "value latitude longitude", _XSD + "double"),
        **_typed(_UNTP, "conformance idVerifiedByCAB", _XSD + "boolean"),
        "countryCode": _codes(_UNTP + "countryCode", "https://vocabulary.uncefact.org/CountryId#", COUNTRIES),
        "unit": _codes(_UNTP + "unit", "https://vocabulary.uncefact.org/UnitMeasureCode#", UNITS),
        "role": _codes(_UNTP + "role", _UNTP + "PartyRole#", ROLES),
        "registerType": _codes(_UNTP + "registerType", _UNTP + "RegistryType#", REGISTERS),
        "idGranularity": _codes(_UNTP + "idGranularity", _UNTP + "ProductIDGranularity#", GRANULARITIES),
        "disposition": _codes(_UNTP + "disposition", _UNTP + "ProductStatus#", STATES),
        "assessorLevel": _codes(_UNTP + "assessorLevel", _UNTP + "AssessorLevel#", ASSESSORS),
        "assessmentLevel": _codes(_UNTP + "assessmentLevel", _UNTP + "AssessmentLevel#", ASSESSMENTS),
        "attestationType": _codes(_UNTP + "attestationType", _UNTP + "AttestationType#", ATTESTATIONS),
    }


def _untp_06() -> dict[str, Any]:
    """0.6 sorts its words into vocabularies of the single credentials."""
    return {
        "DigitalIdentityAnchor": _DIA + "DigitalIdentityAnchor",
        "RegisteredIdentity": {
            "@id": _DIA + "RegisteredIdentity",
            "@context": {
                "registeredId": {"@id": _DIA + "registeredId", "@type": _XSD + "string"},
                "registerType": _codes(
                    _DIA + "registerType",
                    _DIA + "RegistryTypeCodeList#",
                    [one.capitalize() for one in REGISTERS],  # so written in 0.6
                ),
                "registrationScopeList": {"@id": _DIA + "registrationScopeList", "@type": _XSD + "string"},
            },
        },
        "DigitalFacilityRecord": _DFR + "DigitalFacilityRecord",
        "FacilityRecord": _DFR + "FacilityRecord",
        "DigitalTraceabilityEvent": _DTE + "DigitalTraceabilityEvent",
        **_plain(
            _DTE,
            "TransformationEvent TransactionEvent ObjectEvent Event Item inputEPCList outputEPCList epcList "
            "childEPCList inputQuantityList outputQuantityList quantityList childQuantityList",
        ),
        **_typed(_DTE, "processType bizLocation eventTime", _XSD + "string"),
        **_typed(_DTE, "bizStep", "@id"),
        "action": _codes(_DTE + "action", _DTE + "actionCode#", ["add", "observe", "delete"]),
        **_typed(_CORE, "productId productName", _XSD + "string"),
        **_typed(_CORE, "quantity", _XSD + "double"),
        "uom": _codes(_CORE + "uom", "https://vocabulary.uncefact.org/UnitMeasureCode#", UNITS),
        "DigitalConformityCredential": _DCC + "DigitalConformityCredential",
        **_plain(_DCC, "assessment"),
        **_plain(
            _CORE,
            "ConformityAttestation ConformityAssessment ConformityScheme Endorsement scope authorisation "
            "conformityCertificate assessedFacility assessedProduct assessedOrganisation sourceParty destinationParty",
        ),
        "assessorLevel": _codes(_CORE + "assessorLevel", _CORE + "assessorLevelCode#", ASSESSORS),
        "assessmentLevel": _codes(_CORE + "assessmentLevel", _CORE + "assessmentLevelCode#", ASSESSMENTS),
        "attestationType": _codes(_CORE + "attestationType", _CORE + "attestationTypeCode#", ATTESTATIONS),
        **_typed(_CORE, "conformance IDverifiedByCAB", _XSD + "boolean"),
        "DigitalProductPassport": _DPP + "DigitalProductPassport",
        "ProductPassport": _DPP + "ProductPassport",
        "product": _DPP + "product",
        "granularityLevel": _codes(_DPP + "granularityLevel", _DPP + "granularityCode#", GRANULARITIES),
        **_plain(
            _CORE, "CredentialIssuer Party Facility Product IdentifierScheme Classification idScheme facility"
        ),
        **_plain(_CORE, "processCategory locationInformation"),
        # 0.6 says of each party and of each plant only that it is one.
        **dict.fromkeys(("issuedToParty", "operatedByParty", "producedByParty"), _CORE + "Party"),
        "producedAtFacility": _CORE + "Facility",
        **_typed(
            _CORE,
            "batchNumber serialNumber code linkURL linkName linkType hashDigest schemeID schemeName "
            "assessmentDate productionDate",
            _XSD + "string",
        ),
        # An identity anchor has a word of its own for it.
        "registeredId": {"@id": _CORE + "registeredId", "@type": _XSD + "string", "@protected": False},
        "hashMethod": _codes(_CORE + "hashMethod", _CORE + "hashMethodCode#", ["SHA-256"]),
        **{
            word: _codes(_CORE + word, "https://vocabulary.uncefact.org/CountryId#", COUNTRIES)
            for word in ("countryOfOperation", "countryOfProduction")
        },
        "geoLocation": "https://purl.org/geojson/vocab#geoLocation",
        "Point": "https://purl.org/geojson/vocab#Point",
        "coordinates": {
            "@id": "https://purl.org/geojson/vocab#coordinates",
            "@type": _XSD + "double",
            "@container": "@list",
        },
    }


def _own() -> dict[str, Any]:
    return {
        **_plain(_TERM, "MembershipCredential Member memberOf"),
        **_typed(_TERM, "memberRole", _XSD + "string"),
        **_typed(_TERM, "memberSince", _XSD + "date"),
        **{name: {"@id": DATAPOINT + name, "@type": "@json"} for name in (*POINTS, *ENVELOPE)},
    }


def _document(words: Mapping[str, Any]) -> JSON:
    return {"@context": {"@version": 1.1, "@protected": True, **words}}


PINNED: Final[Mapping[str, str]] = {
    UNTP_07: "a0ec97feeca9f341b4577e471341d29ecf5e70ab18b450aa828afddf8322f775",
    UNTP_06: "cdb5e9841d6073e434e5fbc13d44758b67294f6b429dbb00f74f9d19e407a12c",
    OWN: "bda3b166ab440f2837e34281801f0f2f7159f1c66961eef6b1c1e81822d56b1d",
}
"""Context to SHA-256 of its canonical JSON. Another hash is another context: it needs a new number."""


def _held() -> dict[str, JSON]:
    made = {
        UNTP_07: _document(_untp_07()),
        UNTP_06: _document(_untp_06()),
        OWN: _document(_own()),
    }
    for address, document in made.items():
        if sha256(strictjson.canonical(document)).hexdigest() != PINNED[address]:
            raise AssertionError(f"the context {address} is not the one that is pinned")
    return made


DOCUMENTS: Final[Mapping[str, JSON]] = _held()
FILES: Final[Mapping[str, str]] = {
    "untp-0.7-1.jsonld": UNTP_07,
    "untp-0.6-1.jsonld": UNTP_06,
    "own-1.jsonld": OWN,
}
"""Name under `/contexts/` to context."""
