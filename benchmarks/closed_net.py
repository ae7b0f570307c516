"""A closed network for a process: names lead where a table says, addresses that look public to a listener of ours.

Everything that is looked up or dialled is noted. Only the standard library: the text of this module becomes the
`sitecustomize` of a server under test, whose own code stays as it is.
"""

from __future__ import annotations

import os
import socket
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

PUBLIC = "93.184.215.14"
LOCAL = (None, "", b"", "127.0.0.1", "::1", "localhost")
# Each look-up of a name takes the next list of addresses; the last one stays.
NAMES: dict[str, list[list[str]]] = {
    "hostile.example": [[PUBLIC]],
    "badcert.example": [[PUBLIC]],
    "elsewhere.example": [[PUBLIC]],
    "house.example": [["10.0.0.7"]],
    "cloud.example": [["169.254.169.254"]],
    "mixed.example": [[PUBLIC, "127.0.0.1"]],
    "mapped.example": [["::ffff:127.0.0.1"]],
    "rebind.example": [[PUBLIC], ["10.0.0.7"]],
}
SLOW = "slow-name.example"


class Net:
    """The two functions of `socket` that outbound calls go through, and what they were asked."""

    def __init__(self, port: int, note: Callable[[str], None]) -> None:
        self.port, self.note = port, note
        self.look, self.dial = socket.getaddrinfo, socket.create_connection
        self.turn: dict[str, int] = {}

    def getaddrinfo(self, host: Any, port: Any, *args: Any, **more: Any) -> Any:
        if host in LOCAL:
            return self.look(host, port, *args, **more)
        name = host.decode() if isinstance(host, bytes) else str(host)
        self.note(f"name {name}")
        if name == SLOW:
            time.sleep(5)
        if name not in NAMES:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        turn = self.turn[name] = self.turn.get(name, -1) + 1
        found = NAMES[name][min(turn, len(NAMES[name]) - 1)]
        return [
            (socket.AF_INET6 if ":" in one else socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port))
            for one in found
        ]

    def create_connection(self, address: tuple[Any, ...], *args: Any, **more: Any) -> socket.socket:
        if address[0] in LOCAL:
            return self.dial(address, *args, **more)  # type: ignore[arg-type]
        self.note(f"dial {address[0]}")
        if address[0] != PUBLIC:
            raise OSError("this network has no such address")
        return self.dial(("127.0.0.1", self.port), *args, **more)

    def hear(self, event: str, args: tuple[Any, ...]) -> None:
        """Whatever dials past the two functions."""
        if event == "socket.connect" and isinstance(args[1], tuple) and args[1][0] not in LOCAL:
            self.note(f"dial {args[1][0]}")


def install() -> None:
    """In the process that is starting, as its environment says."""
    place = Path(os.environ["LODELINE_BARS_CALLS"])

    def note(line: str) -> None:
        with place.open("a") as file:
            file.write(line + "\n")

    net = Net(int(os.environ["LODELINE_BARS_PORT"]), note)
    socket.getaddrinfo, socket.create_connection = net.getaddrinfo, net.create_connection  # type: ignore[assignment]
    sys.addaudithook(net.hear)
    note("here")
