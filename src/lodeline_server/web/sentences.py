"""The dashboard's heading: a sentence that says what cannot wait."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lodeline_server.web.task import Task

NUMBERS = [
    gettext_lazy(word)
    for word in (
        "no",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
    )
]


def in_words(number: int) -> str:
    """Up to twelve in letters."""
    return str(NUMBERS[number]) if number < len(NUMBERS) else f"{number:,}"


def heading(tasks: Sequence[Task]) -> str:
    """Two things cannot wait: a refused document, and a lot that contradicts itself."""
    urgent = [task for task in tasks if task.kind == "bad"]
    names = list(dict.fromkeys(task.short for task in urgent))
    if not urgent:
        waiting = len(tasks)
        if not waiting:
            return _("Nothing waits for you. All that is on record stands.")
        said = ngettext(
            "Nothing is urgent. %(n)s thing can wait a little.",
            "Nothing is urgent. %(n)s things can wait a little.",
            waiting,
        )
        return said % {"n": capfirst(in_words(waiting))}
    count = capfirst(in_words(len(urgent)))
    if len(names) == 1:
        said = ngettext(
            "%(n)s thing cannot wait: %(first)s.",
            "%(n)s things cannot wait, all alike: %(first)s.",
            len(urgent),
        )
        return said % {"n": count, "first": names[0]}
    if len(names) == 2:
        return _("%(n)s things cannot wait: %(first)s, and %(second)s.") % {
            "n": count,
            "first": names[0],
            "second": names[1],
        }
    return _("%(n)s things cannot wait: %(first)s, %(second)s and more.") % {
        "n": count,
        "first": names[0],
        "second": names[1],
    }
