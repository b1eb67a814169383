"""Ports, paths and addresses: what must differ between two stacks, and what must not."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from deploy import CannotStart, database_url, leftovers, roster
from deploy.jars import locked
from deploy.layout import MARK, Layout
from deploy.ports import Ports
from deploy.stack import own_addresses


def test_a_port_stays_the_same_until_a_stranger_has_it(tmp_path: Path) -> None:
    file = tmp_path / "ports.json"
    port = Ports(file).of("kafka")
    assert Ports(file).of("kafka") == port
    with socket.create_server(("127.0.0.1", port)):
        assert Ports(file).of("kafka") != port


def test_the_socket_of_a_deep_checkout_has_a_path_that_the_kernel_takes(tmp_path: Path) -> None:
    deep = tmp_path / "a" / ("b" * 120)
    layout = Layout(deep, deep / ".local")
    layout.make()
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(layout.socket))
    layout.socket.unlink()
    layout.socket.parent.rmdir()


def test_a_database_has_the_servers_login_and_parameters() -> None:
    url = database_url("postgresql://ann:s%40fe@db.example:6000/postgres?sslmode=require", "alerts")
    assert url == "postgresql://ann:s%40fe@db.example:6000/alerts?sslmode=require"


def test_only_processes_of_the_same_state_are_leftovers(tmp_path: Path) -> None:
    mine, theirs = (tmp_path / "mine", tmp_path / "theirs")
    processes = [
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], env={MARK: str(folder)})
        for folder in (mine, theirs)
    ]
    try:
        leftovers.end(mine)
        processes[0].wait(60)  # raises if it lives; its exit status was taken by whoever reaped it first
        assert processes[1].poll() is None
    finally:
        for process in processes:
            process.kill()
            process.wait()


def test_a_pid_file_that_names_a_stranger_proves_nothing(tmp_path: Path) -> None:
    file = tmp_path / "kafka.pid"
    file.write_text("1")
    assert leftovers.running(file, tmp_path) is None


def test_a_service_without_roles_in_the_table_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "services" / "tea").mkdir(parents=True)
    (tmp_path / "services" / "tea" / "__main__.py").touch()
    with pytest.raises(CannotStart, match="tea"):
        roster.services(tmp_path)


def test_every_jar_is_locked_by_its_sum() -> None:
    jars = locked()
    assert any(jar.name.startswith("org.apache.kafka:kafka_2.13:4.1.") for jar in jars)
    assert all(len(jar.sha256) == 64 for jar in jars)


def test_what_a_sourced_environment_says_is_not_taken_for_parts_of_ones_own() -> None:
    given = {"KAFKA_BOOTSTRAP": "broker:9092", "ALERTS_DATABASE_URL": "postgresql://server/alerts", "HOME": "/home/x"}
    assert own_addresses(given) == given
    assert own_addresses({**given, "ALONGSIDE_ENV": "elsewhere/.local/env"}) == {
        "HOME": "/home/x",
        "ALONGSIDE_ENV": "elsewhere/.local/env",
    }
