"""What people do to their accounts, told to the audit trail; and their names for those who manage them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lodeline.access import Actor, Permission
from lodeline_server.kit import audit
from lodeline_server.kit.audit import Kind, Outcome
from lodeline_server.kit.clock import now
from lodeline_server.parties import queries
from lodeline_server.parties.models import User

if TYPE_CHECKING:
    from collections.abc import Iterator


def told(
    kind: Kind, action: str, *, user: Any = None, address: str = "", outcome: Outcome = Outcome.OK
) -> None:
    """A line in the trail of every workspace in which the person has a part; without one, in the installation's.

    With an `address` nobody is named as actor: somebody typed it. Its account, if there is one, is the object.
    """
    about = user if user is not None else User.objects.filter(email=address.strip().lower()).first()
    if about is None:
        audit.record(kind, action, actor=None, outcome=outcome, now=now())
        return
    objects = {} if user is not None else {audit.PERSON: about.pk}
    for part in _parts(about):
        audit.record(
            kind,
            action,
            actor=part if user is not None else None,
            workspace=part.workspace or 0,
            objects=objects,
            outcome=outcome,
            now=now(),
        )


def _parts(user: User) -> Iterator[Actor]:
    """The person as it acts in each of its workspaces."""
    seen = set()
    for membership in queries.memberships_of(user.pk):
        actor = queries.actor_of(membership)
        if actor.workspace not in seen:
            seen.add(actor.workspace)
            yield actor
    if not seen:
        yield Actor(kind="person", id=f"user:{user.pk}")


def names(reader: Actor) -> dict[str, str]:
    """Ids of actors to names, for those who manage the members."""
    if not reader.may(Permission.MEMBERS_MANAGE):
        return {}
    members = {f"user:{row.user_id}": str(row.user) for row in queries.members(reader)}
    return members | {f"key:{row.pk}": row.name for row in queries.api_keys(reader)}
