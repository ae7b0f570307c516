"""One line of the inbox."""

from __future__ import annotations

from attrs import frozen


@frozen(kw_only=True)
class Task:
    """One line of the inbox. `short` is how the heading names it; `days`: how urgent, fewer first."""

    kind: str
    title: str
    detail: str
    short: str
    when: str = ""
    days: int = 9_999
    href: str = ""
    action: str = ""
