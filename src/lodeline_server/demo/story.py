"""The whole demonstration as documents in the order of their capture, and where its stories are."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from attrs import frozen

from lodeline_server.demo import reconciling, sheets
from lodeline_server.demo.afterlife import attach, chosen
from lodeline_server.demo.documents import Document, event_documents
from lodeline_server.demo.network import RECALLED, SEED, Network
from lodeline_server.demo.papers import EXPIRED, EXPIRES_SOON
from lodeline_server.demo.recall_stories import closed_lot, failed_packs
from lodeline_server.demo.statements import statement_documents
from lodeline_server.demo.world import World, world

if TYPE_CHECKING:
    from datetime import date


@frozen(kw_only=True)
class Story:
    """One world, told: who, what flowed, and every document in the order of capture."""

    world: World
    network: Network
    documents: tuple[Document, ...]

    @property
    def places(self) -> dict[str, str]:
        """Where to look for each story: identifiers by name."""
        return _places(self.network)


def _places(network: Network) -> dict[str, str]:
    parties = network.world.parties
    packs = {pack.code: pack.uri for pack in network.packs}
    lots = {lot.code: lot.uri for lot in network.lots.values()}
    second, recycled = (packs.get(code, "") for code in chosen(network))
    return {
        "recalled_lot": lots[RECALLED],
        "closed_recall_lot": closed_lot(network),
        "failed_batteries": " ".join(failed_packs(network)),
        "second_life_original": second,
        "second_life_battery": next((p.uri for p in network.packs if p.product.slug == "gs70"), ""),
        "recycled_battery": recycled,
        "recycled_lot": next(h.described.uri for h in network.happenings if h.recovered_from and h.described),
        "carry_over": parties["sunde"].uri,
        "excellent_papers": parties["nordfell"].uri,
        "signs_itself": parties["nordfell"].uri,
        "links_no_inputs": parties["maringo"].uri,
        "late_records": parties["kivuline"].uri,
        "mass_balance": parties["drakensund"].uri,
        "expired_certificate": parties[EXPIRED].uri,
        "certificate_expires_soon": parties[EXPIRES_SOON].uri,
        "incident": parties["kolomba"].uri,
        "second_party_drill": parties["haldenvik"].uri,
        "came_as_a_sheet": sheets.assayed(network).uri,
        "looks_alike": reconciling.looked_alike(network)[0].uri,
        "copied_label": reconciling.copied(network)[0],
    }


def _network(anchor: date, *, small: bool) -> Network:
    network = Network(world(anchor, small=small))
    attach(network)
    network.run()
    return network


def places(anchor: date, *, small: bool = False) -> dict[str, str]:
    """Where to look for each story, without writing the documents."""
    return _places(_network(anchor, small=small))


def tell(anchor: date, *, small: bool = False) -> Story:
    """The story that ends at `anchor`. The same anchor and size give the same bytes, always."""
    network = _network(anchor, small=small)
    cast = network.world
    rng = Random(f"lodeline demonstration documents {SEED} {small}")  # noqa: S311
    documents = [*statement_documents(cast, network), *event_documents(cast, network.happenings, rng)]
    documents += [*reconciling.documents(network), sheets.document(network)]
    documents.sort(
        key=lambda document: (document.captured_at, document.party, document.kind, document.sha256)
    )
    return Story(world=cast, network=network, documents=tuple(documents))
