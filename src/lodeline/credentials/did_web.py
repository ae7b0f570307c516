"""did:web: a DID document at an https address.

Source: did:web method of the W3C Credentials Community Group. Hosts are names: addresses in any spelling are
refused, and so are paths that lead elsewhere. Names outside ASCII are written in their `xn--` form.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, unquote

from lodeline.credentials.did import parse
from lodeline.credentials.verdict import CredentialRefused

if TYPE_CHECKING:
    from collections.abc import Sequence

_LABEL: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_NUMBER: Final = re.compile(r"[0-9]+|0x[0-9a-f]*")


def did(host: str, path: Sequence[str] = (), port: int | None = None) -> str:
    """`did:web:host[%3Aport][:path...]`. `ValueError` for a host or path that no DID can carry."""
    name = f"{host.lower()}%3A{port}" if port else host.lower()
    made = ":".join(["did:web", name, *(quote(part, safe="") for part in path)])
    if any(not _LABEL.fullmatch(label) for label in host.lower().split(".")) or parse(made).did != made:
        raise ValueError(f"{made!r} is not a did:web")
    location(parse(made).name.split(":"), public=False)
    return made


def url(identifier: str) -> str:
    """Where the document of a did:web is. Refused with step `key`."""
    found = parse(identifier)
    if found.method != "web" or found.did != identifier:
        raise CredentialRefused("key", f"{identifier[:80]!r} is not a did:web")
    return location(found.name.split(":")) + "did.json"


def location(parts: Sequence[str], *, public: bool = True) -> str:
    """`https://host[:port]/path/`, or `/.well-known/` without a path, from host and path of a DID.

    With `public` the host needs a dot in it. Percent signs are resolved once, and nothing may hide behind them.
    """
    host, *path = parts
    name, colon, port = unquote(host).lower().partition(":")
    labels = name.split(".")
    if len(name) > 253 or any(not _LABEL.fullmatch(label) for label in labels):
        raise _refused(f"{host[:80]!r} is not a host name")
    if _NUMBER.fullmatch(labels[-1]):
        raise _refused(f"{host[:80]!r} is an address, not a host name")
    if public and len(labels) < 2:
        raise _refused(f"{host[:80]!r} is not the full name of a host")
    if colon and not (re.fullmatch("[0-9]{1,5}", port) and 0 < int(port) < 65536):
        raise _refused(f"{port[:20]!r} is not a port")
    segments = []
    for part in path:
        try:
            plain = unquote(part, errors="strict")
        except UnicodeDecodeError:
            plain = ""
        if plain in ("", ".", "..") or plain != plain.strip() or any(sign in plain for sign in "/\\\0%?#"):
            raise _refused(f"{part[:80]!r} is not part of a path")
        segments.append(quote(plain, safe="-._~"))
    return f"https://{name}{colon}{port}/{'/'.join(segments) or '.well-known'}/"


def _refused(message: str) -> CredentialRefused:
    return CredentialRefused("key", message)
