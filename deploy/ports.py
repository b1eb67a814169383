"""Free loopback ports that stay the same from one start to the next where they can."""

from __future__ import annotations

import json
import random
import socket
from pathlib import Path

from deploy.failure import CannotStart

LOWEST, HIGHEST = 20_000, 32_000
"""Below the range the kernel takes for outgoing connections: while a process is down for a moment, none can get its port."""


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port() -> int:
    for _ in range(1000):
        port = random.randrange(LOWEST, HIGHEST)  # noqa: S311 - no secret, only unlikely to be somebody else's next pick
        if is_free(port):
            return port
    raise CannotStart(f"No free port between {LOWEST} and {HIGHEST} on 127.0.0.1.")


class Ports:
    """The ports of one state folder. Ask only while nothing of it runs: a port in use counts as taken by a stranger."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._known: dict[str, int] = json.loads(file.read_text()) if file.exists() else {}

    def of(self, name: str) -> int:
        port = self._known.get(name)
        if port is None or not is_free(port):
            port = self._fresh()
            self._known[name] = port
            self._file.write_text(json.dumps(self._known, indent=1))
        return port

    def _fresh(self) -> int:
        port = free_port()
        return port if port not in self._known.values() else self._fresh()
