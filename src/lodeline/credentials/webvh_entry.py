"""Parameters and hashes of one entry of a did:webvh log.

Source: DIF did:webvh 1.0, sections on method parameters, SCID, entry hash, pre-rotation and witnesses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from attrs import evolve, frozen

from lodeline import strictjson
from lodeline.credentials import did_key, multibase
from lodeline.credentials.verdict import CredentialRefused
from lodeline.keys import VerifyKey

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lodeline.strictjson import JSON

METHOD: Final = "did:webvh:1.0"
SCID: Final = "{SCID}"
MAX_NAMES: Final = 50
_DEFAULTS: Final[Mapping[str, JSON]] = {
    "updateKeys": [],
    "nextKeyHashes": [],
    "witness": {},
    "watchers": [],
    "portable": False,
    "deactivated": False,
    "ttl": 3600,
}


@frozen
class Parameters:
    """What holds after an entry."""

    scid: str = ""
    update_keys: tuple[str, ...] = ()
    next_hashes: tuple[str, ...] = ()
    witness: Mapping[str, JSON] = {}
    portable: bool = False
    deactivated: bool = False
    ttl: int = 3600
    watchers: tuple[str, ...] = ()


def updated(active: Parameters, given: JSON, *, first: bool) -> Parameters:
    """`active` with the parameters of the next entry. Refused with step `key`."""
    if not isinstance(given, dict) or set(given) - {*_DEFAULTS, "method", "scid"}:
        raise _refused("parameters holds what did:webvh 1.0 does not know")
    # Early controllers wrote null for "as by default" (the specification asks to understand that).
    given = {name: _DEFAULTS.get(name) if value is None else value for name, value in given.items()}
    if given.get("method", None if first else METHOD) != METHOD:
        raise _refused(f"method is not {METHOD}")
    if first != ("scid" in given) or (first and "updateKeys" not in given):
        raise _refused("the first entry, and only it, has scid, and it has updateKeys")
    if active.next_hashes and not {"updateKeys", "nextKeyHashes"} <= set(given):
        raise _refused("under pre-rotation every entry gives updateKeys and nextKeyHashes")
    keys = _texts(given, "updateKeys", active.update_keys)
    if active.next_hashes and any(hash_of(key) not in active.next_hashes for key in keys):
        raise _refused("a key was not announced by the entry before")
    if not first and given.get("portable") is True:
        raise _refused("portable can only be set in the first entry")
    made = evolve(
        active,
        scid=given.get("scid", active.scid),
        update_keys=keys,
        next_hashes=_texts(given, "nextKeyHashes", active.next_hashes),
        watchers=_texts(given, "watchers", active.watchers),
        witness=_witness(given["witness"]) if "witness" in given else active.witness,
        portable=given.get("portable", active.portable),
        deactivated=given.get("deactivated", active.deactivated),
        ttl=given.get("ttl", active.ttl),
    )
    if not is_scid(made.scid) or not isinstance(made.portable, bool):
        raise _refused("scid is a hash of 46 signs, portable is true or false")
    if not isinstance(made.deactivated, bool) or type(made.ttl) is not int or not 0 <= made.ttl <= 2**31:
        raise _refused("deactivated is true or false, ttl a number of seconds")
    return made


def hash_of(key: str) -> str:
    """Pre-rotation's hash of a Multikey."""
    return multibase.b58(multibase.multihash(key.encode()))


def entry_hash(entry: Mapping[str, JSON], previous: str) -> str:
    """The hash in `versionId`: over the entry without proof, with the `versionId` before it (first: the SCID)."""
    return _hash({**entry, "versionId": previous})


def scid_of(entry: Mapping[str, JSON]) -> str:
    """The SCID that a first entry should have: its hash with `{SCID}` wherever its SCID stands."""
    scid = entry["parameters"]["scid"]
    plain = {name: value for name, value in entry.items() if name != "proof"}
    text = strictjson.canonical({**plain, "versionId": SCID}).replace(scid.encode(), SCID.encode())
    try:
        return _hash(strictjson.loads(text))
    except strictjson.StrictJSONError as error:
        raise _refused(f"with {SCID} in its place the entry is no JSON: {error}") from None


def is_scid(text: JSON) -> bool:
    """Whether `text` is a SHA-256 multihash in base58btc."""
    try:
        found = multibase.unb58(text) if isinstance(text, str) and len(text) == 46 else b""
    except ValueError:
        return False
    return found[:2] == multibase.SHA256_PREFIX and len(found) == 34


def witness_list(data: bytes | None) -> Iterator[tuple[str, JSON]]:
    """(versionId, proof) of `did-witness.json`. Refused with step `key` when it is not there or not of that form."""
    if data is None:
        raise _refused("the log names witnesses, and there is no did-witness.json")
    try:
        listed = strictjson.loads(data)
    except strictjson.StrictJSONError as error:
        raise _refused(f"did-witness.json cannot be read: {error}") from None
    if not isinstance(listed, list):
        raise _refused("did-witness.json is a list")
    for item in listed:
        proofs = item.get("proof", []) if isinstance(item, dict) else []
        version = item.get("versionId") if isinstance(item, dict) else None
        if isinstance(version, str) and isinstance(proofs, list):
            yield from ((version, proof) for proof in proofs)


def _hash(entry: Mapping[str, JSON]) -> str:
    plain = {name: value for name, value in entry.items() if name != "proof"}
    try:
        return multibase.b58(multibase.multihash(strictjson.canonical(plain)))
    except ValueError as error:
        raise _refused(f"there is no canonical form of it: {error}") from None


def _texts(given: Mapping[str, JSON], name: str, before: tuple[str, ...]) -> tuple[str, ...]:
    found = given.get(name, list(before))
    if (
        not isinstance(found, list)
        or len(found) > MAX_NAMES
        or not all(isinstance(item, str) for item in found)
    ):
        raise _refused(f"{name} is a list of at most {MAX_NAMES} texts")
    return tuple(found)


def _witness(given: JSON) -> Mapping[str, JSON]:
    if given == {}:
        return {}
    listed, threshold = (
        given.get(name) if isinstance(given, dict) else None for name in ("witnesses", "threshold")
    )
    if not isinstance(listed, list) or type(threshold) is not int or len(listed) > MAX_NAMES:
        raise _refused("witness has a threshold and a list of witnesses")
    names = [item.get("id") if isinstance(item, dict) else None for item in listed]
    if len(set(map(str, names))) < len(names) or not 1 <= threshold <= len(names):
        raise _refused("witnesses are named once each, and the threshold is from 1 to their number")
    for name in names:
        if not isinstance(name, str) or not isinstance(did_key.key(name), VerifyKey):
            raise _refused("a witness is a did:key with an Ed25519 key")
    return {"threshold": threshold, "witnesses": listed}


def _refused(message: str) -> CredentialRefused:
    return CredentialRefused("key", message)
