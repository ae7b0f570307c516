"""`lodeline credential sign|present|key-file`: with a key that its owner keeps. No database, no server."""

from __future__ import annotations

import json
import os
import secrets
import uuid
from typing import TYPE_CHECKING, Any

from lodeline.cli import GOOD, REFUSED, UNUSABLE
from lodeline_server.credentials.command_step import add, fail, read, read_bytes, say

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

FORMS = ("eddsa-jcs-2022", "eddsa-rdfc-2022", "vc+jwt", "vc+sd-jwt")
PRESENTED = ("eddsa-jcs-2022", "eddsa-rdfc-2022", "vp+jwt", "vp+sd-jwt")


def add_steps(steps: Any) -> None:
    made = add(
        steps,
        "key-file",
        "make a key that you keep in a file; prints its DID",
        _offline(_key_file),
        acting=False,
        offline=lambda _: True,
    )
    made.add_argument("file", help="the file to write; it must not be there yet")
    made.add_argument("--algorithm", choices=["Ed25519", "P-256"], default="Ed25519", help="default: Ed25519")
    made.add_argument("--did", default="", help="the DID that the key signs for (default: the key itself)")
    made.add_argument("--kid", default="", help="name of the key in that DID's document")
    sign = add(
        steps,
        "sign",
        "sign a credential with a key that you keep; prints what was signed",
        _offline(_sign),
        acting=False,
        offline=lambda _: True,
    )
    sign.add_argument("file", help="the unsigned credential as JSON; - reads standard input")
    sign.add_argument("--key-file", required=True, help="the file with your key")
    sign.add_argument("--form", choices=FORMS, default=FORMS[0], help=f"default: {FORMS[0]}")
    sign.add_argument("--holder", help="with vc+sd-jwt: the did:key that alone may present it")
    present = add(
        steps,
        "present",
        "present credentials to somebody who asked, with a key that you keep",
        _offline(_present),
        acting=False,
        offline=lambda _: True,
    )
    present.add_argument("files", nargs="+", help="secured credentials")
    present.add_argument("--key-file", required=True, help="the file with your key")
    present.add_argument("--form", choices=PRESENTED, default=PRESENTED[0], help=f"default: {PRESENTED[0]}")
    present.add_argument("--challenge", required=True, help="what the verifier gave you to answer")
    present.add_argument("--domain", required=True, help="whom it is for")
    present.add_argument(
        "--show",
        action="append",
        metavar="POINTER",
        help="with vp+sd-jwt: what to disclose, such as /credentialSubject/name (default: nothing)",
    )


def _offline(call: Callable[[argparse.Namespace], int]) -> Callable[[argparse.Namespace], int]:
    """Refusals and unusable files become words and an exit code."""

    def run(args: argparse.Namespace) -> int:
        from lodeline.credentials.verdict import CredentialRefused

        try:
            return call(args)
        except CredentialRefused as error:
            told = {"step": error.step, "error": error.message}
            return fail(args, told, f"refused at the step {error.step}: {error.message}", REFUSED)
        except (OSError, UnicodeDecodeError) as error:
            return fail(args, {"error": str(error)}, str(error), UNUSABLE)

    return run


def _key_file(args: argparse.Namespace) -> int:
    from lodeline.credentials import keyfile
    from lodeline.credentials.keys import P256SigningKey
    from lodeline.keys import SigningKey

    seed = secrets.token_bytes(32)
    if args.algorithm == "P-256":
        # Below half the order: no number has to be drawn again.
        seed = bytes([seed[0] & 0x7F]) + seed[1:]
    key = SigningKey(seed) if args.algorithm == "Ed25519" else P256SigningKey(seed)
    data = keyfile.write(key, args.did, args.kid)
    owner = keyfile.read(data)
    descriptor = os.open(args.file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
    told = {"did": owner.did, "method": owner.method, "file": args.file}
    say(args, told, f"{owner.did}\nKeep {args.file} to yourself: whoever has it signs as you.")
    return GOOD


def _sign(args: argparse.Namespace) -> int:
    from lodeline.credentials import keyfile, self_signing
    from lodeline_server.credentials import pinned
    from lodeline_server.kit.clock import now

    owner = keyfile.read(read_bytes(args.key_file))
    plain = read(args.file)
    if not isinstance(plain, dict):
        return fail(args, {"error": "no JSON object"}, "the file holds no JSON object", UNUSABLE)
    secured = self_signing.sign(
        plain,
        owner,
        args.form,
        now=now(),
        identifier=f"urn:uuid:{uuid.uuid4()}",
        random=secrets.token_bytes,
        contexts=pinned.held(),
        canonize=pinned.canonize,
        holder=args.holder,
    )
    print(json.dumps(secured, ensure_ascii=False, indent=1))
    return GOOD


def _present(args: argparse.Namespace) -> int:
    from lodeline.credentials import keyfile, pointers, presenting, sdjwt_verify
    from lodeline.credentials.verdict import CredentialRefused
    from lodeline_server.credentials import pinned
    from lodeline_server.kit.clock import now

    owner = keyfile.read(read_bytes(args.key_file))
    items = [_item(file) for file in args.files]
    answer = {"challenge": args.challenge, "domain": args.domain}
    moment = now()
    if args.form == presenting.VP_SD_JWT:
        token = items[0]
        if len(items) != 1 or not isinstance(token, str) or "~" not in token:
            raise CredentialRefused("structure", "vp+sd-jwt presents one SD-JWT")
        shown = pointers.paths(args.show or [], sdjwt_verify.hold(token).payload, "--show")
        token = presenting.derive(token, shown)
        token = presenting.bound(token, owner, now=moment, **answer)
        print(json.dumps(presenting.bound_envelope(token), ensure_ascii=False, indent=1))
        return GOOD
    plain = presenting.gather(items, owner.did)
    made = presenting.sign(plain, owner, args.form, now=moment, canonize=pinned.canonize, **answer)
    print(json.dumps(made, ensure_ascii=False, indent=1))
    return GOOD


def _item(file: str) -> Any:
    from lodeline.credentials import model
    from lodeline.credentials.verdict import CredentialRefused

    item = read(file)
    if isinstance(item, dict) and model.ENVELOPED in (item.get("type"), *_list(item.get("type"))):
        return model.enveloped(item)[1]
    if not isinstance(item, dict | str):
        raise CredentialRefused("structure", f"{file} holds no credential")
    return item


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
