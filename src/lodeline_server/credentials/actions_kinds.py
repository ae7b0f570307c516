"""Issue what is on record: a credential of a kind, made of what this installation knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lodeline.access import Permission
from lodeline_server.credentials import acting, kinds
from lodeline_server.credentials.actions_issue import Hidden, Issued, issue
from lodeline_server.credentials.models import Audience, Credential

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from lodeline.access import Actor
    from lodeline.credentials.sdjwt import Path
    from lodeline_server.parties.models import Organisation


def issue_kind(
    *,
    actor: Actor,
    organisation: Organisation,
    kind: str,
    about: str,
    now: datetime,
    version: str = "0.7",
    form: str = Credential.Form.JWT,
    audience: str = Audience.PARTIES,
    choices: Mapping[str, str] | None = None,
) -> Issued:
    """Sign what is on record about something. As `issue`, and `Problem` 404 when nothing is.

    What some readers may not read stands in an SD-JWT only: nothing can be held back from the other forms.
    """
    actor.require(Permission.CREDENTIALS_ISSUE)
    acting.own(actor, organisation)
    wanted = kinds.Wanted(actor=actor, organisation=organisation, about=about, now=now, choices=choices or {})
    made = kinds.prepare(kind, wanted, version)
    if form != Credential.Form.SD_JWT:
        _leave_out(made.credential, made.hide or ())
    hidden = Hidden(paths=made.hide, pad=made.pad, holder=wanted.choices.get("holder"))
    return issue(
        actor=actor,
        organisation=organisation,
        credential=made.credential,
        now=now,
        form=form,
        hidden=hidden,
        audience=audience,
    )


def _leave_out(credential: dict[str, Any], paths: Collection[Path]) -> None:
    for *above, name in paths:
        place: Any = credential
        for one in above:
            place = place[one]
        del place[name]
