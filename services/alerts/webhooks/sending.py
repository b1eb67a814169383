"""One attempt: a signed POST, without redirects, in 4 seconds at most."""

import re
import time
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import aiohttp

from services.alerts.domain.claims import ClaimLinks
from services.alerts.webhooks.dialling import AddressRefused
from services.alerts.webhooks.leases import Attempt, Leased
from services.alerts.webhooks.signing import headers
from shared.clock import Clock
from shared.store.sealing import place, unseal

TIMEOUT_SECONDS = 4.0
"""Below the lease of 5 s, so that an attempt is over before somebody else may make the next."""

ERRORS: tuple[tuple[type[BaseException], str], ...] = (
    (TimeoutError, "timeout"),
    (aiohttp.ClientConnectorDNSError, "dns"),
    (aiohttp.ClientSSLError, "tls"),
    (aiohttp.ClientConnectorError, "connect"),
    (aiohttp.ClientError, "connection"),
    (OSError, "connection"),
    (ValueError, "request"),
)


class Sender:
    """`key` opens the endpoints' addresses and secrets; `links` gives an offer its token, which is kept nowhere."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        key: bytes,
        links: ClaimLinks,
        clock: Clock,
        timeout_seconds: float = TIMEOUT_SECONDS,
    ) -> None:
        self._session = session
        self._key = key
        self._links = links
        self._clock = clock
        self._timeout = aiohttp.ClientTimeout(total=timeout_seconds)

    async def send(self, delivery: Leased) -> Attempt:
        """Never raises for what the receiver or the way to it does."""
        at, began = self._clock(), time.perf_counter()
        status, error, retry_after = None, None, None
        try:
            status, retry_after = await self._post(delivery, at)
        except (aiohttp.ClientError, OSError, ValueError) as failure:
            error = code_of(failure)
        return Attempt(at, status, error, round((time.perf_counter() - began) * 1000, 1), retry_after)

    async def _post(self, delivery: Leased, at: datetime) -> tuple[int, timedelta | None]:
        body = self._links.completed(delivery.body, delivery.claim) if delivery.claim else delivery.body
        url, signed = self._opened(delivery, "url", delivery.url).decode(), self._headers(delivery, body, at)
        async with self._session.post(url, data=body, headers=signed, allow_redirects=False, timeout=self._timeout) as response:
            return response.status, retry_after_of(response.headers.get("retry-after"), at)

    def _headers(self, delivery: Leased, body: bytes, at: datetime) -> dict[str, str]:
        secret = self._opened(delivery, "secret", delivery.secret)
        signing_key = self._opened(delivery, "signing key", delivery.signing_key)
        return headers(delivery.id, at, body, secret, signing_key)

    def _opened(self, delivery: Leased, field: str, sealed: bytes) -> bytes:
        return unseal(self._key, sealed, place("alerts", delivery.endpoint, 1, field))


def code_of(failure: BaseException) -> str:
    """A closed code for the attempt log: the failure's own text may hold an address."""
    if isinstance(failure, AddressRefused) or isinstance(getattr(failure, "os_error", None), AddressRefused):
        return "address_refused"
    return next((code for kind, code in ERRORS if isinstance(failure, kind)), "other")


def retry_after_of(value: str | None, now: datetime) -> timedelta | None:
    """Seconds or an HTTP date (RFC 9110, 10.2.3); None for anything else, which must not cost the 2xx that it came with."""
    if value is None:
        return None
    if re.fullmatch("[0-9]+", value.strip()):
        return timedelta(seconds=min(int(value.strip()[:9]), 10**6))
    try:
        date = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    return (date if date.tzinfo else date.replace(tzinfo=UTC)) - now
