"""How an API runs."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any, TypeVar

import uvicorn
from fastapi import FastAPI

from shared.auth import Tokens
from shared.garbage import collect_less_often
from shared.http.app import Wall
from shared.http.arrival import SERVER
from shared.http.limits import RateLimit
from shared.http.opening import Opening
from shared.http.parts import StoreParts
from shared.observability import configure_logging
from shared.settings import Common

P = TypeVar("P", bound=StoreParts[Any])
GRACE_SECONDS = 5


def run_api(common: Common, opened: Callable[[], P], build: Callable[[Opening[P], Wall], FastAPI]) -> None:
    """Serves until SIGTERM or SIGINT. The store is opened beside the app, so that what needs none is there at once.

    There is no access log: addresses hold ids.
    """
    configure_logging(common.service, "api")
    parts = Opening(opened, lambda open_parts: open_parts.check(), lambda open_parts: open_parts.prepare())
    app = build(parts, Wall(Tokens(common.jwks, common.issuer), RateLimit(common.rate_limit)))
    app.router.lifespan_context = _opening(parts)
    collect_less_often()
    host, _, port = common.bind.rpartition(":")
    uvicorn.run(
        app,
        host=host or "127.0.0.1",
        port=int(port),
        lifespan="on",  # an app that can't start ends, and says why
        timeout_graceful_shutdown=GRACE_SECONDS,
        **SERVER,
    )


def _opening(parts: Opening[P]) -> Callable[[FastAPI], contextlib.AbstractAsyncContextManager[None]]:
    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        opening = asyncio.create_task(parts.run())
        yield
        opening.cancel()
        if opening.done() and not opening.cancelled():
            parts.get().close()

    return lifespan
