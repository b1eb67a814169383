"""When Python's collector of cycles runs: it walks through whatever a busy process has in hand, and finds nothing there."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

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
