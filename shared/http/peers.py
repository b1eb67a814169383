"""Other services, asked for what they hold about a person, with that person's own token."""

import asyncio
from collections.abc import Mapping
from typing import Any

import aiohttp
import msgspec
import structlog

SECONDS = 10.0
LARGEST_BYTES = 64 * 1024 * 1024

log = structlog.get_logger()

Asked = dict[str, Any | None]
"""By service; None where it couldn't be had."""

NOTHING: dict[str, Any] = {"items": [], "next": None, "held": {}}
"""Of a service that keeps no such list, or doesn't know the member."""


class Peers:
    """`urls` are the addresses of their APIs, by service. A peer that is away delays the answer by SECONDS at most."""

    def __init__(self, urls: Mapping[str, str]) -> None:
        self._urls = dict(urls)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._urls)

    async def ask(self, path: str, authorization: str, parameters: Mapping[str, Mapping[str, str]] | None = None) -> Asked:
        """GET of `path` at every peer, at once; `parameters` by service, those that aren't named aren't asked.

        None for a peer that can't be reached, or answers with anything but 200; NOTHING where it knows of nothing.
        """
        asked = {name: (parameters or {}).get(name, {}) for name in self._urls if parameters is None or name in parameters}
        timeout = aiohttp.ClientTimeout(total=SECONDS)
        async with aiohttp.ClientSession(timeout=timeout, headers={"Authorization": authorization}) as session:
            answers = await asyncio.gather(*(self._one(session, name, path, values) for name, values in asked.items()))
        return dict(zip(asked, answers, strict=True))

    async def _one(self, session: aiohttp.ClientSession, name: str, path: str, parameters: Mapping[str, str]) -> Any | None:
        try:
            address = self._urls[name].rstrip("/") + path
            async with session.get(address, params=parameters, allow_redirects=False) as response:
                if response.status == 404:
                    return NOTHING
                if response.status != 200:
                    log.warning("peer.refused", peer=name, status=response.status)
                    return None
                return msgspec.json.decode(await _read(response))
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            log.warning("peer.away", peer=name, error=type(error).__name__)
            return None


async def _read(response: aiohttp.ClientResponse) -> bytes:
    """Raises a ValueError beyond LARGEST_BYTES."""
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > LARGEST_BYTES:
            raise ValueError("too large")
    return bytes(body)
