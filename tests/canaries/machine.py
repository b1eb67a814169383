"""Files, processes and pages of a stack."""

from __future__ import annotations

import http.client
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from deploy import leftovers
from tests.canaries.scene import Named, Scene

SECONDS = 20
BESIDE = {"kafka", "postgres", "log", "run", "supervisor", "tmp"}
PARTS = {"kafka", "postgres"}


def files_of(folder: str) -> Callable[[Scene], Iterator[Named]]:
    return lambda scene: _files(scene.stack.layout.state / folder)


def files_beside(scene: Scene) -> Iterator[Named]:
    for path in scene.stack.layout.state.iterdir():
        if path.name not in BESIDE:
            yield from _files(path)


def temporary(scene: Scene) -> Iterator[Named]:
    return _files(scene.stack.layout.state / "tmp")


def log_of(part: str) -> Callable[[Scene], Iterator[Named]]:
    return lambda scene: _files(scene.stack.layout.log(part))


def logs_of_roles(scene: Scene) -> Iterator[Named]:
    for path in (scene.stack.layout.state / "log").iterdir():
        if path.stem not in PARTS:
            yield from _files(path)


def pages(*paths: str, apis: bool = False) -> Callable[[Scene], Iterator[Named]]:
    return lambda scene: (_page(url, path) for url in scene.urls_of(apis) for path in paths)


def processes(what: str) -> Callable[[Scene], Iterator[Named]]:
    """Of all that carry the stack's mark."""
    return lambda scene: (named for pid in _pids(scene) for named in _files(Path(f"/proc/{pid}/{what}")))


def _pids(scene: Scene) -> list[int]:
    return [*(process.pid for process in leftovers.find(scene.stack.layout.state)), *scene.pids]


def _files(top: Path) -> Iterator[Named]:
    """Without the zeros that a file was laid out with. What is gone by the time it is read held nothing that stays."""
    for path in sorted(top.rglob("*")) if top.is_dir() else [top]:
        with suppress(OSError):
            if path.is_file():
                yield str(path), path.read_bytes().rstrip(b"\0")


def _page(url: str, path: str) -> Named:
    address = urlsplit(url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=SECONDS)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return url + path, str(answer.headers).encode() + answer.read()
    finally:
        connection.close()
