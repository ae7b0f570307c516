"""The seven indicators: one module each, one pure function per sub-indicator.

A function takes the snapshot and its parameters and returns a `Measured`. `ALL` maps the method's ids to them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lodeline.trust.indicators import certified, custody, integrity, origin, readiness, regulation, site

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lodeline.trust.measured import Measured, Params
    from lodeline.trust.snapshot import Snapshot

    Indicator = Callable[[Snapshot, Params], Measured]

ALL: Mapping[str, Indicator] = {
    **origin.SUBS,
    **custody.SUBS,
    **site.SUBS,
    **certified.SUBS,
    **integrity.SUBS,
    **regulation.SUBS,
    **readiness.SUBS,
}
