"""Passports that rest on statements which are being erased: they go, and are issued anew without them."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from lodeline.access import platform
from lodeline.identifiers import DOMAIN
from lodeline_server.kit.problems import Problem
from lodeline_server.passports import actions, gathering

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from lodeline_server.log.purging import Erasing


def quotes(payload: dict[str, Any], erasing: Erasing) -> bool:
    """A passport names the statements it rests on; makers' names stand beside."""
    body = payload["body"]
    return bool({one["position"] for one in body["restsOn"]} & erasing.positions) or erasing.quoted_in(body)


def issue_anew(workspace: int, keys: Collection[str], now: datetime) -> None:
    """The passports that were withdrawn, from what is still on record."""
    wanted = set(keys)
    for lot in gathering.batteries(workspace):
        if unquote(lot.key.removeprefix(DOMAIN)) in wanted:
            with suppress(Problem):  # nothing is left to make one of: the tombstone stays
                actions.issue(actor=platform(workspace), key=lot.key, now=now)
