"""A credential with all that its verification needs, in one file: read, sealed, its parts held against the seal.

Parts: the credential; documents or histories of DIDs; status lists with the span in which each was out; trust lists;
statements of the log with their proofs. The seal is a compact JWS over the hash of every part, the moment at which
they were gathered and who gathered them. What a verifier may conclude from it: see `lodeline.credentials.offline`.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

from attrs import field, frozen

from lodeline import strictjson
from lodeline.credentials import dates
from lodeline.credentials.signing import check_seal, parts, seal
from lodeline.credentials.verdict import CredentialRefused

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from lodeline.credentials.keys import PublicKey
    from lodeline.credentials.signing import Parts, Signer
    from lodeline.strictjson import JSON

TYPE: Final = "LodelineCredentialBundle"
SEAL: Final = "credential-bundle+jwt"
VERSION: Final = 1
MAX_BYTES: Final = 16 * 1024 * 1024
MAX_DEPTH: Final = 80
MOST: Final = {"documents": 64, "statusLists": 64, "trustLists": 32, "records": 64}
"""Parts of each kind."""
STEP: Final = {
    "credential": "signature",
    "documents": "key",
    "statusLists": "status",
    "trustLists": "issuer",
    "records": "receipt",
}
"""The step of a verdict that rests on a part: a part that was changed is refused there."""
_MEMBERS: Final = frozenset({"type", "version", "seal", "credential", *MOST})


@frozen(kw_only=True)
class Carried:
    """A DID as it was found: its document (did:web), or its log and its witnesses' proofs (did:webvh)."""

    did: str
    document: Mapping[str, JSON] | None = None
    log: str | None = None
    witnesses: str | None = None

    def as_dict(self) -> dict[str, JSON]:
        given = {"document": self.document, "log": self.log, "witnesses": self.witnesses}
        return {"did": self.did, **{name: value for name, value in given.items() if value is not None}}


@frozen(kw_only=True)
class CarriedList:
    """A status list, out from `since` to before `until`; None: the newest one when it was gathered."""

    url: str
    since: datetime
    credential: JSON
    until: datetime | None = None

    def as_dict(self) -> dict[str, JSON]:
        made = {"url": self.url, "since": dates.write(self.since), "credential": self.credential}
        return made | ({"until": dates.write(self.until)} if self.until is not None else {})


@frozen(kw_only=True)
class Gathered:
    """The parts, as whoever gathers them has them. `records` as `lodeline.credentials.record.read` takes them."""

    credential: JSON
    documents: tuple[Carried, ...] = ()
    lists: tuple[CarriedList, ...] = ()
    trust: tuple[str, ...] = ()
    records: tuple[Mapping[str, JSON], ...] = ()

    def parts(self) -> dict[str, Any]:
        return {
            "credential": self.credential,
            "documents": [one.as_dict() for one in self.documents],
            "statusLists": [one.as_dict() for one in self.lists],
            "trustLists": list(self.trust),
            "records": [dict(one) for one in self.records],
        }


@frozen(kw_only=True)
class Bundle:
    """One that was read: parts and seal fit together. Whether the seal's signature holds is another question."""

    parts: Gathered
    by: str
    kid: str
    as_of: datetime
    seal: Parts = field(repr=False)

    def check_seal(self, key: PublicKey) -> None:
        """Raise `CredentialRefused` unless `key` has signed the seal."""
        check_seal(self.seal, key, types=(SEAL,), what="the seal of the bundle")


def is_one(value: JSON) -> bool:
    """Whether it says that it is a bundle."""
    return isinstance(value, dict) and value.get("type") == TYPE


def write(gathered: Gathered, signer: Signer, kid: str, *, by: str, as_of: datetime) -> dict[str, JSON]:
    """The bundle, sealed by `by` with a key that is found as `kid`."""
    found = gathered.parts()
    said = {"asOf": dates.write(as_of), "by": by, "parts": _digests(found)}
    token = seal({"typ": SEAL, "kid": kid}, said, signer)
    return {"type": TYPE, "version": VERSION, "seal": token, **found}


def read(data: bytes | JSON) -> Bundle:
    """Bytes, or JSON that was read strictly. `CredentialRefused` at the step of the part that does not fit."""
    value = _loads(data) if isinstance(data, bytes) else data
    if not is_one(value) or set(value) != _MEMBERS:
        raise _wrong(f"a bundle is a {TYPE} with the members {', '.join(sorted(_MEMBERS))}")
    if value["version"] != VERSION or isinstance(value["version"], bool):
        raise _wrong(f"bundles of version {str(value['version'])[:20]!r} are not known here")
    if not isinstance(value["seal"], str):
        raise _wrong("the seal of a bundle is a token")
    for name, most in MOST.items():
        if not isinstance(value[name], list) or len(value[name]) > most:
            raise _wrong(f"{name} of a bundle is a list of at most {most}")
    sealed = parts(value["seal"], "the seal of the bundle")
    said, kid = sealed.payload, sealed.header.get("kid")
    if set(said) != {"asOf", "by", "parts"} or not isinstance(said["by"], str) or not isinstance(kid, str):
        raise _wrong("the seal of a bundle says asOf, by and parts, and names its key")
    _compare(said["parts"], _digests({name: value[name] for name in STEP}))
    gathered = Gathered(
        credential=value["credential"],
        documents=tuple(map(_document, value["documents"])),
        lists=tuple(map(_list, value["statusLists"])),
        trust=tuple(map(_token, value["trustLists"])),
        records=tuple(map(_record, value["records"])),
    )
    as_of = dates.read(said["asOf"], "asOf of the bundle")
    return Bundle(parts=gathered, by=said["by"], kid=kid, as_of=as_of, seal=sealed)


def _loads(data: bytes) -> JSON:
    if len(data) > MAX_BYTES:
        raise _wrong(f"a bundle has at most {MAX_BYTES} bytes")
    try:
        return strictjson.loads(data, max_bytes=MAX_BYTES, max_depth=MAX_DEPTH)
    except strictjson.StrictJSONError as error:
        raise _wrong(f"the bundle cannot be read: {error}") from None


def _digests(found: Mapping[str, Any]) -> dict[str, JSON]:
    return {
        name: [_digest(one) for one in part] if name in MOST else _digest(part)
        for name, part in found.items()
    }


def _digest(part: JSON) -> str:
    try:
        return hashlib.sha256(strictjson.canonical(part)).hexdigest()
    except ValueError as error:
        raise _wrong(f"there is no canonical form of a part: {error}") from None


def _compare(said: JSON, found: Mapping[str, JSON]) -> None:
    if not isinstance(said, dict) or set(said) != set(found):
        raise _wrong("the seal of the bundle does not name the hash of every part")
    for name, step in STEP.items():
        if said[name] != found[name]:
            raise CredentialRefused(step, f"{name} of the bundle: not what was sealed")


def _document(value: JSON) -> Carried:
    given = _texts(value, "a document", {"did"}, {"log", "witnesses", "document"})
    document = given.get("document")
    if ("log" in given) == (document is not None) or not isinstance(document, dict | None):
        raise _wrong("a DID is carried with its document or with its log", "key")
    return Carried(
        did=given["did"], document=document, log=given.get("log"), witnesses=given.get("witnesses")
    )


def _list(value: JSON) -> CarriedList:
    given = _texts(value, "a status list", {"url", "since", "credential"}, {"until"})
    if not isinstance(given["credential"], dict | str):
        raise _wrong("a status list is a credential", "status")
    return CarriedList(
        url=given["url"],
        since=dates.read(given["since"], "since of a status list"),
        until=dates.read(given["until"], "until of a status list") if "until" in given else None,
        credential=given["credential"],
    )


def _texts(value: JSON, what: str, needed: set[str], more: set[str]) -> dict[str, Any]:
    """An object with these members; all are texts but `document` and `credential`."""
    if not isinstance(value, dict) or not needed <= set(value) <= needed | more:
        raise _wrong(f"{what} in a bundle has {', '.join(sorted(needed))}, perhaps {', '.join(sorted(more))}")
    for name, said in value.items():
        if name not in {"document", "credential"} and not isinstance(said, str):
            raise _wrong(f"{name} of {what} in a bundle is a text")
    return value


def _token(value: JSON) -> str:
    if not isinstance(value, str):
        raise _wrong("a trust list in a bundle is a token", "issuer")
    return value


def _record(value: JSON) -> Mapping[str, JSON]:
    if not isinstance(value, dict):
        raise _wrong("a record in a bundle is an object", "receipt")
    return value


def _wrong(message: str, step: str = "structure") -> CredentialRefused:
    return CredentialRefused(step, message)
