"""Openings: sealed in the database under the workspace's key, or in a file that the owner keeps."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any, Final

from lodeline import sealing
from lodeline.credentials.thresholds import group
from lodeline.credentials.thresholds.commitment import Opening
from lodeline.keys import b64url, unb64url
from lodeline_server.kit.problems import Problem
from lodeline_server.log import vault

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from lodeline.strictjson import JSON
    from lodeline_server.credentials.thresholds.models import CommittedNumber

FORMAT: Final = "lodeline-openings/1"
VALUE_BYTES: Final = 8
MOST: Final = 64


def seal(opening: Opening, workspace: int, commitment: str, now: datetime) -> tuple[bytes, int]:
    """The opening for its row, and the version of the workspace's key that seals it."""
    owner = vault.tenant(workspace, now=now)
    plain = opening.value.to_bytes(VALUE_BYTES, "big") + group.write_scalar(opening.blinding)
    return sealing.seal(owner.key, plain, aad=_place(commitment), random=secrets.token_bytes), owner.version


def unseal(row: CommittedNumber) -> Opening | None:
    """None when the owner keeps it in a file. Raises `sealing.Unreadable`."""
    if row.sealed is None or row.key_version is None:
        return None
    owner = vault.Keyring()[row.owner.workspace_id, row.key_version]
    plain = sealing.unseal(owner.key, bytes(row.sealed), aad=_place(row.commitment))
    value, blinding = plain[:VALUE_BYTES], plain[VALUE_BYTES:]
    return Opening(int.from_bytes(value, "big"), int.from_bytes(blinding, "big"))


def _place(commitment: str) -> bytes:
    # A commitment is used once, so it names the place; the row's number is not known before it is written.
    return sealing.place("credentials_committednumber", commitment, "sealed")


def write(found: Mapping[str, Opening]) -> dict[str, Any]:
    """The file for the owner: openings by commitment. Whoever has it knows the numbers."""
    kept = [
        {
            "commitment": commitment,
            "value": str(opening.value),
            "blinding": b64url(group.write_scalar(opening.blinding)),
        }
        for commitment, opening in found.items()
    ]
    return {"format": FORMAT, "openings": kept}


def read(said: JSON) -> dict[str, Opening]:
    """The inverse of `write`. `Problem` 422 for anything else; the message shows nothing of what was in it."""
    if said is None:
        return {}
    kept = said.get("openings") if isinstance(said, dict) and said.get("format") == FORMAT else None
    if not isinstance(kept, list) or len(kept) > MOST:
        raise _unusable()
    found = {}
    for one in kept:
        if not isinstance(one, dict) or not all(
            isinstance(one.get(name), str) for name in ("commitment", "value", "blinding")
        ):
            raise _unusable()
        try:
            value, blinding = int(one["value"]), group.read_scalar(unb64url(one["blinding"]))
        except ValueError:
            raise _unusable() from None
        if not 0 <= value < 2 ** (8 * VALUE_BYTES) or str(value) != one["value"]:
            raise _unusable()
        found[one["commitment"]] = Opening(value, blinding)
    return found


def _unusable() -> Problem:
    return Problem(422, "These are no openings", detail=f"a file of the format {FORMAT} is wanted")
