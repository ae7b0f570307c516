"""From the lot graph of objects to arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lodeline.lots.kernel.compressed import compress

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lodeline.lots.graph import Graph, Node
    from lodeline.lots.kernel.compressed import Compressed

BY_MASS = "mass"
"""The column by mass of everything, beside those of the substances."""
PER_KG = "perkg"
"""The column of kilograms that went in for each kilogram that came out: what was embedded, without summing to one."""
HEAVIEST = 2**63 - 1
"""mg, nine thousand million tonnes: what is said to be heavier counts as this."""


def compressed(graph: Graph, substances: Iterable[str]) -> Compressed:
    """The graph of lot versions as arrays; a version's number is its rank. `BY_MASS` is a column, too.

    Weights are quotients of whole milligrams, each the nearest double. Edges of unknown mass weigh nothing and reach.
    """
    edges = [edge for node in graph.order for edge in node.incoming]
    wholes: dict[str, list[float]] = {}
    masses: dict[str, list[int]] = {}
    for name in (*substances, BY_MASS, PER_KG):
        wholes[name] = [weight for node in graph.order for weight in weights(node, name)]
        if name != PER_KG:
            masses[name] = [made(node, name) for node in graph.order]
    return compress(
        len(graph.order),
        np.array([edge.source.rank for edge in edges], np.int64),
        np.array([edge.target.rank for edge in edges], np.int64),
        {name: np.array(column, np.float64) for name, column in wholes.items()},
        masses={name: np.array(column, np.int64) for name, column in masses.items()},
        left=np.array([left(node) for node in graph.order], np.float64),
    )


def weights(node: Node, name: str) -> list[float]:
    """Of all that flows into a lot version, the part that each in-edge brings; `PER_KG`: of all that came out."""
    whole_mass = name in {BY_MASS, PER_KG}
    parts = [(edge.mass if whole_mass else edge.masses.get(name)) or 0 for edge in node.incoming]
    whole = (node.mass or 0) if name == PER_KG else sum(parts) if whole_mass else node.inflow(name)
    return [part / whole if whole else 0.0 for part in parts]


def made(node: Node, name: str) -> int:
    """mg of a substance, or of everything, in the lot when it was made; 0 where it is not stated."""
    return min((node.mass if name == BY_MASS else node.masses.get(name)) or 0, HEAVIEST)


def left(node: Node) -> float:
    """The share of the lot that is still there."""
    return (node.left or 0) / node.mass if node.mass else 0.0
