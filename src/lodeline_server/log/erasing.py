"""Erasing what the log holds about a person: the key is destroyed, the leaf stays, every proof still verifies."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
from typing import TYPE_CHECKING, Any

import structlog
from attrs import evolve, frozen
from django.conf import settings
from django.db import transaction

from lodeline.access import Actor, Permission, platform
from lodeline_server.kit import audit
from lodeline_server.kit.audit import Kind
from lodeline_server.kit.problems import Problem
from lodeline_server.kit.secrets import sync_folder
from lodeline_server.log import backend, projections, purging, queries, vault
from lodeline_server.log.actions import append
from lodeline_server.log.backend import LogInconsistent
from lodeline_server.log.books import BOOKS, MAIN
from lodeline_server.log.models import Erasure, SubjectKey
from lodeline_server.log.own import statement

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from lodeline_server.log.queries import Statement

log = structlog.get_logger(__name__)
TYPE = "erased"
REASONS = ("request", "consent-withdrawn", "retention-ended", "unlawful", "court-order", "restored")
"""Codes, because a reason in words would be personal data in the log. GDPR article 17(1) a to e."""
LONGEST = 200


@frozen(kw_only=True)
class Outcome:
    """`count`: statements that cannot be opened any more.

    `left`: what could not be cleaned yet (`again` tries once more); `notes`: what an operator has to do. In words.
    """

    pseudonym: str
    position: int | None
    count: int
    withdrawn: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        return {
            "pseudonym": self.pseudonym,
            "position": self.position,
            "count": self.count,
            "withdrawn": list(self.withdrawn),
            "left": list(self.left),
            "notes": list(self.notes),
        }


def listed() -> Path:
    """The list of destroyed keys beside the database: it outlives the restoring of an older backup."""
    return settings.DATA / "erased.jsonl"


def erase(*, actor: Actor, workspace: int, subject: str, reason: str, now: datetime) -> Outcome:
    """Destroy the key of a person, and clean everything that was derived from what it sealed.

    Raises `Denied`, and `Problem`: 404 when nothing was ever sealed for this person, 409 when it is erased already,
    422 for a reason that is no code of `REASONS`. After a crash `finish` goes on.
    """
    actor.require(Permission.PERSONS_ERASE)
    if not actor.may_append(workspace):
        raise Problem(404, "There is no such workspace")
    if reason not in REASONS:
        raise Problem(422, "The reason is a code", detail=f"One of {', '.join(REASONS)}.")
    row = vault.newest_tenant(workspace)
    owner = vault.tenant(workspace, now=now) if row else None
    key = None
    if owner and 0 < len(subject) <= LONGEST and subject.isprintable():
        key = SubjectKey.objects.filter(
            workspace=workspace, pseudonym=vault.pseudonym(owner, subject)
        ).first()
    if key is None:
        raise Problem(
            404, "Nothing is sealed for this person", detail="No statement here names this data subject."
        )
    if key.destroyed_at is not None:
        raise Problem(409, "This person's data was erased", detail=f"On {key.destroyed_at:%Y-%m-%d}.")
    state = _destroy(actor, key, reason, now)
    log.info("erased", by=actor.id, workspace=workspace, pseudonym=key.pseudonym, count=state.count)
    return complete(state, now)


def complete(state: Erasure, now: datetime) -> Outcome:
    """What follows the destruction; may be done again after a crash."""
    key, withdrawn = state.key, []
    if state.position is None:
        _say(platform(key.workspace), state, now)
    if state.purged_at is None:
        with transaction.atomic():
            withdrawn = purging.take_down([one.position for one in _entries(key, MAIN)], now)
            types = {one.type for one in _entries(key, MAIN)}
            projections.rebuild([one.name for one in projections.registered() if one.types & types])
            state.purged_at = now
            state.save(update_fields=["purged_at"])
        projections.follow_all()
        purging.afterwards(key.workspace, withdrawn, now)
    done = purging.overwrite(entries=True)
    if not done.left:
        state.cleaned_at = now
        state.save(update_fields=["cleaned_at"])
    return Outcome(
        pseudonym=key.pseudonym,
        position=state.position,
        count=state.count,
        withdrawn=tuple(withdrawn),
        left=done.left,
        notes=(*done.notes, *_archives()),
    )


def unfinished() -> list[Erasure]:
    """Erasures that a crash or a busy database has kept from their end, oldest first."""
    return list(Erasure.objects.select_related("key").filter(cleaned_at=None).order_by("pk"))


def waiting() -> int:
    """How many erasures are open: not finished, or on the list and not (or no longer) done in this database."""
    named = {(int(line["workspace"]), str(line["pseudonym"])) for line in _lines()}
    rows = SubjectKey.objects.filter(pseudonym__in=[name for _, name in named], destroyed_at__isnull=False)
    return len(named - set(rows.values_list("workspace", "pseudonym"))) + len(unfinished())


def again(now: datetime) -> list[Outcome]:
    """Erase again what the list beside the database names: an older backup was restored. Then finish what is open."""
    for line in _lines():
        key, made = SubjectKey.objects.get_or_create(
            workspace=int(line["workspace"]),
            pseudonym=str(line["pseudonym"]),
            defaults={"wrapped": b"", "destroyed_at": now},
        )
        if not made and key.destroyed_at is None:
            _destroy(platform(key.workspace), key, "restored", now)
    return [complete(state, now) for state in unfinished()]


# --- the transaction ----------------------------------------------------------------------------------


def _destroy(actor: Actor, key: SubjectKey, reason: str, now: datetime) -> Erasure:
    """Everything that needs the key for the last time, the end of the key, and the statement that says so."""
    with transaction.atomic():
        backend.lock(MAIN.lock)
        key = SubjectKey.objects.select_for_update().get(pk=key.pk)
        if key.destroyed_at is not None:  # another was faster
            raise Problem(409, "This person's data was erased", detail=f"On {key.destroyed_at:%Y-%m-%d}.")
        owner = vault.tenant(key.workspace, now=now)
        erasing = purging.Erasing(
            workspace=key.workspace,
            statements=tuple(_opened([one.position for one in _entries(key, MAIN)])),
            is_about=lambda name: vault.pseudonym(owner, name) == key.pseudonym,
            now=now,
        )
        erasing = evolve(erasing, repeats=tuple(_repeats(erasing, key)))
        purging.purge(erasing)
        keys = [key, *key.groups.all()]
        count = sum(1 for book in BOOKS.values() for _ in _entries(key, book))
        for one in keys:
            one.wrapped = secrets.token_bytes(len(bytes(one.wrapped)))  # overwritten, then taken away
            one.save(update_fields=["wrapped"])
            one.wrapped, one.destroyed_at = b"", now
            one.save(update_fields=["wrapped", "destroyed_at"])
        state = Erasure.objects.create(key=key, reason=reason, count=count, erased_at=now)
        _say(actor, state, now)
        about = {"subject": key.pseudonym, "reason": reason, "statements": count}
        audit.record(Kind.CHANGE, "erased", actor=actor, workspace=key.workspace, objects=about, now=now)
        _list(key, reason, now)
    return state


def _say(actor: Actor, state: Erasure, now: datetime) -> None:
    """Append the `erased` statement: pseudonym, reason and number, nothing that leads to the person."""
    key = state.key
    body = {"subject": key.pseudonym, "reason": state.reason, "count": state.count}
    try:
        with transaction.atomic():
            statements = [statement(TYPE, f"urn:x-lodeline:erased:{key.pseudonym}", body)]
            (place,) = append(actor=actor, workspace=key.workspace, statements=statements, now=now)
            state.position = place.position
            state.save(update_fields=["position"])
    except LogInconsistent as error:
        if state.reason != "restored":
            raise
        log.warning("erased again, not yet on record", error=str(error))


def _entries(key: SubjectKey, book: Any) -> Iterator[Any]:
    rows = book.entries.objects.filter(subject_key__in=[key.pk, *key.groups.values_list("pk", flat=True)])
    yield from rows.only("position", "type").order_by("position").iterator(2_000)


def _repeats(erasing: purging.Erasing, key: SubjectKey) -> list[Statement]:
    """Ours that repeat what is erased: they are put under the key, too, and go with it."""
    types = purging.computed_types()
    if not erasing.statements or not types:
        return []
    known = erasing.positions
    ours = [
        one
        for one in queries.read(types=types, workspace=key.workspace)
        if not one.erased and one.position not in known and purging.quotes(one, erasing)
    ]
    places = [one.position for one in ours]
    MAIN.entries.objects.filter(position__in=places).update(subject_key=key, sealed=b"")
    return ours


def _opened(positions: list[int]) -> Iterator[Statement]:
    for position in positions:
        statement = queries.get(position)
        if statement is not None and not statement.erased:
            yield statement


# --- the list beside the database ---------------------------------------------------------------------


def _list(key: SubjectKey, reason: str, now: datetime) -> None:
    """On the disk before the transaction commits. A line too many erases again what was to be erased."""
    path = listed()
    line = {"workspace": key.workspace, "pseudonym": key.pseudonym, "reason": reason, "at": now.isoformat()}
    if any((one["workspace"], one["pseudonym"]) == (key.workspace, key.pseudonym) for one in _lines()):
        return
    with path.open("a", encoding="utf-8") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        path.chmod(0o600)
        stream.write(json.dumps(line) + "\n")
        stream.flush()
        os.fsync(stream.fileno())
    sync_folder(path.parent)


def _lines() -> list[dict[str, Any]]:
    """Raises `LogInconsistent` for a damaged list: nobody may go on as if nothing had been erased."""
    try:
        text = listed().read_text(encoding="utf-8")
        found = [json.loads(line) for line in text.splitlines() if line.strip()]
        if all(isinstance(one, dict) and {"workspace", "pseudonym"} <= set(one) for one in found):
            return found
    except FileNotFoundError:
        return []
    except ValueError:
        pass
    raise LogInconsistent(f"{listed()} is damaged: restore it from a copy, it says whose data stays erased")


def _archives() -> list[str]:
    """Backups in the data folder hold the data as it was."""
    folder = settings.DATA / "backups"
    return [
        f"{path} was made before and still holds the data: delete it" for path in sorted(folder.glob("*"))
    ]
