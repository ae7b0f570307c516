"""did:webvh 1.0: a DID with a history that proves itself and may move to another host.

Source: DIF did:webvh 1.0. The log `did.jsonl` holds one entry a line, `{versionId, versionTime, parameters, state,
proof}`; each `versionId` hashes the entry and the one before it. What one entry may be is in `webvh_entry`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from attrs import frozen

from lodeline import strictjson
from lodeline.credentials import dates, did, did_key, did_web, integrity, multibase, multikey
from lodeline.credentials.verdict import CredentialRefused
from lodeline.credentials.webvh_entry import (
    METHOD,
    SCID,
    Parameters,
    entry_hash,
    hash_of,
    is_scid,
    scid_of,
    updated,
    witness_list,
)
from lodeline.keys import SignatureRefused, VerifyKey

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from lodeline.keys import SigningKey
    from lodeline.strictjson import JSON

MAX_ENTRIES: Final = 2000
_MEMBERS: Final = {"versionId", "versionTime", "parameters", "state", "proof"}


@frozen
class Version:
    """One state of the DID. `number` from 1; `time` as the controller says."""

    number: int
    id: str
    time: datetime
    state: Mapping[str, JSON]


@frozen
class History:
    """A log that was verified, for the DID that was asked for."""

    did: str
    versions: tuple[Version, ...]
    parameters: Parameters

    def at(
        self, moment: datetime | None = None, version: str | None = None, number: int | None = None
    ) -> Version:
        """The version of then, of that id, or the latest. Refused with step `key` if there is none.

        The latest of a deactivated DID is refused; versions before it stay readable.
        """
        found = [
            item
            for item in self.versions
            if (moment is None or item.time <= moment)
            and (version is None or item.id == version)
            and (number is None or item.number == number)
        ]
        if not found:
            raise CredentialRefused("key", f"{self.did} had no such version")
        if self.parameters.deactivated and found[-1] is self.versions[-1]:
            when = dates.write(self.versions[-1].time)
            raise CredentialRefused("key", f"{self.did} was given up at {when}")
        return found[-1]


def location(identifier: str, *, public: bool = True) -> str:
    """`https://host/path/` under which `did.jsonl` and `did-witness.json` are. Refused with step `key`.

    With `public` the host needs a dot in it, as in `did_web.location`.
    """
    url = did.parse(identifier)
    scid, _, rest = url.name.partition(":")
    if url.method != "webvh" or url.did != identifier or not is_scid(scid) or not rest:
        raise CredentialRefused("key", f"{identifier[:80]!r} is not a did:webvh")
    return did_web.location(rest.split(":"), public=public)


def same(one: str, other: str) -> bool:
    """Whether two DIDs are one: equal, or two names of one history (whose hash nobody else can claim)."""
    if one == other:
        return True
    names = [name.split(":")[:3] for name in (one, other)]
    return names[0] == names[1] and names[0][:2] == ["did", "webvh"] and is_scid(names[0][-1])


def next_hash(key: VerifyKey) -> str:
    """What pre-rotation publishes of a key that is to come."""
    return hash_of(multikey.encode(key))


def create(
    state: Mapping[str, JSON], signer: SigningKey, now: datetime, parameters: Mapping[str, JSON] | None = None
) -> bytes:
    """The first line of a log. `state` is the DID document with `{SCID}` where the identifier's hash will stand.

    `parameters` may add `nextKeyHashes`, `portable`, `witness`, `watchers`, `ttl`, `updateKeys`.
    """
    keys = {"updateKeys": [multikey.encode(signer.verify_key)], **(parameters or {})}
    entry = {
        "versionId": SCID,
        "versionTime": dates.write(now),
        "parameters": {"method": METHOD, "scid": SCID, **keys},
        "state": dict(state),
    }
    text = strictjson.canonical(entry)
    scid = multibase.b58(multibase.multihash(text))
    entry = strictjson.loads(text.replace(SCID.encode(), scid.encode()))
    return _line(entry, 1, scid, signer, now)


def update(
    log: bytes,
    state: Mapping[str, JSON],
    signer: SigningKey,
    now: datetime,
    parameters: Mapping[str, JSON] | None = None,
) -> bytes:
    """The next line of `log`, whose last entry is trusted. Under pre-rotation `parameters` holds the new keys."""
    last = strictjson.loads(log.strip().rpartition(b"\n")[2])
    number = int(last["versionId"].partition("-")[0]) + 1
    entry = {"versionTime": dates.write(now), "parameters": dict(parameters or {}), "state": dict(state)}
    return _line(entry, number, last["versionId"], signer, now)


def deactivate(
    log: bytes, signer: SigningKey, now: datetime, parameters: Mapping[str, JSON] | None = None
) -> bytes:
    """The last line of `log`: no document after it, no more updates."""
    state = strictjson.loads(log.strip().rpartition(b"\n")[2])["state"]
    return update(log, state, signer, now, parameters or {"deactivated": True, "updateKeys": []})


def witness(version: str, signer: SigningKey, now: datetime) -> dict[str, JSON]:
    """A witness's proof over one `versionId`, as `did-witness.json` lists it."""
    method = did_key.method(signer.verify_key)
    proof: dict[str, JSON] = integrity.add({"versionId": version}, signer, method, created=now)["proof"]
    return proof


def verify(log: bytes, identifier: str, now: datetime, witnesses: bytes | None = None) -> History:
    """The history of `identifier`. `witnesses` is `did-witness.json`, needed where the log names witnesses.

    Raises `CredentialRefused("key", ...)`. One entry that does not hold refuses the whole log. Where it was found is
    not asked: a log of this machine (`localhost`) verifies like any other.
    """
    location(identifier, public=False)
    try:
        entries = [strictjson.loads(line) for line in log.splitlines() if line.strip()]
    except strictjson.StrictJSONError as error:
        raise CredentialRefused("key", f"the log of {identifier} cannot be read: {error}") from None
    if not entries or len(entries) > MAX_ENTRIES:
        raise CredentialRefused("key", f"the log of {identifier} has {len(entries)} entries")
    versions: list[Version] = []
    demands: list[Mapping[str, JSON]] = []
    parameters, before = Parameters(), ""
    for number, entry in enumerate(entries, 1):
        try:
            parameters, demand = _step(entry, number, before, parameters, versions, now)
        except CredentialRefused as error:
            raise CredentialRefused("key", f"entry {number} of {identifier}: {error}") from None
        before = entry["versionId"]
        demands.append(demand)
    if identifier.split(":")[2] != parameters.scid:
        raise CredentialRefused("key", f"this is the log of another identifier than {identifier}")
    if identifier not in [version.state["id"] for version in versions]:
        raise CredentialRefused("key", f"the log never was of {identifier}")
    _witnessed(versions, demands, witnesses, now)
    return History(identifier, tuple(versions), parameters)


def _step(
    entry: JSON, number: int, before: str, active: Parameters, versions: list[Version], now: datetime
) -> tuple[Parameters, Mapping[str, JSON]]:
    """One entry after those in `versions`: the parameters it leaves, the witnesses it needs."""
    if not isinstance(entry, dict) or set(entry) != _MEMBERS or not isinstance(entry["state"], dict):
        raise CredentialRefused("key", f"an entry has {sorted(_MEMBERS)}, and no more")
    if active.deactivated:
        raise CredentialRefused("key", "nothing may follow once the DID was given up")
    after = updated(active, entry["parameters"], first=number == 1)
    if number == 1 and scid_of(entry) != after.scid:
        raise CredentialRefused("key", "the identifier is not the hash of its first entry")
    previous = before or after.scid
    if entry["versionId"] != f"{number}-{entry_hash(entry, previous)}":
        raise CredentialRefused("key", "versionId is not the number and hash of the entry")
    time = dates.read(entry["versionTime"], "versionTime")
    if not str(entry["versionTime"]).endswith(("Z", "+00:00")):
        raise CredentialRefused("key", "versionTime is in UTC")
    if time > now + dates.LEEWAY or (versions and time <= versions[-1].time):
        raise CredentialRefused("key", "versionTime is not after the one before, or is to come")
    name = did.parse(entry["state"].get("id"))
    location(name.did, public=False)
    if name.did != entry["state"]["id"] or name.name.partition(":")[0] != after.scid:
        raise CredentialRefused("key", "the document is of another identifier")
    old = versions[-1].state["id"] if versions else name.did
    aliases = entry["state"].get("alsoKnownAs")
    if old != name.did and not (after.portable and isinstance(aliases, list) and old in aliases):
        raise CredentialRefused("key", "it moves, and was not made to move, or does not name where it was")
    signers = after.update_keys if number == 1 or active.next_hashes else active.update_keys
    proofs = entry["proof"] if isinstance(entry["proof"], list) else [entry["proof"]]
    plain = {member: value for member, value in entry.items() if member != "proof"}
    if not 0 < len(proofs) <= integrity.MAX_PROOFS:
        raise CredentialRefused("key", "an entry carries a proof")
    for proof in proofs:
        if multikey.encode(_signer(plain, proof)) not in signers:
            raise CredentialRefused("key", "it is signed by a key that may not")
    versions.append(Version(number, entry["versionId"], time, entry["state"]))
    return after, active.witness or after.witness


def _signer(document: Mapping[str, JSON], proof: JSON) -> VerifyKey:
    """The key of a did:key that signed `document`."""
    if not isinstance(proof, dict) or (
        proof.get("type"),
        proof.get("cryptosuite"),
        proof.get("proofPurpose"),
    ) != (
        integrity.TYPE,
        integrity.JCS,
        integrity.ASSERTION,
    ):
        raise CredentialRefused("key", "a proof is of eddsa-jcs-2022, for assertionMethod")
    name = did.parse(proof.get("verificationMethod"))
    key = did_key.key(name.did)
    if proof["verificationMethod"] != f"{name.did}#{name.name}" or not isinstance(key, VerifyKey):
        raise CredentialRefused("key", "a proof is by an Ed25519 did:key that names itself")
    try:
        key.verify(integrity.signature(proof), integrity.jcs_data(document, proof))
    except SignatureRefused:
        raise CredentialRefused("key", "a signature does not fit") from None
    return key


def _witnessed(
    versions: Sequence[Version], demands: Sequence[Mapping[str, JSON]], witnesses: bytes | None, now: datetime
) -> None:
    """Every entry needs its threshold of witnesses; a proof counts for the entries before it as well."""
    if not any(demands):
        return
    numbers = {version.id: version.number for version in versions}
    named = {item["id"] for demand in demands if demand for item in demand["witnesses"]}
    reach: dict[str, int] = {}
    for of, proof in witness_list(witnesses):
        if of not in numbers or not isinstance(proof, dict):
            continue
        if str(proof.get("verificationMethod")).partition("#")[0] not in named:
            continue
        try:
            name = did_key.did(_signer({"versionId": of}, proof))
            late = "created" in proof and dates.read(proof["created"], "created") > now + dates.LEEWAY
        except CredentialRefused:
            continue
        if not late:
            reach[name] = max(reach.get(name, 0), numbers[of])
    for version, demand in zip(versions, demands, strict=True):
        if not demand:
            continue
        have = sum(reach.get(item["id"], 0) >= version.number for item in demand["witnesses"])
        if have < demand["threshold"]:
            raise CredentialRefused(
                "key", f"version {version.number} has {have} of {demand['threshold']} witnesses"
            )


def _line(entry: dict[str, JSON], number: int, previous: str, signer: SigningKey, now: datetime) -> bytes:
    entry["versionId"] = f"{number}-{entry_hash(entry, previous)}"
    signed = integrity.add(entry, signer, did_key.method(signer.verify_key), created=now)
    signed["proof"] = [signed["proof"]]
    return json.dumps(signed, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
