"""From the projections to evidence bundles: one reading of the workspace, shared by all its parties."""

from __future__ import annotations

from collections import Counter, defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING

from attrs import define, evolve

from lodeline.evidence import EvidenceLevel
from lodeline.trust import aggregate, selection
from lodeline.trust.normalise import rounded
from lodeline.trust.snapshot import Attested, Fact, Recorded, Site, Snapshot
from lodeline.trust.standing import months_later
from lodeline_server.evidence import models as evidence
from lodeline_server.evidence import queries
from lodeline_server.log.models import Entry
from lodeline_server.trust import material
from lodeline_server.trust.checks import quality
from lodeline_server.trust.models import Score

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date, datetime

    from lodeline.trust.method import Method

KINDS = (
    "origin.attestation",
    "certificate",
    "assessment.result",
    "site.performance",
    "policy.signature",
    "incident",
    "drill",
    "market.evidence",
    "screening",
)
_STEP = Decimal("0.0001")


@define(kw_only=True)
class Gathered:
    """What is on record in a workspace at `now`, up to `position`."""

    workspace: int
    method: Method
    now: datetime
    position: int
    parties: dict[str, evidence.Party]
    sites: dict[str, list[Site]]
    own: dict[str, list[Fact]]  # by party
    others: list[Fact]  # screenings, and the standing of sites
    recorded: dict[str, Recorded]
    bands: dict[str, str]
    chain: material.Chain

    @property
    def today(self) -> date:
        return self.now.date()

    @property
    def since(self) -> date:
        """First day of the period that lots and records are taken from."""
        return months_later(self.today, -int(self.method.rule("period_months")))

    def scored(self) -> list[str]:
        """Parties with a role that is scored, by identifier."""
        return sorted(uri for uri, party in self.parties.items() if self.method.segment(party.roles))

    def snapshot(self, uri: str) -> Snapshot:
        """The bundle of one party, without peers."""
        party = self.parties[uri]
        lots = self.chain.lots(uri)
        own = selection.own(self.own.get(uri, ()), self.today)
        used = {fact.position for fact in own}
        sites = {inflow.site for inflow in lots.inflows} if lots else set()
        others = selection.upstream(self.others, set(lots.upstream) if lots else set(), sites, self.since)
        facts = sorted((*own, *(f for f in others if f.position not in used)), key=lambda f: f.position)
        return Snapshot(
            party=uri,
            name=party.name,
            country=party.country,
            region=self.method.region(party.country),
            segment=self.method.segment(party.roles),
            roles=tuple(party.roles),
            materials=tuple(party.materials),
            now=self.now,
            position=self.position,
            sites=tuple(self.sites.get(uri, ())),
            facts=tuple(facts),
            lots=lots,
            recorded=self.recorded.get(uri),
            previous_band=self.bands.get(uri, ""),
        )


def gather(workspace: int, *, method: Method, now: datetime, position: int | None = None) -> Gathered:
    """Read everything once. `position`: the last log position to look at; None for all that is known at `now`."""
    end = horizon(now) if position is None else position + 1
    rows = list(queries.statements(workspace, kinds=KINDS, as_of=now, position=end - 1))
    parties = queries.parties_at(workspace, end)
    places = queries.sites_at(workspace, end)
    sites: dict[str, list[Site]] = defaultdict(list)
    for uri in sorted(places):
        site = places[uri]
        sites[site.party].append(
            Site(
                uri=site.uri,
                name=site.name,
                country=site.country,
                kind=site.kind,
                materials=tuple(site.materials),
            )
        )
    owners = {site.uri: party for party, rows_ in sites.items() for site in rows_}
    facts = [fact_of(row) for row in rows if row.kind != "origin.attestation"]
    own: dict[str, list[Fact]] = defaultdict(list)
    for row, fact in zip((row for row in rows if row.kind != "origin.attestation"), facts, strict=True):
        about = {row.party, row.subject, *(owners[site] for site in fact.strings("sites") if site in owners)}
        for party in about & parties.keys():
            own[party].append(fact)
    since = months_later(now.date(), -int(method.rule("period_months")))
    recorded, seen = _recorded(workspace, since, now, end)
    last = max([0, seen, *(row.position for row in rows)])
    return Gathered(
        workspace=workspace,
        method=method,
        now=now,
        position=last,
        parties=parties,
        sites=dict(sites),
        own=dict(own),
        others=[fact for fact in facts if fact.kind in {"screening", "certificate", "assessment.result"}],
        recorded=recorded,
        bands=_bands(workspace, now),
        chain=material.chain(
            workspace,
            places=places,
            since=since,
            now=now,
            end=end,
            attested=attestations(rows),
            levels=levels(recorded),
        ),
    )


def horizon(now: datetime) -> int:
    """The log position below which everything was logged by `now`."""
    rows = Entry.objects.filter(time__lte=now).order_by("-position")
    last = rows.values_list("position", flat=True).first()
    return 0 if last is None else last + 1


def fact_of(row: evidence.Fact) -> Fact:
    return Fact(
        position=row.position,
        kind=row.kind,
        subject=row.subject,
        issuer=row.issuer,
        issued=row.issued,
        valid_from=row.valid_from,
        valid_until=row.valid_until,
        level=EvidenceLevel(row.level),
        lowered=tuple(row.lowered),
        signed_by=row.signed_by,
        content=row.content,
    )


def attestations(rows: Iterable[evidence.Fact]) -> dict[str, Attested]:
    """The last origin attestation of each lot."""
    return {
        row.subject: Attested(
            position=row.position,
            level=EvidenceLevel(row.level),
            since=row.valid_from or row.issued,
            until=row.valid_until,
        )
        for row in rows
        if row.kind == "origin.attestation"
    }


def levels(recorded: dict[str, Recorded]) -> dict[str, EvidenceLevel]:
    """Level of a party's own events: E2 for those who sign all they record, else E1."""
    return {
        party: EvidenceLevel.E2 if row.own and not row.proxy else EvidenceLevel.E1
        for party, row in recorded.items()
    }


def with_peers(
    snapshots: Sequence[Snapshot], method: Method
) -> list[tuple[Snapshot, tuple[aggregate.Cell, ...] | None]]:
    """Each snapshot with the normalised values of its peers for the cells it has no evidence for.

    Beside it its cells, unless peers were added, which moves them.
    """
    cells = [aggregate.cells(snapshot, method) for snapshot in snapshots]
    shares: dict[tuple[str, str, str], list[Decimal]] = defaultdict(list)
    for snapshot, row in zip(snapshots, cells, strict=True):
        for cell in row:
            if not cell.estimated:
                shares[snapshot.segment, snapshot.region, cell.sub.id].append(rounded(cell.share, _STEP))
    least = method.rule("peers_least")
    found: list[tuple[Snapshot, tuple[aggregate.Cell, ...] | None]] = []
    for snapshot, row in zip(snapshots, cells, strict=True):
        peers = {
            cell.sub.id: tuple(map(str, sorted(values)))
            for cell in row
            if cell.estimated
            and len(values := shares[snapshot.segment, snapshot.region, cell.sub.id]) >= least
        }
        found.append((evolve(snapshot, peers=peers), None) if peers else (snapshot, row))
    return found


def _recorded(workspace: int, since: date, now: datetime, end: int) -> tuple[dict[str, Recorded], int]:
    """Record counts of the period by party, and the last position they cover."""
    by_party: dict[str, list[evidence.Record]] = defaultdict(list)
    for row in queries.records(workspace, since=since, until=now.date(), end=end):
        by_party[row.party].append(row)
    checked = quality(workspace, since=since, now=now)
    found = {}
    for party, days in by_party.items():
        delays: Counter[int] = Counter()
        for day in days:
            delays.update({int(delay): count for delay, count in day.delays.items()})
        own, proxy = sum(day.own for day in days), sum(day.proxy for day in days)
        found[party] = Recorded(
            position=max(day.last_position for day in days),
            own=own,
            proxy=proxy,
            checkpointed=own + proxy,  # every statement is appended together with a signed checkpoint over it
            witnesses=0,
            delays=tuple(sorted(delays.items())),
            rules=checked.get(party, (0, 0))[0],
            failed=checked.get(party, (0, 0))[1],
            corrections=sum(day.corrections for day in days),
            unexplained=sum(day.unexplained for day in days),
        )
    return found, max((row.position for row in found.values()), default=0)


def _bands(workspace: int, now: datetime) -> dict[str, str]:
    rows = Score.objects.filter(workspace_id=workspace, computed_at__lt=now).order_by(
        "computed_at", "position"
    )
    return dict(rows.values_list("party", "band"))
