"""Whom to trust: logs, witnesses and the quorum they must reach (C2SP tlog-policy).

One file serves the verifier of a receipt, a witness (its logs) and a log (its witnesses and their addresses).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from lodeline.log import checkpoint as checkpoints
from lodeline.log import note as notes
from lodeline.log.cosignature import verifier
from lodeline.log.note import COSIGNATURE, ED25519, MLDSA, NoteRefused, VKey

if TYPE_CHECKING:
    from collections.abc import Iterable

NONE = "none"
MAX_POLICY = 1024 * 1024
MAX_LINES = 1_000
AHEAD = 300  # seconds that a witness's clock may be ahead of ours
_BAD = re.compile(rb"[^\x09\x20-\x7e\x80-\xff]")
_BLANK = re.compile(rb"[ \t]+")
_NUMBER = re.compile(r"[1-9][0-9]{0,5}")
_LOG_KINDS, _WITNESS_KINDS = {ED25519, MLDSA}, {COSIGNATURE, MLDSA}


class PolicyRefused(ValueError):  # noqa: N818 - a verdict
    """The file is no policy. `line` counts from 1."""

    def __init__(self, line: int, why: str) -> None:
        super().__init__(f"line {line}: {why}")
        self.line, self.why = line, why


@frozen(kw_only=True)
class Log:
    """A log that counts. The key's name is the origin of its checkpoints."""

    key: VKey
    url: str = ""


@frozen(kw_only=True)
class Witness:
    """`name` means something in this file only; `url` is the prefix of `/add-checkpoint`."""

    name: str
    key: VKey
    url: str = ""


@frozen(kw_only=True)
class Group:
    """Has witnessed when at least `need` of its members have."""

    name: str
    need: int
    members: tuple[str, ...]


@frozen(kw_only=True)
class Judged:
    """A checkpoint of a known log, with the witnesses (names of the policy) that count, and whether they suffice."""

    checkpoint: checkpoints.Checkpoint
    log: VKey
    witnesses: tuple[str, ...]
    reached: bool


@frozen(kw_only=True)
class Policy:
    """Logs, witnesses and groups in the order of the file, and the name of the quorum (`none`: no witness needed)."""

    logs: tuple[Log, ...] = ()
    witnesses: tuple[Witness, ...] = ()
    groups: tuple[Group, ...] = ()
    quorum: str = NONE

    def text(self) -> bytes:
        """The file, without comments. Names and addresses keep their octets."""
        lines = [f"log {log.key} {log.url}".rstrip() for log in self.logs]
        lines += [f"witness {one.name} {one.key} {one.url}".rstrip() for one in self.witnesses]
        lines += [f"group {one.name} {one.need} {' '.join(one.members)}" for one in self.groups]
        return "\n".join([*lines, f"quorum {self.quorum}", ""]).encode(errors="surrogateescape")

    def reached(self, witnesses: Iterable[str]) -> bool:
        """Whether these witnesses suffice."""
        have = {NONE, *witnesses}
        for group in self.groups:  # members stand before their group
            if sum(member in have for member in group.members) >= group.need:
                have.add(group.name)
        return self.quorum in have

    def check(self, note: str, now: int | None = None) -> Judged:
        """Judge a cosigned checkpoint. Raises `NoteRefused` unless a log of the policy has signed it.

        `now` (POSIX seconds): cosignatures from more than 5 minutes ahead of it do not count.
        """
        known = [*(one.key for one in self.logs), *(one.key for one in self.witnesses)]
        verified = notes.verify(note, map(verifier, known))
        checkpoint = checkpoints.read(verified.text)
        by = {signed.key: signed.time for signed in verified.by}
        signers = [one.key for one in self.logs if one.key in by and one.key.name == checkpoint.origin]
        if not signers:
            raise NoteRefused(f"no known key of the log has signed this checkpoint of {checkpoint.origin}")
        names = tuple(
            one.name
            for one in self.witnesses
            if one.key in by and (now is None or (by[one.key] or 0) <= now + AHEAD)
        )
        return Judged(checkpoint=checkpoint, log=signers[0], witnesses=names, reached=self.reached(names))

    def with_log(self, key: VKey) -> Policy:
        """The same with one more log, unless its key is there already."""
        if any(log.key == key for log in self.logs):
            return self
        return evolve(self, logs=(*self.logs, Log(key=key)))


class _Reader:
    """Collects the lines of a policy."""

    def __init__(self) -> None:
        self.logs: list[Log] = []
        self.witnesses: list[Witness] = []
        self.groups: list[Group] = []
        self.quorum = ""
        self._names = {NONE}
        self._grouped: set[str] = set()

    def log(self, words: list[str]) -> None:
        if not 1 <= len(words) <= 2:
            raise ValueError("a log line is: log VKEY [URL]")
        key = _key(words[0], _LOG_KINDS, "log", [one.key for one in self.logs])
        self.logs.append(Log(key=key, url="".join(words[1:])))

    def witness(self, words: list[str]) -> None:
        if not 2 <= len(words) <= 3:
            raise ValueError("a witness line is: witness NAME VKEY [URL]")
        key = _key(words[1], _WITNESS_KINDS, "witness", [one.key for one in self.witnesses])
        self._define(words[0])
        self.witnesses.append(Witness(name=words[0], key=key, url="".join(words[2:])))

    def group(self, words: list[str]) -> None:
        if len(words) < 3:
            raise ValueError("a group line is: group NAME all|any|NUMBER MEMBER...")
        name, count, *members = words
        need = {"all": len(members), "any": 1}.get(count, int(count) if _NUMBER.fullmatch(count) else 0)
        if not 1 <= need <= len(members):
            raise ValueError(
                f"a group of {len(members)} needs all, any, or a number from 1 to {len(members)}"
            )
        for member in members:
            if member == NONE or member not in self._names:
                raise ValueError(f"no witness or group {_shown(member)} is defined above")
            if member in self._grouped:
                raise ValueError(f"{_shown(member)} is a member already; each name counts once")
            self._grouped.add(member)
        self._define(name)
        self.groups.append(Group(name=name, need=need, members=tuple(members)))

    def quorum_line(self, words: list[str]) -> None:
        if self.quorum:
            raise ValueError("a second quorum")
        if len(words) != 1 or words[0] not in self._names:
            raise ValueError("a quorum line is: quorum NAME, of a witness or group defined above, or none")
        self.quorum = words[0]

    def _define(self, name: str) -> None:
        if name in self._names:
            raise ValueError(f"the name {_shown(name)} is taken")
        self._names.add(name)


def _shown(name: str) -> str:
    return repr(name.encode(errors="surrogateescape").decode(errors="replace"))


def _key(text: str, kinds: set[int], what: str, others: list[VKey]) -> VKey:
    key = notes.parse_vkey(text)
    if key.kind not in kinds:
        raise ValueError(f"a {what} has a key of type {' or '.join(f'0x{one:02x}' for one in sorted(kinds))}")
    if any(key.public == other.public for other in others):
        raise ValueError(f"the same key as another {what}'s")
    return key


def read(data: bytes) -> Policy:
    """The policy in a file's bytes. Raises `PolicyRefused` with the line that is wrong."""
    if len(data) > MAX_POLICY:
        raise PolicyRefused(1, f"the file has more than {MAX_POLICY} bytes")
    lines = data.split(b"\n")
    if len(lines) > MAX_LINES:
        raise PolicyRefused(MAX_LINES, f"the file has more than {MAX_LINES} lines")
    if lines.pop():
        raise PolicyRefused(len(lines) + 1, "the last line does not end; the file may be cut off")
    found = _Reader()
    takes = {"log": found.log, "witness": found.witness, "group": found.group, "quorum": found.quorum_line}
    for number, line in enumerate(lines, 1):
        if _BAD.search(line):
            raise PolicyRefused(number, "a control character; only tabs and line feeds may stand here")
        bare = line.strip(b" \t")
        if not bare or bare.startswith(b"#"):
            continue
        word, *words = (part.decode(errors="surrogateescape") for part in _BLANK.split(bare))
        if word not in takes:
            raise PolicyRefused(number, "a line starts with log, witness, group, quorum or #")
        try:
            takes[word](words)
        except ValueError as refused:
            raise PolicyRefused(number, str(refused)) from None
    if not found.quorum:
        raise PolicyRefused(max(len(lines), 1), "there is no quorum line; 'quorum none' asks for no witness")
    return Policy(
        logs=tuple(found.logs),
        witnesses=tuple(found.witnesses),
        groups=tuple(found.groups),
        quorum=found.quorum,
    )
