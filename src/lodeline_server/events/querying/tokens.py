"""Tokens of next pages: where an answer goes on, signed, for one asking party and one question.

Nothing is kept for them. One that is given back is remembered as ended until it would have expired.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from attrs import frozen
from django.core import signing
from django.core.cache import cache

from lodeline import strictjson
from lodeline.events.query import PARAMETER
from lodeline_server.kit.problems import Problem

if TYPE_CHECKING:
    from lodeline.access import Actor

LASTS: Final = timedelta(hours=1)
LONGEST: Final = 4_000
_SIGNER: Final = "lodeline.events.page"


@frozen(kw_only=True)
class Place:
    """Where to go on. `until`: the end of the log the first page saw; `left`: how many events may still come."""

    mark: tuple[int, str]
    until: int
    left: int | None = None


def made(actor: Actor, question: str, place: Place, now: datetime) -> tuple[str, datetime]:
    """A token and when it expires."""
    expires = now + LASTS
    said = {
        "m": list(place.mark), "u": place.until, "l": place.left, "w": _whose(actor), "q": _digest(question),
        "x": int(expires.timestamp()),
    }  # fmt: skip
    return signing.Signer(salt=_SIGNER).sign_object(said, compress=True), expires


def read(actor: Actor, question: str, token: str, now: datetime) -> Place:
    """Raises `Problem` 400 for a token that is none, is another's, belongs to another question or has expired."""
    said = _opened(token)
    if said is None or said["w"] != _whose(actor):
        raise _refused("This is no token of a next page", "Take it from the Link header as it is.")
    if said["q"] != _digest(question):
        raise _refused(
            "This token belongs to another question", "Send the same address and parameters with it."
        )
    if said["x"] <= now.timestamp() or cache.get(_name(token)):
        raise _refused("This token has expired", "Ask for the first page again.")
    return Place(mark=(said["m"][0], said["m"][1]), until=said["u"], left=said["l"])


def end(actor: Actor, token: str, now: datetime) -> bool:
    """Give a token back; False when it is none of the actor's."""
    said = _opened(token)
    if said is None or said["w"] != _whose(actor):
        return False
    seconds = int(said["x"] - now.timestamp())
    if seconds > 0:
        cache.set(_name(token), 1, seconds + 1)
    return True


def _opened(token: str) -> dict[str, Any] | None:
    if len(token) > LONGEST:
        return None
    try:
        found: dict[str, Any] = signing.Signer(salt=_SIGNER).unsign_object(token)
    except (signing.BadSignature, ValueError):
        return None
    return found


def _whose(actor: Actor) -> list[Any]:
    return [actor.workspace, actor.organisation, actor.id, str(actor.role or "")]


def _digest(question: str) -> str:
    return sha256(question.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def question(path: str, query: dict[str, Any], per: int) -> str:
    """What a token belongs to."""
    return strictjson.canonical([path, query, per]).decode()


def _name(token: str) -> str:
    return f"page-token:{sha256(token.encode('utf-8', 'surrogatepass')).hexdigest()}"


def _refused(title: str, detail: str) -> Problem:
    return Problem(400, title, detail=detail, kind=PARAMETER)
