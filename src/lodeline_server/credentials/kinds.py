"""What this installation can issue of its own knowledge: a source for each kind.

The apps that know of sites, events, certificates and passports stand above this one and offer their sources here when
they start. A source reads and says what is on record; it signs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from attrs import field, frozen

from lodeline.credentials import kinds
from lodeline.credentials.kinds.values import Party
from lodeline.credentials.verdict import CredentialRefused
from lodeline_server.credentials import acting, queries
from lodeline_server.kit.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from datetime import datetime

    from lodeline.access import Actor
    from lodeline.credentials.kinds.values import Values
    from lodeline.credentials.sdjwt import Path
    from lodeline_server.parties.models import Organisation


@frozen(kw_only=True)
class Wanted:
    """Who wants a credential, about what (an identifier, or a short name), and with which choices of the kind."""

    actor: Actor
    organisation: Organisation
    about: str
    now: datetime
    choices: Mapping[str, str] = field(factory=dict)


@frozen(kw_only=True)
class Said:
    """What is on record. `hide` and `pad`: what an SD-JWT of it can hold back; None means each member."""

    values: Values
    hide: Collection[Path] | None = None
    pad: Mapping[Path, int] | None = None
    since: datetime | None = None
    until: datetime | None = None


@frozen(kw_only=True)
class Prepared:
    """An unsigned credential with how to hide parts of it."""

    credential: dict[str, Any]
    hide: Collection[Path] | None = None
    pad: Mapping[Path, int] | None = None


VERSIONS: Final = kinds.VERSIONS
_SOURCES: Final[dict[str, Callable[[Wanted], Said]]] = {}


def offer(kind: str, source: Callable[[Wanted], Said]) -> None:
    """The place that knows about a kind. Once at the start."""
    _SOURCES[kind] = source


def offered() -> tuple[str, ...]:
    return tuple(kind for kind in kinds.KINDS if kind in _SOURCES)


def prepare(kind: str, wanted: Wanted, version: str = "0.7") -> Prepared:
    """What would be issued. `CredentialRefused` for an unknown kind; `Problem` 404 when nothing is on record."""
    if kind not in _SOURCES:
        raise CredentialRefused("structure", f"credentials are of the kind {', '.join(offered())}")
    if "\x00" in wanted.about or len(wanted.about) > 500:
        raise Problem(404, "Nothing is on record about this", detail=repr(wanted.about[:80]))
    issuer = queries.issuer_of(wanted.organisation.pk)
    if issuer is None:
        raise acting.no_key("to sign with")
    said = _SOURCES[kind](wanted)
    own = Party(id=next(iter(acting.names_of(issuer))), name=wanted.organisation.name)
    made = kinds.build(said.values, own, version=version, since=said.since)
    if said.until is not None:
        made["validUntil"] = f"{said.until:%Y-%m-%dT%H:%M:%SZ}"
    return Prepared(credential=made, hide=said.hide, pad=said.pad)
