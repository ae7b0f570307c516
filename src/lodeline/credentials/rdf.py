"""JSON-LD to canonical N-Quads (RDFC-1.0), in a process of its own that is ended when it works too long.

Only for `eddsa-rdfc-2022`: it costs ten to twenty times what JCS costs. Graphs can be made on which the algorithm runs
for ages, so the work has a limit. What is refused as lost is said in `lodeline.credentials.rdf_worker`.
"""

from __future__ import annotations

import os
import select
import subprocess
import sys
import time
from threading import Lock
from typing import TYPE_CHECKING, Final, Self

from lodeline import strictjson
from lodeline.credentials.verdict import CredentialRefused

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lodeline.credentials.contexts import Contexts
    from lodeline.strictjson import JSON

SECONDS: Final = 1.0
"""For all documents of one call."""
START_SECONDS: Final = 30.0
MAX_INPUT: Final = 2 * 1024 * 1024


class Worker:
    """`worker(documents)` gives the canonical N-Quads of each. One call at a time; others wait.

    The process starts with the first call, or with `start`, and again after it was ended. Close it, or use `with`.
    """

    def __init__(self, contexts: Contexts, seconds: float = SECONDS) -> None:
        self._contexts, self._seconds = contexts, seconds
        self._process: subprocess.Popen[bytes] | None = None
        self._ready = False
        self._lock = Lock()

    def start(self) -> None:
        """Start the process without waiting for it."""
        with self._lock:
            self._begin()

    def __call__(self, documents: Sequence[Mapping[str, JSON]]) -> list[bytes]:
        """Raises `CredentialRefused("structure", ...)` for documents that lose something, or cost too much."""
        try:
            request = strictjson.canonical([dict(document) for document in documents])
        except ValueError as error:
            raise CredentialRefused("structure", f"there is no canonical form of it: {error}") from None
        if len(request) > MAX_INPUT:
            raise CredentialRefused("structure", f"more than {MAX_INPUT} bytes are not made into a graph")
        with self._lock:
            process = self._begin()
            if not self._ready:
                self._receive(process, START_SECONDS)
                self._ready = True
            self._send(process, request)
            answer = self._receive(process, self._seconds)
        if "refused" in answer:
            raise CredentialRefused("structure", answer["refused"])
        return [text.encode() for text in answer["quads"]]

    def close(self) -> None:
        with self._lock:
            self._end()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _begin(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self._end()
            command = [sys.executable, "-I", "-m", "lodeline.credentials.rdf_worker"]
            self._process = subprocess.Popen(  # noqa: S603 - our own module
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd="/",
                env={"PATH": os.defpath},
            )
            self._send(self._process, strictjson.canonical(dict(self._contexts.documents)))
        return self._process

    def _end(self) -> None:
        process, self._process, self._ready = self._process, None, False
        if process is not None:
            process.kill()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()
            process.wait()

    def _send(self, process: subprocess.Popen[bytes], data: bytes) -> None:
        try:
            if process.stdin is not None:
                process.stdin.write(len(data).to_bytes(4, "big") + data)
                process.stdin.flush()
        except OSError:
            pass  # it has ended: reading says so

    def _receive(self, process: subprocess.Popen[bytes], seconds: float) -> dict[str, JSON]:
        until = time.monotonic() + seconds
        data, want = b"", 4
        while len(data) < want:
            left = until - time.monotonic()
            pipe = process.stdout
            if pipe is None or left <= 0 or not select.select([pipe], [], [], left)[0]:
                self._restart()
                raise CredentialRefused(
                    "structure", f"making its graph canonical takes more than {seconds:g} s"
                )
            part = os.read(pipe.fileno(), 1 << 20)
            if not part:
                self._restart()
                raise CredentialRefused(
                    "structure", "making its graph canonical takes more memory than it may"
                )
            data += part
            if len(data) >= 4:
                want = 4 + int.from_bytes(data[:4], "big")
        answer: dict[str, JSON] = strictjson.loads(data[4:])
        return answer

    def _restart(self) -> None:
        self._end()
        self._begin()
