from __future__ import annotations

import pytest
from starlette.types import Message, Receive, Scope, Send

from shared.errors import Problem
from shared.http.limits import BODY_BYTES, DRAINED_BYTES, BodyLimit, RateLimit

HANGS_UP = b"(hangs up)"


class Body:
    """Plays a server that has a body in chunks, and keeps what came back."""

    def __init__(self, *chunks: bytes, headers: dict[bytes, bytes] | None = None) -> None:
        self.chunks = list(chunks)
        self.headers = list((headers or {}).items())
        self.given = b""
        self.status = 0

    async def app(self, _: Scope, receive: Receive, send: Send) -> None:
        self.given = (await receive())["body"]
        await send({"type": "http.response.start", "status": 200})

    async def receive(self) -> Message:
        if self.chunks[0] == HANGS_UP:
            return {"type": "http.disconnect"}
        chunk = self.chunks.pop(0)
        return {"type": "http.request", "body": chunk, "more_body": bool(self.chunks)}

    async def send(self, message: Message) -> None:
        self.status = message.get("status", self.status)

    async def through(self, path: str = "/", **larger: int) -> int:
        limit = BodyLimit(self.app, {f"/{name}": size for name, size in larger.items()})
        await limit({"type": "http", "method": "POST", "path": path, "headers": self.headers}, self.receive, self.send)
        return self.status


async def test_a_body_up_to_the_limit_passes_in_one_piece() -> None:
    body = Body(b"a" * (BODY_BYTES - 1), b"b")
    assert await body.through() == 200
    assert len(body.given) == BODY_BYTES


async def test_a_body_above_it_is_413_and_is_never_given_on() -> None:
    body = Body(b"a" * BODY_BYTES, b"b")
    assert await body.through() == 413
    assert body.given == b""


async def test_some_paths_may_be_larger() -> None:
    assert await Body(b"a" * (BODY_BYTES + 1)).through("/batch", batch=2 * BODY_BYTES) == 200
    assert await Body(b"a" * (BODY_BYTES + 1)).through("/batch/", batch=2 * BODY_BYTES) == 413


async def test_an_endless_body_is_not_read_to_its_end() -> None:
    body = Body(*[b"a" * 2**20] * 100)
    assert await body.through() == 413
    assert len(body.chunks) >= 100 - DRAINED_BYTES // 2**20 - 1


async def test_a_body_that_was_cut_off_goes_nowhere_however_right_it_looks() -> None:
    body = Body(b'{"mood": 3}', HANGS_UP)
    assert await body.through() == 0
    assert body.given == b""


@pytest.mark.parametrize("packed", [b"gzip", b"br", b"deflate", b"GZIP", b"identity, gzip", b"x"])
async def test_a_packed_body_is_415_and_is_never_given_on(packed: bytes) -> None:
    body = Body(b"{}", headers={b"content-encoding": packed})
    assert await body.through() == 415
    assert body.given == b""


async def test_a_body_that_is_said_to_be_as_it_is_passes() -> None:
    assert await Body(b"{}", headers={b"content-encoding": b"Identity"}).through() == 200


def test_a_caller_may_do_as_many_at_once_as_in_a_second_and_others_are_not_held_up() -> None:
    rate = RateLimit(5)
    for _ in range(5):
        rate.take("ada")
    with pytest.raises(Problem) as raised:
        rate.take("ada")
    rate.take("ben")
    assert (raised.value.status, raised.value.headers["Retry-After"]) == (429, "1")
