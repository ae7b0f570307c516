"""DID URLs and DID documents: reading them strictly, writing our own.

Sources: DID Core 1.0 sections 3 and 5, Controlled Identifiers 1.0 section 2 (`Multikey`, `JsonWebKey`, `revoked`,
`expires`). A method that cannot be read makes the method unusable, not the document: documents of others carry
kinds of keys that we do not know.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl

from attrs import field, frozen

from lodeline.credentials import dates, multikey
from lodeline.credentials.keys import from_jwk, to_jwk
from lodeline.credentials.verdict import CredentialRefused

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from lodeline.credentials.keys import PublicKey
    from lodeline.strictjson import JSON

CONTEXTS: Final = (
    "https://www.w3.org/ns/did/v1",
    "https://w3id.org/security/multikey/v1",
    "https://w3id.org/security/jwk/v1",
)
PURPOSES: Final = ("assertionMethod", "authentication", "capabilityInvocation", "capabilityDelegation")
MAX_URL: Final = 2048
MAX_METHODS: Final = 200
_SIGN: Final = r"(?:[A-Za-z0-9._-]|%[0-9A-Fa-f]{2})"
_DID: Final = re.compile(rf"did:([a-z0-9]{{1,32}}):((?:{_SIGN}*:)*{_SIGN}+)")
_TAIL: Final = re.compile(r"((?:/[^\s?#\"<>\\^`{|}]*)*)(?:\?([^\s#\"<>\\^`{|}]*))?(?:#([^\s#\"<>\\^`{|}]*))?")


@frozen
class DidUrl:
    """The parts of a DID URL; `query` as sent, first value of each name."""

    did: str
    method: str
    name: str
    path: str = ""
    query: Mapping[str, str] = field(factory=dict)
    fragment: str | None = None


def parse(text: JSON) -> DidUrl:
    """Raises `CredentialRefused("key", ...)` for what is no DID URL."""
    shown = repr(str(text)[:80])
    if not isinstance(text, str) or len(text) > MAX_URL or not text.isascii():
        raise CredentialRefused("key", f"{shown} is not a DID")
    match = _DID.match(text)
    tail = _TAIL.fullmatch(text, match.end()) if match else None
    if match is None or tail is None:
        raise CredentialRefused("key", f"{shown} is not a DID")
    pairs = parse_qsl(tail[2] or "", keep_blank_values=True, max_num_fields=20)
    if len(dict(pairs)) != len(pairs):
        raise CredentialRefused("key", f"{shown} asks twice for the same")
    return DidUrl(match[0], match[1], match[2], tail[1], dict(pairs), tail[3])


@frozen
class Method:
    """A verification method that can be used."""

    id: str
    key: PublicKey
    revoked: datetime | None = None
    expires: datetime | None = None


@frozen
class Document:
    """A DID document that was checked: it is of `did`. `raw` is what was published, `version` its number if it has."""

    did: str
    raw: Mapping[str, JSON]
    methods: Mapping[str, Mapping[str, JSON]]
    purposes: Mapping[str, frozenset[str]]
    version: str | None = None

    def method(self, url: str, purpose: str, signed_at: datetime | None) -> Method:
        """The method for a signature of that purpose and time.

        Refused with step `key` when it is not there, of a foreign controller, not meant for the purpose, or was
        revoked or had expired when the signature was made. Without `signed_at` a method with an end is refused.
        """
        found = self.methods.get(url)
        if found is None:
            raise CredentialRefused("key", f"the document of {self.did} has no key {url}")
        if url not in self.purposes.get(purpose, frozenset()):
            raise CredentialRefused("key", f"the key {url} is not listed for {purpose}")
        if found.get("controller") != self.did:
            raise CredentialRefused("key", f"the key {url} is controlled by another than {self.did}")
        method = _usable(url, found)
        for end, word in ((method.revoked, "revoked"), (method.expires, "expired")):
            if end is None or (signed_at is not None and signed_at < end):
                continue
            made = f"is of {dates.write(signed_at)}" if signed_at else "does not say when it was made"
            raise CredentialRefused(
                "key", f"the key {url} was {word} at {dates.write(end)}; this signature {made}"
            )
        return method


def _usable(url: str, found: Mapping[str, JSON]) -> Method:
    jwk, text = found.get("publicKeyJwk"), found.get("publicKeyMultibase")
    if isinstance(text, str) == isinstance(jwk, dict):
        raise CredentialRefused("key", f"{url} is not a Multikey or JsonWebKey with one public key")
    try:
        key = multikey.decode(text) if isinstance(text, str) else from_jwk(jwk or {})
    except ValueError as error:
        raise CredentialRefused("key", f"the key {url} cannot be used: {error}") from None
    ends = [
        dates.read(found[name], f"{name} of {url}") if name in found else None
        for name in ("revoked", "expires")
    ]
    return Method(url, key, *ends)


def read(raw: JSON, did: str, version: str | None = None) -> Document:
    """A fetched document as the document of `did`. Refused with step `key`."""
    if not isinstance(raw, dict) or raw.get("id") != did:
        raise CredentialRefused("key", f"what was found for {did} is not its document: the id differs")
    methods: dict[str, Mapping[str, JSON]] = {}
    listed = _list(raw, "verificationMethod")
    purposes: dict[str, frozenset[str]] = {}
    for purpose in PURPOSES:
        names = set()
        for item in _list(raw, purpose):
            if isinstance(item, dict):
                listed.append(item)
                item = item.get("id")  # noqa: PLW2901 - embedded: usable for this purpose only
            if not isinstance(item, str):
                raise CredentialRefused("key", f"{purpose} of {did} lists what is neither a key nor its id")
            names.add(did + item if item.startswith("#") else item)
        purposes[purpose] = frozenset(names)
    if len(listed) > MAX_METHODS:
        raise CredentialRefused("key", f"the document of {did} lists more than {MAX_METHODS} keys")
    for item in listed:
        name = item.get("id") if isinstance(item, dict) else None
        if not isinstance(name, str):
            raise CredentialRefused("key", f"the document of {did} lists a key without an id")
        name = did + name if name.startswith("#") else name
        if name in methods:
            raise CredentialRefused("key", f"the document of {did} gives {name} twice")
        methods[name] = item
    return Document(did, raw, methods, purposes, version)


def _list(raw: Mapping[str, JSON], name: str) -> list[JSON]:
    found = raw.get(name, [])
    if not isinstance(found, list):
        raise CredentialRefused("key", f"{name} of a DID document is a list")
    return list(found)


@frozen
class Published:
    """A key as we publish it: under `#name` as Multikey and under `#name-jwk` as JsonWebKey."""

    name: str
    key: PublicKey
    purposes: Sequence[str] = PURPOSES[:2]
    revoked: datetime | None = None
    expires: datetime | None = None


def document(
    did: str,
    keys: Sequence[Published],
    *,
    also_known_as: Sequence[str] = (),
    services: Sequence[Mapping[str, JSON]] = (),
    controller: str | None = None,
) -> dict[str, JSON]:
    """A DID document with both forms of every key. Retired keys stay in it, with `revoked` or `expires`."""
    methods, purposes = [], {purpose: list[str]() for purpose in PURPOSES}
    for item in keys:
        ends = {"revoked": item.revoked, "expires": item.expires}
        last = {name: dates.write(moment) for name, moment in ends.items() if moment}
        multi, jwk = f"{did}#{item.name}", f"{did}#{item.name}-jwk"
        text = multikey.encode(item.key)
        methods += [
            {"id": multi, "type": "Multikey", "controller": did, "publicKeyMultibase": text, **last},
            {"id": jwk, "type": "JsonWebKey", "controller": did, "publicKeyJwk": to_jwk(item.key), **last},
        ]
        for purpose in item.purposes:
            purposes[purpose] += [multi, jwk]
    made: dict[str, JSON] = {"@context": list(CONTEXTS), "id": did}
    if controller:
        made["controller"] = controller
    if also_known_as:
        made["alsoKnownAs"] = list(also_known_as)
    made["verificationMethod"] = methods
    made |= {purpose: names for purpose, names in purposes.items() if names}
    if services:
        made["service"] = [dict(service) for service in services]
    return made
