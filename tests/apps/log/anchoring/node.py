"""A real JSON-RPC node (anvil) on loopback, started and ended by the test."""

from __future__ import annotations

import json
import socket
import subprocess
import time
import urllib.request
from pathlib import Path

from tests.conftest import ROOT, missing

ANVIL = ROOT / "conformance/node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil"
KEY = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"  # anvil's well-known first account
OTHER_KEY = "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d"  # its second


class Node:
    def __init__(self, *words, chain=31337):
        if not Path(ANVIL).exists():
            missing("anvil (the set-up brings it with npm)")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.words = ["--host", "127.0.0.1", "--port", str(self.port), "--slots-in-an-epoch", "1", "--quiet"]
        self.words += ["--chain-id", str(chain), *words]

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self):
        self.process = subprocess.Popen([ANVIL, *self.words], stdout=subprocess.DEVNULL)
        end = time.monotonic() + 20
        while True:
            try:
                self.call("eth_chainId")
            except OSError:
                assert time.monotonic() < end
                time.sleep(0.05)
            else:
                return self

    def __exit__(self, *what):
        self.process.terminate()
        self.process.wait(10)

    def call(self, method, *params):
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
        request = urllib.request.Request(self.url, body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            told = json.load(answer)
        assert "error" not in told, told
        return told["result"]

    def mine(self, count=1):
        self.call("anvil_mine", hex(count))

    def automine(self, on):
        self.call("evm_setAutomine", on)

    def number(self, tag="latest"):
        return int(self.call("eth_getBlockByNumber", tag, False)["number"], 16)
