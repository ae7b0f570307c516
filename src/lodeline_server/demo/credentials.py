"""Keys, a trust list, credentials and a question that waits: what the pages of credentials show in the demonstration.

Each step looks first whether it is done, so that a load that was killed goes on where it stopped.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Final

from lodeline.access import platform
from lodeline.credentials.thresholds.commitment import PERCENT
from lodeline.credentials.trustlists import ACCREDITATION, Accreditation, Listing, Role, Span
from lodeline_server.credentials import acting, actions, queries, trust_actions, trust_queries
from lodeline_server.credentials.models import Credential, TrustEdition
from lodeline_server.credentials.thresholds import actions_ask, actions_seal
from lodeline_server.credentials.thresholds.models import CommittedNumber, ThresholdQuestion
from lodeline_server.evidence.queries import statements
from lodeline_server.lots.models import Lot
from lodeline_server.parties.models import Organisation
from lodeline_server.passports.models import Passport

if TYPE_CHECKING:
    from datetime import datetime

    from lodeline.access import Actor
    from lodeline_server.parties.models import Workspace

AUTHORITY, BODY, LABORATORY = "authority", "nordmark", "lindmoor"
REFINER, MAKER = "vellamo", "norrsund"
SHARE: Final = "17.3"  # percent of recycled cobalt, sealed: no page shows it
CLAIM: Final = "recycled-cobalt-2031"
PASSPORTS: Final = 3
SOURCE: Final = "https://authority.example/recognised-bodies"
SINCE: Final = date(2024, 1, 1)
DECISION, MEASUREMENT = (
    "DigitalConformityCredential",
    "VerifiableCredential",
)  # a measurement has no kind of its own


def tell(workspace: Workspace, now: datetime) -> None:
    """All of it; what is there stays."""
    there = {
        row.slug: row for row in Organisation.objects.select_related("workspace").filter(workspace=workspace)
    }
    actor = platform(workspace.pk)
    for slug in (AUTHORITY, BODY, LABORATORY, REFINER, MAKER):
        issuer = queries.issuer_of(there[slug].pk)
        if issuer is None or not issuer.keys.exists():
            actions.add_key(actor=actor, organisation=there[slug], algorithm="Ed25519", now=now)
    _trust(actor, workspace, there, now)
    _certificate(actor, there[BODY], there[REFINER], now)
    _passports(actor, there[MAKER], now)
    _share(actor, there, now)


def _did(organisation: Organisation) -> str:
    issuer = queries.issuer_of(organisation.pk)
    if issuer is None:
        raise RuntimeError(f"{organisation.slug} has no key")
    return next(iter(acting.names_of(issuer)))


def _trust(actor: Actor, workspace: Workspace, there: dict[str, Organisation], now: datetime) -> None:
    """The authority recognises the certification body and the laboratory; the workspace believes it."""
    owner = _did(there[AUTHORITY])
    listed = {
        (AUTHORITY, Role.ACCREDITATION_BODY, ACCREDITATION),
        (BODY, Role.CERTIFICATION_BODY, DECISION),
        (LABORATORY, Role.LABORATORY, MEASUREMENT),
    }
    if not TrustEdition.objects.filter(workspace=workspace, owner=owner).exists():
        for slug, role, kind in sorted(listed):
            backed = Accreditation(
                body=owner, number="Demonstration accreditation 1801", span=Span(since=SINCE)
            )
            listing = Listing(
                issuer=_did(there[slug]),
                role=role,
                kinds=frozenset({kind}),
                span=Span(since=SINCE),
                source=SOURCE,
                accreditation=None if slug == AUTHORITY else backed,
            )
            trust_actions.add_listing(actor=actor, organisation=there[AUTHORITY], listing=listing, now=now)
    newest = TrustEdition.objects.filter(workspace=workspace, owner=owner).order_by("-number").first()
    if newest is not None and not trust_queries.beliefs(workspace.pk, now):
        trust_actions.believe(actor=actor, workspace=workspace.pk, owner=owner, name=newest.name, now=now)


def _certificate(actor: Actor, body: Organisation, holder: Organisation, now: datetime) -> None:
    """The refiner's newest certificate, signed by the body that stated it."""
    if Credential.objects.filter(issuer__organisation=body).exists():
        return
    rows = statements(body.workspace_id, kinds=["certificate"], issuer=body.party).filter(party=holder.party)
    newest = rows.order_by("-position").first()
    if newest is not None:
        actions.issue_kind(
            actor=actor, organisation=body, kind="conformity", about=newest.statement_id, now=now
        )


def _passports(actor: Actor, maker: Organisation, now: datetime) -> None:
    rows = Passport.objects.filter(workspace_id=maker.workspace_id, maker=maker.party).order_by("key")
    done = Credential.objects.filter(issuer__organisation=maker).count()
    for row in rows[done:PASSPORTS]:
        actions.issue_kind(
            actor=actor,
            organisation=maker,
            kind="passport",
            about=row.key,
            now=now,
            form=Credential.Form.SD_JWT,
        )


def _share(actor: Actor, there: dict[str, Organisation], now: datetime) -> None:
    """The laboratory seals a share of the refiner's lot; the maker asks about it, and the refiner has to answer."""
    laboratory, refiner, maker = there[LABORATORY], there[REFINER], there[MAKER]
    number = CommittedNumber.objects.filter(owner=refiner).select_related("credential").first()
    if number is None:
        lot = Lot.objects.filter(workspace_id=refiner.workspace_id, party=refiner.party).order_by(
            "-position", "key"
        )
        plain = {
            "@context": ["https://www.w3.org/ns/credentials/v2"],
            "type": [MEASUREMENT],
            "credentialSubject": {"id": lot[0].key},
        }
        share = actions_seal.Number(path="/credentialSubject/recycledShareCobalt", value=SHARE, unit=PERCENT)
        sealed = actions_seal.seal(
            actor=actor, organisation=laboratory, owner=refiner, credential=plain, numbers=[share], now=now
        )
        number = sealed.numbers[0]
    if not ThresholdQuestion.objects.filter(verifier=maker).exists():
        asked = actions_ask.Asked(claim=CLAIM, credentials=(number.credential.identifier,))
        actions_ask.ask(actor=actor, organisation=maker, asked=asked, now=now)
