"""Hostile credentials, DID documents, histories and status lists against a started server: each refused with its step
within two seconds, nobody asked but hosts that were allowed, and what is good still holds afterwards.

The server is the real one, and so are TLS and the sockets; only where names lead is ours (`closed_net`): a listener
that plays the hostile hosts, one host that nobody allowed, and a house that nobody may enter.
"""

from __future__ import annotations

import json
import socket
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import closed_net, hostile_cases, hostile_documents, hostile_hosts
from benchmarks.bad_input import peak
from benchmarks.capture import client, prepare
from benchmarks.harness import bar, data_folder, server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import httpx

    from benchmarks.hostile_cases import Case
    from benchmarks.hostile_hosts import Host

MOST_SECONDS, MOST_MEMORY, FEWEST = 2.0, 768, 40
ALLOWED = (
    "hostile.example", "badcert.example", "house.example", "cloud.example", "mixed.example", "mapped.example",
    "rebind.example", closed_net.SLOW,
)  # fmt: skip
"""`LODELINE_VC_HOSTS`; `elsewhere.example` is not among them, and the listener would answer for it."""
HEADERS = {"Content-Type": "application/json"}


@contextmanager
def house() -> Iterator[tuple[int, list[Any]]]:
    """A listener that must see nobody: its port, and who came."""
    came: list[Any] = []
    with socket.create_server(("127.0.0.1", 0)) as door:
        door.settimeout(0.2)
        over = threading.Event()

        def wait() -> None:
            while not over.is_set():
                try:
                    line, who = door.accept()
                except TimeoutError:
                    continue
                came.append(who)
                line.close()

        thread = threading.Thread(target=wait, daemon=True)
        thread.start()
        try:
            yield door.getsockname()[1], came
        finally:
            over.set()
            thread.join(5)


def request(case: Case) -> bytes:
    sent = case.sent
    return sent if isinstance(sent, bytes) else json.dumps({"verifiableCredential": sent}).encode()


def judged(case: Case, status: int, told: dict[str, Any], took: float) -> str:
    """Nothing when the case went as it should, else what went wrong."""
    errors = told.get("errors", [])
    wrong = []
    if case.step:
        if status != 400 or told.get("verified") is not False:
            wrong.append(f"status {status}")
        if [error.get("step") for error in errors] != [case.step]:
            wrong.append(
                f"not refused at {case.step} but {[(one.get('step'), one.get('detail')) for one in errors]}"
            )
        elif not all(error.get("detail") and error.get("type") for error in errors):
            wrong.append("no reason is given")
    elif status != 200:
        wrong.append(f"a good one is refused: {errors}")
    if took > MOST_SECONDS:
        wrong.append(f"{took:.1f} s")
    return f"{case.name}: {', '.join(wrong)}" if wrong else ""


def attempt(http: httpx.Client, host: Host, case: Case) -> tuple[str, float]:
    host.answers |= case.answers
    began = time.perf_counter()
    answer = http.post(case.path, content=request(case), headers=HEADERS)
    took = time.perf_counter() - began
    return judged(case, answer.status_code, answer.json(), took), took


def outside(calls: list[str], host: Host, entered: list[Any]) -> list[str]:
    """Whatever should not have been asked."""
    found = [
        f"{line} was looked up" for line in calls if line.startswith("name ") and line[5:] not in ALLOWED
    ]
    found += [
        f"{line[5:]} was dialled"
        for line in calls
        if line.startswith("dial ") and line[5:] != closed_net.PUBLIC
    ]
    found += [
        f"{name} was asked for {path}" for name, path in host.came if name.partition(":")[0] not in ALLOWED
    ]
    found += [f"somebody came in from {who}" for who in entered]
    return found


def run(wanted: Callable[[str], bool] = lambda _name: True) -> tuple[int, list[str], float, int, list[str]]:
    """(cases tried, what went wrong, longest seconds, highest memory in MiB, what was asked outside)."""
    with data_folder() as data, house() as (door, entered):
        pem = hostile_hosts.certificate(data)
        with hostile_hosts.started(pem) as host:
            key = prepare(data)
            hooks, calls = data / "hooks", data / "calls"
            hooks.mkdir()
            text = Path(closed_net.__file__).read_text()
            (hooks / "sitecustomize.py").write_text(f"{text}\n\ninstall()\n")
            extra = {
                "PYTHONPATH": str(hooks),
                "LODELINE_BARS_CALLS": str(calls),
                "LODELINE_BARS_PORT": str(host.port),
                "LODELINE_VC_HOSTS": ",".join(ALLOWED),
                "SSL_CERT_FILE": str(pem),
            }
            cases = [one for one in hostile_cases.cases() + hostile_documents.cases(door) if wanted(one.name)]
            controls = hostile_documents.controls()
            with server(data, "--workers", "1", **extra) as (address, pid), client(address, key) as http:
                warm = [attempt(http, host, case)[0] for case in controls]
                told = [attempt(http, host, case) for case in cases]
                again = [attempt(http, host, case)[0] for case in controls]
                highest = peak(pid)
            said = calls.read_text().splitlines() if calls.exists() else []
            wrong = [text for text in [*warm, *(text for text, _ in told), *again] if text]
            if "here" not in said:
                wrong.append("the watch on outbound calls was not there")
            if not any(name.startswith("hostile.example") for name, _ in host.came):
                wrong.append("the hostile host was never asked: nothing was tried")
            return len(cases), wrong, max(took for _, took in told), highest, outside(said, host, entered)


def bars() -> Iterator[dict[str, Any]]:
    tried, wrong, longest, highest, asked = run()
    yield bar(
        f"hostile credentials: refused with a named step within {MOST_SECONDS:g} s, at least {FEWEST}",
        f"{tried - len(wrong)}/{tried}, longest {longest:.2f} s",
        met=not wrong and tried >= FEWEST,
        detail="\n".join(wrong),
    )
    yield bar(
        "hostile credentials: no request outside the allow-list",
        "none" if not asked else f"{len(asked)}",
        met=not asked,
        detail="\n".join(asked[:20]),
    )
    yield bar(
        f"hostile credentials: memory under {MOST_MEMORY} MiB",
        f"{highest} MiB, the largest process",
        met=highest < MOST_MEMORY,
    )
