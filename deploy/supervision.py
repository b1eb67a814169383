"""Keeps processes alive with supervisord: writes its configuration, starts it apart from the terminal, talks to it."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from http.client import HTTPException
from typing import Any
from xmlrpc.client import Fault, ServerProxy

from supervisor.xmlrpc import SupervisorTransport

from deploy import leftovers
from deploy.failure import CannotStart
from deploy.layout import CHECKOUT, MARK, Layout
from deploy.program import Program

HEAD = """\
[supervisord]
nodaemon=true
silent=true
logfile={folder}/supervisord.log
logfile_maxbytes=5MB
pidfile={folder}/pid
directory={root}

[unix_http_server]
file={socket}
chmod=0700

[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
"""
PROGRAM = """
[program:{name}]
command={command}
directory={root}
autostart={autostart}
autorestart=true
startsecs=0
startretries=1000000
stopsignal={signal}
stopwaitsecs=10
stopasgroup=true
killasgroup=true
stdout_logfile=NONE
stderr_logfile=NONE
"""
# startsecs=0 is also what keeps supervisord from waiting longer after each crash: nothing ever exits "too quickly".


class Supervision:
    """One supervisord for one state folder."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout

    @property
    def _rpc(self) -> Any:
        """A new connection each time: one that failed once cannot be used again."""
        return ServerProxy("http://127.0.0.1", SupervisorTransport(None, None, f"unix://{self._layout.socket}")).supervisor

    def alive(self) -> bool:
        try:
            return bool(self._rpc.getState()["statename"] == "RUNNING")
        except (OSError, Fault, HTTPException):
            return False

    def launch(self, programs: Iterable[Program], environment: Mapping[str, str]) -> None:
        """Starts supervisord and the `first` programs; the others wait for `start_services`."""
        configuration = self._layout.supervisor / "supervisord.conf"
        configuration.write_text(self._configuration(list(programs)))
        with (self._layout.supervisor / "output.log").open("ab") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "deploy.keeper", "-c", str(configuration)],
                cwd=CHECKOUT,
                env={**os.environ, **environment, MARK: str(self._layout.state)},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,  # Ctrl-C is for the launcher, which then stops things in order
            )
        self._await_answer(process)

    def _await_answer(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + 20
        while not self.alive():
            if process.poll() is not None or time.monotonic() > deadline:
                log = self._layout.supervisor / "output.log"
                raise CannotStart(f"supervisord did not start:\n{log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.02)

    def start_services(self) -> None:
        if any(info["group"] == "services" for info in self._rpc.getAllProcessInfo()):
            self._rpc.startProcessGroup("services", False)

    def start(self, name: str) -> None:
        self._rpc.startProcess(self._full_name(name))

    def stop(self, name: str) -> None:
        self._rpc.stopProcess(self._full_name(name))

    def end(self) -> None:
        """Asks supervisord to stop everything in order; whatever is left after that, or was left by a crash, is ended."""
        if self.alive():
            supervisor = leftovers.read_pid(self._layout.supervisor / "pid")
            self._rpc.shutdown()
            leftovers.wait_gone([supervisor] if supervisor else [], seconds=40)
        leftovers.end(self._layout.state)

    def _full_name(self, name: str) -> str:
        infos = self._rpc.getAllProcessInfo()
        return next(f"{info['group']}:{info['name']}" for info in infos if info["name"] == name)

    def _configuration(self, programs: list[Program]) -> str:
        places = {"root": self._layout.root, "folder": self._layout.supervisor, "socket": self._layout.socket}
        head = HEAD.format(**{key: _escaped(str(path)) for key, path in places.items()})
        groups = _group("parts", 1, [p for p in programs if p.first])
        groups += _group("services", 2, [p for p in programs if not p.first])
        return head + "".join(map(self._section, programs)) + groups

    def _section(self, program: Program) -> str:
        launcher = str(CHECKOUT / "deploy" / "launch.sh")
        files = (str(self._layout.pid_file(program.name)), str(self._layout.log(program.name)))
        return PROGRAM.format(
            name=program.name,
            command=_escaped(shlex.join(("/bin/sh", launcher, *files, *program.command))),
            root=_escaped(str(self._layout.root)),
            autostart=str(program.first).lower(),
            signal=program.stop_signal,
        )


def _group(name: str, priority: int, programs: list[Program]) -> str:
    """Groups stop one after the other, the highest priority first; the programs of one group together."""
    names = ",".join(program.name for program in programs)
    return f"\n[group:{name}]\nprograms={names}\npriority={priority}\n" if programs else ""


def _escaped(text: str) -> str:
    return text.replace("%", "%%")


def on_terminate_raise() -> None:
    """A launcher that is told to end (SIGTERM, a closed terminal) cleans up as on Ctrl-C."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupted)


def _interrupted(number: int, frame: object) -> None:
    raise KeyboardInterrupt
