"""The leaf record: small, canonical, without personal or business data. Its form is final."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache

from attrs import frozen

from lodeline import strictjson
from lodeline.keys import b64url, unb64url

VERSION = 1
# An entry bundle stores each leaf behind a 16-bit length (C2SP tlog-tiles).
MAX_LEAF = 65_535
COMMITMENT_BYTES = 32
COMMIT_MEMBER = len('{"commit":"",') + 43
WORDS = ("commit", "tenant", "time", "type")


@frozen(kw_only=True)
class Leaf:
    """`tenant` is a pseudonym, `commitment` the salted SHA-256 of the payload (32 bytes), `time` in UTC."""

    type: str
    time: datetime
    tenant: str
    commitment: bytes

    def encode(self) -> bytes:
        """RFC 8785 bytes, at most 65,535."""
        return encode(self.type, self.time, self.tenant, self.commitment)


def encode(kind: str, time: datetime, tenant: str, commitment: bytes) -> bytes:
    """A leaf record without the value: `commit` sorts first, and the rest is the same for many."""
    return b'{"commit":"' + b64url(commitment).encode() + b'",' + _rest(kind, time, tenant)


@lru_cache(maxsize=64)
def _rest(kind: str, time: datetime, tenant: str) -> bytes:
    data = strictjson.canonical({"tenant": tenant, "time": instant(time), "type": kind, "v": VERSION})[1:]
    if len(data) > MAX_LEAF - COMMIT_MEMBER:
        raise ValueError(f"a leaf has at most {MAX_LEAF} bytes")
    return data


@lru_cache(maxsize=64)  # a batch has one time
def instant(moment: datetime) -> str:
    """UTC with microseconds and Z."""
    if moment.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def decode(data: bytes) -> Leaf:
    """The leaf in `data`; `ValueError` unless it is exactly the canonical form of one."""
    record = strictjson.loads(data, max_bytes=MAX_LEAF)
    if not isinstance(record, dict) or set(record) != {*WORDS, "v"} or record["v"] != VERSION:
        raise ValueError("not a leaf record of version 1")
    words = {name: word for name in WORDS if isinstance(word := record[name], str)}
    if len(words) != len(WORDS):
        raise ValueError("commit, tenant, time and type of a leaf record are strings")
    leaf = Leaf(
        type=words["type"],
        time=datetime.strptime(words["time"], "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC),
        tenant=words["tenant"],
        commitment=unb64url(words["commit"]),
    )
    if len(leaf.commitment) != COMMITMENT_BYTES or leaf.encode() != data:
        raise ValueError("not the canonical form of a leaf record")
    return leaf
