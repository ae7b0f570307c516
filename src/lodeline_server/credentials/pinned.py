"""The JSON-LD contexts that set-up put here, and the worker that canonicalizes RDF with them. No framework."""

from __future__ import annotations

import atexit
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from lodeline.credentials import contexts, kinds, rdf
from lodeline.credentials.verdict import CredentialRefused
from lodeline_server import kit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lodeline.strictjson import JSON

VENDOR = Path(kit.__file__).parent / "static" / "vendor"


@lru_cache(maxsize=1)
def held() -> contexts.Contexts | None:
    """The pinned contexts; None when set-up had no npm packages."""
    try:
        return contexts.load(lambda file: (VENDOR / file).read_bytes(), kinds.DOCUMENTS)
    except FileNotFoundError:
        return None


@lru_cache(maxsize=1)
def _worker() -> rdf.Worker | None:
    known = held()
    if known is None:
        return None
    worker = rdf.Worker(known)
    atexit.register(worker.close)
    return worker


def canonize(documents: Sequence[Mapping[str, JSON]]) -> Sequence[bytes]:
    """Canonical N-Quads of documents, in the worker process, which starts when it is first needed."""
    worker = _worker()
    if worker is None:
        raise CredentialRefused("structure", "the context packages are not here: run set-up with npm")
    return worker(documents)
