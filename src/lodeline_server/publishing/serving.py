"""From a request's headers to an answer with published bytes. No framework: the fast path and Django both use it.

HTTP: content negotiation, validators and conditional requests after RFC 9110, sections 8.8, 12 and 13.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from attrs import frozen

HTML, JSON = "text/html; charset=utf-8", "application/json"
CREDENTIAL: Final = "application/vc"
SD_JWT: Final = "application/vc+sd-jwt"
OFFERS: Final = {"/01/": (HTML, JSON, SD_JWT), "/credentials/status/": (CREDENTIAL, JSON)}
"""Forms below an address, the first one for whoever does not mind. Elsewhere there is one form, whatever is asked for.

A status list is the same bytes twice: programs that ask for JSON mean it too."""
SUFFIXES: Final = {".html": HTML, ".json": JSON, ".sd-jwt": SD_JWT}
LONGEST: Final = 600
REMEMBERED: Final = 512  # longer headers are read each time, so that strangers cannot fill the memory
CACHE: Final = {
    "passport": "public, max-age=60, must-revalidate",
    "checkpoint": "public, max-age=5",
    "tile": "public, max-age=31536000, immutable",
}
REVALIDATE: Final = "public, no-cache"
POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
STATUS: Final = {200: "200 OK", 304: "304 Not Modified", 410: "410 Gone"}
Headers = list[tuple[str, str]]


@frozen
class Form:
    """One published form as it is sent: `body` is compressed when `gzip` is true."""

    media_type: str
    etag: str
    kind: str
    status: int
    gzip: bool
    body: bytes


def acceptable(accept: str, offers: tuple[str, ...]) -> tuple[str, ...]:
    """The offers a client takes, its favourite first; equal ones in our order. An empty header takes all."""
    return (
        _acceptable(accept, offers) if len(accept) <= REMEMBERED else _acceptable.__wrapped__(accept, offers)
    )


@lru_cache(maxsize=256)
def _acceptable(accept: str, offers: tuple[str, ...]) -> tuple[str, ...]:
    if not accept.strip():
        return offers
    ranges: dict[tuple[str, str], float] = {}
    for entry in accept.split(","):
        media, *parameters = entry.split(";")
        kind, _, sub = media.strip().lower().partition("/")
        ranges[kind, sub] = _quality(parameters)
    weights = []
    for order, offer in enumerate(offers):
        kind, _, sub = offer.partition(";")[0].partition("/")
        quality = next((ranges[at] for at in ((kind, sub), (kind, "*"), ("*", "*")) if at in ranges), 0.0)
        if quality > 0:
            weights.append((-quality, order, offer))
    return tuple(offer for _, _, offer in sorted(weights))


def takes_gzip(accept_encoding: str) -> bool:
    """Whether the client takes gzip and does not like it less than no coding."""
    short = len(accept_encoding) <= REMEMBERED
    return _takes_gzip(accept_encoding) if short else _takes_gzip.__wrapped__(accept_encoding)


@lru_cache(maxsize=256)
def _takes_gzip(accept_encoding: str) -> bool:
    found: dict[str, float] = {}
    for entry in accept_encoding.split(","):
        coding, *parameters = entry.split(";")
        found[coding.strip().lower()] = _quality(parameters)
    gzip = found.get("gzip", found.get("x-gzip", found.get("*", 0.0)))
    return gzip > 0 and gzip >= found.get("identity", 0.0)


def _quality(parameters: list[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.strip().partition("=")
        if name.lower() == "q":
            digits = value.strip()
            plain = digits.replace(".", "", 1)
            return min(float(digits), 1.0) if plain.isascii() and plain.isdigit() else 0.0
    return 1.0


def offered(path: str) -> tuple[str, ...] | None:
    """The forms below an address that is negotiated; None elsewhere."""
    return next((offers for start, offers in OFFERS.items() if path.startswith(start)), None)


def wanted(path: str, accept: str) -> list[tuple[str, tuple[str, ...] | None]]:
    """Keys to look for under an address, in order, each with the media types that may be sent.

    None instead of media types: the one form there is. An empty list: nothing is published under such an address.
    """
    if len(path) > LONGEST or not path.isprintable():
        return []
    offers = offered(path)
    if offers is None:
        return [(path, None)]
    found: list[tuple[str, tuple[str, ...] | None]] = [(path, acceptable(accept, offers))]
    for suffix, media_type in SUFFIXES.items():
        if path.endswith(suffix):
            found.append((path.removesuffix(suffix), (media_type,)))
    return found


@lru_cache(maxsize=256)
def _fixed(kind: str, media_type: str, negotiated: bool) -> tuple[tuple[str, str], ...]:  # noqa: FBT001
    """Headers that do not depend on the bytes."""
    return (
        ("Content-Type", media_type),
        ("Cache-Control", CACHE.get(kind, REVALIDATE)),
        ("Vary", "Accept, Accept-Encoding" if negotiated else "Accept-Encoding"),
        ("Content-Security-Policy", POLICY),
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "no-referrer"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
        ("Access-Control-Allow-Origin", "*"),
    )


def answer(form: Form, *, negotiated: bool, if_none_match: str = "") -> tuple[int, Headers, bytes]:
    """Status, headers and body of a GET; for HEAD leave the body away.

    The two codings of one form have different strong validators. What is gone (410) is always told again.
    """
    etag = f'"{form.etag}-gz"' if form.gzip else f'"{form.etag}"'
    headers = [*_fixed(form.kind, form.media_type, negotiated), ("ETag", etag)]
    if if_none_match and form.status == 200 and _matches(if_none_match, form.etag):
        return 304, headers, b""
    if form.gzip:
        headers.append(("Content-Encoding", "gzip"))
    headers.append(("Content-Length", str(len(form.body))))
    return form.status, headers, form.body


def _matches(if_none_match: str, etag: str) -> bool:
    if if_none_match.strip() == "*":
        return True
    own = {f'"{etag}"', f'"{etag}-gz"'}
    return any(entry.strip().removeprefix("W/") in own for entry in if_none_match.split(","))
