"""`anchors.toml` in the data folder: where checkpoints are anchored. Written by `lodeline anchor add`, or by hand."""

from __future__ import annotations

import json
import os
import re
import tempfile
import tomllib
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from attrs import frozen
from cryptography import x509
from django.conf import settings

from lodeline.log.anchors import rfc3161
from lodeline.log.anchors.evm import is_address
from lodeline_server.kit.secrets import sync_folder

FILE, ROOTS = "anchors.toml", "anchors"
HOURLY = 3600
SHORTEST = 60
MOST = 16
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")
_HASH = re.compile(r"0x[0-9a-f]{64}")
BOOKS = ("main", "audit")
# Settings by kind: name, type, needed.
COMMON: dict[str, type] = {"name": str, "kind": str, "books": list, "every": int}
KINDS: dict[str, dict[str, tuple[type, bool]]] = {
    "rfc3161": {"url": (str, True), "roots": (str, True), "policy": (str, False)},
    "evm": {
        "url": (str, True),
        "second_url": (str, False),
        "chain_id": (int, True),
        "contract": (str, True),
        "code_hash": (str, True),
        "key": (str, True),
        "first_block": (int, False),
        "confirmations": (int, False),
        "gas_price": (int, False),
        "poa": (bool, False),
    },
    "file": {"folder": (str, True), "to": (str, False)},
}


class TargetsRefused(ValueError):  # noqa: N818 - a verdict
    """The file cannot be used; the message says where and why."""


@frozen(kw_only=True)
class Target:
    """One place. `settings` are those of its kind, checked; `base` is the folder that relative paths start from."""

    name: str
    kind: str
    books: tuple[str, ...] = BOOKS
    every: timedelta = timedelta(seconds=HOURLY)
    settings: dict[str, Any]
    base: Path

    def path(self, setting: str) -> Path:
        """A setting that names a file or folder."""
        return self.base / str(self.settings[setting])


def file(base: Path | None = None) -> Path:
    return (base or settings.DATA) / FILE


def load(base: Path | None = None) -> tuple[Target, ...]:
    """All targets, none when there is no file. Raises `TargetsRefused`."""
    path = file(base)
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return ()
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise TargetsRefused(f"{path} is not TOML: {error}") from None
    rows = tables.pop("anchor", [])
    if tables or not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise TargetsRefused(f"{path} holds [[anchor]] tables and nothing else")
    found = tuple(checked(row, path.parent) for row in rows)
    if len({one.name for one in found}) != len(found):
        raise TargetsRefused(f"{path}: two anchors have one name")
    if len(found) > MOST:
        raise TargetsRefused(f"{path}: at most {MOST} anchors")
    return found


def checked(row: dict[str, Any], base: Path) -> Target:
    """One table as a value; raises `TargetsRefused`. Files are looked at when the target is used."""
    name, kind = row.get("name"), row.get("kind")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise TargetsRefused("an anchor's name has 1 to 60 of a to z, 0 to 9 and '-'")
    if not isinstance(kind, str) or kind not in KINDS:
        raise TargetsRefused(f"anchor {name}: the kind is one of {', '.join(KINDS)}")
    known = KINDS[kind]
    for word, value in row.items():
        wanted = COMMON.get(word) or known.get(word, (None,))[0]
        if wanted is None:
            raise TargetsRefused(f"anchor {name}: {kind} has no setting {word!r}")
        if type(value) is not wanted:
            raise TargetsRefused(f"anchor {name}: {word} must be of type {wanted.__name__}")
    if missing := [word for word, (_, needed) in known.items() if needed and not row.get(word)]:
        raise TargetsRefused(f"anchor {name}: {', '.join(missing)} is needed")
    books, every = row.get("books", list(BOOKS)), row.get("every", HOURLY)
    if not books or not all(one in BOOKS for one in books):
        raise TargetsRefused(f"anchor {name}: books are {' and '.join(BOOKS)}")
    if every < SHORTEST:
        raise TargetsRefused(f"anchor {name}: every is in seconds, from {SHORTEST}")
    _check_values(name, row)
    return Target(
        name=name,
        kind=kind,
        books=tuple(books),
        every=timedelta(seconds=every),
        settings={word: row[word] for word in known if word in row},
        base=base,
    )


def _check_values(name: str, row: dict[str, Any]) -> None:
    for word in ("url", "second_url"):
        if word in row:
            try:
                parts = urlsplit(row[word])
                good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
            except ValueError:
                good = False
            if not good:
                raise TargetsRefused(f"anchor {name}: {word} is an http or https address")
    if "policy" in row:
        try:
            x509.ObjectIdentifier(row["policy"])
        except ValueError:
            raise TargetsRefused(f"anchor {name}: policy is an object identifier such as 1.2.3") from None
    if "contract" in row and not is_address(row["contract"]):
        raise TargetsRefused(f"anchor {name}: contract is an address, 0x and 40 digits")
    if "code_hash" in row and not _HASH.fullmatch(row["code_hash"]):
        raise TargetsRefused(f"anchor {name}: code_hash is 0x and 64 digits in small letters")
    for word, least in (("chain_id", 1), ("confirmations", 1), ("gas_price", 0), ("first_block", 0)):
        if word in row and row[word] < least:
            raise TargetsRefused(f"anchor {name}: {word} is from {least}")


def keep_roots(name: str, pem: bytes, base: Path) -> str:
    """Keep an authority's certificates in the data folder, where backups find them; the setting that names them."""
    try:
        found = rfc3161.roots(pem)
    except ValueError as error:
        raise TargetsRefused(f"anchor {name}: the roots are not certificates in PEM: {error}") from None
    if not any(one.issuer == one.subject for one in found):
        raise TargetsRefused(f"anchor {name}: the roots hold no root, only certificates below one")
    path = base / ROOTS / f"{name}.pem"
    path.parent.mkdir(exist_ok=True)
    _write(path, pem)
    return f"{ROOTS}/{name}.pem"


def add(target: Target) -> None:
    """Put one more into the file: whole or not at all. Raises `TargetsRefused` when the name is taken."""
    path = file(target.base)
    if target.name in {one.name for one in load(target.base)}:
        raise TargetsRefused(f"there is an anchor {target.name} already")
    lines = [
        "[[anchor]]",
        *(f"{word} = {_toml(value)}" for word, value in _row(target).items()),
        "",
    ]
    old = path.read_text(encoding="utf-8") if path.exists() else ""
    text = (old.rstrip("\n") + "\n\n" if old.strip() else "") + "\n".join(lines)
    _write(path, text.encode())


def _write(path: Path, data: bytes) -> None:
    handle, part = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    with os.fdopen(handle, "wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())
    Path(part).replace(path)
    sync_folder(path.parent)


def _row(target: Target) -> dict[str, Any]:
    row: dict[str, Any] = {"name": target.name, "kind": target.kind, **target.settings}
    if target.books != BOOKS:
        row["books"] = list(target.books)
    if target.every != timedelta(seconds=HOURLY):
        row["every"] = int(target.every.total_seconds())
    return row


def _toml(value: Any) -> str:
    """Our values as TOML; its basic strings and ours in JSON are spelled the same, but for DEL."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
