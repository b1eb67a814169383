"""Finds and ends processes of one state folder, and of no other: also those whose supervisor was killed."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from deploy.layout import MARK


def read_pid(file: Path) -> int | None:
    try:
        return int(file.read_text())
    except (FileNotFoundError, ValueError):
        return None


def belongs(process: psutil.Process, state: Path) -> bool:
    """Each of our processes inherits the mark. A pid file alone proves nothing: its number may be a stranger's by now."""
    try:
        return bool(process.environ().get(MARK) == str(state) and process.status() != psutil.STATUS_ZOMBIE)
    except (psutil.Error, OSError):
        return False


def running(file: Path, state: Path) -> int | None:
    """The pid in the file, if it is alive and ours."""
    pid = read_pid(file)
    with suppress(psutil.NoSuchProcess):
        if pid is not None and belongs(psutil.Process(pid), state):
            return pid
    return None


def find(state: Path) -> list[psutil.Process]:
    own = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    return [process for process in psutil.process_iter() if process.pid not in own and belongs(process, state)]


def end(state: Path, patience: float = 8) -> None:
    """Ends all of them, politely first; returns when none is left. A supervisor goes first, or it would restart the rest."""
    for process in find(state):
        if _command(process).find("deploy.keeper") >= 0:
            _kill(process)
    for process in find(state):
        _ask(process)
    psutil.wait_procs(find(state), timeout=patience)
    while left := find(state):
        for process in left:
            _kill(process)
        psutil.wait_procs(left, timeout=1)


def wait_gone(pids: Iterable[int], seconds: float) -> None:
    processes = []
    for pid in pids:
        with suppress(psutil.NoSuchProcess):
            processes.append(psutil.Process(pid))
    psutil.wait_procs(processes, timeout=seconds)


def _command(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def _ask(process: psutil.Process) -> None:
    """PostgreSQL takes SIGTERM as 'when the last client has left', SIGINT as 'now, cleanly'."""
    with suppress(psutil.Error):
        process.send_signal(signal.SIGINT if "/bin/postgres" in _command(process) else signal.SIGTERM)


def _kill(process: psutil.Process) -> None:
    with suppress(psutil.Error):
        process.kill()
