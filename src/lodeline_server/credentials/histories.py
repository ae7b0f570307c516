"""The history of an issuer's DID (did:webvh 1.0): one more entry for each change, and both documents published.

Each entry is signed by the key that the one before announced (`nextKeyHashes`), and that key is forgotten once it has
signed: whoever breaks in finds one key, good for one entry.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from lodeline import strictjson
from lodeline.credentials import did_webvh, multikey
from lodeline.credentials.webvh_entry import SCID
from lodeline_server.credentials import addresses, dids, keyring, queries
from lodeline_server.credentials.models import DidEntry, UpdateKey
from lodeline_server.publishing.actions import publish

if TYPE_CHECKING:
    from datetime import datetime

    from lodeline.keys import SigningKey
    from lodeline_server.credentials.models import Issuer

DOCUMENT, LOG = "application/did+json", "text/jsonl"
TICK = timedelta(seconds=1)


def next_time(issuer: Issuer, now: datetime) -> datetime:
    """The time of the issuer's next entry: whole seconds, each after the one before. With the issuer's lock held."""
    last = queries.newest_entry(issuer)
    moment = now.replace(microsecond=0)
    return moment if last is None else max(moment, last.at + TICK)


def write(issuer: Issuer, change: str, *, at: datetime, position: int) -> DidEntry:
    """Append an entry with the keys of `at` at the present address. In the transaction of the change, locked."""
    last = queries.newest_entry(issuer)
    number = last.number + 1 if last else 1
    following: SigningKey = keyring.fresh(keyring.ED25519)  # type: ignore[assignment]  # of this kind
    announced: dict[str, Any] = {"nextKeyHashes": [did_webvh.next_hash(following.verify_key)]}
    if last is None:
        signer: SigningKey = keyring.fresh(keyring.ED25519)  # type: ignore[assignment]
        state = dids.state(issuer, addresses.history_of(issuer.name, SCID), [], at)
        line = did_webvh.create(state, signer, at, {"portable": True, **announced})
    else:
        waiting = UpdateKey.objects.select_related("issuer__organisation").get(issuer=issuer, number=number)
        signer = keyring.opened_update(waiting)
        scid = last.did.split(":")[2]
        names = issuer.did_entries.order_by("-number").values_list("did", "home")
        state = dids.state(issuer, addresses.history_of(issuer.name, scid), list(dict.fromkeys(names)), at)
        keys = {"updateKeys": [multikey.encode(signer.verify_key)], **announced}
        line = did_webvh.update(bytes(last.line), state, signer, at, keys)
        waiting.sealed = b""
        waiting.save(update_fields=["sealed"])
    entry = DidEntry.objects.create(
        issuer=issuer,
        number=number,
        did=strictjson.loads(line)["state"]["id"],
        home=addresses.home(),
        at=at,
        change=change[:200],
        line=line,
        position=position,
    )
    keyring.keep_update(following, issuer, number + 1, at)
    _publish(issuer, position, at)
    return entry


def _publish(issuer: Issuer, position: int, now: datetime) -> None:
    for path, media_type, body in (
        (addresses.DID_PATH, DOCUMENT, strictjson.canonical(dids.document(issuer))),
        (addresses.LOG_PATH, LOG, queries.history(issuer)),
    ):
        key = path.format(issuer.name)
        publish(key=key, forms={media_type: body}, kind="did", position=position, now=now)
