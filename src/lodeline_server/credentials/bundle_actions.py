"""Sealing a bundle: an organisation says with its key what was gathered, and when."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lodeline.access import Permission
from lodeline.credentials import bundle as bundles
from lodeline_server.credentials import acting, bundling, keyring, queries
from lodeline_server.credentials.models import Credential

if TYPE_CHECKING:
    from datetime import datetime

    from lodeline.access import Actor
    from lodeline.strictjson import JSON
    from lodeline_server.credentials.checking import Verdict
    from lodeline_server.parties.models import Organisation


def bundle(
    *, actor: Actor, organisation: Organisation, item: JSON, now: datetime
) -> tuple[dict[str, JSON], Verdict]:
    """The bundle of a credential, sealed by an organisation, and the verdict when it was gathered.

    Raises `CredentialRefused` for a credential whose signature does not hold, `Problem` 409 without a key.
    """
    actor.require(Permission.CREDENTIALS_ISSUE)
    acting.own(actor, organisation)
    issuer = queries.issuer_of(organisation.pk)
    if issuer is None:
        raise acting.no_key("to sign with")
    signer = acting.signer(issuer, Credential.Form.JWT, None, now)
    gathered, verdict = bundling.gather(item, organisation.workspace_id, now, signer.did)
    made = bundles.write(gathered, keyring.opened(signer.key), signer.method, by=signer.did, as_of=now)
    acting.told(actor, issuer, "credential.bundled", now)
    return made, verdict
