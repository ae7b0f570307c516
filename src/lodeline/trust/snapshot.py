"""What one score is computed from: plain values about one party at one log position.

Masses are milligrams. `lodeline.trust.bundle` brings a snapshot into JSON and back.
"""

from __future__ import annotations

from datetime import date, datetime  # noqa: TC003 (read at run time by the bundle)
from typing import Any

from attrs import Factory, frozen

from lodeline.evidence import EvidenceLevel  # noqa: TC001 (same)


@frozen(kw_only=True)
class Site:
    uri: str
    name: str
    country: str
    kind: str
    materials: tuple[str, ...]


@frozen(kw_only=True)
class Fact:
    """A statement on record. `content` is what was stated, unchanged; `lowered` says why its level is no higher."""

    position: int
    kind: str
    subject: str
    issuer: str
    issued: date | None
    valid_from: date | None
    valid_until: date | None
    level: EvidenceLevel
    lowered: tuple[str, ...]
    signed_by: str
    content: dict[str, Any]

    def text(self, key: str) -> str:
        value = self.content.get(key)
        return value if isinstance(value, str) else ""

    def strings(self, key: str) -> tuple[str, ...]:
        value = self.content.get(key)
        return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


@frozen(kw_only=True)
class Attested:
    """An origin attestation for a source lot."""

    position: int
    level: EvidenceLevel
    since: date | None
    until: date | None


@frozen(kw_only=True)
class Source:
    """A lot at the beginning of the trace. `named`: it started at a mine or a recycler that is on record."""

    lot: str
    site: str
    country: str
    named: bool
    level: EvidenceLevel  # of the event that states the lot
    position: int
    masses: dict[str, int]  # substance -> mg that reached the party's lots
    attestation: Attested | None = None


@frozen(kw_only=True)
class Inflow:
    """What a site sent to the party on one day. `mass`: mg."""

    site: str
    party: str
    day: date
    mass: int


@frozen(kw_only=True)
class Balance:
    """Mass of one substance into and out of a site in one quarter, mg."""

    site: str
    substance: str
    quarter: str
    taken_in: int
    given_out: int


@frozen(kw_only=True)
class Lots:
    """What the lot graph says about the party's lots of the period. Masses in mg."""

    since: date
    until: date
    lots: int
    events: int
    position: int
    sources: tuple[Source, ...]
    unknown: dict[str, int]  # substance -> mg of unknown origin
    inflows: tuple[Inflow, ...]
    upstream: dict[str, date]  # party behind the lots -> day of its last lot or shipment in them
    stages: dict[str, int]  # number of covered stages -> mg
    input_mass: int
    linked_mass: int
    balances: tuple[Balance, ...]
    custody: dict[str, int]  # custody model -> mg
    custody_level: EvidenceLevel
    handovers: int
    confirmed: int
    shipped: int
    traceable: int


@frozen(kw_only=True)
class Recorded:
    """How the party's facts came into the log in the period.

    `delays`: days from event to record, number of events. `rules` and `failed`: weighted data-quality rules that ran
    and that did not pass at capture. `witnesses`: independent witnesses of the checkpoint.
    """

    position: int
    own: int
    proxy: int
    checkpointed: int
    witnesses: int
    delays: tuple[tuple[int, int], ...]
    rules: int
    failed: int
    corrections: int
    unexplained: int


@frozen(kw_only=True)
class Snapshot:
    """Everything one score is a function of, beside the method."""

    party: str
    name: str
    country: str
    region: str
    segment: str
    roles: tuple[str, ...]
    materials: tuple[str, ...]
    now: datetime
    position: int
    sites: tuple[Site, ...]
    facts: tuple[Fact, ...]
    lots: Lots | None = None
    recorded: Recorded | None = None
    # sub-indicator -> normalised values of peers, ascending, as decimal text; only where there are enough of them
    peers: dict[str, tuple[str, ...]] = Factory(dict)
    previous_band: str = ""

    @property
    def today(self) -> date:
        return self.now.date()

    def own(self, kind: str) -> tuple[Fact, ...]:
        """Facts of a kind about the party itself or its sites, in log order."""
        subjects = {self.party, *(site.uri for site in self.sites)}
        return tuple(
            fact
            for fact in self.facts
            if fact.kind == kind and (fact.subject in subjects or fact.text("site") in subjects)
        )
