"""How a request may arrive, by raw bytes over a real socket."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest
import uvicorn

from deploy.contracts.apps import app_of
from shared.http.arrival import MOST_HEADERS, SERVER, BoundedArrival

SECONDS = 0.4
CONNECTIONS = 5
ASK = b"GET /crisis-lines HTTP/1.1\r\nHost: a\r\n"
MANY = b"X: y\r\n" * 99_999
POST = b"POST /check-ins HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"


class Hasty(BoundedArrival):
    """In tenths of seconds."""

    arrives_within = SECONDS
    most_connections = CONNECTIONS


Connect = Callable[[], socket.socket]


@pytest.fixture(scope="module")
def door() -> Iterator[int]:
    """A server's port. The app needs no database for what is asked here."""
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(app_of("checkins"), **{**SERVER, "http": Hasty}, lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    yield listening.getsockname()[1]
    server.should_exit = True
    thread.join(20)
    listening.close()


@pytest.fixture
def connect(door: int) -> Iterator[Connect]:
    opened: list[socket.socket] = []

    def connected() -> socket.socket:
        opened.append(socket.create_connection(("127.0.0.1", door), timeout=20))
        return opened[-1]

    yield connected
    for connection in opened:
        connection.close()


def told(connection: socket.socket) -> int:
    """The status of all that comes until the other end hangs up; what isn't 200 must be a problem."""
    answer = b""
    while piece := connection.recv(65536):
        answer += piece
    head, _, body = answer.partition(b"\r\n\r\n")
    status = int(head.split()[1])
    if status != 200:
        assert b"application/problem+json" in head
        assert json.loads(body)["status"] == status
    assert b"x-content-type-options: nosniff" in head
    assert b"server:" not in head
    return status


def asked(connection: socket.socket, *pieces: bytes) -> int:
    """Sends as long as it is listened to."""
    with contextlib.suppress(OSError):
        for piece in pieces:
            connection.sendall(piece)
    return told(connection)


def test_a_plain_request_is_answered(connect: Connect) -> None:
    assert asked(connect(), ASK, b"Connection: close\r\n\r\n") == 200


def test_an_address_without_an_end_is_414(connect: Connect) -> None:
    assert asked(connect(), b"GET /crisis?country=" + b"x" * 9_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n") == 414


@pytest.mark.parametrize(
    "head",
    [
        b"X: y\r\n" * (MOST_HEADERS + 1) + b"\r\n",
        b"X: " + b"y" * 40_000 + b"\r\n\r\n",
        b"X: " + b"y" * 400_000,
        b"X: y\r\n" * 99_999,
    ],
    ids=["many", "long", "one without an end", "many without an end"],
)
def test_a_head_that_is_too_large_is_431(head: bytes, connect: Connect) -> None:
    with contextlib.suppress(ConnectionResetError):  # what was still on its way when it was hung up on
        assert asked(connect(), ASK + head) == 431


@pytest.mark.parametrize("start", [b"", b"G", b"\r\n\r\n", ASK, ASK + b"X", POST + b"Content-Length: 50\r\n\r\n{"])
def test_what_does_not_arrive_in_time_is_hung_up_on(start: bytes, connect: Connect) -> None:
    connection = connect()
    began = time.monotonic()
    assert asked(connection, start) == 408
    assert time.monotonic() - began >= SECONDS / 2


def test_dripping_does_not_buy_time(connect: Connect) -> None:
    connection = connect()

    def drip() -> Iterator[bytes]:
        for _ in range(200):
            yield b"X: y\r\n"
            time.sleep(0.05)

    assert asked(connection, ASK, *drip()) == 408


def test_a_connection_that_is_kept_has_its_time_anew_for_each_request(door: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", door, timeout=20)
    for _ in range(3):
        connection.request("GET", "/crisis-lines")
        answer = connection.getresponse()
        assert (answer.status, bool(answer.read())) == (200, True)
        time.sleep(SECONDS / 2)
    connection.close()


def test_many_that_say_nothing_keep_nobody_out(connect: Connect) -> None:
    held = [connect() for _ in range(CONNECTIONS)]
    assert asked(connect(), b"GET /crisis-lines HTTP/1.1\r\nHost: a\r\n\r\n") == 200
    assert told(held[0]) == 408
    for connection in held:
        connection.close()


@pytest.mark.parametrize(
    "request_",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01", b"HELLO\r\n\r\n", b"GET / HTTP/1.1\r\nHost: a\r\nX y\r\n\r\n",
        b"GET \xff HTTP/1.1\r\n\r\n",
        b"GET / HTTP/9.9\r\nHost: a\r\n\r\n", b"GET / HTTP/1.1\r\nX: a\rb\r\n\r\n", b"GET / HTTP/1.1\r\nX: a\0b\r\n\r\n",
        POST + b"Content-Length: -1\r\n\r\n", POST + b"Content-Length: 1, 2\r\n\r\n",
        POST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n",
        POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        POST + b"Transfer-Encoding: gzip, chunked, identity\r\n\r\n",
    ],
)  # fmt: skip
def test_what_is_no_request_is_400(request_: bytes, connect: Connect) -> None:
    assert asked(connect(), request_) in (400, 408)


def test_a_header_with_a_line_break_in_its_value_does_not_become_two(connect: Connect) -> None:
    assert asked(connect(), ASK, b"X: a\r\nConnection: close\r\n\r\nGET /b HTTP/1.1\r\n\r\n") == 200


def test_an_upgrade_is_not_taken(connect: Connect) -> None:
    assert asked(connect(), ASK, b"Upgrade: websocket\r\nConnection: Upgrade, close\r\n\r\n") in (200, 400, 408)
