"""Keys in a PKCS#11 token (OASIS PKCS #11 3.0): AES-256-GCM to wrap, Ed25519 (CKM_EDDSA) to sign.

Objects are called lodeline-kek, lodeline-log, lodeline-audit, and the later ones -2, -3. They are made with
`lodeline keys make`, inside the token, sensitive and not extractable. The PIN comes from a file.
"""

from __future__ import annotations

import os
import re
import secrets
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import frozen

from lodeline import sealing
from lodeline.keys import PUBLIC_BYTES, VerifyKey
from lodeline_server.kit.keystores import ID_DIGITS, KEK, KeyUnusable

if TYPE_CHECKING:
    from collections.abc import Mapping

TAG_BITS = 128
# PrintableString "edwards25519" (PKCS #11 3.0, section 2.3.6), as DER.
EDWARDS25519 = b"\x13\x0cedwards25519"
_turn = threading.RLock()
_loaded: dict[str, int] = {}
_open: dict[tuple[int, str, str, str], Token] = {}


def label(name: str, number: int = 1) -> str:
    """What the object of a key is called: `kek.key` is lodeline-kek, the second one lodeline-kek-2."""
    plain = f"lodeline-{name.removesuffix('.key')}"
    return plain if number == 1 else f"{plain}-{number}"


class Token:
    """An open session. One thread at a time uses it; a forked process opens its own."""

    def __init__(self, module: str, name: str, pin: str) -> None:
        try:
            import pkcs11
        except ImportError:
            raise KeyUnusable(
                "LODELINE_PKCS11_MODULE needs python-pkcs11: install lodeline[pkcs11]"
            ) from None
        self.pkcs11: Any = pkcs11
        try:
            library = pkcs11.lib(module)
            if _loaded.setdefault(module, os.getpid()) != os.getpid():
                library.reinitialize()  # a forked process may not use its parent's (PKCS #11 3.0, section 5.4)
                _loaded[module] = os.getpid()
            self.session: Any = library.get_token(token_label=name).open(user_pin=pin, rw=True)
        except (pkcs11.PKCS11Error, RuntimeError, OSError) as error:
            raise KeyUnusable(f"the PKCS#11 token {name!r} cannot be opened: {error!r}") from None

    def found(self, name: str, kind: str) -> dict[int, Any]:
        """Objects of a class (SECRET_KEY, PRIVATE_KEY, PUBLIC_KEY) for a key name, by number."""
        wanted = re.compile(rf"{re.escape(label(name))}(?:-([2-9]|[1-9][0-9]+))?")
        attribute = self.pkcs11.Attribute
        with _turn:
            objects = list(
                self.session.get_objects({attribute.CLASS: getattr(self.pkcs11.ObjectClass, kind)})
            )
            seen: dict[int, Any] = {}
            for one in objects:
                if match := wanted.fullmatch(one[attribute.LABEL] or ""):
                    number = int(match[1] or 1)
                    if number in seen:
                        raise KeyUnusable(f"the token holds two objects {one[attribute.LABEL]!r}")
                    seen[number] = one
        return seen

    def keks(self) -> list[TokenKek]:
        """The newest first. Raises `KeyUnusable` when there is none."""
        keys = self.found(KEK, "SECRET_KEY")
        if not keys:
            raise KeyUnusable(f"the token holds no key {label(KEK)!r}: 'lodeline keys make' makes it")
        return [TokenKek(self, keys[number], number) for number in sorted(keys, reverse=True)]

    def signers(self, name: str) -> list[TokenSigner]:
        """The newest first; none when the token holds no such key."""
        private, public = self.found(name, "PRIVATE_KEY"), self.found(name, "PUBLIC_KEY")
        made = []
        for number in sorted(set(private) & set(public), reverse=True):
            with _turn:
                point = bytes(public[number][self.pkcs11.Attribute.EC_POINT])
            made.append(
                TokenSigner(self, private[number], VerifyKey(point[-PUBLIC_BYTES:]), label(name, number))
            )
        return made

    def make(self, name: str) -> str:
        """A fresh key inside the token: the next one of this name. Its label."""
        attribute, capability = self.pkcs11.Attribute, self.pkcs11.MechanismFlag
        hidden = {attribute.SENSITIVE: True, attribute.EXTRACTABLE: False}
        with _turn:
            if name == KEK:
                taken = self.found(name, "SECRET_KEY")
                said = label(name, max(taken, default=0) + 1)
                self.session.generate_key(
                    self.pkcs11.KeyType.AES,
                    256,
                    label=said,
                    store=True,
                    capabilities=capability.ENCRYPT | capability.DECRYPT,
                    template=hidden,
                )
                return said
            taken = self.found(name, "PRIVATE_KEY")
            said = label(name, max(taken, default=0) + 1)
            curve = self.session.create_domain_parameters(
                self.pkcs11.KeyType.EC_EDWARDS, {attribute.EC_PARAMS: EDWARDS25519}, local=True
            )
            curve.generate_keypair(
                mechanism=self.pkcs11.Mechanism.EC_EDWARDS_KEY_PAIR_GEN,
                label=said,
                store=True,
                capabilities=capability.SIGN | capability.VERIFY,
                private_template=hidden,
            )
            return said


@frozen(eq=False)
class TokenKek:
    """An AES key that never leaves its token. Same bytes as `sealing.wrap`: nonce, ciphertext, tag."""

    token: Token
    key: Any
    number: int

    @property
    def id(self) -> str:
        return f"token-{self.number}"[:ID_DIGITS]

    @property
    def source(self) -> str:
        return f"token {label(KEK, self.number)}"

    def wrap(self, key: bytes, *, aad: bytes) -> bytes:
        nonce = secrets.token_bytes(sealing.NONCE_BYTES)
        return nonce + self._run("encrypt", key, nonce, aad)

    def unwrap(self, wrapped: bytes, *, aad: bytes) -> bytes:
        nonce, sealed = wrapped[: sealing.NONCE_BYTES], wrapped[sealing.NONCE_BYTES :]
        return self._run("decrypt", sealed, nonce, aad)

    def _run(self, verb: str, data: bytes, nonce: bytes, aad: bytes) -> bytes:
        lib = self.token.pkcs11
        with _turn:
            try:
                done = getattr(self.key, verb)(
                    data, mechanism=lib.Mechanism.AES_GCM, mechanism_param=lib.GCMParams(nonce, aad, TAG_BITS)
                )
            except lib.PKCS11Error as error:  # a wrong tag is a general error to some tokens
                if verb == "encrypt":
                    raise KeyUnusable(f"{self.source} does not wrap: {error!r}") from None
                raise sealing.Unreadable(f"{self.source} does not open this: {error!r}") from None
        return bytes(done)


@frozen(eq=False)
class TokenSigner:
    """An Ed25519 key that never leaves its token."""

    token: Token
    key: Any
    verify_key: VerifyKey
    label: str

    @property
    def source(self) -> str:
        return f"token {self.label}"

    def sign(self, data: bytes) -> bytes:
        lib = self.token.pkcs11
        with _turn:
            try:
                return bytes(self.key.sign(data, mechanism=lib.Mechanism.EDDSA))
            except lib.PKCS11Error as error:
                raise KeyUnusable(f"{self.source} does not sign: {error!r}") from None


def open_token(environ: Mapping[str, str]) -> Token:
    """The token of the settings; opened once in a process. Raises `KeyUnusable`."""
    module, name = environ["LODELINE_PKCS11_MODULE"], environ.get("LODELINE_PKCS11_TOKEN", "")
    pin_file = environ.get("LODELINE_PKCS11_PIN_FILE", "")
    if not name or not pin_file:
        raise KeyUnusable("LODELINE_PKCS11_TOKEN and LODELINE_PKCS11_PIN_FILE are needed beside the module")
    place = (os.getpid(), module, name, pin_file)
    with _turn:
        if place not in _open:
            try:
                pin = Path(pin_file).read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                raise KeyUnusable(f"LODELINE_PKCS11_PIN_FILE cannot be read: {error}") from None
            _open[place] = Token(module, name, pin)
        return _open[place]
