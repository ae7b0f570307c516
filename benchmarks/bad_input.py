"""Hostile and broken input against a started server: refused with place and rule, soon, in little memory, without
a trace in the log, without a call to the outside; and the next good document goes in."""

from __future__ import annotations

import gzip
import json
import socket
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from benchmarks import documents
from benchmarks.capture import ask, client, family, prepare
from benchmarks.harness import bar, command, data_folder, server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import httpx

MOST_SECONDS, MOST_MEMORY = 2.0, 512
UPLOAD_SECONDS = 1.0
JSON = {"Content-Type": "application/json"}
FORMULA = "=cmd|'/c calc'!A0"
# Reports calls that leave the machine; Python reads it at the start of every server process.
AUDIT = """
import os, sys
with open(os.environ["LODELINE_BARS_AUDIT"] + ".on", "a") as file:
    file.write(f"{os.getpid()}\\n")
def _hear(event, args):
    if event == "socket.connect" and args[1] and str(args[1][0]) not in ("127.0.0.1", "::1", "localhost"):
        if isinstance(args[1], tuple):
            with open(os.environ["LODELINE_BARS_AUDIT"], "a") as file:
                file.write(f"{args[1]}\\n")
    elif event == "socket.getaddrinfo" and args[0] not in (None, "", b"", "127.0.0.1", "localhost"):
        with open(os.environ["LODELINE_BARS_AUDIT"], "a") as file:
            file.write(f"lookup {args[0]}\\n")
sys.addaudithook(_hear)
"""


class Case:
    """One bad input: what is sent, and the status or the rules with which it is refused."""

    def __init__(self, name: str, data: bytes, *expected: Any, **how: Any) -> None:
        self.name, self.data, self.expected, self.how = name, data, expected, how


def one(**changes: Any) -> bytes:
    """A good document of one event with changes; `...` takes a field away."""
    made = {**documents.event(900_001), **changes}
    return documents.document([{key: value for key, value in made.items() if value is not ...}])


def amount(**changes: Any) -> bytes:
    return one(outputQuantityList=[{"epcClass": documents.LOT + "Z", "quantity": 1, "uom": "KGM", **changes}])


def swap(old: bytes, new: bytes) -> bytes:
    data = one()
    assert old in data
    return data.replace(old, new, 1)


def cases() -> list[Case]:
    good = one()
    quantity = b'"quantity":50.25'
    name = "Lodeline <script>alert(1)</script>"
    return [
        Case("truncated", good[:-40], 400, "json.truncated"),
        Case("empty", b"", 400, "json.empty"),
        Case("30 MB of spaces", b" " * 30_000_000, 400, "json.empty"),
        Case("utf-16", good.decode().encode("utf-16"), 400, "json.encoding"),
        Case("latin-1", swap(b"pCAM", b"p\xe9"), 400, "json.encoding"),
        Case("byte order mark", b"\xef\xbb\xbf" + good, 400, "json.byte-order-mark"),
        Case("duplicate keys", swap(b'"bizStep"', b'"bizStep":"packing","bizStep"'), 400, "json.duplicate-key"),
        Case("NaN", swap(quantity, b'"quantity":NaN'), 400, "json.not-a-number"),
        Case("Infinity", swap(quantity, b'"quantity":-Infinity'), 400, "json.not-a-number"),
        Case("1e400", swap(quantity, b'"quantity":1e400'), 400, "json.number-range"),
        Case("huge integer", swap(quantity, b'"quantity":' + b"9" * 40), 400, "json.integer-range"),
        Case("integer of a million digits", swap(quantity, b'"quantity":' + b"9" * 10**6), 400, "json.number-range"),
        Case("nesting 10^6", b"[" * 10**6 + b"]" * 10**6, 400, "json.too-deep"),
        Case("nesting 10^6 objects", b'{"a":' * 10**6, 400, "json.too-deep"),
        Case("ten million values", b"[" + b"0," * 10**7 + b"0]", 400, "json.too-many-values"),
        Case("lone surrogate", swap(b"pCAM", rb"\ud800"), 400, "json.surrogate"),
        Case("NUL in a text", swap(b"pCAM", rb"\u0000"), 400, "text.nul"),
        Case("wrong types", one(inputQuantityList={"a": 1}, bizStep=7), 400, "schema.type"),
        Case("unknown event type", one(type="MagicEvent"), 400, "event.type-unknown"),
        Case("missing required field", one(eventTime=...), 400, "schema.required"),
        Case("unknown unit", amount(uom="QQQ"), 400, "quantity.unit-unknown"),
        Case("negative quantity", amount(quantity=-1), 400, "quantity.not-positive"),
        Case("zero quantity", amount(quantity=0), 400, "quantity.not-positive"),
        Case("absurd quantity", amount(quantity=1e300), 400, "quantity.too-large"),
        Case("more than 24 h ahead", one(eventTime="2096-01-01T00:00:00Z"), 400, "time.ahead"),
        Case("before 1990", one(eventTime="1989-12-31T23:59:59Z"), 400, "time.too-early"),
        Case(
            "inverted time zone",
            one(eventTime="2026-01-01T00:00:00+05:00", eventTimeZoneOffset="-05:00"),
            400,
            "time.offset-inverted",
        ),
        Case("100,000 EPCs", one(inputEPCList=[f"urn:x:{n}" for n in range(100_000)]), 400, "epc.too-many"),
        Case("CR LF in an id", one(readPoint={"id": "urn:x:a\r\nSet-Cookie: b"}), 400, "schema.identifier"),
        Case("escaped CR LF in an id", one(readPoint={"id": "urn:x:a%0d%0ab"}), 400, "id.characters"),
        Case("NUL in an id", one(eventID="urn:x:%00"), 400, "id.characters"),
        Case("quotes in an id", one(eventID='urn:x:"onload="'), 400, "schema.identifier"),
        Case(".. in an id", one(bizLocation={"id": "https://x.example/../../etc/passwd"}), 400, "id.characters"),
        Case("unknown context", swap(b"https://ref.gs1.org", b"http://evil.example"), 400, "context.unknown"),
        Case("context that redefines", swap(b'"lode":"urn', b'"eventTime":"urn'), 400, "context.redefines"),
        Case("context that imports", swap(b'{"lode"', b'{"@import":"urn:x:","lode"'), 400, "context.keyword"),
        Case("no XML", b"<?xml version='1.0'?>", 400, headers={"Content-Type": "application/xml"}),
        Case(
            "entities",
            b"<!DOCTYPE a [<!ENTITY b 'x'><!ENTITY c '&b;&b;&b;&b;&b;&b;&b;&b;'>]><a>&c;</a>",
            400,
            headers={"Content-Type": "application/xml"},
        ),
        Case(
            "an entity from elsewhere",
            b"<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>",
            400,
            headers={"Content-Type": "application/xml"},
        ),
        Case("a format of nobody", b"x", 415, headers={"Content-Type": "application/pdf"}),
        Case("gzip bomb", gzip.compress(b" " * 600_000_000, 9), 413, headers={**JSON, "Content-Encoding": "gzip"}),
        Case("not gzip", good, 400, headers={**JSON, "Content-Encoding": "gzip"}),
        Case("forged signature", good, 400, "signature.refused", headers={**JSON, "Lodeline-Signature": "a..b"}),
        Case("same id, other body", other_body(), 409, "event.conflict"),
        Case(
            "another party's lot",
            one(inputQuantityList=[{"epcClass": documents.LOT + "O1", "quantity": 1, "uom": "KGM"}]),
            202,
            "lot.not-yours",
            by="other",
        ),
        Case("one serial, two parties", made("S1"), 202, "item.claimed-twice", by="other"),
        Case(
            "transformation cycle",
            turned(["O5"], ["I5-0"]),
            202,
            "transformation.cycle",
        ),
        Case("used before it was made", turned(["O7"], ["X"], eventTime="2020-01-01T00:00:00Z"), 202,
             "item.not-made-yet"),
        Case("HTML in a name", one(ilmd={"lode:product": name}), 202, "text.markup", goes_in=True),
        Case("formula in a name", one(eventID="urn:x:f", ilmd={"lode:product": FORMULA}), 202, "text.markup",
             goes_in=True),
    ]  # fmt: skip


def other_body() -> bytes:
    return documents.document([{**documents.event(1), "disposition": "damaged"}])


def made(serial: str) -> bytes:
    return one(
        type="ObjectEvent",
        eventID=f"urn:x:made-{serial}-{time.monotonic_ns()}",
        action="ADD",
        epcList=[documents.LOT.replace("/10/", "/21/") + serial],
        inputQuantityList=...,
        outputQuantityList=...,
        ilmd=...,
    )


def turned(inputs: list[str], outputs: list[str], **changes: Any) -> bytes:
    def lots(codes: list[str]) -> list[dict[str, Any]]:
        return [{"epcClass": documents.LOT + code, "quantity": 1, "uom": "KGM"} for code in codes]

    return one(
        eventID=f"urn:x:turn-{inputs[0]}",
        inputQuantityList=lots(inputs),
        outputQuantityList=lots(outputs),
        ilmd=...,
        **changes,
    )


class Bench:
    """A started server with something on record, two parties, and a watch on its memory."""

    def __init__(self, data: Path, address: str, pid: int, keys: dict[str, str]) -> None:
        self.data, self.address, self.pid, self.keys = data, address, pid, keys
        self.http = {name: client(address, key) for name, key in keys.items()}
        self.highest = 0

    def log_size(self) -> int:
        return int(ask(self.data, "SELECT coalesce(max(size), 0) FROM log_logstate WHERE name = 'main'"))

    def finished(self, http: httpx.Client, job: dict[str, Any]) -> dict[str, Any]:
        until = time.monotonic() + 60
        while job["running"] and time.monotonic() < until:
            time.sleep(0.02)
            job = http.get(f"/epcis/capture/{job['captureID']}").json()
        return job

    def good(self, data: bytes, by: str = "works") -> None:
        answer = self.http[by].post("/epcis/capture", content=data, headers=JSON)
        job = self.finished(self.http[by], answer.json()) if answer.status_code == 202 else answer.json()
        if job.get("state") != "taken":
            raise RuntimeError(f"a good document does not go in: {job}")

    def attempt(self, case: Case) -> str:
        """Nothing when the case went as it should, else what went wrong."""
        http = self.http[case.how.get("by", "works")]
        before, began = self.log_size(), time.perf_counter()
        answer = http.post("/epcis/capture", content=case.data, headers=case.how.get("headers", JSON))
        said = answer.json()
        if answer.status_code == 202:
            said = self.finished(http, said)
        took = time.perf_counter() - began
        rules = {found["rule"]: found["pointer"] for found in said.get("findings", ())}
        wrong = []
        if answer.status_code != case.expected[0]:
            wrong.append(f"status {answer.status_code}")
        wrong += [f"no {rule} in {sorted(rules)}" for rule in case.expected[1:] if rule not in rules]
        if took > MOST_SECONDS:
            wrong.append(f"{took:.1f} s")
        if (self.log_size() != before) != case.how.get("goes_in", False):
            wrong.append(f"log {before} to {self.log_size()}")
        self.highest = max(self.highest, peak(self.pid))
        return f"{case.name}: {', '.join(wrong)}" if wrong else ""

    def raw(self, head: str, body: Callable[[socket.socket], None]) -> tuple[int, float]:
        """Send by hand; (status, seconds)."""
        place = urlsplit(self.address)
        began = time.perf_counter()
        with socket.create_connection((place.hostname or "", place.port or 0), timeout=20) as line:
            lines = [
                "POST /epcis/capture HTTP/1.1", f"Host: {place.netloc}", f"Authorization: Bearer {self.keys['works']}",
                "Content-Type: application/json", head, "", "",
            ]  # fmt: skip
            line.sendall("\r\n".join(lines).encode())
            sender = threading.Thread(target=_quietly, args=(body, line), daemon=True)
            sender.start()
            answer = line.recv(4096)
        return int(answer.split(b" ")[1]) if answer else 0, time.perf_counter() - began


def _quietly(body: Callable[[socket.socket], None], line: socket.socket) -> None:
    with suppress(OSError):  # the server has answered and closed
        body(line)


def _spaces(line: socket.socket) -> None:
    for _ in range(200):
        line.sendall(b" " * 1_000_000)


def _chunks(line: socket.socket) -> None:
    for _ in range(200):
        line.sendall(b"f4240\r\n" + b" " * 1_000_000 + b"\r\n")


def _drip(line: socket.socket) -> None:
    while True:
        line.sendall(b" ")
        time.sleep(0.1)


def peak(pid: int) -> int:
    """Highest resident memory so far of any one process of the server, in MiB."""
    found = [0]
    for child in family(pid):
        try:
            with open(f"/proc/{child}/status") as status:  # noqa: PTH123
                found += [int(line.split()[1]) // 1024 for line in status if line.startswith("VmHWM")]
        except OSError:
            continue
    return max(found)


def by_hand(bench: Bench) -> Iterator[str]:
    """What an ordinary client would not send."""
    before = bench.log_size()
    for name, head, body, status in (
        ("200 MB of spaces", "Content-Length: 200000000", _spaces, 413),
        ("200 MB in chunks", "Transfer-Encoding: chunked", _chunks, 413),
        ("slow body", "Content-Length: 1000000", _drip, 408),
    ):
        got, took = bench.raw(head, body)
        if got != status or took > MOST_SECONDS:
            yield f"{name}: status {got} after {took:.1f} s"
    drips = [
        threading.Thread(target=bench.raw, args=("Content-Length: 1000000", _drip), daemon=True)
        for _ in range(6)
    ]
    for drip in drips:
        drip.start()
    time.sleep(0.2)
    began = time.perf_counter()
    bench.http["works"].get("/api/me").raise_for_status()
    if (took := time.perf_counter() - began) > MOST_SECONDS:
        yield f"six slow bodies hold up another request for {took:.1f} s"
    for drip in drips:
        drip.join(20)
        if drip.is_alive():
            yield "a slow body holds its connection"
    if bench.log_size() != before:
        yield "the log has changed"


def run(wanted: Callable[[str], bool] = lambda _name: True) -> tuple[int, list[str], int, str]:
    """(cases tried, what went wrong, highest memory of one process in MiB, outbound calls)."""
    with data_folder() as data:
        keys = {"works": prepare(data)}
        command(
            data, "user", "organisation", "Other", "--slug", "other", "--workspace", "bars", "--party",
            "https://id.gs1.org/417/9521999000003",
        )  # fmt: skip
        told = command(data, "user", "key", "other", "--role", "maker", "--name", "bars", "--json")
        keys["other"] = json.loads(told.stdout)["key"]
        hooks = data / "hooks"
        hooks.mkdir()
        (hooks / "sitecustomize.py").write_text(AUDIT)
        calls = data / "calls"
        extra = {
            "PYTHONPATH": str(hooks),
            "LODELINE_BARS_AUDIT": str(calls),
            "LODELINE_UPLOAD_SECONDS": str(UPLOAD_SECONDS),
        }
        with server(data, "--workers", "1", **extra) as (address, pid):
            bench = Bench(data, address, pid, keys)
            bench.good(documents.document([documents.event(n) for n in range(20)]))
            bench.good(made("S1"))
            chosen = [case for case in cases() if wanted(case.name)]
            wrong = [said for case in chosen if (said := bench.attempt(case))]
            wrong += by_hand(bench)
            bench.good(documents.document([documents.event(500)]))
            bench.highest = max(bench.highest, peak(pid))
        outside = calls.read_text() if calls.exists() else ""
        if not calls.with_suffix(".on").exists():
            wrong.append("the watch on outbound calls was not there")
        if command(data, "log", "fsck", "--quick").returncode:
            wrong.append("fsck finds the log changed")
    return len(chosen) + 4, wrong, bench.highest, outside


def bars() -> Iterator[dict[str, Any]]:
    tried, wrong, highest, outside = run()
    yield bar(
        f"bad input: 4xx or finding with place and rule within {MOST_SECONDS:g} s, log unchanged",
        f"{tried - len(wrong)}/{tried}",
        met=not wrong,
        detail="\n".join(wrong),
    )
    yield bar(
        f"bad input: memory under {MOST_MEMORY} MiB",
        f"{highest} MiB, the largest process",
        met=highest < MOST_MEMORY,
    )
    yield bar(
        "bad input: no outbound request",
        "none" if not outside else "some",
        met=not outside,
        detail=outside[:500],
    )
