"""Where statements are collected, and put into documents by issuer and day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from attrs import define, field

from lodeline_server.demo.documents import Document, identity, statement_document

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from lodeline_server.demo.world import Party, World

SELF = {"assessorLevel": "Self", "assessmentLevel": "Unspecified", "attestationType": "declaration"}
BUYER = {"assessorLevel": "Buyer", "assessmentLevel": "Verified", "attestationType": "inspection"}
CHECKED = {"assessorLevel": "3rdParty", "assessmentLevel": "Verified", "attestationType": "verification"}
ACCREDITED = {"assessorLevel": "3rdParty", "assessmentLevel": "Accredited", "attestationType": "verification"}
CERTIFIED = {"assessorLevel": "3rdParty", "assessmentLevel": "Accredited", "attestationType": "certification"}
TESTED = {"assessorLevel": "3rdParty", "assessmentLevel": "Accredited", "attestationType": "testing"}
FIRST = "vellamo"  # opens the log: guides speak of its first document


@define
class Desk:
    """Statements by issuer and day of capture."""

    world: World
    _said: dict[tuple[date, str], list[dict[str, Any]]] = field(factory=dict)

    def say(
        self,
        issuer: Party,
        day: date,
        kind: str,
        subject: str,
        content: dict[str, Any],
        *,
        assurance: dict[str, str] = SELF,
        since: date | None = None,
        until: date | None = None,
        on_paper: bool = False,
    ) -> None:
        """Put one statement on the issuer's desk; it is captured on `day`.

        `on_paper`: it names a document by its hash. Statements after the end of the story are dropped.
        """
        if day >= self.world.anchor:
            return
        already = self._said.setdefault((day, issuer.slug), [])
        name = identity(self.world, issuer.slug, day, len(already))
        said: dict[str, Any] = {
            "id": name,
            "kind": kind,
            "subject": subject,
            "issuer": issuer.uri,
            "issued": day.isoformat(),
            "validFrom": (since or day).isoformat(),
        }
        if until is not None:
            said["validUntil"] = until.isoformat()
        if kind != "party.profile":
            said["assurance"] = assurance
        if on_paper:
            said["documentHash"] = sha256(name.encode()).hexdigest()
        said["content"] = content
        already.append(said)

    def documents(self) -> Iterator[Document]:
        for (day, slug), said in self._said.items():
            party = self.world.parties[slug]
            # Around the working day, a minute of its own for each party, so that the order never hangs on luck.
            minutes = 0 if slug == FIRST else 8 * 60 + party.number % 499
            when = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(minutes=minutes)
            yield statement_document(party, said, when)
