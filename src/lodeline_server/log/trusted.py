"""The two policy files in the data folder, read again when they change.

`witness.policy` names the logs that we cosign; `log.policy` the witnesses that cosign ours, with their addresses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings

from lodeline.log import policy
from lodeline.log.policy import Policy, PolicyRefused

if TYPE_CHECKING:
    from pathlib import Path

WITNESS, LOG = "witness.policy", "log.policy"
_kept: dict[Path, tuple[tuple[int, int, int], Policy | PolicyRefused]] = {}


def load(name: str) -> Policy | None:
    """The policy in a file of the data folder; None when there is none. Raises `PolicyRefused`, `OSError`."""
    path = settings.DATA / name
    try:
        stat = path.stat()
        mark = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
        kept = _kept.get(path)
        if kept is None or kept[0] != mark:
            kept = _kept[path] = (mark, _read(path))
    except FileNotFoundError:
        return None
    if isinstance(kept[1], PolicyRefused):
        raise PolicyRefused(kept[1].line, kept[1].why)
    return kept[1]


def _read(path: Path) -> Policy | PolicyRefused:
    with path.open("rb") as stream:
        data = stream.read(policy.MAX_POLICY + 1)
    try:
        return policy.read(data)
    except PolicyRefused as refused:
        return refused
