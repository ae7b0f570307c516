"""GS1's own example documents through the public interface of a started server."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

from benchmarks.harness import bar, command, conformance, data_folder, server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def _post(address: str, key: str, body: bytes) -> dict[str, Any]:
    request = urllib.request.Request(
        f"{address}/epcis/capture",
        data=body,
        headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            job = json.load(answer)
            place = answer.headers["Location"]
    except urllib.error.HTTPError as refused:
        return {"success": False, "status": refused.code, "said": refused.read().decode()[:500]}
    until = time.monotonic() + 30
    while job.get("running") and time.monotonic() < until:
        time.sleep(0.05)
        follow = urllib.request.Request(
            place if place.startswith("http") else address + place, headers={"Authorization": f"Bearer {key}"}
        )
        with urllib.request.urlopen(follow, timeout=30) as answer:
            job = json.load(answer)
    return job


def _log_size(data: Path) -> int:
    return int(json.loads(command(data, "log", "fsck", "--json").stdout)["size"])


def bars() -> Iterator[dict[str, Any]]:
    folder = conformance()
    if folder is None:
        yield bar("GS1 example documents", "", met=None, detail="no example documents here")
        return
    files = sorted((folder / "gs1-epcis/JSON").rglob("*.jsonld"))
    with data_folder() as data:
        command(data, "manage", "migrate", "--verbosity", "0")
        command(data, "user", "workspace", "Bars", "--slug", "bars")
        command(
            data,
            "user",
            "organisation",
            "Bars Works",
            "--slug",
            "works",
            "--workspace",
            "bars",
            "--party",
            "https://id.gs1.org/417/9521000000004",
        )
        made = command(data, "user", "key", "works", "--role", "maker", "--name", "bars", "--json")
        key = json.loads(made.stdout)["key"]
        with server(data) as (address, _):
            first = [_post(address, key, path.read_bytes()) for path in files]
            after_first = _log_size(data)
            second = [_post(address, key, path.read_bytes()) for path in files]
            after_second = _log_size(data)
        accepted = sum(bool(job.get("success")) for job in first)
        again = sum(bool(job.get("success")) for job in second)
        wrong = [
            f"{path.name}: {job}" for path, job in zip(files, first, strict=True) if not job.get("success")
        ]
        yield bar(
            "GS1 example documents accepted 47/47",
            f"{accepted}/{len(files)}",
            met=accepted == len(files) == 47,
            detail="\n".join(wrong[:3]),
        )
        yield bar(
            "second capture adds 0",
            f"{after_second - after_first} positions, {again}/{len(files)} accepted as known",
            met=after_first == after_second and again == len(files),
            detail=f"log size {after_first}",
        )
