"""Asking the witnesses of `log.policy` to cosign our checkpoints (C2SP tlog-witness, the log's side).

Every call is made outside of transactions, to addresses that the operator wrote. What a witness answers counts only
after its cosignature was verified with the key in the policy.
"""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import structlog
from attrs import evolve, frozen
from django.db import connection, transaction

from lodeline.log import note as notes
from lodeline.log.cosignature import verifier
from lodeline.log.note import ED25519, NoteRefused, VKey, to_base64
from lodeline.log.policy import AHEAD
from lodeline_server.kit import outbound
from lodeline_server.log import backend, notebook, queries, trusted, vault
from lodeline_server.log.models import Cosignature, Cosigned, WitnessAsked
from lodeline_server.log.quorum import cosigned, newest
from lodeline_server.publishing.actions import publish

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lodeline.log.policy import Policy
    from lodeline_server.log.books import Book
    from lodeline_server.log.models import CheckpointRow

__all__ = ["Asked", "Outcome", "ask", "cosigned", "newest", "policy_of", "wanted"]
AT_ONCE = 8
TURNS = 3  # requests to one witness for one checkpoint: learn its size, then prove
SECONDS = 10.0
OK, CONFLICT = 200, 409
SIZE_TYPE = "text/x.tlog.size"
LONGEST_WAIT = timedelta(minutes=10)
_SIZE = re.compile(rb"(0|[1-9][0-9]{0,18})\n")
logger = structlog.get_logger(__name__)


@frozen(kw_only=True)
class Asked:
    """What came of asking one address: the keys that cosigned, else `error` in words."""

    url: str
    keys: tuple[VKey, ...]
    size: int
    signed: tuple[notes.Signed, ...] = ()
    error: str = ""


@frozen(kw_only=True)
class Outcome:
    """Of one book: the checkpoint's size (0: nothing to cosign), who was asked, whether the quorum is reached."""

    book: str
    size: int
    asked: tuple[Asked, ...]
    witnesses: tuple[str, ...]
    reached: bool


def policy_of(book: Book, origin: str) -> Policy | None:
    """The operator's policy for our checkpoints, with our own keys as a log; None when there is none.

    `origin`: as it stands in the checkpoint. Raises `PolicyRefused`.
    """
    policy = trusted.load(trusted.LOG)
    if policy is None:
        return None
    for _, key in vault.verify_keys(book.key_file):
        policy = policy.with_log(VKey(origin, ED25519, key.raw))
    return policy


def wanted() -> bool:
    """Whether there is anybody to ask: quick, and quiet about a policy that is malformed."""
    try:
        policy = trusted.load(trusted.LOG)
    except (ValueError, OSError):
        return True  # the job says what is wrong with it
    return policy is not None and any(one.url for one in policy.witnesses)


def ask(book: Book, now: datetime, *, patient: bool = True) -> Outcome:
    """Have the newest checkpoint of `book` cosigned; store, and publish it when the quorum is reached.

    `patient`: leave a witness that failed alone for a while. Raises `PolicyRefused`.
    """
    if connection.in_atomic_block:
        raise transaction.TransactionManagementError("witnesses are not asked inside a transaction")
    last = notebook.newest(book)
    policy = policy_of(book, last.note.split("\n", 1)[0]) if last else None
    if last is None or policy is None:
        return Outcome(book=book.name, size=last.size if last else 0, asked=(), witnesses=(), reached=False)
    asked = tuple(_all(book, policy, last, now, patient=patient))
    for one in asked:
        _store(book, last.size, one, now)
    return _judge(book, policy, last, asked, now)


def _all(book: Book, policy: Policy, last: CheckpointRow, now: datetime, *, patient: bool) -> Sequence[Asked]:
    """Ask all addresses, each up to `TURNS` times; database in this thread, calls in others."""
    todo = [one for one in _addresses(book, policy) if _due(book, last.size, one, now, patient=patient)]
    done: list[Asked] = []
    latest = int(now.timestamp()) + AHEAD
    for turn in range(1, TURNS + 1):
        bodies: list[bytes] = []
        for one in todo:
            path = queries.consistency(one.size, last.size, book=book) if one.size else []
            bodies.append("\n".join([f"old {one.size}", *map(to_base64, path), "", last.note]).encode())
        if not todo:
            break
        with ThreadPoolExecutor(AT_ONCE) as pool:
            answers = list(pool.map(_call, [one.url for one in todo], bodies))
        again = [_read(one, said, last, latest) for one, said in zip(todo, answers, strict=True)]
        done += [one for one in again if one.signed or one.error]
        todo = [one for one in again if not one.signed and not one.error]
        if turn == TURNS:
            done += [evolve(one, error="it names another size each time") for one in todo]
    return done


def _addresses(book: Book, policy: Policy) -> list[Asked]:
    """One for each address: a witness with keys of two types has two lines and is asked once."""
    keys: dict[str, list[VKey]] = {}
    for witness in policy.witnesses:
        if witness.url:
            keys.setdefault(witness.url.rstrip("/"), []).append(witness.key)
    sizes = dict(WitnessAsked.objects.filter(book=book.name).values_list("url", "size"))
    return [Asked(url=url, keys=tuple(found), size=sizes.get(url, 0)) for url, found in keys.items()]


def _due(book: Book, size: int, one: Asked, now: datetime, *, patient: bool) -> bool:
    """It has not cosigned this checkpoint with each of its keys, and did not fail a moment ago."""
    names = {_name(key) for key in one.keys}
    have = Cosignature.objects.filter(book=book.name, size=size, key__in=names).count()
    if have == len(names):
        return False
    row = WitnessAsked.objects.filter(book=book.name, url=one.url).first()
    if row is None or not row.failures or not patient:
        return True
    return now >= row.asked_at + min(timedelta(seconds=2 ** min(row.failures, 20)), LONGEST_WAIT)


def _call(url: str, body: bytes) -> outbound.Answer | str:
    try:
        headers = {"Content-Type": "text/plain; charset=utf-8"}
        return outbound.call(f"{url}/add-checkpoint", body=body, headers=headers, seconds=SECONDS)
    except (outbound.Unreachable, ValueError) as error:
        return str(error)


def _read(one: Asked, answer: outbound.Answer | str, last: CheckpointRow, latest: int) -> Asked:
    """Cosigned, failed, or with another size to start from."""
    if isinstance(answer, str):
        return evolve(one, error=answer)
    if answer.status == OK:
        try:
            signed = _signed(one, answer.body, notes.split(last.note).text, latest)
        except (NoteRefused, UnicodeDecodeError) as refused:
            return evolve(one, error=f"its answer does not count: {refused}")
        return evolve(one, size=last.size, signed=signed)
    size = _SIZE.fullmatch(answer.body)
    if answer.status == CONFLICT and answer.media_type == SIZE_TYPE and size:
        known = int(size[1])
        if known > last.size:
            words = f"it has cosigned {known} entries of this log, here are {last.size}: an older database, or two"
            return evolve(one, error=words)
        if known != one.size:
            return evolve(one, size=known)
    said = answer.body[:200].decode(errors="replace").strip()
    return evolve(one, error=f"it answered {answer.status}: {said}")


def _signed(one: Asked, body: bytes, text: str, latest: int) -> tuple[notes.Signed, ...]:
    """The lines of its keys, verified; lines of other keys are passed over. Raises `NoteRefused`."""
    lines = notes.signatures(body.decode())
    verified = notes.verify(str(notes.Note(text, lines)), map(verifier, one.keys))
    for signed in verified.by:
        if not 0 < (signed.time or 0) <= latest:
            raise NoteRefused("its time is missing or ahead of ours")
    return verified.by


def _name(key: VKey) -> str:
    return f"{key.name}+{key.id.hex()}"


def _store(book: Book, size: int, one: Asked, now: datetime) -> None:
    if one.error:
        logger.warning("a witness did not cosign", book=book.name, url=one.url, error=one.error)
    with transaction.atomic():
        for signed in one.signed:
            Cosignature.objects.update_or_create(
                book=book.name,
                size=size,
                key=_name(signed.key),
                defaults={"line": signed.signature.line(), "time": signed.time},
            )
        row, _ = WitnessAsked.objects.get_or_create(book=book.name, url=one.url, defaults={"asked_at": now})
        row.asked_at, row.size, row.error = now, one.size, one.error
        row.failures = row.failures + 1 if one.error else 0
        row.cosigned_at = now if one.signed else row.cosigned_at
        row.save()


def _judge(
    book: Book, policy: Policy, last: CheckpointRow, asked: tuple[Asked, ...], now: datetime
) -> Outcome:
    """Put the lines of all witnesses of the policy below our own, judge, store, publish."""
    lines = dict(Cosignature.objects.filter(book=book.name, size=last.size).values_list("key", "line"))
    ours = [lines[name] for name in (_name(one.key) for one in policy.witnesses) if name in lines]
    note = last.note + "".join(ours)
    judged = policy.check(note, int(now.timestamp()))
    made: dict[str, Any] = {"note": note, "reached": judged.reached, "at": now}
    with transaction.atomic():
        backend.lock(book.lock)
        Cosigned.objects.update_or_create(book=book.name, size=last.size, defaults=made)
        if judged.reached and (head := notebook.newest(book)) and head.size == last.size:
            publish(
                key=notebook.key(book),
                forms={notebook.MEDIA_TYPE: note.encode()},
                kind="checkpoint",
                position=last.size - 1,
                now=now,
            )
    return Outcome(
        book=book.name, size=last.size, asked=asked, witnesses=judged.witnesses, reached=judged.reached
    )
