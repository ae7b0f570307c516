"""The kinds of statements and the form of their content, as JSON schemas."""

from __future__ import annotations

from typing import Any, Final

Schema = dict[str, Any]

TEXT: Final[Schema] = {"type": "string", "minLength": 1, "maxLength": 2000}
URI: Final[Schema] = {"type": "string", "format": "uri", "maxLength": 500}
DATE: Final[Schema] = {
    "type": "string",
    "format": "date",
    "x-rule": "statement.date",
    "x-say": "A date is YYYY-MM-DD.",
}
COUNTRY: Final[Schema] = {
    "type": "string",
    "pattern": "^[A-Z]{2}$",
    "x-rule": "statement.country",
    "x-say": "A country is its ISO 3166-1 code of two capital letters.",
}
DECIMAL: Final[Schema] = {
    "type": "string",
    "pattern": r"^-?[0-9]{1,30}(\.[0-9]{1,30})?$",
    "x-rule": "statement.decimal",
    "x-say": "An exact number is a decimal string, like '12.50'.",
}
SHARE: Final[Schema] = {
    "type": "string",
    "pattern": r"^(0(\.[0-9]{1,30})?|1(\.0{1,30})?)$",
    "x-rule": "statement.share",
    "x-say": "A share is a decimal string from 0 to 1, like '0.985'.",
}
HASH: Final[Schema] = {
    "type": "string",
    "pattern": "^[0-9a-f]{64}$",
    "x-rule": "statement.hash",
    "x-say": "A hash is SHA-256 as 64 lower-case hex digits.",
}
PERIOD: Final[Schema] = {
    "type": "string",
    "pattern": r"^[0-9]{4}-(0[1-9]|1[0-2]|Q[1-4])$",
    "x-rule": "statement.period",
    "x-say": "A period is a month (2026-03) or a quarter (2026-Q1).",
}
COUNT: Final[Schema] = {"type": "integer", "minimum": 0, "maximum": 1_000_000_000}
MATERIALS: Final[Schema] = {"type": "array", "items": {**TEXT, "maxLength": 60}, "maxItems": 50}

ROLES: Final = (
    "mine", "trader", "refiner", "active_material", "cell", "pack", "vehicle", "fleet", "second_life", "recycler",
    "certification_body", "laboratory",
)  # fmt: skip
SITE_KINDS: Final = (
    "mine", "recycler", "refinery", "active_material_plant", "cell_plant", "pack_plant", "warehouse",
    "vehicle_plant", "fleet_depot", "other",
)  # fmt: skip
METRICS: Final = (
    "energy_renewable_share", "carbon_intensity_ratio", "fresh_water_change", "waste_recovered_share",
    "permit_breaches", "injury_rate", "fatalities", "grievances_answered_share", "wage_to_living_wage_ratio",
    "target_progress",
)  # fmt: skip
AREAS: Final = ("labour", "environment", "management", "due_diligence", "security", "custody")
ASSESSOR_LEVELS: Final = ("Self", "Commercial", "Buyer", "Membership", "Unspecified", "3rdParty")
ASSESSMENT_LEVELS: Final = ("GovtApproval", "GlobalMRA", "Accredited", "Verified", "Validated", "Unspecified")
ATTESTATION_TYPES: Final = (
    "certification", "declaration", "inspection", "testing", "verification", "validation", "calibration",
)  # fmt: skip
STATUSES: Final = ("original", "repurposed", "re-used", "remanufactured", "waste")


def _word(*known: str) -> Schema:
    return {"enum": list(known), "x-rule": "statement.word", "x-say": f"Use one of {', '.join(known)}."}


def _content(required: Schema, optional: Schema | None = None) -> Schema:
    return {
        "type": "object",
        "properties": {**required, **(optional or {})},
        "required": list(required),
        "additionalProperties": False,
    }


_SCALAR: Final[Schema] = {"type": ["string", "boolean"], "maxLength": 4000}
_VALUE: Final[Schema] = {
    "anyOf": [
        _SCALAR,
        {
            "type": "object",
            "properties": {
                "value": {"anyOf": [_SCALAR, {"type": "array", "items": _SCALAR}]}, "unit": TEXT, "measuredAt": TEXT,
            },
            "required": ["value"],
            "additionalProperties": {"type": ["string", "boolean", "array", "object"]},
        },
        {"type": "array", "maxItems": 500, "items": {"type": ["string", "boolean", "object"]}},
        {"type": "object", "additionalProperties": {"type": ["string", "boolean", "array", "object"]}},
    ],
    "x-rule": "statement.value",
    "x-say": "A value is text, {value, unit, measuredAt}, an object or a list; numbers are decimal strings.",
}  # fmt: skip
POINTS: Final[Schema] = {
    "type": "object",
    "propertyNames": {"pattern": "^[0-9]{1,3}[a-z]?$"},
    "additionalProperties": _VALUE,
}

KINDS: Final[dict[str, Schema]] = {
    "party.profile": _content(
        {
            "name": TEXT,
            "country": COUNTRY,
            "roles": {"type": "array", "items": _word(*ROLES), "minItems": 1, "uniqueItems": True},
            "materials": MATERIALS,
        },
        {"parent": URI, "contact": TEXT},
    ),
    "site.profile": _content(
        {"name": TEXT, "party": URI, "country": COUNTRY, "kind": _word(*SITE_KINDS)},
        {"latitude": DECIMAL, "longitude": DECIMAL, "materials": MATERIALS},
    ),
    "origin.attestation": _content(
        {"lot": URI, "site": URI, "country": COUNTRY, "materials": {**MATERIALS, "minItems": 1}},
        {"scheme": TEXT},
    ),
    "lot.assay": _content(
        {
            "lot": URI,
            "certificate": TEXT,
            "sampled": DATE,
            "laboratory": TEXT,
            "composition": {
                "type": "array",
                "items": _content(
                    {"substance": {**TEXT, "maxLength": 20}, "massFraction": SHARE}, {"uncertainty": SHARE}
                ),
                "minItems": 1,
                "maxItems": 200,
            },
        },
        {"method": TEXT},
    ),
    "certificate": _content(
        {
            "scheme": TEXT,
            "number": TEXT,
            "sites": {"type": "array", "items": URI, "maxItems": 1000},
            "materials": MATERIALS,
            "status": _word("valid", "suspended", "withdrawn"),
        },
        {"accreditation": TEXT},
    ),
    "assessment.result": _content(
        {
            "scheme": TEXT,
            "result": _word("conformant", "active", "not_conformant"),
            "findings": _content({"critical": COUNT, "major": COUNT, "minor": COUNT}),
            "area": _word(*AREAS),
        },
        {"site": URI, "openMajor": COUNT, "overdueMajor": COUNT},
    ),
    "site.performance": _content(
        {"site": URI, "period": PERIOD, "metric": _word(*METRICS), "value": DECIMAL, "unit": TEXT},
        {"target": DECIMAL},
    ),
    "policy.signature": _content({"policy": TEXT, "version": TEXT, "signatory": TEXT, "signed": DATE}),
    "incident": _content(
        {"severity": _word("critical", "major", "minor"), "area": TEXT, "opened": DATE, "description": TEXT},
        {"closed": DATE, "site": URI},
    ),
    "drill": _content(
        {"announced": {"type": "boolean"}, "hours": DECIMAL, "found_share": SHARE, "date": DATE}
    ),
    "market.evidence": _content({"market": TEXT, "duty": TEXT, "due": DATE, "met": {"type": "boolean"}}),
    "delivery.performance": _content({"period": PERIOD, "on_time_in_full": SHARE, "defect_ppm": COUNT}),
    "screening": _content({"list": TEXT, "date": DATE, "hit": _word("none", "possible", "confirmed")}),
    "battery.model": _content(
        {
            "gtin": {"type": "string", "pattern": "^[0-9]{14}$"},
            "category": _word("EV", "LMT", "industrial"),
            "points": POINTS,
        }
    ),
    "battery.item": _content(
        {"points": POINTS, "status": _word(*STATUSES)},
        {"derivedFrom": {"type": "array", "items": URI, "maxItems": 100}},
    ),
}

_PERSON: Final[Schema] = {"type": "string", "maxLength": 200, "pattern": r"^\S(.*\S)?$"}
SUBJECT: Final[Schema] = {
    "anyOf": [
        _PERSON,
        {"type": "array", "items": _PERSON, "minItems": 1, "maxItems": 50, "uniqueItems": True},
    ],
    "x-rule": "subject.form",
    "x-say": "'dataSubject' names the person this is about: text of 1 to 200 characters, or a list of up to 50.",
}
ENVELOPE: Final[Schema] = {
    "type": "object",
    "properties": {
        "id": URI,
        "kind": TEXT,
        "subject": URI,
        "issuer": URI,
        "issued": DATE,
        "validFrom": DATE,
        "validUntil": DATE,
        "assurance": {
            "type": "object",
            "properties": {
                "assessorLevel": _word(*ASSESSOR_LEVELS),
                "assessmentLevel": _word(*ASSESSMENT_LEVELS),
                "attestationType": _word(*ATTESTATION_TYPES),
            },
            "additionalProperties": False,
        },
        "documentHash": HASH,
        "dataSubject": SUBJECT,
        "content": {"type": "object"},
    },
    "required": ["id", "kind", "subject", "issuer", "issued", "content"],
    "additionalProperties": False,
}
