"""Questions before a recall: what several lots would reach, what failed items have in common, and drills.

They put nothing on record. The first two run on the kernel in double precision and name snapshot and log position; what
is decided is a recall, computed in whole numbers (`deciding`), and so is a drill.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from lodeline.lots.build import MIXTURE
from lodeline.lots.values import SUBSTANCES
from lodeline_server.kit.problems import Problem
from lodeline_server.lots import queries
from lodeline_server.lots.answers import kilograms
from lodeline_server.lots.folding import label
from lodeline_server.recalls.deciding import Order, decide

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from lodeline.access import Actor
    from lodeline.lots.graph import Node
    from lodeline.recalls.cause import Factor, Finding
    from lodeline_server.lots.models import Lot

BY_MASS = "mass"
MOST_SUSPECTS, MOST_FAILED, MOST_SOUND, MOST_FINDINGS, LISTED = 20, 500, 2_000, 30, 1_000
BULK = 500  # values in one query
DIGITS = Decimal("0.000000001")


def chosen(actor: Actor, words: Sequence[str]) -> list[str]:
    """Keys of lots that were asked for by any spelling. Raises `Problem`: 404 unknown, 409 not unique."""
    rows = queries.visible(actor)
    known: set[str] = set()
    for start in range(0, len(words), BULK):
        part = [
            word for word in words[start : start + BULK] if word.isprintable()
        ]  # databases refuse some others
        known.update(rows.filter(key__in=part).values_list("key", flat=True))
    keys = {}
    for word in words:
        if word not in known:
            word = _found(queries.find(rows, word), word)  # noqa: PLW2901
        keys[word] = None
    return list(keys)


def _found(rows: Sequence[Lot], word: str) -> str:
    if not rows:
        raise Problem(404, "This lot is not on record", detail=word)
    if len(rows) > 1:
        raise Problem(409, "Several lots are called that", detail=", ".join(one.key for one in rows[:5]))
    return rows[0].key


def what_if(workspace: int, keys: Sequence[str], *, threshold: Fraction, substance: str) -> dict[str, Any]:
    """Several lots recalled together: items by dose, and what each lot adds."""
    from lodeline.recalls.reach import what_if as ask

    picture = queries.picture(workspace)
    state, order = queries.kernel(picture), picture.graph.order
    groups = [[node.rank for node in picture.graph.versions(key)] for key in keys]
    own = {rank for group in groups for rank in group}
    items = queries.item_keys(workspace)
    among = {node.rank for node in order if node.key in items and node.rank not in own}
    found = ask(state, groups, substance, threshold=float(threshold), among=among)
    together = found.together
    hits = [
        (rank, dose, held)
        for rank, dose, held in zip(
            together.lots.tolist(), together.doses.tolist(), together.held.tolist(), strict=True
        )
        if rank in among
    ]
    return {
        "snapshot": together.snapshot,
        "position": together.position,
        "substance": substance,
        "threshold": str(Decimal(threshold.numerator) / Decimal(threshold.denominator)),
        "items": len(hits),
        "suspectMassKg": kilograms(round(together.suspect)),
        "alone": [
            {"key": key, "label": label(key), "reached": one.reached, "affected": one.affected, "only": one.only}
            for key, one in zip(keys, found.alone, strict=True)
        ],
        "listed": [
            {
                "key": order[rank].key,
                "label": label(order[rank].key),
                "dose": _decimal(dose),
                "massKg": kilograms(round(held)),
            }
            for rank, dose, held in hits[:LISTED]
        ],
    }  # fmt: skip


def common_cause(workspace: int, failed: Sequence[str], sound: Sequence[str] = ()) -> dict[str, Any]:
    """Which lots, sites and days explain that some items failed. Without `sound`: all others, evenly thinned."""
    from lodeline.recalls.cause import causes

    picture = queries.picture(workspace)
    state, order = queries.kernel(picture), picture.graph.order
    items = queries.item_keys(workspace)
    for key in (*failed, *sound):
        if key not in items:
            raise Problem(422, "Only items can fail or be sound", detail=f"{label(key)} is a lot.")
    others = list(sound) or _thinned(sorted(items - set(failed)))
    if set(failed) & set(others):
        raise Problem(
            422, "An item is failed or sound, not both", detail=", ".join(sorted({*failed} & {*others}))[:500]
        )
    if not others:
        raise Problem(
            422, "There is no sound item to compare with", detail="Failed items alone show no cause."
        )

    def factors(rank: int) -> Iterator[Factor]:
        return _factors(order[rank], picture)

    def ranks(keys: Sequence[str]) -> list[int]:
        return [node.rank for key in keys if (node := picture.graph.last(key)) is not None]

    found = causes(state, ranks(failed), ranks(others), factors, most=MOST_FINDINGS)
    return {
        "snapshot": found.snapshot,
        "position": found.position,
        "failed": found.failed,
        "sound": found.sound,
        "tested": found.tested,
        "findings": [_finding(one) for one in found.findings],
    }


def drawn(workspace: int, ticket: int) -> str:
    """The lot for a drill, by a random number: any lot that went into something."""
    from lodeline.recalls.drill import draw

    graph = queries.picture(workspace).graph
    keys = sorted({node.key for node in graph.order if node.outgoing and not node.key.startswith(MIXTURE)})
    if not keys:
        raise Problem(404, "There is no lot to draw", detail="No lot on record went into anything yet.")
    return draw(keys, ticket)


def drill(
    workspace: int, key: str, truth: Sequence[str], *, limit: float, clock: Callable[[], float]
) -> dict[str, Any]:
    """Recall a lot without putting it on record, and hold the items against a truth that was kept elsewhere."""
    from lodeline.recalls.drill import drill as judged

    def recall() -> tuple[set[str], float | None]:
        body = decide(workspace, Order(lot=key, threshold=Fraction(0)))
        held = [one["heldMg"] for one in body["reached"] if one["heldMg"] is not None] + [body["heldMg"] or 0]
        whole = int(body["massMg"] or 0)
        found = {one["key"] for one in body["reached"] if one["item"]}
        return found, sum(map(int, held)) / whole if whole else None

    found = judged(key, recall, set(truth), clock=clock, limit=limit)
    return {
        "lot": key,
        "label": label(key),
        "position": queries.picture(workspace).position,
        "seconds": f"{found.seconds:.3f}",
        "limitSeconds": f"{limit:g}",
        "found": found.found,
        "truth": found.truth,
        "completeness": f"{found.completeness:.6g}",
        "precision": f"{found.precision:.6g}",
        "missed": list(found.missed[:LISTED]),
        "wrong": list(found.wrong[:LISTED]),
        "reconciled": None if found.reconciled is None else f"{found.reconciled:.6g}",
        "passed": found.passed,
    }


def spelled(actor: Actor, words: Sequence[str]) -> list[str]:
    """Keys as they stand on record; what is not on record stays as it was spelled, so that it is missed."""
    rows = queries.visible(actor)
    found = {}
    for start in range(0, len(words), BULK):
        part = words[start : start + BULK]
        labels = rows.filter(key__in=part) | rows.filter(label__in=part)
        for key, name in labels.values_list("key", "label"):
            found[key] = found[name] = key
    return [found.get(word, word) for word in words]


def _thinned(keys: list[str]) -> list[str]:
    """At most so many, evenly from the sorted keys: without regard to what is in them, and the same each time."""
    step = -(-len(keys) // MOST_SOUND)
    return keys[::step] if step > 1 else keys


def _factors(node: Node, picture: queries.Picture) -> Iterator[Factor]:
    if node.key.startswith(MIXTURE):
        return
    yield "lot", node.key
    for made in node.made:
        if made.site:
            yield "site", picture.site(made.site)
            yield "day", f"{picture.site(made.site)}, {made.time.date().isoformat()}"


def _finding(one: Finding) -> dict[str, Any]:
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
    }


def _decimal(dose: float) -> str:
    return str(Decimal(dose).quantize(DIGITS).normalize() if dose else Decimal(0))


def column(substance: str, keys: Sequence[str], workspace: int) -> str:
    """The column of the kernel: the one asked for, the only substance all lots state, or mass."""
    if substance:
        return substance
    stated = [set(lot.composition) for key in keys if (lot := queries.lot(workspace, key)) is not None]
    shared = set.intersection(*stated) if stated else set()
    return next(iter(shared)) if len(shared) == 1 and next(iter(shared)) in SUBSTANCES else BY_MASS
