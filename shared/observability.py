"""Logs as JSON lines, metrics, and a small health page for the roles that have no API. No free text, no names."""

import logging
import sys
import threading
import time
import traceback
from collections.abc import Awaitable, Callable, Hashable, MutableMapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import structlog
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, Counter, Gauge, Histogram, generate_latest

HTTP_REQUESTS = Counter("alongside_http_requests", "HTTP requests answered", ["service", "method", "route", "status"])
RELAYED = Counter("alongside_relayed_events", "Events acknowledged by Kafka", ["service"])
RELAY_POSITION = Gauge("alongside_relay_position", "The relay's stored position (a notification id)", ["service"])
CHAIN_BROKEN = Counter("alongside_chain_broken", "Stored events that are not what was chained", ["service"])
UNREADABLE = Counter("alongside_unreadable_texts", "Stored texts that can't be opened under their own key", ["service"])
READ = Counter("alongside_read_events", "Events folded and committed", ["reader", "topic"])
READER_LAG = Gauge(
    "alongside_reader_lag", "Records not yet taken, of a partition that is owned here", ["reader", "topic", "partition"]
)
READER_STILL = Gauge(
    "alongside_reader_still_seconds", "For how long a reader with lag has not moved; ends it at 30", ["reader"]
)
PARKED = Counter("alongside_parked_events", "Events set aside because their fold failed", ["reader", "topic"])
DELIVERIES = Counter("alongside_delivery_attempts", "Webhook attempts", ["outcome"])
DELIVERY_SECONDS = Histogram("alongside_delivery_seconds", "From owing a webhook to its 2xx")

Ready = Callable[[], Awaitable[None]]

QUIET_SECONDS = 10.0
"""For so long a warning isn't said again: a broker that is away is told of by every connection to it, many times a minute."""


class Repeats(logging.Filter):
    """Drops what was just said: the library's same message, whatever it is about; our own event with the same values."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._said: dict[Hashable, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[0] if record.exc_info else None
        return not self._just_said((record.name, record.levelno, record.msg, error))

    def __call__(self, _: Any, level: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        if level == "warning" and self._just_said(repr(sorted(event.items()))):
            raise structlog.DropEvent
        return event

    def _just_said(self, what: Hashable) -> bool:
        now = self._clock()
        self._said = {said: at for said, at in self._said.items() if now - at < QUIET_SECONDS}
        just_said = what in self._said
        self._said.setdefault(what, now)
        return just_said


def configure_logging(service: str, role: str) -> None:
    """JSON lines on standard output; libraries' warnings go the same way."""
    logging.basicConfig(stream=sys.stdout, level=logging.WARNING, format="%(message)s", force=True)
    repeats = Repeats()
    for handler in logging.getLogger().handlers:
        handler.addFilter(repeats)
        handler.setFormatter(
            structlog.stdlib.ProcessorFormatter(
                foreign_pre_chain=[
                    structlog.contextvars.merge_contextvars,
                    structlog.stdlib.add_log_level,
                    structlog.processors.TimeStamper(fmt="iso", utc=True),
                    _name_the_exception_only,
                ],
                processors=[
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    structlog.processors.JSONRenderer(),
                ],
            )
        )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            repeats,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stdout),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(service=service, role=role)
    threading.excepthook = lambda ended: _say_what_ended("thread", ended.exc_value)
    sys.excepthook = lambda _, error, __: _say_what_ended("process", error)


def _say_what_ended(what: str, error: BaseException | None) -> None:
    """In place of a trace with the exception's message."""
    structlog.get_logger().error(f"{what}.failed", error=type(error).__name__, at=places(error) if error else [])


def places(error: BaseException) -> list[str]:
    """Where an error came from, innermost last: files and lines, without the values that a message may quote."""
    frames = traceback.extract_tb(error.__traceback__)[-6:]
    return [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames]


def reason(error: BaseException) -> str:
    """The first line of what it says. Only of an error that tells of a connection: others may quote what a person wrote."""
    return str(error).partition("\n")[0]


def _name_the_exception_only(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """An exception's message and trace may quote what a person wrote; its type can't."""
    if exc_info := event.pop("exc_info", None):
        error = exc_info[1] if isinstance(exc_info, tuple) else sys.exception()
        event.update(error=type(error).__name__, at=places(error) if error else [])
    return event


async def serve_health(url: str, ready: Ready) -> web.AppRunner:
    """Serves /healthz, /readyz and /metrics at the URL's host and port until the runner is cleaned up."""

    async def healthz(_: web.Request) -> web.Response:
        return web.json_response({"status": "alive"})

    async def readyz(_: web.Request) -> web.Response:
        try:
            await ready()
        except Exception as error:
            return web.json_response({"status": "not ready", "because": type(error).__name__}, status=503)
        return web.json_response({"status": "ready"})

    async def metrics(_: web.Request) -> web.Response:
        return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    app = web.Application()
    app.add_routes([web.get("/healthz", healthz), web.get("/readyz", readyz), web.get("/metrics", metrics)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    address = urlsplit(url)
    await web.TCPSite(runner, address.hostname, address.port, reuse_address=True).start()
    return runner
