"""Reading sealed numbers, questions and grants; who answers for what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import Q

from lodeline import strictjson
from lodeline.credentials import sdjwt_verify
from lodeline.credentials.signing import parts
from lodeline_server.credentials import acting, addresses
from lodeline_server.credentials.models import Credential, Issuer
from lodeline_server.credentials.thresholds.models import CommittedNumber, OpeningGrant, ThresholdQuestion
from lodeline_server.parties.models import Organisation

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from django.db.models import QuerySet

    from lodeline.credentials.thresholds.policy import Claim

LONGEST = 500


def names(organisation: Organisation) -> list[str]:
    """How a verifier may be called in a proof: its DIDs if it has some, and its identifier in supply-chain data."""
    issuer = Issuer.objects.select_related("organisation").filter(organisation=organisation).first()
    return [*(acting.names_of(issuer) if issuer else ()), organisation.party]


def organisation(workspace: int, word: str) -> Organisation | None:
    """By short name, identifier or DID; in one workspace."""
    if not word or "\x00" in word or len(word) > LONGEST:
        return None
    rows = Organisation.objects.filter(workspace_id=workspace)
    return rows.filter(Q(slug=word) | Q(party=word) | Q(issuer__name=addresses.name_of(word) or "")).first()


def credentials(workspace: int, identifiers: Sequence[str]) -> dict[str, Credential]:
    """Credentials issued in a workspace, by id."""
    rows = Credential.objects.select_related("issuer").filter(
        issuer__organisation__workspace_id=workspace, identifier__in=identifiers
    )
    return {row.identifier: row for row in rows.order_by("-pk")}


def document(row: Credential) -> dict[str, Any]:
    """What a credential says, from the bytes as they were issued; with all that it can disclose."""
    if bytes(row.body[:1]) == b"{":
        return dict(strictjson.loads(bytes(row.body)))
    token = bytes(row.body).decode()
    return dict(sdjwt_verify.hold(token).payload if "~" in token else parts(token, "the credential").payload)


def secured(row: Credential) -> Any:
    """A credential as it was issued: an object, or a token."""
    body = bytes(row.body)
    return strictjson.loads(body) if body[:1] == b"{" else body.decode()


def numbers(workspace: int, claim: Claim, identifiers: Sequence[str]) -> list[CommittedNumber] | None:
    """The numbers that a claim over these credentials is about, in the order of its terms; None if one is missing."""
    paths = [claim.path] if claim.whole is None else [claim.path, claim.whole]
    rows = CommittedNumber.objects.select_related("credential__issuer", "owner").filter(
        owner__workspace_id=workspace, credential__identifier__in=identifiers, path__in=paths
    )
    found = {(row.credential.identifier, row.path): row for row in rows.order_by("-pk")}
    wanted = [(identifier, path) for identifier in identifiers for path in paths]
    return [found[place] for place in wanted] if set(wanted) <= set(found) else None


def owned(organisation: int) -> QuerySet[CommittedNumber]:
    rows = CommittedNumber.objects.select_related("credential__issuer__organisation", "owner")
    return rows.filter(owner_id=organisation).order_by("-pk")


def may_open(number: CommittedNumber, prover: int, claim: str, now: datetime) -> bool:
    """Whether an organisation may use a number's opening for a claim: its own, or granted and not yet over."""
    if number.owner_id == prover:
        return True
    rows = OpeningGrant.objects.filter(number=number, to_id=prover, revoked_at__isnull=True, until__gt=now)
    return any(claim in row.claims for row in rows)


def asked_by(organisation: int) -> QuerySet[ThresholdQuestion]:
    rows = ThresholdQuestion.objects.select_related("verifier", "prover")
    return rows.filter(verifier_id=organisation).order_by("-pk")


def put_to(organisation: int) -> QuerySet[ThresholdQuestion]:
    rows = ThresholdQuestion.objects.select_related("verifier", "prover")
    return rows.filter(prover_id=organisation).order_by("-pk")


def seen_by(organisation: int) -> QuerySet[ThresholdQuestion]:
    """Questions that an organisation asked or answers."""
    rows = ThresholdQuestion.objects.select_related("verifier", "prover")
    return rows.filter(Q(verifier_id=organisation) | Q(prover_id=organisation)).order_by("-pk")


def earlier(question: ThresholdQuestion, about: Sequence[CommittedNumber]) -> list[ThresholdQuestion]:
    """What the same verifier asked before about any of these numbers, under whatever credential, with the terms."""
    same = Q(pk__in=[])
    for number in about:
        same |= Q(terms__number__owner_id=number.owner_id, terms__number__name=number.name)
    rows = ThresholdQuestion.objects.filter(same, verifier_id=question.verifier_id, pk__lt=question.pk)
    return list(rows.distinct().prefetch_related("terms__number").order_by("pk"))


def grants(organisation: int) -> QuerySet[OpeningGrant]:
    """Grants that an organisation gave or holds."""
    rows = OpeningGrant.objects.select_related("number__credential", "number__owner", "to")
    return rows.filter(Q(number__owner_id=organisation) | Q(to_id=organisation)).order_by("-pk")
