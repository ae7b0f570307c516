"""Questions about every lot of a workspace at once, answered by one sweep of the kernel each."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import frozen

from lodeline.lots.build import MIXTURE
from lodeline.lots.custody import Model
from lodeline.lots.kernel import questions
from lodeline.lots.kernel.bridge import BY_MASS
from lodeline_server.evidence.queries import sites
from lodeline_server.kit.problems import Problem
from lodeline_server.lots import standing
from lodeline_server.lots.models import Lot

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from lodeline.lots.kernel.compressed import Compressed
    from lodeline.lots.kernel.questions import Table

SHARES = ("country", "site", "recycled")
QUESTIONS = (*SHARES, "custody", "embedded", "risk")
LARGEST_FILE = 20_000_000
VALUE = "value"


@frozen(kw_only=True, eq=False)
class Answer:
    """`table`: a row for each lot version of `names`; `mass`: mg of the substance in it; `items`: which are items."""

    question: str
    substance: str
    snapshot: str
    position: int
    names: tuple[tuple[str, int], ...]
    table: Table
    mass: NDArray[np.float64]
    items: NDArray[np.bool_]
    without: int = 0

    @property
    def ends(self) -> NDArray[np.bool_]:
        """The lots that the totals are about: those that hold some of the substance and are items, if there are any."""
        held = self.mass > 0
        chosen: NDArray[np.bool_] = self.items & held
        return chosen if chosen.any() else held

    def totals(self) -> dict[str, float]:
        """By name, over items: weighted by mass; of the worst risks, the worst."""
        rows = self.ends
        if not rows.any():
            return {}
        if self.question == "risk":
            return {VALUE: float(self.table.values[rows].max())}
        means = np.average(self.table.values[rows], axis=0, weights=self.mass[rows])
        return dict(zip(self.table.names, means.tolist(), strict=True))

    def rows(self) -> Iterator[tuple[str, int, list[float]]]:
        """Key, version and values of each lot, by key."""
        for row in sorted(range(len(self.names)), key=self.names.__getitem__):
            key, version = self.names[row]
            if not key.startswith(MIXTURE):
                yield key, version, self.table.values[row].tolist()


def read_values(path: Path) -> dict[str, float]:
    """A CSV table with the columns `of` (a lot, site or country) and `value` (a number). Raises `ValueError`."""
    if path.stat().st_size > LARGEST_FILE:
        raise ValueError(f"{path.name} is larger than {LARGEST_FILE} bytes")
    found: dict[str, float] = {}
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.DictReader(file)
        if rows.fieldnames is None or not {"of", "value"} <= set(rows.fieldnames):
            raise ValueError(f"{path.name} needs the columns of and value")
        for row in rows:
            said = row["value"]
            try:
                number = float(said)
            except (TypeError, ValueError):
                raise ValueError(f"{path.name}, line {rows.line_num}: {said!r} is no number") from None
            if not (np.isfinite(number) and number >= 0):
                raise ValueError(f"{path.name}, line {rows.line_num}: a value is a number from zero up")
            found[row["of"]] = number
    return found


def ask(
    workspace: int,
    question: str,
    substance: str = BY_MASS,
    *,
    values: Mapping[str, float] | None = None,
    share: bool = False,
) -> Answer:
    """Answer one of `QUESTIONS` for every lot. `values`: of lots, sites or countries, for `embedded` and `risk`."""
    now = standing.now(workspace)
    whole = now if now.clean else now.settled()
    graph = whole.state.base
    names = tuple(whole.names.name(number) for number in graph.nodes.tolist())
    about = _About.of(workspace, names)
    without = 0
    if question in SHARES:
        table = questions.shares(graph, substance, about.labels(question), about.regained)
    elif question == "custody":
        table = questions.coverage(graph, substance, about.models())
    elif question in QUESTIONS:
        if values is None:
            raise Problem(422, "This question needs values", detail="Numbers of lots, sites or countries.")
        own, without = about.valued(values, questions.begins(graph))
        table = questions.Table(names=(VALUE,), values=_swept(graph, question, own, substance, share=share))
    else:
        raise Problem(422, "There is no such question", detail=f"One of {', '.join(QUESTIONS)}.")
    return Answer(
        question=question if not share else f"{question} by share",
        substance=substance,
        snapshot=now.state.id,
        position=now.state.position,
        names=names,
        table=table,
        mass=graph.masses[substance].astype(np.float64),
        items=about.items,
        without=without,
    )


def _swept(
    graph: Compressed, question: str, own: NDArray[np.float64], substance: str, *, share: bool
) -> NDArray[np.float64]:
    if question == "embedded":
        return questions.embedded(graph, own)[:, None]
    return questions.exposure(graph, own, substance, "share" if share else "worst")[:, None]


@frozen(kw_only=True, eq=False)
class _About:
    """What is on record about the lots, in the order of the graph's rows."""

    keys: tuple[str, ...]
    lots: Mapping[str, tuple[str, str, bool]]
    places: Mapping[str, Any]

    @classmethod
    def of(cls, workspace: int, names: Iterable[tuple[str, int]]) -> _About:
        rows = Lot.objects.filter(workspace_id=workspace).values_list("key", "site", "custody", "item")
        return cls(
            keys=tuple(key for key, _ in names),
            lots={key: (site, custody, item) for key, site, custody, item in rows.iterator(2_000)},
            places={one.uri: one for one in sites(workspace)},
        )

    def _site(self, key: str) -> str:
        return self.lots.get(key, ("", "", False))[0]

    @property
    def regained(self) -> NDArray[np.bool_]:
        """Rows of lots that recyclers made: their trail begins there."""
        return np.array([self._kind(key) == "recycler" for key in self.keys], bool)

    @property
    def items(self) -> NDArray[np.bool_]:
        return np.array([self.lots.get(key, ("", "", False))[2] for key in self.keys], bool)

    def _kind(self, key: str) -> str:
        place = self.places.get(self._site(key))
        return place.kind if place else ""

    def labels(self, question: str) -> list[str]:
        """Of each lot, what a share that begins there is called; only mines and recyclers are origins."""
        found = []
        for key in self.keys:
            place = self.places.get(self._site(key))
            if place is None or place.kind not in {"mine", "recycler"}:
                found.append("")
            elif question == "recycled":
                found.append("recycled" if place.kind == "recycler" else "primary")
            else:
                found.append(place.country if question == "country" else place.uri)
        return found

    def models(self) -> list[Model | None]:
        """The custody model that each lot states."""
        known = {one.value: one for one in Model}
        return [known.get(self.lots.get(key, ("", "", False))[1].replace(" ", "-")) for key in self.keys]

    def valued(
        self, values: Mapping[str, float], first: NDArray[np.bool_]
    ) -> tuple[NDArray[np.float64], int]:
        """The value of each lot, of its site or of that one's country; and how many lots that begin have none."""
        own, without = np.zeros(len(self.keys)), 0
        for row, key in enumerate(self.keys):
            site = self._site(key)
            place = self.places.get(site)
            for name in (key, site, place.country if place else ""):
                if name in values:
                    own[row] = values[name]
                    break
            else:
                without += bool(first[row])
        return own, without
