"""Receivers, and names, that mean harm: whatever they do, an attempt is over in its time, bounded, and went nowhere else."""

import asyncio
import gzip
import socket
import ssl
import time
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from services.alerts.domain.claims import ClaimLinks
from services.alerts.webhooks.dialling import outgoing
from services.alerts.webhooks.leases import Attempt, Leased
from services.alerts.webhooks.names import LookUp
from services.alerts.webhooks.sending import Sender
from shared.clock import utc_now
from shared.events.alerts import Tier
from shared.store.sealing import place, seal
from tests.alerts.certificates import self_signed
from tests.alerts.world import Receiver

Start = Callable[..., Awaitable[Receiver]]
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
KEY = b"k" * 32
LINKS = ClaimLinks("http://alerts.example", KEY)
SECONDS = 0.5

SPELLINGS = [
    "127.0.0.1", "localhost", "LOCALHOST", "localhost.", "127.1", "127.0.1", "0", "0.0.0.0", "2130706433", "0x7f000001",
    "0x7f.1", "0177.0.0.1", "017700000001", "127.0.0.1.", "127.0.0.01", "[::1]", "[::]", "[0:0:0:0:0:0:0:1]",
    "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[::1%25lo]", "[fe80::1%25lo]", "[64:ff9b::127.0.0.1]",
    "１２７.０.０.１", "①②⑦.⓪.⓪.①",
    "127。0。0。1", "ⓛⓞⓒⓐⓛⓗⓞⓢⓣ", "good.example@127.0.0.1", "127.0.0.1#@good.example", "127.0.0.1%2f@good.example",
    "good.example%00@127.0.0.1", "%31%32%37.0.0.1", "127.0.0.1\\@good.example", "ip6-localhost",
]  # fmt: skip


def owed(url: str) -> Leased:
    endpoint = uuid4()
    return Leased(
        id=uuid4(),
        claim=None,
        endpoint=endpoint,
        type="alert.offered",
        tier=Tier.RED,
        body=b"{}",
        owed_since=utc_now(),
        n=1,
        url=seal(KEY, url.encode(), place("alerts", endpoint, 1, "url")),
        secret=seal(KEY, b"s" * 32, place("alerts", endpoint, 1, "secret")),
        signing_key=seal(KEY, b"s" * 32, place("alerts", endpoint, 1, "signing key")),
    )


async def sent(*urls: str, local: bool = True, look_up: LookUp = socket.getaddrinfo) -> list[Attempt]:
    """One attempt at each, by one sender."""
    async with outgoing(local, 8, look_up) as session:
        sender = Sender(session, KEY, LINKS, utc_now, SECONDS)
        return [await sender.send(owed(url)) for url in urls]


@asynccontextmanager
async def talking(talk: Talk, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """A server on loopback that does to each connection what `talk` does."""

    async def until_hung_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await talk(reader, writer)
        except OSError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(until_hung_up, "127.0.0.1", 0, ssl=tls)
    async with server:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"


def saying(first: bytes, for_ever: bytes = b"", pause: float = 0.0) -> Talk:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(first)
        await writer.drain()
        while for_ever:
            writer.write(for_ever)
            await writer.drain()
            await asyncio.sleep(pause)

    return talk


@pytest.mark.parametrize("spelling", SPELLINGS)
async def test_no_spelling_of_loopback_reaches_it_where_it_is_not_permitted(spelling: str, receivers: Start) -> None:
    receiver = await receivers()
    port = receiver.url.rpartition(":")[2].partition("/")[0]
    attempts = await sent(f"http://{spelling}:{port}/hook", f"https://{spelling}:{port}/hook", local=False)
    assert receiver.got == []
    assert {attempt.error for attempt in attempts} <= {"address_refused", "dns", "request", "connection", "connect"}


async def test_the_address_that_is_dialled_decides_and_not_the_one_that_was_looked_up_before(receivers: Start) -> None:
    receiver, answers = await receivers(), [["127.0.0.1"], ["169.254.169.254"], ["10.0.0.1", "192.168.0.1"]]

    def rebinding(host: str, port: int, **_: Any) -> list[tuple[Any, ...]]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in answers.pop(0)]

    port = receiver.url.rpartition(":")[2].partition("/")[0]
    for expected in (None, "address_refused", "address_refused"):
        (attempt,) = await sent(f"http://rebinding.example:{port}/hook", look_up=rebinding)
        assert attempt.error == expected
    assert len(receiver.got) == 1


async def test_one_permitted_address_among_others_is_the_only_one_dialled(receivers: Start) -> None:
    receiver = await receivers()

    def several(host: str, port: int, **_: Any) -> list[tuple[Any, ...]]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in ("10.0.0.1", "127.0.0.1", "100.64.0.1")]

    port = receiver.url.rpartition(":")[2].partition("/")[0]
    (attempt,) = await sent(f"http://several.example:{port}/hook", look_up=several)
    assert attempt.status == 200


async def test_a_slow_name_server_holds_up_nobody_else(receivers: Start) -> None:
    receiver = await receivers()

    def slow(host: str, port: int, **_: Any) -> list[tuple[Any, ...]]:
        time.sleep(2 if host.startswith("slow") else 0)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    port = receiver.url.rpartition(":")[2].partition("/")[0]
    async with outgoing(True, 64, slow) as session:
        sender = Sender(session, KEY, LINKS, utc_now, SECONDS)
        hanging = [asyncio.create_task(sender.send(owed(f"http://slow{n}.example:{port}/hook"))) for n in range(20)]
        await asyncio.sleep(0)
        quick = await sender.send(owed(f"http://quick.example:{port}/hook"))
        assert quick.status == 200
        assert {attempt.error for attempt in await asyncio.gather(*hanging)} == {"timeout"}


async def test_no_proxy_and_no_password_of_the_environment_is_used(
    receivers: Start, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    proxy, receiver = await receivers(), await receivers()
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login ada password lovelace\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, proxy.url)
    (attempt,) = await sent(receiver.url)
    assert attempt.status == 200
    assert proxy.raw == []
    assert "authorization" not in receiver.raw[0][0]


async def test_no_cookie_is_kept_for_the_next(receivers: Start) -> None:
    receiver = await receivers(headers={"Set-Cookie": "who=ada; Path=/"})
    await sent(receiver.url, receiver.url)
    assert ["cookie" in headers for headers, _ in receiver.raw] == [False, False]


async def test_a_certificate_that_nobody_vouches_for_ends_the_attempt_before_anything_is_sent(tmp_path: Path) -> None:
    heard: list[bytes] = []

    async def listen(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        heard.append(await reader.read())

    async with talking(listen, self_signed(tmp_path)) as place:
        attempts = await sent(f"https://{place}/hook", f"https://localhost:{place.partition(':')[2]}/hook")
    assert [attempt.error for attempt in attempts] == ["tls", "tls"]
    assert b"".join(heard) == b""


ENDLESS = {
    "a body without an end": saying(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 65536),
    "a body that drips": saying(b"HTTP/1.1 200 OK\r\nContent-Length: 9999999999\r\n\r\n", b"x", 0.01),
    "chunks without an end": saying(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n" * 9999),
    "a bomb": saying(
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + gzip.compress(bytes(50_000_000)), gzip.compress(bytes(1_000_000))
    ),
    "an endless status line": saying(b"HTTP/1.1 200 ", b"x" * 65536),
    "an endless header": saying(b"HTTP/1.1 200 OK\r\nX: ", b"x" * 65536),
    "headers without an end": saying(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n" * 9999),
    "headers that drip": saying(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n", 0.01),
    "1xx without an end": saying(b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 103 Early Hints\r\n\r\n" * 999),
    "silence": saying(b"", b"", 0),
}


@pytest.mark.parametrize("what", ENDLESS)
async def test_an_answer_without_an_end_costs_neither_time_nor_memory(what: str) -> None:
    async with talking(ENDLESS[what]) as place:
        tracemalloc.start()
        began = time.monotonic()
        try:
            (attempt,) = await sent(f"http://{place}/hook")
            took, (_, most) = time.monotonic() - began, tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert attempt.status == 200 or attempt.error in ("timeout", "connection", "request")
    assert took < SECONDS + 5
    assert most < 32 * 1024 * 1024


STRANGE = [
    b"", b"\0" * 999, b"SSH-2.0-OpenSSH\r\n",
    b"HTTP/9.9 200 OK\r\n\r\n", b"HTTP/1.1 99999 Many\r\n\r\n", b"HTTP/1.1 -1 Less\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 5, 6\r\n\r\n", b"HTTP/1.1 000 No\r\n\r\n",
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\n\r\n\xff",
    b"HTTP/1.1 302 Found\r\nLocation: \xff\xfe:///\r\n\r\n", b"HTTP/1.1 401 No\r\nWWW-Authenticate: Negotiate\r\n\r\n",
]  # fmt: skip


@pytest.mark.parametrize("answer", STRANGE)
async def test_a_strange_answer_is_a_failed_attempt(answer: bytes) -> None:
    async with talking(saying(answer)) as place:
        (attempt,) = await sent(f"http://{place}/hook")
    assert not attempt.succeeded or answer.startswith(b"HTTP/1.1 200 OK\r\nContent-Encoding")
    assert attempt.status is None or 0 <= attempt.status <= 999


@pytest.mark.parametrize(
    "value",
    ["²", "１２", "-5", "1e9", "9" * 5000, "Wed, 21 Oct 2015 07:28:00 +9999999999999",
     "Wed, 99999999999999999999 Oct 2015 1:1:1 GMT",
     "Wed, 21 Oct 0001 00:00:00 +2359", "Wed, 21 Oct 9999 23:59:59 -2359", "\xff\xfe", ",,,"],
)  # fmt: skip
async def test_no_retry_after_costs_the_2xx_that_it_came_with(value: str) -> None:
    answer = f"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nRetry-After: {value}\r\n\r\n"
    async with talking(saying(answer.encode())) as place:
        (attempt,) = await sent(f"http://{place}/hook")
    assert attempt.succeeded
