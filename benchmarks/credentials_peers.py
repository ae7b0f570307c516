"""Credentials of ours in libraries of other makers, and theirs in ours: each form, both ways, and what must be refused.

python -m benchmarks.credentials_peers
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.core.credentials import making, peers

from benchmarks.harness import bar
from lodeline.credentials import rdf, status
from lodeline.credentials.verdict import CredentialRefused

if TYPE_CHECKING:
    from collections.abc import Iterator

PEERS = {
    "vc+jwt": "jose",
    "SD-JWT": "@sd-jwt/core",
    "eddsa-jcs-2022": "@digitalbazaar/eddsa-jcs-2022-cryptosuite",
    "eddsa-rdfc-2022": "@digitalbazaar/eddsa-rdfc-2022-cryptosuite",
    "status list": "@digitalbazaar/vc-bitstring-status-list",
}
THEIRS = {
    "vc+jwt": ("ed25519.jwt", "p256.jwt"),
    "SD-JWT": ("whole.sd-jwt", "shown.sd-jwt", "bound.sd-jwt"),
    "eddsa-jcs-2022": ("eddsa-jcs-2022.json",),
    "eddsa-rdfc-2022": ("eddsa-rdfc-2022.json",),
    "status list": ("list-eddsa-jcs-2022.json", "list-eddsa-rdfc-2022.json"),
}


def kind(name: str) -> str:
    return "status list" if "status" in name else next(form for form in PEERS if name.startswith(form))


def bars() -> Iterator[dict[str, Any]]:
    name = "credentials both ways with a peer that shares no code"
    if not peers.there():
        yield bar(
            name,
            "",
            met=None,
            detail="node or the packages of conformance/ are not here (make setup for bars)",
        )
        return
    with (
        tempfile.TemporaryDirectory(prefix="lodeline-peers-") as room,
        rdf.Worker(making.held(), seconds=20) as worker,
    ):
        here = peers.Here(Path(room), worker)
        files = peers.ours(worker)
        told = peers.exchange(here.folder, files)
        versions = json.loads((peers.PEER.parent / "package.json").read_text())["dependencies"]
        for form, package in PEERS.items():
            library = f"{package} {versions[package]}"
            mine = [file for file in files if kind(file.name) == form]
            yield one(name, form, library, mine, told, here)


def one(
    name: str,
    form: str,
    library: str,
    files: list[peers.File],
    told: dict[str, dict[str, Any]],
    here: peers.Here,
) -> dict[str, Any]:
    loose = [file for file in files if file.name.endswith(peers.LOOSE)]
    bad = [file for file in files if file.name.endswith("!") and file not in loose]
    good = [file for file in files if not file.name.endswith("!")]
    wrong = [f"{file.name}: {told[file.name]['refused']}" for file in good if "refused" in told[file.name]]
    wrong += [f"{file.name}: they accept it" for file in bad if "refused" not in told[file.name]]
    wrong += [
        f"{file.name}: we accept it" for file in [*bad, *loose] if not file.status and accepted(file, here)
    ]
    theirs = 0
    for text in THEIRS[form]:
        wrong += [f"{text}: {said}" for said in faults(text, form, here)]
        theirs += 1
    figure = f"{len(good)} of ours and {theirs} of theirs hold, {len(bad) + theirs} altered ones refused"
    if loose:
        library += f"; {len(loose)} with a disclosure that was not signed: we refuse, they leave it out"
    return bar(f"{name}: {form}", figure, met=not wrong, detail="; ".join(wrong) or f"peer: {library}")


def accepted(file: peers.File, here: peers.Here) -> bool:
    try:
        here.verify(file.form, file.text, bound=file.bound)
    except CredentialRefused:
        return False
    return True


def faults(name: str, form: str, here: peers.Here) -> Iterator[str]:
    """What is wrong with our verdict on a file of theirs and on its altered copy."""
    text = (here.folder / "peer" / name).read_text()
    bound = name.startswith("bound")
    shape = {"vc+jwt": "vc+jwt", "SD-JWT": "sd-jwt"}.get(form, "proofs")
    try:
        if form == "status list":
            listed = json.loads(text)
            if [here.status(listed, index) for index in (6, 7, status.MINIMUM - 1)] != [0, 1, 1]:
                yield "other bits than they set"
        else:
            here.verify(shape, text, bound=bound)
    except CredentialRefused as error:
        yield f"refused: {error}"
    document = json.loads(text) if shape == "proofs" else {}
    subject = {**document.get("credentialSubject", {}), "id": "urn:another"}
    changed = json.dumps({**document, "credentialSubject": subject}) if document else peers.altered(text)
    if accepted(peers.File(name, shape, changed, bound=bound), here):
        yield "altered and accepted"


if __name__ == "__main__":
    for line in bars():
        print(f"{line['verdict']:8} {line['bar']}: {line['figure']} ({line['detail']})")
