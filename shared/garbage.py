"""When Python's collector of cycles runs: it walks through whatever a busy process has in hand, and finds nothing there."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

COLLECTS_AFTER = (20_000, 20, 50)
"""Objects made and not yet freed, before the collector looks at the youngest; then how often it looks at the older ones."""


def collect_less_often() -> None:
    """Call once all is imported, which the collector then leaves alone. Python's own setting makes it walk through whatever
    a busy process has in hand several times for each group of requests: a fifth of ingest's time."""
    gc.freeze()
    gc.set_threshold(*COLLECTS_AFTER)


_lock = Lock()
_scopes = 0


@contextmanager
def uncollected() -> Iterator[None]:
    """For work that makes no cycles: of a fold's time, looking for them would be a third. Scopes may overlap and nest."""
    _enter(1)
    try:
        yield
    finally:
        _enter(-1)


def _enter(by: int) -> None:
    global _scopes  # noqa: PLW0603 - the collector is the process's too
    with _lock:
        _scopes += by
        (gc.disable if _scopes else gc.enable)()
