"""Starting, staying and stopping, on real parts. One stack is shared: each test leaves it up."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from configparser import ConfigParser
from pathlib import Path

import httpx
import psutil  # type: ignore[import-untyped]
import psycopg
import pytest

from deploy import CannotStart, Stack, database_url, leftovers
from deploy.layout import CHECKOUT
from tests.deploy.conftest import BROKEN, checkout

PATIENCE = 60


@pytest.fixture
def interruptible() -> Iterator[None]:
    """What a shell runs in the background has SIGINT ignored, and so have all that it starts."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def given(stack: Stack) -> dict[str, str]:
    """Another stack's parts, as a user would name them in the environment."""
    addresses = {one.name: one.address for one in stack.watched()}
    return {"KAFKA_BOOTSTRAP": addresses["kafka"], "POSTGRES_URL": addresses["postgres"]}


def eventually(true: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + PATIENCE
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def all_green(stack: Stack) -> bool:
    found = stack.status()
    return bool(found) and all(one.green for one in found)


def processes_of(stack: Stack) -> list[psutil.Process]:
    """Not their pids alone: another program may soon have one of them."""
    return [psutil.Process(one.pid) for one in stack.status()]


def test_up_returns_when_everything_answers(stack: Stack) -> None:
    assert [one.name for one in stack.status()] == ["kafka", "postgres", "checkins-api", "checkins-relay"]
    assert all_green(stack)
    assert httpx.get(stack.environment()["CHECKINS_RELAY_URL"] + "/readyz").status_code == 200


def test_the_environment_file_says_to_a_shell_what_up_returns(stack: Stack) -> None:
    lines = stack.layout.env.read_text().splitlines()
    exported = dict(shlex.split(line)[1].split("=", 1) for line in lines)
    assert exported == stack.environment()
    assert stack.layout.env.stat().st_mode & 0o077 == 0
    with psycopg.connect(exported["CHECKINS_DATABASE_URL"]) as connection:
        assert connection.execute("SELECT current_database(), current_setting('fsync')").fetchone() == ("checkins", "on")


def test_each_pid_file_names_the_process_itself(stack: Stack) -> None:
    command = psutil.Process(stack.pid("checkins-relay")).cmdline()
    assert command[1:] == ["-m", "services.checkins", "relay"]
    assert sorted(file.stem for file in (stack.layout.state / "run").iterdir()) == [
        "checkins-api",
        "checkins-relay",
        "kafka",
        "postgres",
    ]


@pytest.mark.parametrize("name", ["checkins-api", "postgres"])
def test_a_killed_process_comes_back_under_a_new_pid_however_often(stack: Stack, name: str) -> None:
    for _ in range(3):
        before = stack.pid(name)
        assert before
        os.kill(before, signal.SIGKILL)
        assert eventually(lambda gone=before: stack.pid(name) not in (None, gone))  # type: ignore[misc]
        assert eventually(lambda: all_green(stack))


def test_the_supervisor_never_waits_before_it_starts_a_process_again(stack: Stack) -> None:
    """How fast that is depends on the machine; that it doesn't slow down from crash to crash is a setting."""
    configured = ConfigParser(interpolation=None)
    configured.read(stack.layout.supervisor / "supervisord.conf")
    programs = [configured[name] for name in configured.sections() if name.startswith("program:")]
    assert len(programs) == len(stack.status())
    assert {(one["startsecs"], one["autorestart"]) for one in programs} == {("0", "true")}


def test_a_second_up_changes_nothing(stack: Stack) -> None:
    before = {one.name: one.pid for one in stack.status()}
    environment = stack.environment()
    assert stack.up(environ={}) == environment
    assert {one.name: one.pid for one in stack.status()} == before


def test_a_second_up_renews_tokens_that_are_old(stack: Stack) -> None:
    before = stack.environment()
    hours_ago = time.time() - 7 * 3600
    os.utime(stack.layout.env, (hours_ago, hours_ago))
    after = stack.up(environ={})
    assert {name for name in after if after[name] != before[name]} == {"SERVICE_TOKEN", "ADMIN_TOKEN", "OPS_TOKEN"}
    assert stack.environment() == after


def test_one_process_can_be_stopped_and_started(stack: Stack) -> None:
    stack.stop("checkins-relay")
    assert [one.name for one in stack.status() if not one.green] == ["checkins-relay"]
    stack.start("checkins-relay")
    stack.wait_ready(PATIENCE)


def test_two_checkouts_run_side_by_side(stack: Stack, tmp_path: Path) -> None:
    other = Stack(checkout(tmp_path), tmp_path / ".local")
    environment = other.up(environ=given(stack))
    assert all_green(other)
    assert environment["CHECKINS_URL"] != stack.environment()["CHECKINS_URL"]
    other.down()
    assert leftovers.find(other.layout.state) == []
    assert all_green(stack)


def test_parts_named_in_the_environment_are_used_and_not_started(stack: Stack, tmp_path: Path) -> None:
    other = Stack(checkout(tmp_path), tmp_path / ".local")
    addresses = given(stack)
    mine = database_url(addresses["POSTGRES_URL"], "elsewhere")
    environment = other.up(environ={**addresses, "CHECKINS_DATABASE_URL": mine})
    try:
        assert environment["KAFKA_BOOTSTRAP"] == addresses["KAFKA_BOOTSTRAP"]
        assert environment["CHECKINS_DATABASE_URL"] == mine
        assert [one.name for one in other.status() if one.pid] == ["checkins-api", "checkins-relay"]
    finally:
        other.down()


def test_what_does_not_get_ready_is_named_with_its_last_words_and_nothing_stays(stack: Stack, tmp_path: Path) -> None:
    broken = Stack(checkout(tmp_path, BROKEN), tmp_path / ".local")
    with pytest.raises(CannotStart, match=r"checkins-api[\s\S]*the table of moods is missing"):
        broken.up(environ=given(stack))
    assert leftovers.find(broken.layout.state) == []


def test_the_next_start_survives_a_killed_supervisor(stack: Stack) -> None:
    with psycopg.connect(stack.environment()["CHECKINS_DATABASE_URL"], autocommit=True) as connection:
        connection.execute("CREATE TABLE kept (word text)")
    orphans = processes_of(stack)
    supervisor = leftovers.read_pid(stack.layout.supervisor / "pid")
    assert supervisor
    os.kill(supervisor, signal.SIGKILL)
    assert eventually(lambda: not stack.supervised())
    environment = stack.up(environ={})
    assert all_green(stack)
    assert not any(orphan.is_running() for orphan in orphans)
    with psycopg.connect(environment["CHECKINS_DATABASE_URL"]) as connection:
        assert connection.execute("SELECT count(*) FROM kept").fetchone() == (0,)


def test_down_leaves_no_process_behind(stack: Stack) -> None:
    before = processes_of(stack)
    stack.down()
    assert leftovers.find(stack.layout.state) == []
    assert not any(process.is_running() for process in before)
    assert stack.status() == []
    assert not stack.layout.env.exists()


@pytest.mark.usefixtures("interruptible")
def test_an_interrupted_start_leaves_no_process_behind(stack: Stack) -> None:
    stack.down()
    state = stack.layout.state
    starting = subprocess.Popen(
        [sys.executable, "-m", "deploy", "up", "--state", str(state)], cwd=CHECKOUT, stderr=subprocess.PIPE
    )
    assert eventually(lambda: stack.pid("kafka") is not None)
    starting.send_signal(signal.SIGINT)
    assert starting.wait(PATIENCE) == 130
    assert leftovers.find(state) == []
