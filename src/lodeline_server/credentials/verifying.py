"""The means of this installation, and a judgement with them."""

from __future__ import annotations

from contextlib import suppress
from functools import lru_cache
from typing import TYPE_CHECKING

from django.db import connection

from lodeline.credentials import record, resolve
from lodeline.credentials.offline import Roots
from lodeline.log.checkpoint import vkey
from lodeline.log.note import parse_vkey
from lodeline.log.policy import NONE, Policy, PolicyRefused
from lodeline_server.credentials import bundle_verify, checking, material, queries, trust_queries
from lodeline_server.credentials.models import Credential
from lodeline_server.kit import clock
from lodeline_server.kit.problems import Problem
from lodeline_server.log import trusted, vault
from lodeline_server.log.books import MAIN
from lodeline_server.parties.models import Organisation, Workspace

if TYPE_CHECKING:
    from datetime import datetime

    from lodeline.credentials.record import Place
    from lodeline.evidence import EvidenceLevel
    from lodeline.strictjson import JSON
    from lodeline_server.credentials.checking import Asked, Verdict


def means(workspace: int | None = None, at: datetime | None = None) -> checking.Means:
    """What a workspace knows and believes; without one, what anybody may know.

    `at`: its beliefs as of that day. Without tables (a machine that only verifies) nothing is ours and nothing is on
    record.
    """
    if not _tables():
        return checking.Means(
            contexts=material.held(),
            canonize=material.canonize,
            resolve=resolve.resolver(material.fetch, clock.now),
            list_text=material.list_of_others,
            on_record=lambda _: None,
        )
    moment = at or clock.now()
    return checking.Means(
        contexts=material.held(),
        canonize=material.canonize,
        resolve=material.resolver(),
        list_text=material.list_text,
        past=past,
        on_record=_on_record,
        lists=lambda: () if workspace is None else trust_queries.believed(workspace, moment),
        offered=lambda: (
            trust_queries.published() if workspace is None else trust_queries.not_believed(workspace, moment)
        ),
        policy=policy,
    )


def credential(item: JSON, asked: Asked, workspace: int | None = None) -> Verdict:
    """Judge a credential with what this installation knows, and with whose lists the workspace believes."""
    return checking.credential(item, means(workspace, asked.at), asked)


def presentation(item: JSON, asked: Asked, workspace: int | None = None) -> Verdict:
    """Judge a presentation with what this installation knows."""
    return checking.presentation(item, means(workspace, asked.at), asked)


def bundle(given: JSON, asked: Asked, workspace: int | None = None) -> Verdict:
    """Judge a bundle by what it carries. Receipts of this log count, and what the workspace's believed owners sign."""
    owners = () if workspace is None else trust_queries.beliefs(workspace, asked.now)
    roots = Roots(policy=policy(), believed=frozenset(one.owner for one in owners))
    return bundle_verify.judge(given, roots, asked)


def evidence(item: JSON, workspace: int, now: datetime) -> tuple[Verdict, EvidenceLevel]:
    """How strong a credential is as evidence in a workspace: the level by its lists, E0 when it does not hold.

    For whoever takes a credential in as evidence; nothing else about its strength is to be kept.
    """
    verdict = credential(item, checking.Asked(now=now), workspace)
    return verdict, verdict.level


def workspace_of(organisation: str | None) -> int | None:
    """The workspace whose beliefs count: an organisation's, else the only one there is. `Problem` 404."""
    if organisation is not None:
        found = list(
            Organisation.objects.filter(slug=organisation).values_list("workspace_id", flat=True)[:2]
        )
        if len(found) != 1:
            raise Problem(404, "There is not just one such organisation", detail=organisation[:100])
        return int(found[0])
    known = list(Workspace.objects.values_list("pk", flat=True)[:2]) if _tables() else []
    return known[0] if len(known) == 1 else None


def past(url: str, moment: datetime) -> JSON | None:
    """One of our status lists as it was then; of others' lists only the present one can be had."""
    return material.list_text(url, moment) if queries.own_list(url) is not None else None


def policy() -> Policy:
    """Whose receipts count here: those of this log, and of the logs that the operator lets it cosign."""
    found = Policy(quorum=NONE)
    with suppress(PolicyRefused, OSError):
        known = trusted.load(trusted.WITNESS)
        found = Policy(logs=known.logs, quorum=NONE) if known else found
    for _, key in vault.verify_keys()[
        -1:
    ]:  # of older keys only what was covered while they signed would count
        found = found.with_log(parse_vkey(vkey(MAIN.origin, key)))
    return found


@lru_cache(maxsize=1)
def _tables() -> bool:
    return Credential._meta.db_table in connection.introspection.table_names()  # noqa: SLF001 - Django's documented access


def _on_record(sha256: str) -> Place | None:
    row = queries.on_record(sha256)
    if row is None:
        return None
    return record.Place(origin=MAIN.origin, position=row.position, size=row.position + 1, time=row.issued_at)
