"""The only writer of sealed numbers: the issuer commits to what it vouches for, signs, and hands over the openings."""

from __future__ import annotations

import copy
import secrets
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, Final

from attrs import frozen
from django.db import transaction

from lodeline.access import Permission
from lodeline.credentials.thresholds.commitment import (
    MAX_PATH,
    PERCENT,
    CommitmentRefused,
    Opening,
    check_opening,
    check_part,
    commit,
)
from lodeline_server.credentials import acting, actions
from lodeline_server.credentials.models import Credential
from lodeline_server.credentials.thresholds import openings as kept
from lodeline_server.credentials.thresholds.acting import told
from lodeline_server.credentials.thresholds.models import CommittedNumber
from lodeline_server.kit.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from lodeline.access import Actor
    from lodeline.credentials.thresholds.commitment import Commitment
    from lodeline.strictjson import JSON
    from lodeline_server.credentials.actions import Issued
    from lodeline_server.parties.models import Organisation

MOST: Final = 32
"""Numbers sealed in one credential."""
STEPS: Final = {PERCENT: (4, 20)}
"""Scale and bits of a unit where nothing else is said; others are whole units in 40 bits."""
FORMS: Final = (Credential.Form.JCS, Credential.Form.JWT)
"""Forms in which members of the subject need no context; RDF would drop what no context defines."""


@frozen(kw_only=True)
class Number:
    """A number to be sealed at `path`, a JSON pointer below credentialSubject.

    `name`: the owner's name of it; what is said of a subject at a path has one name, however often it is signed anew.
    """

    path: str
    value: str
    unit: str = PERCENT
    scale: int | None = None
    bits: int | None = None
    part_of: str | None = None
    name: str = ""


@frozen(kw_only=True)
class Sealed:
    """What the issuer handed out. `openings` is the owner's file, None when they lie in the database."""

    issued: Issued
    numbers: list[CommittedNumber]
    openings: dict[str, Any] | None


def seal(
    *,
    actor: Actor,
    organisation: Organisation,
    owner: Organisation,
    credential: JSON,
    numbers: Sequence[Number],
    now: datetime,
    form: str = Credential.Form.JCS,
    in_file: bool = False,
) -> Sealed:
    """Sign a credential with numbers sealed in it. Their openings go to the `owner`: its database row, or its file.

    Raises `Problem` 422 for numbers that cannot be sealed so, and what `actions.issue` raises.
    """
    actor.require(Permission.CREDENTIALS_ISSUE)
    acting.own(actor, organisation)
    if owner.workspace_id != organisation.workspace_id:
        raise Problem(404, "There is no such organisation", detail=owner.slug)
    if not isinstance(credential, dict) or not isinstance(credential.get("credentialSubject"), dict):
        raise Problem(422, "Numbers are sealed in a credential with one subject")
    if not 1 <= len(numbers) <= MOST or len({one.path for one in numbers}) < len(numbers):
        raise Problem(422, f"A credential takes 1 to {MOST} sealed numbers, each at its own place")
    if form not in FORMS:
        raise Problem(422, "Numbers are sealed in credentials of these forms", detail=", ".join(FORMS))
    made = _made(numbers)
    filled = copy.deepcopy(credential)
    for path, (commitment, _) in made.items():
        _put(filled, path, commitment.write())
    with transaction.atomic():
        issued = actions.issue(
            actor=actor, organisation=organisation, credential=filled, now=now, form=form, status=True
        )
        rows = [
            _row(one, *made[one.path], issued=issued, owner=owner, now=now, in_file=in_file)
            for one in numbers
        ]
        told(actor, organisation, "threshold.sealed", now, credential=issued.row.pk, owner=owner.pk)
    found = kept.write({commitment.text: opening for commitment, opening in made.values()})
    return Sealed(issued=issued, numbers=rows, openings=found if in_file else None)


def set_at_once(
    *, actor: Actor, organisation: Organisation, identifier: str, at_once: bool, now: datetime
) -> int:
    """The owner says whether questions about its numbers in a credential are answered without asking it each time."""
    actor.require(Permission.CREDENTIALS_ISSUE)
    acting.own(actor, organisation)
    rows = CommittedNumber.objects.filter(owner=organisation)
    found = rows.filter(credential__identifier=identifier) if "\x00" not in identifier else rows.none()
    with transaction.atomic():
        changed = found.update(at_once=at_once)
        if not changed:
            raise Problem(404, "You have no sealed number in such a credential", detail=identifier[:200])
        told(
            actor, organisation, "threshold.at-once" if at_once else "threshold.ask-me", now, numbers=changed
        )
    return changed


def _made(numbers: Sequence[Number]) -> dict[str, tuple[Commitment, Opening]]:
    made: dict[str, tuple[Commitment, Opening]] = {}
    try:
        for one in numbers:
            scale, bits = STEPS.get(one.unit, (0, 40))
            scale = scale if one.scale is None else one.scale
            opening = Opening.draw(_steps(one, scale), secrets.token_bytes)
            commitment = commit(
                opening,
                unit=one.unit,
                scale=scale,
                bits=bits if one.bits is None else one.bits,
                part_of=one.part_of,
            )
            check_opening(commitment, opening)
            made[one.path] = (commitment, opening)
        for part, opening in made.values():
            if part.part_of is not None:
                if part.part_of not in made:
                    raise CommitmentRefused("partOf names no number that is sealed with it")  # noqa: TRY301 - one way out
                check_part(part, opening, *made[part.part_of], part.part_of)
    except CommitmentRefused as error:
        raise Problem(422, "This number cannot be sealed", detail=str(error)) from None
    return made


def _steps(one: Number, scale: int) -> int:
    """The number in whole steps of 10^-scale; never rounded, for the issuer signs it."""
    try:
        value = Decimal(one.value)
        steps = value.scaleb(scale) if value.is_finite() and len(one.value) <= 40 else None
    except (InvalidOperation, ValueError):
        steps = None
    if steps is None or steps != steps.to_integral_value():
        raise CommitmentRefused(f"{one.path}: a decimal number with at most {scale} decimals is wanted")
    return int(steps)


def _put(document: dict[str, Any], path: str, member: dict[str, Any]) -> None:
    names = [name.replace("~1", "/").replace("~0", "~") for name in path.split("/")[1:]]
    if names[:1] != ["credentialSubject"] or len(names) < 2 or len(path) > MAX_PATH or "" in names:
        raise Problem(422, "A number is sealed at a JSON pointer below /credentialSubject", detail=path[:200])
    place: Any = document
    for name in names[:-1]:
        place = place.setdefault(name, {}) if isinstance(place, dict) else None
    if not isinstance(place, dict) or names[-1] in place:
        raise Problem(422, "There is something at this place already", detail=path[:200])
    place[names[-1]] = member


def _row(
    one: Number,
    commitment: Commitment,
    opening: Opening,
    *,
    issued: Issued,
    owner: Organisation,
    now: datetime,
    in_file: bool,
) -> CommittedNumber:
    sealed, version = (
        (None, None) if in_file else kept.seal(opening, owner.workspace_id, commitment.text, now)
    )
    named = one.name.replace("\x00", "")[:500] or f"{issued.row.subject or issued.row.identifier} {one.path}"
    return CommittedNumber.objects.create(
        owner=owner,
        name=named,
        credential=issued.row,
        path=one.path,
        commitment=commitment.text,
        unit=commitment.unit,
        sealed=sealed,
        key_version=version,
        created_at=now,
    )
