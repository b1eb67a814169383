"""How an API runs."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

import uvicorn
from fastapi import FastAPI

from shared.observability import configure_logging
from shared.settings import Common


def run_api(common: Common, app: FastAPI, opening: Callable[[], Awaitable[None]], close: Callable[[], None]) -> None:
    """Serves an app until SIGTERM or SIGINT; `opening` runs beside it, `close` after it. No access log: addresses hold ids."""
    configure_logging(common.service, "api")
    host, _, port = common.bind.rpartition(":")

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        task = asyncio.ensure_future(opening())
        yield
        task.cancel()
        close()

    app.router.lifespan_context = lifespan
    uvicorn.run(app, host=host or "127.0.0.1", port=int(port), access_log=False, log_config=None, timeout_graceful_shutdown=5)
