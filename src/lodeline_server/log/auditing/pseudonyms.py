"""Actors of the audit trail: pseudonyms keyed by a secret of the installation, never names."""

from __future__ import annotations

import hashlib
import hmac
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from django.conf import settings

from lodeline.keys import b64url
from lodeline_server.kit.secrets import secret

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from lodeline.access import Actor

BYTES: Final = 16
NOBODY: Final = "nobody"
PLATFORM: Final = "platform"
KINDS: Final = {"user": "person", "key": "key", "shell": "shell"}
_finders: list[Callable[[str], list[str]]] = []
_namers: list[Callable[[Actor], dict[str, str]]] = []


@lru_cache(maxsize=4)
def _secret(folder: Path) -> bytes:
    return secret(folder, "pseudonyms.key")


def of(actor: Actor | None, workspace: int) -> str:
    """The word that stands for the actor in a workspace's trail; two workspaces have different ones."""
    return NOBODY if actor is None else of_id(actor.id, workspace)


def of_id(identifier: str, workspace: int) -> str:
    """`identifier`: as in `Actor.id`, for instance `user:17`, `key:3`, `shell:1000`. 128 bits of an HMAC-SHA-256."""
    if identifier == PLATFORM:
        return PLATFORM
    kind = KINDS.get(identifier.partition(":")[0], "actor")
    said = hmac.digest(_secret(settings.DATA), f"{workspace}|{identifier}".encode(), hashlib.sha256)
    return f"{kind}:{b64url(said[:BYTES])}"


def offer(*, find: Callable[[str], list[str]], names: Callable[[Actor], dict[str, str]]) -> None:
    """Called from above, where people are known. `find`: a word (an address) to ids of actors.

    `names`: ids of actors to names, as far as this reader may know them.
    """
    _finders[:], _namers[:] = [find], [names]


def found(word: str, workspaces: list[int]) -> set[str]:
    """Pseudonyms that a person may mean by `word`: one of them, an id like `user:17`, or what `find` knows."""
    if word in {NOBODY, PLATFORM} or "\0" in word:  # no name has it, and PostgreSQL takes no such question
        return {word}
    start, _, rest = word.partition(":")
    identifiers = [word] if start in KINDS and rest.isdecimal() else []
    identifiers += [one for find in _finders for one in find(word)]
    return {word} | {of_id(one, workspace) for one in identifiers for workspace in workspaces}


def names(reader: Actor) -> dict[str, str]:
    """Pseudonyms of the reader's workspace to names; empty for who may not know the members."""
    if reader.workspace is None:
        return {}
    return {
        of_id(identifier, reader.workspace): name
        for namer in _namers
        for identifier, name in namer(reader).items()
    }
