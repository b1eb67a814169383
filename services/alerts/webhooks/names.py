"""Names are looked up in threads of their own: a receiver whose name server is slow holds up nothing else."""

import asyncio
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from aiohttp.abc import AbstractResolver, ResolveResult

THREADS = 64
LookUp = Callable[..., list[tuple[Any, ...]]]
"""As `socket.getaddrinfo`."""


class Names(AbstractResolver):
    """What a name stands for at this moment. Whether one may go there is for who dials to say."""

    def __init__(self, look_up: LookUp = socket.getaddrinfo) -> None:
        self._look_up = look_up
        self._threads = ThreadPoolExecutor(THREADS, "names")

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC) -> list[ResolveResult]:
        ask = partial(self._look_up, host, port, family=family, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
        found = await asyncio.get_running_loop().run_in_executor(self._threads, ask)
        return [
            ResolveResult(hostname=host, host=place[0], port=place[1], family=kind, proto=protocol, flags=socket.AI_NUMERICHOST)
            for kind, _, protocol, _, place in found
            if not _has_zone(place)
        ]

    async def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


def _has_zone(place: tuple[Any, ...]) -> bool:
    """A link-local address, good on one wire only."""
    return len(place) > 2 and place[3] != 0
