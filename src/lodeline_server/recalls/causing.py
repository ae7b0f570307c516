"""What failed items have in common that sound ones have not. Nothing is put on record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lodeline_server.kit.problems import Problem
from lodeline_server.lots import queries, standing
from lodeline_server.lots.folding import label
from lodeline_server.recalls import factors, wording
from lodeline_server.recalls.exploring import only_items, rows_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from lodeline.recalls.cause import Causes, Factor, Finding
    from lodeline_server.lots.queries import Picture

MOST_FAILED, MOST_SOUND, MOST_FINDINGS, LISTED = 500, 2_000, 30, 1_000


def common_cause(workspace: int, failed: Sequence[str], sound: Sequence[str] = ()) -> dict[str, Any]:
    """Which lots, machines, sites, parties, days and shifts explain that some items failed.

    Without `sound`: all others of the same products, evenly thinned. Raises `Problem` (422).
    """
    from lodeline.recalls.cause import METHOD, causes

    items = queries.item_keys(workspace)
    only_items([*failed, *sound], items, "Only items can fail or be sound")
    others = list(sound) or _thinned(_alike(workspace, failed, items))
    both = sorted({*failed} & {*others})
    if both:
        raise Problem(422, "An item is failed or sound, not both", detail=", ".join(both)[:500])
    if not others:
        raise Problem(
            422, "There is no sound item to compare with", detail="Failed items alone show no cause."
        )

    picture, now = queries.around(workspace, {*failed, *others}, onward=False), standing.now(workspace)
    nodes = picture.graph.nodes

    def behind(number: int) -> Iterator[Factor]:
        return factors.behind(nodes[now.names.name(number)], picture)

    def own(number: int) -> Iterator[Factor]:
        return factors.of_making(nodes[now.names.name(number)], picture)

    def numbers(keys: Sequence[str]) -> list[int]:
        return [found[-1] for key in keys if (found := now.names.versions(key))]

    found = causes(now.state, numbers(failed), numbers(others), behind, own=own, most=MOST_FINDINGS)
    return {
        "method": METHOD,
        "snapshot": found.snapshot,
        "position": found.position,
        "failed": found.failed,
        "sound": found.sound,
        "soundChosen": "given" if sound else "same products",
        "tested": found.tested,
        "significant": sum(one.significant for one in found.findings),
        "words": wording.conclusion(found, lambda one: _named(one, picture)),
        "findings": [_finding(one, found, picture) for one in found.findings],
    }


def _alike(workspace: int, failed: Sequence[str], items: Collection[str]) -> list[str]:
    """The other items of the products that failed, sorted; all others when the products are not known."""
    rest = sorted(set(items) - set(failed))
    products = {row.gtin or row.product for row in rows_of(workspace, set(failed)).values()} - {""}
    if not products:
        return rest
    rows = queries.items(workspace).values_list("key", "gtin", "product")
    alike = {key for key, gtin, product in rows if (gtin or product) in products}
    return [key for key in rest if key in alike]


def _thinned(keys: list[str]) -> list[str]:
    """At most so many, evenly from the sorted keys: without regard to what is in them, and the same each time."""
    step = -(-len(keys) // MOST_SOUND)
    return keys[::step] if step > 1 else keys


def _named(one: Finding, picture: Picture) -> str:
    """The factors of a finding in words: the first of each kind."""
    del picture
    return wording.named([(kind, label(name) if kind == "lot" else name) for kind, name in one.factors])


def _finding(one: Finding, found: Causes, picture: Picture) -> dict[str, Any]:
    return {
        "factors": [
            {"kind": kind, "name": name, "label": label(name) if kind == "lot" else name}
            for kind, name in one.factors[:LISTED]
        ],
        "failed": one.failed,
        "sound": one.sound,
        "odds": f"{one.odds:.6g}",
        "oddsLow": f"{one.low:.6g}",
        "oddsHigh": f"{one.high:.6g}",
        "p": f"{one.p:.6g}",
        "adjusted": f"{one.adjusted:.6g}",
        "significant": one.significant,
        "words": wording.finding(one, found, _named(one, picture)),
    }
