"""Gathering what the verification of a credential needs: it is judged once, and what was looked at is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import define, evolve, field

from lodeline import strictjson
from lodeline.credentials import did, did_webvh, integrity
from lodeline.credentials.bundle import Carried, CarriedList, Gathered
from lodeline.credentials.status import Code, StatusRefused
from lodeline.credentials.verdict import CredentialRefused
from lodeline.keys import b64url
from lodeline_server.credentials import addresses, checking, dids, material, queries, trust_queries, verifying
from lodeline_server.credentials.models import Credential, IssuerKey, StatusVersion
from lodeline_server.log import queries as log
from lodeline_server.log.standing import standing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from lodeline.credentials.did import Document
    from lodeline.strictjson import JSON
    from lodeline_server.credentials.checking import Verdict

MAX_LOG = 4 * 1024 * 1024


@define
class _Seen:
    """What a judgement looked at."""

    means: checking.Means
    now: datetime
    names: dict[str, None] = field(factory=dict)
    lists: dict[tuple[str, datetime], CarriedList] = field(factory=dict)

    def resolve(self, url: str, signed_at: datetime | None) -> Document:
        found = self.means.resolve(url, signed_at)
        self.names[did.parse(url).did] = None
        return found

    def list_text(self, url: str, moment: datetime) -> JSON:
        text = self.means.list_text(url, moment)
        self._keep(url, moment, text)
        return text

    def past(self, url: str, moment: datetime) -> JSON | None:
        text = self.means.past(url, moment)
        if text is not None:
            self._keep(url, moment, text)
        return text

    def _keep(self, url: str, moment: datetime, text: JSON) -> None:
        since, until = _span(url, moment) or (moment, None)
        self.lists[url, since] = CarriedList(url=url, since=since, until=until, credential=text)


def gather(
    item: JSON, workspace: int | None, now: datetime, sealer: str | None = None
) -> tuple[Gathered, Verdict]:
    """The parts of a bundle that `sealer` (a DID) will seal, and the verdict they were gathered for.

    Raises `CredentialRefused` when structure, signature or key do not hold: nothing could be gathered. A credential
    that was revoked is gathered with the list that says so.
    """
    means = verifying.means(workspace)
    seen = _Seen(means, now)
    recording = evolve(means, resolve=seen.resolve, list_text=seen.list_text, past=seen.past)
    verdict = checking.credential(item, recording, checking.Asked(now=now))
    if verdict.opened is None:
        wrong = next(one for one in verdict.steps if one.good is False)
        raise CredentialRefused(wrong.step, wrong.said)
    wanted = {(link.owner, link.list_name) for link in verdict.judged.chain} if verdict.judged else set()
    trust = [one for one in means.lists() if (one.owner, one.name) in wanted]
    for one in trust:
        seen.resolve(one.owner, one.issued)
    if sealer is not None:
        seen.names[sealer] = None
    gathered = Gathered(
        credential=item,
        documents=tuple(found for name in seen.names if (found := carried(name)) is not None),
        lists=tuple(seen.lists.values()),
        trust=tuple(trust_queries.tokens(trust)),
        records=tuple(_records(verdict.opened.digests, list(seen.names))),
    )
    return gathered, verdict


def carried(name: str) -> Carried | None:
    """A DID as it is now: our own from the database, others as whoever keeps them gives them. None for did:key."""
    method = did.parse(name).method
    if method == "key":
        return None
    if method == "web":
        document = dids.own(name, None)
        if document is None:
            document = dict(material.resolver()(name).raw)
        return Carried(did=name, document=document)
    text = dids.own_log(name)
    if text is not None:
        return Carried(did=name, log=text.decode())
    place = did_webvh.location(name)
    try:
        log_text = material.fetch(place + "did.jsonl", MAX_LOG)
        named = b'"witnesses"' in log_text
        witnesses = material.fetch(place + "did-witness.json", MAX_LOG).decode() if named else None
        return Carried(did=name, log=log_text.decode(), witnesses=witnesses)
    except (OSError, ValueError) as error:
        raise CredentialRefused("key", f"the history of {name} cannot be had: {error}") from None


def stored(row: Credential) -> JSON:
    """A credential as it was issued here."""
    data = bytes(row.body)
    return strictjson.loads(data) if data[:1] == b"{" else data.decode()


def _span(url: str, moment: datetime) -> tuple[datetime, datetime | None] | None:
    """From when until when the version of one of our lists was out that was out at a moment."""
    name = queries.own_list(url)
    if name is None:
        return None
    rows = StatusVersion.objects.filter(status_list__name=name).order_by("number")
    times = list(rows.values_list("at", flat=True))
    past = [at for at in times if at <= moment]
    if not past:
        raise StatusRefused(Code.RETRIEVAL, "there was no such status list")
    after = times[len(past) :]
    return past[-1].replace(microsecond=0), after[0].replace(microsecond=0) if after else None


def _records(digests: tuple[str, ...], names: list[str]) -> Iterator[dict[str, JSON]]:
    """Statements of our log: the credential's, and those of the keys that our did:webs have for statements."""
    row = Credential.objects.filter(sha256__in=digests).order_by("pk").first()
    positions = [row.position] if row else []
    read = [addresses.read(name) for name in names]
    ours = {found.name for found in read if found is not None and found.name}
    keys = IssuerKey.objects.filter(issuer__name__in=ours).order_by("-pk")
    positions += [key.position for key in keys if integrity.ASSERTION in key.purposes][:32]
    for position in dict.fromkeys(positions):
        statement = log.get(position)
        if statement is None or statement.erased:
            continue
        yield {
            "leaf": statement.leaf.decode(),
            "salt": b64url(statement.salt),
            "payload": statement.payload,
            "proof": standing(statement).receipt(),
        }
