from __future__ import annotations

from typing import TYPE_CHECKING

from django.apps import AppConfig

if TYPE_CHECKING:
    from lodeline.access import Actor


def _find(word: str) -> list[str]:
    from lodeline_server.parties.finding import find

    return find(word)


def _names(reader: Actor) -> dict[str, str]:
    from lodeline_server.parties.trail import names  # late: it needs what a lean command leaves out

    return names(reader)


class PartiesConfig(AppConfig):
    name = "lodeline_server.parties"
    label = "parties"

    def ready(self) -> None:
        from lodeline_server.log.auditing import pseudonyms

        pseudonyms.offer(find=_find, names=_names)
