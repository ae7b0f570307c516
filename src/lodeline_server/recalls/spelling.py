"""Lots by any spelling, many at once; and lists of them in a text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lodeline_server.kit.problems import Problem
from lodeline_server.lots import queries

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lodeline.access import Actor
    from lodeline_server.lots.models import Lot

BULK = 500  # values in one query
LONGEST = 500
_BETWEEN = re.compile(r"[\s,;]+")


def chosen(actor: Actor, words: Sequence[str]) -> list[str]:
    """Keys of lots that were asked for by any spelling. Raises `Problem`: 404 unknown, 409 not unique."""
    rows = queries.visible(actor)
    known: set[str] = set()
    labels: dict[str, list[str]] = {}
    for start in range(0, len(words), BULK):
        part = [
            word for word in words[start : start + BULK] if word.isprintable()
        ]  # databases refuse some others
        known.update(rows.filter(key__in=part).values_list("key", flat=True))
        for key, name in rows.filter(label__in=part).values_list("key", "label"):
            labels.setdefault(name, []).append(key)
    keys = {}
    for word in words:
        if word not in known:
            named = labels.get(word, [])
            word = named[0] if len(named) == 1 else _found(queries.find(rows, word), word)  # noqa: PLW2901
        keys[word] = None
    return list(keys)


def _found(rows: Sequence[Lot], word: str) -> str:
    if not rows:
        raise Problem(404, "This lot is not on record", detail=word)
    if len(rows) > 1:
        raise Problem(409, "Several lots are called that", detail=", ".join(one.key for one in rows[:5]))
    return rows[0].key


def spelled(actor: Actor, words: Sequence[str]) -> list[str]:
    """Keys as they stand on record; what is not on record stays as it was spelled, so that it is missed."""
    rows = queries.visible(actor)
    found = {}
    for start in range(0, len(words), BULK):
        part = [word for word in words[start : start + BULK] if word.isprintable()]
        labels = rows.filter(key__in=part) | rows.filter(label__in=part)
        for key, name in labels.values_list("key", "label"):
            found[key] = found[name] = key
    return [found.get(word, word) for word in words]


def listed(text: str, *, most: int) -> list[str]:
    """Names in a text, one a line or with commas between, each once. Raises `Problem` (422)."""
    words = list(dict.fromkeys(filter(None, _BETWEEN.split(text.strip("\ufeff \n\r\t")))))
    if len(words) > most:
        raise Problem(422, "Too many names", detail=f"{len(words)} are given; at most {most}.")
    long = next((word for word in words if len(word) > LONGEST), None)
    if long is not None:
        raise Problem(
            422, "A name is too long", detail=f"{long[:60]}… has {len(long)} characters; at most {LONGEST}."
        )
    return words
