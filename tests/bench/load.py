"""A load generator on bare sockets, in a process of its own so that it takes nothing from what measures beside it.

TOKEN=... python -m tests.bench.load URL BODIES CONNECTIONS REQUESTS [PER_SECOND]

BODIES is a file with one JSON body in each line, taken in turn. Without PER_SECOND every connection sends when it has its
answer; with it requests begin at that rate whatever the answers do, and each is timed from when it was due. Ends after
REQUESTS answers, or at SIGTERM with those it has.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from collections import Counter, deque
from itertools import cycle
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

import uvloop

ENOUGH_WAITING = 20_000
"""Requests that are due and have no connection: what is measured has fallen far behind."""


class Load:
    def __init__(self, url: str, token: str, bodies: list[bytes], requests: int) -> None:
        self._place = urlsplit(url)
        self._requests = cycle([self._request(token, body) for body in bodies])
        self._wanted = requests
        self._begun = 0
        self._free: deque[Connection] = deque()
        self._due: deque[float] = deque()
        self.milliseconds: list[float] = []
        self.statuses: Counter[int] = Counter()
        self.finished = asyncio.Event()

    def _request(self, token: str, body: bytes) -> bytes:
        lines = (
            f"POST {self._place.path} HTTP/1.1",
            f"Host: {self._place.netloc}",
            f"Authorization: Bearer {token}",
            "Content-Type: application/json",
            f"Content-Length: {len(body)}",
        )
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + body

    async def connect(self, connections: int) -> None:
        loop = asyncio.get_running_loop()
        for _ in range(connections):
            _, one = await loop.create_connection(lambda: Connection(self), self._place.hostname or "", self._place.port or 80)
            self._free.append(one)

    def all_at_once(self) -> None:
        now = time.perf_counter()
        self._due.extend([now] * len(self._free))
        self._begun = len(self._free)
        self._send()

    async def at(self, per_second: float) -> None:
        begun = time.perf_counter()
        while self._begun < self._wanted and len(self._due) < ENOUGH_WAITING:
            while self._begun < min(self._wanted, (time.perf_counter() - begun) * per_second):
                self._due.append(begun + self._begun / per_second)
                self._begun += 1
            self._send()
            await asyncio.sleep(0.001)

    def answered(self, connection: Connection, status: int, due: float, closed_loop: bool) -> None:
        now = time.perf_counter()
        self.milliseconds.append(1_000 * (now - due))
        self.statuses[status] += 1
        self._free.append(connection)
        if len(self.milliseconds) >= self._wanted:
            self.finished.set()
        elif closed_loop and self._begun < self._wanted:
            self._begun += 1
            self._due.append(now)
        self._send()

    def _send(self) -> None:
        while self._due and self._free:
            self._free.popleft().send(next(self._requests), self._due.popleft())


class Connection(asyncio.Protocol):
    """One request under way. An answer has a Content-Length or no body."""

    closed_loop = True

    def __init__(self, load: Load) -> None:
        self._load = load
        self._got = b""
        self._due = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is one by its methods only

    def send(self, request: bytes, due: float) -> None:
        self._due = due
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._got += data
        head, end, rest = self._got.partition(b"\r\n\r\n")
        if not end:
            return
        _, _, length = head.lower().partition(b"content-length:")
        if len(rest) < int(length.split(b"\r\n", 1)[0] or 0):
            return
        self._got = b""
        self._load.answered(self, int(head[9:12]), self._due, self.closed_loop)

    def connection_lost(self, exc: Exception | None) -> None:
        self._load.finished.set()


async def run(url: str, token: str, bodies: list[bytes], connections: int, requests: int, per_second: float) -> str:
    load = Load(url, token, bodies, requests)
    await load.connect(connections)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, load.finished.set)
    begun = time.perf_counter()
    Connection.closed_loop = not per_second
    sending = asyncio.create_task(load.at(per_second)) if per_second else None
    if not sending:
        load.all_at_once()
    await load.finished.wait()
    if sending and sending.done():
        sending.result()
    seconds = time.perf_counter() - begun
    times = sorted(load.milliseconds)
    quantiles = {f"p{share}_ms": times[min(len(times) - 1, share * len(times) // 100)] for share in (50, 99)} if times else {}
    return json.dumps({"requests": len(times), "seconds": seconds, "statuses": load.statuses, **quantiles})


if __name__ == "__main__":
    lines = Path(sys.argv[2]).read_bytes().splitlines()
    rate = float(sys.argv[5]) if len(sys.argv) > 5 else 0.0
    print(uvloop.run(run(sys.argv[1], os.environ["TOKEN"], lines, int(sys.argv[3]), int(sys.argv[4]), rate)))
