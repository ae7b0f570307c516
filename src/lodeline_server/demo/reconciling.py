"""Two things that do not fit, told in papers of their own: a lot that is not what was sent, and a copied label.

A receipt that is missing is in the story as it is: traders with gaps in their papers leave some out.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from lodeline_server.demo.afterlife import chosen
from lodeline_server.demo.documents import (
    CONTEXT,
    MARK,
    Document,
    identity,
    pack,
    share,
    stamp,
    statement_document,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lodeline_server.demo.network import Network
    from lodeline_server.demo.stock import Happening, Lot

ASSAYER, CARS, GATE = "vellamo", "fjellvind", "orenda"
SUBSTANCE = "Co"
LESS = 82, 100  # the assay finds so much of what the sender stated
SOON = timedelta(minutes=40)  # after the pack was received 1,100 km away


def documents(network: Network) -> Iterator[Document]:
    """The assay of the last lot with cobalt that the refiner received, and the scan of a copied label."""
    lot, arrived = looked_alike(network)
    yield _assay(network, lot, arrived.at)
    serial, seen = copied(network)
    yield _scan(network, serial, seen.at + SOON)


def looked_alike(network: Network) -> tuple[Lot, Happening]:
    """The lot in question, and its receipt."""
    end = network.end - timedelta(days=8)
    return next(
        (part.lot, one)
        for one in reversed(network.happenings)
        if one.party == ASSAYER and one.step == "receiving" and one.at < end
        for part in one.quantities
        if part.lot.ppm.get(SUBSTANCE) and part.lot.party != ASSAYER
    )


def copied(network: Network) -> tuple[str, Happening]:
    """The serial of the pack whose label was copied, and where the true one was."""
    codes = chosen(network)
    return next(
        (epc, one)
        for one in network.happenings
        if one.party == CARS and one.step == "receiving"
        for epc in one.epcs
        if not epc.endswith(codes)
    )


def _assay(network: Network, lot: Lot, arrived: datetime) -> Document:
    world = network.world
    party = world.parties[ASSAYER]
    day = arrived.astimezone(UTC).date() + timedelta(days=2)
    found = lot.ppm[SUBSTANCE] * LESS[0] // LESS[1]
    said: dict[str, Any] = {
        "id": identity(world, ASSAYER, "assay", lot.code),
        "kind": "lot.assay",
        "subject": lot.uri,
        "issuer": party.uri,
        "issued": day.isoformat(),
        "content": {
            "lot": lot.uri,
            "certificate": f"VA-{lot.code}",
            "sampled": (day - timedelta(days=1)).isoformat(),
            "laboratory": "Vellamo works laboratory",
            "method": "ICP-OES",
            "composition": [
                {"substance": SUBSTANCE, "massFraction": share(found), "uncertainty": share(found // 200)}
            ],
        },
    }
    when = datetime(day.year, day.month, day.day, 15, 10, tzinfo=UTC)
    return statement_document(party, [said], when)


def _scan(network: Network, serial: str, at: datetime) -> Document:
    world = network.world
    party = world.parties[GATE]
    at = at.astimezone(UTC)
    event = {
        "type": "ObjectEvent",
        "eventID": identity(world, GATE, "scan", serial),
        "eventTime": stamp(at),
        "eventTimeZoneOffset": party.offset,
        "action": "OBSERVE",
        "epcList": [serial],
        "bizStep": "inspecting",
        "readPoint": {"id": party.site.uri},
        "bizLocation": {"id": party.site.uri},
    }
    when = (at + timedelta(hours=5)).replace(second=0, microsecond=0)
    body = {
        "@context": CONTEXT,
        "id": identity(world, GATE, "scan document", serial),
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": stamp(when),
        "lode:mark": MARK,
        "epcisBody": {"eventList": [event]},
    }
    return Document(party=GATE, kind="epcis", captured_at=when, data=pack(body), count=1, signs=party.signs)
