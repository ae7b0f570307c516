"""What a credential and a presentation must look like, whatever secures them.

Source: Verifiable Credentials Data Model 2.0, sections 4 and 5; of 1.1 what its credentials must have, because suites
send them. All checks raise `CredentialRefused` with step `structure` or `dates`.
"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Final

from lodeline.credentials import dates, multibase
from lodeline.credentials.contexts import DATA_INTEGRITY, V1, V2, is_iri
from lodeline.credentials.verdict import CredentialRefused

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from lodeline.credentials.contexts import Contexts
    from lodeline.strictjson import JSON

ENVELOPED: Final = "EnvelopedVerifiableCredential"
_TYPED: Final = (
    "evidence",
    "refreshService",
    "termsOfUse",
    "credentialStatus",
    "credentialSchema",
    "renderMethod",
)
_DATES: Final = ("validFrom", "validUntil", "issuanceDate", "expirationDate")
_DIGEST_SIZES: Final = {"sha256": 32, "sha384": 48, "sha512": 64}
MAX_ITEMS: Final = 1000


def credential(document: JSON, contexts: Contexts | None = None) -> None:
    """Check the form of a credential. With `contexts`, every name at the top and every type must have a meaning."""
    _common(document, "VerifiableCredential", contexts)
    if "issuer" not in document:
        raise _refused("it has no issuer")
    owner = document["issuer"]
    if not is_iri(issuer(document)):
        raise _refused("issuer is a URL, or an object whose id is one")
    for whole in (document, owner if isinstance(owner, dict) else {}):
        for name in ("name", "description"):
            if name in whole:
                _words(whole[name], name)
    subjects = _many(document.get("credentialSubject"))
    if len(subjects) > MAX_ITEMS:
        raise _refused(f"it has more than {MAX_ITEMS} subjects")
    if not subjects or not all(isinstance(subject, dict) and subject for subject in subjects):
        raise _refused("credentialSubject is one or more objects that say something")
    for subject in subjects:
        _identifier(subject, "credentialSubject")
    for name in _TYPED:
        for item in _objects(document, name):
            _types(item, name)
            _identifier(item, name, needed=name == "credentialSchema")
    for item in _objects(document, "proof"):
        _types(item, "proof")
    _resources(document)
    _order(document, old=_first(document) == V1)


def presentation(document: JSON, contexts: Contexts | None = None) -> None:
    """Check the form of a presentation. The credentials in it must be secured; whether they hold is not asked here."""
    _common(document, "VerifiablePresentation", contexts)
    if "holder" in document and not is_iri(holder(document)):
        raise _refused("holder is a URL, or an object whose id is one")
    for item in _objects(document, "verifiableCredential"):
        if ENVELOPED in _many(item.get("type")):
            enveloped(item)
        elif not _objects(item, "proof"):
            raise _refused("a credential in the presentation is not secured")


def enveloped(item: Mapping[str, JSON]) -> tuple[str, str]:
    """Media type and content of an `EnvelopedVerifiableCredential` (or `...Presentation`)."""
    context = _many(item.get("@context"))
    address = item.get("id")
    if V2 not in context or not isinstance(address, str) or not address.startswith("data:"):
        raise _refused("an envelope has the context of the data model, and an id that starts with data:")
    media, comma, content = address.removeprefix("data:").partition(",")
    media = media.partition(";")[0].strip().lower()
    if not comma or not content or not media.startswith("application/"):
        raise _refused("the data URL of an envelope names an application/ media type and holds a token")
    return media, content


def issuer(document: Mapping[str, JSON]) -> str:
    """The issuer's identifier; empty if there is none."""
    return _id(document.get("issuer"))


def holder(document: Mapping[str, JSON]) -> str:
    """The holder's identifier; empty if there is none."""
    return _id(document.get("holder"))


def in_force(document: Mapping[str, JSON], moment: datetime) -> None:
    """Refused with step `dates` when `moment` is outside `validFrom` to `validUntil` (1.1: issuance to expiration)."""
    for name in ("validFrom", "issuanceDate"):
        if name in document and moment + dates.LEEWAY < dates.read(document[name], name):
            raise CredentialRefused("dates", f"it is in force only from {document[name]}")
    for name in ("validUntil", "expirationDate"):
        if name in document and moment > dates.read(document[name], name):
            raise CredentialRefused("dates", f"it was in force until {document[name]}")


def with_data_integrity(document: Mapping[str, JSON]) -> dict[str, JSON]:
    """A credential of data model 1.1 with the context that defines proofs, if it has none; others as they are."""
    context = _many(document.get("@context"))
    if _first(document) != V1 or DATA_INTEGRITY in context:
        return dict(document)
    return {**document, "@context": [*context, DATA_INTEGRITY]}


def related(document: Mapping[str, JSON], held: Mapping[str, Collection[str]]) -> None:
    """Every digest of `relatedResource` must be one that we hold for that address (`held`: hex digests).

    A resource of which we hold nothing cannot be checked, and is refused.
    """
    for item in _objects(document, "relatedResource"):
        known = held.get(item["id"])
        if known is None:
            raise _refused(
                f"the related resource {item['id'][:200]} is not held here, so it cannot be checked"
            )
        found = [digest for text in _many(item.get("digestSRI")) for digest in _sri(text)]
        found += [_multibase_digest(text) for text in _many(item.get("digestMultibase"))]
        if not set(found) <= set(known):
            raise _refused(f"the related resource {item['id'][:200]} has another digest than it says")


def _common(document: JSON, kind: str, contexts: Contexts | None) -> None:
    if not isinstance(document, dict):
        raise _refused("it is no JSON object")
    context = document.get("@context")
    if _first(document) not in (V1, V2) or (not isinstance(context, list) and _first(document) == V2):
        raise _refused(f"@context is a list that begins with {V2}")
    if len(_many(context)) > 50 or not all(isinstance(item, dict) or is_iri(item) for item in _many(context)):
        raise _refused("@context holds addresses and objects")
    types = _many(document.get("type"))
    if kind not in types or not all(isinstance(item, str) for item in types):
        raise _refused(f"type contains {kind}, and only texts")
    _identifier(document, "it")
    if contexts is not None:
        contexts.inside(document)
        terms = contexts.terms(context, types)
        for name in [*types, *(name for name in document if not name.startswith("@"))]:
            if not terms.has(name):
                raise _refused(f"no context says what {name[:80]!r} means")


def _resources(document: Mapping[str, JSON]) -> None:
    names = []
    for item in _objects(document, "relatedResource"):
        _identifier(item, "relatedResource", needed=True)
        names.append(item["id"])
        digests = [text for name in ("digestSRI", "digestMultibase") for text in _many(item.get(name))]
        if not digests or not all(isinstance(text, str) for text in digests):
            raise _refused("a relatedResource has a digestSRI or a digestMultibase")
    if len(set(names)) < len(names):
        raise _refused("a relatedResource is named twice")


def _order(document: Mapping[str, JSON], *, old: bool) -> None:
    moments = {name: dates.read(document[name], name) for name in _DATES if name in document}
    if old and "issuanceDate" not in moments:
        raise _refused("a credential of data model 1.1 has an issuanceDate")
    for start, end in (("validFrom", "validUntil"), ("issuanceDate", "expirationDate")):
        if start in moments and end in moments and moments[end] < moments[start]:
            raise CredentialRefused("dates", f"{end} is before {start}")


def _words(value: JSON, name: str) -> None:
    for item in _many(value):
        if isinstance(item, dict):
            if not isinstance(item.get("@value"), str) or set(item) - {"@value", "@language", "@direction"}:
                raise _refused(f"{name} in a language has @value, @language and @direction, and nothing else")
        elif not isinstance(item, str):
            raise _refused(f"{name} is text, or text with its language")


def _types(item: Mapping[str, JSON], name: str) -> None:
    types = _many(item.get("type"))
    if not types or not all(isinstance(kind, str) and kind for kind in types):
        raise _refused(f"{name} says of which type it is")


def _identifier(item: Mapping[str, JSON], name: str, *, needed: bool = False) -> None:
    if (needed or "id" in item) and not is_iri(item.get("id")):
        raise _refused(f"the id of {name} is one URL")


def _objects(document: Mapping[str, JSON], name: str) -> list[dict[str, JSON]]:
    found = _many(document.get(name))
    if len(found) > MAX_ITEMS or not all(isinstance(item, dict) for item in found):
        raise _refused(f"{name} is an object or a list of at most {MAX_ITEMS}")
    if name in document and document[name] is None:
        raise _refused(f"{name} is there and empty")
    return found


def _sri(text: str) -> list[str]:
    """Hex digests of a subresource-integrity text; base64 in either alphabet."""
    found = []
    for part in text.split():
        name, _, value = part.partition("-")
        try:
            digest = base64.b64decode(
                value.replace("-", "+").replace("_", "/") + "=" * (-len(value) % 4), validate=True
            )
        except (binascii.Error, ValueError):
            digest = b""
        if not digest or len(digest) != _DIGEST_SIZES.get(name):
            raise _refused(f"{part[:20]!r} is no digestSRI")
        found.append(digest.hex())
    return found


def _multibase_digest(text: str) -> str:
    try:
        digest = multibase.decode(text)
    except ValueError as error:
        raise _refused(f"digestMultibase cannot be read: {error}") from None
    plain = digest[2:] if len(digest) == 34 and digest[:2] == multibase.SHA256_PREFIX else digest
    return plain.hex()


def _first(document: Mapping[str, JSON]) -> JSON:
    return next(iter(_many(document.get("@context"))), None)


def _id(value: JSON) -> str:
    found = value.get("id") if isinstance(value, dict) else value
    return found if isinstance(found, str) else ""


def _many(value: JSON) -> list[JSON]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _refused(message: str) -> CredentialRefused:
    return CredentialRefused("structure", message)
