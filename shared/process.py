"""How a role runs: logs, a health page, an orderly end, and all roles of one service together in a container.

A role whose database isn't there waits for it in its process: that one has its modules loaded, and a page that says so.
"""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import psycopg
import structlog

from shared.garbage import collect_less_often
from shared.http.opening import Opening
from shared.observability import Ready, configure_logging, places, reason, serve_health
from shared.private_files import UnusableKeyFile
from shared.settings import Common
from shared.store.event_store import Unavailable

T = TypeVar("T")
LOST = (psycopg.OperationalError, *Unavailable)
"""The database was lost: what such an error says is told, since it quotes nobody."""

log = structlog.get_logger()

RESTART_SECONDS = 1.0
GRACE_SECONDS = 10.0


@dataclass(frozen=True)
class Role:
    """What a process without an API does once its store is open. `ready` raises while it can't."""

    ready: Ready
    work: Callable[[], Coroutine[Any, Any, None]]


def run_role(common: Common, role: str, opened: Callable[[], Role]) -> None:
    """Runs a role without an API until SIGTERM or SIGINT; exits with 1 where its work ends by itself."""
    configure_logging(common.service, role)
    collect_less_often()
    asyncio.run(_role(common.health[role], Opening(opened, lambda _: None)))


def opened_for_a_command(opened: Callable[[], T]) -> T:
    """Where the database isn't there, or a key file is no good, says so and exits with 1: whoever gave the command is there
    to give it again."""
    try:
        return opened()
    except UnusableKeyFile as wrong:
        raise SystemExit(str(wrong)) from wrong
    except Unavailable as away:
        raise SystemExit(f"The database isn't there: {reason(away)}") from away


async def _role(url: str, role: Opening[Role]) -> None:
    health = await serve_health(url, lambda: role.get().ready())
    working = asyncio.create_task(_work(role))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, working.cancel)
    try:
        with contextlib.suppress(asyncio.CancelledError):
            await working
            log.error("role.ended_by_itself")
            _end_now()
    except Exception as error:
        because = reason(error) if isinstance(error, LOST) else None
        log.error("role.failed", error=type(error).__name__, because=because, at=places(error))
        _end_now()
    finally:
        await health.cleanup()


async def _work(role: Opening[Role]) -> None:
    await role.run()
    await role.get().work()


def _end_now() -> None:
    """Without waiting for any thread: what was committed is committed, and the supervisor is waiting to start the next."""
    sys.stdout.flush()
    os._exit(1)


def run_all(service: str, roles: Sequence[str]) -> None:
    """Runs every role as a child process, starts an ended one again, and passes SIGTERM and SIGINT on."""
    configure_logging(service, "all")
    asyncio.run(_all(service, roles))


async def _all(service: str, roles: Sequence[str]) -> None:
    ending = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ending.set)
    await asyncio.gather(*(_keep(service, role, ending) for role in roles))


async def _keep(service: str, role: str, ending: asyncio.Event) -> None:
    while not ending.is_set():
        child = await asyncio.create_subprocess_exec(sys.executable, "-m", f"services.{service}", role)
        ended = asyncio.create_task(child.wait())
        await asyncio.wait([ended, asyncio.create_task(ending.wait())], return_when=asyncio.FIRST_COMPLETED)
        if ending.is_set():
            await _end(child)
        else:
            log.warning("role.restarting", of=role, code=child.returncode)
            await asyncio.sleep(RESTART_SECONDS)


async def _end(child: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        child.terminate()
    try:
        await asyncio.wait_for(child.wait(), GRACE_SECONDS)
    except TimeoutError:
        child.kill()
