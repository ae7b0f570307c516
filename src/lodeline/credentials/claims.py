"""What a verified credential claims, in the words in which trust lists and evidence levels are judged.

UNTP's vocabularies are known; of any other credential kind, issuer, subject and dates are enough. What is absent reads
as the weakest.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from attrs import evolve

from lodeline.credentials import dates, did, did_web, model
from lodeline.credentials.trusting import Claim
from lodeline.evidence import Assurance
from lodeline.identifiers import IdentifierError, normalise

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from lodeline.credentials.standing import Standing
    from lodeline.strictjson import JSON

GENERAL: Final = frozenset({"VerifiableCredential", "EnvelopedVerifiableCredential"})
# Members of a subject that name the party it speaks of, the most telling first.
PARTIES: Final = ("issuedToParty", "issuedTo", "producedByParty", "operatedByParty", "party", "organisation")
# Members of a subject that are the thing itself, and lists of assessments that name things.
THINGS: Final = ("product", "item", "battery", "facility")
ASSESSMENTS: Final = ("assessment", "conformityAssessment")
ASSESSED: Final = ("assessedProduct", "assessedFacility", "assessedOrganisation")
# UNTP 0.6 and 0.7 write the codes of assurance otherwise than the levels' definition does.
ASSESSORS: Final = {
    "self": "Self", "commercial": "Commercial", "buyer": "Buyer", "membership": "Membership",
    "3rdParty": "3rdParty", "unspecified": "Unspecified", "hybrid": "Unspecified",
}  # fmt: skip
LEVELS: Final = {
    "authority-mandate": "GovtApproval", "authority-benchmark": "GovtApproval", "authority-globalmra": "GlobalMRA",
    "authority-extended-mra": "GlobalMRA", "authority-peer": "Accredited", "scheme-cab": "Verified",
    "scheme-self": "Validated", "no-endorsement": "Unspecified",
}  # fmt: skip
_BATTERY: Final = re.compile(r"/batteries/([0-9]{14})/([A-Za-z0-9_-]+)$")
_ESCAPE: Final = re.compile(r"_([0-9A-F]{2})")
_DEEPEST: Final = 4
_MOST: Final = 1_000


def kind(document: Mapping[str, JSON]) -> str:
    """The most particular type: the last one that is not the general one."""
    given = document.get("type")
    names = given if isinstance(given, list) else [given]
    return next((str(name) for name in reversed(names) if name not in GENERAL), "VerifiableCredential")


def subjects(document: Mapping[str, JSON]) -> list[dict[str, Any]]:
    """What the credential is about, as a list of objects."""
    given = document.get("credentialSubject")
    return [one for one in (given if isinstance(given, list) else [given]) if isinstance(one, dict)]


def about(document: Mapping[str, JSON]) -> list[str]:
    """The ids that it speaks about: of its subjects, of the thing each describes, of what was assessed."""
    return list(dict.fromkeys(name for subject in subjects(document) for name in _named(subject)))[:_MOST]


def matches(document: Mapping[str, JSON], wanted: str) -> bool:
    """Whether `wanted` (a DID, a Digital Link on any domain, an EPC URN, any URI) is among what it is about."""
    key = same(wanted)
    return any(same(name) == key for name in about(document))


def same(identifier: str) -> str:
    """One key for one thing: a battery's DID, its Digital Link on any domain and its EPC URN are one.

    A did:web whose path ends as a Digital Link does, or as Lodeline names batteries (`batteries:GTIN:SERIAL`, signs
    other than letters, digits and hyphens as `_2F`), stands for that key. Who may speak of it is not judged here.
    """
    if not identifier.startswith("did:web:"):
        return _key(identifier)
    try:
        path = did_web.location(did.parse(identifier).name.split(":"), public=False).rstrip("/")
    except ValueError:
        return identifier
    battery = _BATTERY.search(path)
    if battery:
        serial = _ESCAPE.sub(lambda found: "%" + found[1], battery[2])
        path = f"https://id.gs1.org/01/{battery[1]}/21/{serial}"
    key = _key(path)
    return key if key.startswith("https://id.gs1.org/") else identifier


def _key(text: str) -> str:
    try:
        return normalise(text)
    except IdentifierError:
        return text


def claim(
    document: Mapping[str, JSON],
    *,
    signed_at: datetime | None,
    standing: Standing,
    now: datetime,
) -> Claim:
    """What the credential attests, for `trusting.judge`."""
    issuer = model.issuer(document)
    first = next(iter(subjects(document)), {})
    start = _moment(document, "validFrom") or signed_at or now
    until = _moment(document, "validUntil")
    assessments = _list(first, *ASSESSMENTS)
    sites = [name for one in assessments for name in _assessed(one, "assessedProduct", "assessedFacility")]
    certificate = document.get("evidence") or first.get("evidence") or first.get("conformityCertificate")
    return Claim(
        id=str(document.get("id", "")),
        issuer=issuer,
        kind=kind(document),
        about=_party(first) or _id(first),
        decided=(signed_at or start).date(),
        assurance=_assurance(first),
        scheme=_name(first.get("referenceScheme")) or _name(first.get("scope")) or _name(first.get("scheme")),
        sector=_name(first.get("sector")),
        valid_until=until.date() if until else None,
        standing=standing,
        referenced=bool(document.get("id") or certificate),
        in_scope=bool(sites) if assessments else bool(about(document)),
    )


def _party(subject: Mapping[str, Any]) -> str:
    """The party that a subject names, in the words of either version."""
    related = [one.get("party") for one in _list(subject, "relatedParty")]
    holders = [subject, *(subject[name] for name in THINGS if isinstance(subject.get(name), dict))]
    named = [one.get(name) for one in holders for name in PARTIES]
    return next((found for one in (*named, *related) if (found := _id(one))), "")


def _assurance(subject: Mapping[str, Any]) -> Assurance:
    given = Assurance.of(subject)
    return evolve(
        given,
        assessor_level=ASSESSORS.get(given.assessor_level, given.assessor_level),
        assessment_level=LEVELS.get(given.assessment_level, given.assessment_level),
    )


def _named(subject: Mapping[str, Any], depth: int = 0) -> Iterator[str]:
    if depth > _DEEPEST:
        return
    if isinstance(subject.get("id"), str):
        yield subject["id"]
    for member in THINGS:
        for one in _list(subject, member):
            yield from _named(one, depth + 1)
    for one in _list(subject, *ASSESSMENTS):
        yield from _assessed(one, *ASSESSED)


def _assessed(assessment: Mapping[str, Any], *members: str) -> Iterator[str]:
    """The products, facilities and organisations that an assessment names."""
    for one in _list(assessment, *members):
        yield from _named(one)


def _list(given: Mapping[str, Any], *members: str) -> list[dict[str, Any]]:
    found = []
    for member in members:
        value = given.get(member)
        found += [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, dict)]
    return found[:_MOST]


def _id(value: Any) -> str:
    found = value.get("id") if isinstance(value, dict) else value
    return found if isinstance(found, str) else ""


def _name(value: Any) -> str:
    """The id of a scheme, else its name."""
    first = value[0] if isinstance(value, list) and value else value
    if isinstance(first, dict):
        first = first.get("id") or first.get("name")
    return first if isinstance(first, str) else ""


def _moment(document: Mapping[str, JSON], name: str) -> datetime | None:
    return dates.read(document[name], name) if name in document else None
