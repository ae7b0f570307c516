"""What a published passport costs beside a static file: CPU of the whole server per request, in one run.

granian (WSGI, one worker) with our application, and nginx with the same bytes as files, get the same requests from the
same client: keep-alive connections on the loopback, random keys out of 2,000 passports of about 10 kB. CPU is the user
and system time of each server's process tree, from /proc; the rounds of both alternate.

    python -m benchmarks.fastpath [REQUESTS]
"""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import shutil
import socket
import statistics
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.harness import BIN, ROOT, bar, command, data_folder, environment, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

BAR = 6.0
KEYS, SIZE = 2_000, 10_240
REQUESTS, WARM, ROUNDS = 16_000, 4_000, 5
CLIENTS, CONNECTIONS = 2, 4
GTIN = "09521000000018"
TICK = os.sysconf("SC_CLK_TCK")
NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
CONFIGURATION = """
{user}
worker_processes 1;
pid {room}/nginx.pid;
error_log {room}/error.log;
events {{ worker_connections 256; }}
http {{
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000;
  types {{ application/json json; }} default_type application/json;
  client_body_temp_path {room}/t1; proxy_temp_path {room}/t2; fastcgi_temp_path {room}/t3;
  uwsgi_temp_path {room}/t4; scgi_temp_path {room}/t5;
  server {{ listen 127.0.0.1:{port}; root {room}/www; add_header Cache-Control "public, max-age=60, must-revalidate"; }}
}}
"""
PUBLISH = """
import json, sys
from lodeline_server.kit.setup import django
django()
from lodeline_server.kit.clock import now
from lodeline_server.publishing.actions import publish
from pathlib import Path
for file in sorted(Path(sys.argv[1]).iterdir()):
    body = file.read_bytes()
    key = f"/01/{sys.argv[2]}/21/{file.name}"
    publish(key=key, forms={"application/json": body, "text/html; charset=utf-8": body * 2}, kind="passport",
            position=1, now=now())
"""


def passport(number: int) -> bytes:
    """A document of the size and make of a real one."""
    points = {
        f"dataPoint{index:02d}": {
            "value": f"{number * 7 + index}.{index}",
            "unit": "kWh",
            "part": "model",
            "source": "stated",
            "evidenceLevel": "E2",
            "statement": number + index,
            "statementId": f"urn:uuid:{random.Random(number * 100 + index).getrandbits(128):032x}",
        }
        for index in range(56)
    }
    body = json.dumps(points, separators=(",", ":")).encode()
    return body[:SIZE].ljust(SIZE, b" ")


def cpu(pid: int) -> float:
    """Seconds of user and system time of a process and all below it."""
    parents: dict[int, list[int]] = {}
    used: dict[int, float] = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parents.setdefault(int(fields[1]), []).append(int(entry.name))
        used[int(entry.name)] = (int(fields[11]) + int(fields[12])) / TICK
    total, rest = 0.0, [pid]
    while rest:
        here = rest.pop()
        total += used.get(here, 0.0)
        rest += parents.get(here, [])
    return total


def client(port: int, requests: int, seed: int, length: int) -> None:
    """Send requests over a few connections, one at a time on each; every answer is read to its end and checked."""
    rng = random.Random(seed)
    sockets = [socket.create_connection(("127.0.0.1", port), 30) for _ in range(CONNECTIONS)]
    for one in sockets:
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for _ in range(requests // CONNECTIONS):
        for one in sockets:
            path = f"/01/{GTIN}/21/S{rng.randrange(KEYS):06d}"
            one.sendall(
                f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: application/json\r\n\r\n".encode()
            )
        for one in sockets:
            answer = b""
            while b"\r\n\r\n" not in answer:
                answer += one.recv(65_536)
            head, _, body = answer.partition(b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 200"):
                raise RuntimeError(head.decode("latin-1"))
            while len(body) < length:
                body += one.recv(65_536)
    for one in sockets:
        one.close()


def load(port: int, requests: int) -> float:
    """Run the clients; seconds."""
    started = time.perf_counter()
    clients = [
        multiprocessing.get_context("fork").Process(
            target=client, args=(port, requests // CLIENTS, number, SIZE)
        )
        for number in range(CLIENTS)
    ]
    for one in clients:
        one.start()
    for one in clients:
        one.join()
    if any(one.exitcode for one in clients):
        raise RuntimeError("a client failed")
    return time.perf_counter() - started


@contextmanager
def running(*words: str, port: int, env: dict[str, str] | None = None) -> Iterator[int]:
    """A server process that answers on `port`: its id."""
    process = subprocess.Popen(words, env=env, cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 60
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                if process.poll() is not None or time.monotonic() > until:
                    raise RuntimeError(f"{words[0]} did not start") from None
                time.sleep(0.05)
        yield process.pid
    finally:
        process.terminate()
        process.wait(15)


def fetch(port: int, name: str) -> bytes:
    import urllib.request

    address = f"http://127.0.0.1:{port}/01/{GTIN}/21/{name}"
    request = urllib.request.Request(address, headers={"Accept": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return bytes(answer.read())


def bars(requests: int = REQUESTS) -> Iterator[dict[str, Any]]:
    name = f"a 10 kB published passport: server CPU at most {BAR:.0f} times nginx's for the same file"
    if NGINX is None:
        yield bar(name, "", met=None, detail="nginx is not installed here (package nginx-light)")
        return
    with data_folder() as data:
        files = data / "www" / "01" / GTIN / "21"
        files.mkdir(parents=True)
        for number in range(KEYS):
            (files / f"S{number:06d}").write_bytes(passport(number))
        for folder in (data, *data.rglob("*")):
            folder.chmod(folder.stat().st_mode | 0o055)
        command(data, "manage", "migrate", "--verbosity", "0")
        subprocess.run([sys.executable, "-c", PUBLISH, str(files), GTIN], env=environment(data), check=True)
        ours, theirs = free_port(), free_port()
        user = "user root;" if os.geteuid() == 0 else ""
        (data / "nginx.conf").write_text(CONFIGURATION.format(room=data, port=theirs, user=user))
        granian = [str(BIN / "granian"), "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(ours),
                   "--workers", "1", "--blocking-threads", "1", "--no-ws", "--log-level", "error",
                   "lodeline_server.config.wsgi:application"]  # fmt: skip
        nginx = [NGINX, "-c", str(data / "nginx.conf"), "-e", str(data / "error.log"), "-g", "daemon off;"]
        with (
            running(*granian, port=ours, env=environment(data)) as first,
            running(*nginx, port=theirs) as second,
        ):
            assert fetch(ours, "S000007") == fetch(theirs, "S000007") == passport(7)
            servers = {"ours": (first, ours), "nginx": (second, theirs)}
            costs: dict[str, list[float]] = {"ours": [], "nginx": []}
            for _, port in servers.values():
                load(port, WARM)
            for _ in range(ROUNDS):
                for who, (pid, port) in servers.items():
                    before = cpu(pid)
                    load(port, requests)
                    costs[who].append((cpu(pid) - before) / requests * 1e6)
    ratio = statistics.median(costs["ours"]) / statistics.median(costs["nginx"])
    each = {who: ", ".join(f"{cost:.1f}" for cost in found) for who, found in costs.items()}
    yield bar(
        name,
        f"{ratio:.2f} times",
        met=ratio <= BAR,
        detail=f"microseconds per request, {ROUNDS} rounds of {requests}: ours {each['ours']}; nginx {each['nginx']}",
    )


if __name__ == "__main__":
    for found in bars(int(sys.argv[1]) if len(sys.argv) > 1 else REQUESTS):
        print(f"{found['verdict']}: {found['bar']}: {found['figure']}\n  {found['detail']}")
