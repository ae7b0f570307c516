"""Where keys lie: in a file of the data folder, in the environment, in a PKCS#11 token. One interface for all.

A `Kek` wraps the keys of workspaces; a `Signer` signs. What is in a token never leaves it. The first of a list is the
one that is used for what is new; the others still open, or still sign until the change is on record.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import secrets
from typing import TYPE_CHECKING, Protocol

from attrs import field, frozen

from lodeline import sealing
from lodeline.keys import SEED_BYTES, SigningKey, VerifyKey
from lodeline_server.kit.secrets import secret

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

KEK, LOG, AUDIT = "kek.key", "log.key", "audit.key"
VARIABLES = {KEK: "LODELINE_KEK", LOG: "LODELINE_LOG_KEY", AUDIT: "LODELINE_AUDIT_KEY"}
EARLIER = "_OLD"
ID_DIGITS = 16


class KeyUnusable(RuntimeError):  # noqa: N818 - said to the operator
    """A source that the settings name cannot be used, or a key that is needed is in none; the message says which."""


class Kek(Protocol):
    """Wraps keys (32 bytes) under a key of its own. `id` names that key without telling it."""

    @property
    def id(self) -> str: ...
    @property
    def source(self) -> str: ...
    def wrap(self, key: bytes, *, aad: bytes) -> bytes: ...
    def unwrap(self, wrapped: bytes, *, aad: bytes) -> bytes:
        """Raises `sealing.Unreadable`."""
        ...


class Signer(Protocol):
    """Signs with Ed25519."""

    @property
    def source(self) -> str: ...
    @property
    def verify_key(self) -> VerifyKey: ...
    def sign(self, data: bytes) -> bytes: ...


@frozen
class PlainKek:
    """A key that this process holds: from a file or the environment."""

    key: bytes = field(repr=False)
    source: str

    @property
    def id(self) -> str:
        return hashlib.sha256(b"lodeline kek id\0" + self.key).hexdigest()[:ID_DIGITS]

    def wrap(self, key: bytes, *, aad: bytes) -> bytes:
        return sealing.wrap(self.key, key, aad=aad, random=secrets.token_bytes)

    def unwrap(self, wrapped: bytes, *, aad: bytes) -> bytes:
        return sealing.unwrap(self.key, wrapped, aad=aad)


@frozen
class PlainSigner:
    """A seed that this process holds."""

    key: SigningKey
    source: str

    @property
    def verify_key(self) -> VerifyKey:
        return self.key.verify_key

    def sign(self, data: bytes) -> bytes:
        return self.key.sign(data)


def decoded(text: str, name: str) -> bytes:
    """A key of 32 bytes in base64 (either alphabet); raises `KeyUnusable` naming the variable, never the value."""
    try:
        key = base64.b64decode(text.strip().replace("-", "+").replace("_", "/") + "==", validate=False)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != SEED_BYTES:
        raise KeyUnusable(f"{name} is not base64 of {SEED_BYTES} bytes")
    return key


def keks(folder: Path, environ: Mapping[str, str] = os.environ) -> list[Kek]:
    """All that can open what was wrapped; the first wraps what is new: token, else environment, else file."""
    found: list[Kek] = []
    if environ.get("LODELINE_PKCS11_MODULE"):
        from lodeline_server.kit import tokens

        found += tokens.open_token(environ).keks()
    for name in (VARIABLES[KEK], VARIABLES[KEK] + EARLIER):
        if text := environ.get(name):
            found.append(PlainKek(decoded(text, name), f"environment {name}"))
    if not found:
        secret(folder, KEK)  # made the first time
    found += [PlainKek(path.read_bytes(), f"file {path.name}") for path in _files(folder, KEK)]
    return found


def signers(folder: Path, name: str, environ: Mapping[str, str] = os.environ) -> list[Signer]:
    """The keys called `name` (log.key, audit.key) of all sources, the one for what is new first."""
    found: list[Signer] = []
    if environ.get("LODELINE_PKCS11_MODULE") and name in VARIABLES:
        from lodeline_server.kit import tokens

        found += tokens.open_token(environ).signers(name)
    variable = VARIABLES.get(name, "")
    for known in (variable, variable + EARLIER) if variable else ():
        if text := environ.get(known):
            found.append(PlainSigner(SigningKey(decoded(text, known)), f"environment {known}"))
    if not found:
        secret(folder, name)
    for path in _files(folder, name):
        found.append(PlainSigner(SigningKey.from_seed(path.read_bytes()), f"file {path.name}"))
    return found


def _files(folder: Path, name: str) -> Iterator[Path]:
    """The key's file first, then those beside it: log.2.key, kek.old.key."""
    home, (stem, end) = folder / "secrets", name.split(".")
    if (home / name).exists():
        yield home / name
    yield from sorted(home.glob(f"{stem}.*.{end}"))


def new_file(folder: Path, name: str) -> Path:
    """A fresh key in a file of its own, whole and on the disk; raises `FileExistsError` for one that is there."""
    path = folder / "secrets" / name
    if path.exists():
        raise FileExistsError(path)
    secret(folder, name)
    return path
