"""`python -m services.NAME replay`, as a person and as a program call it."""

from __future__ import annotations

import asyncio
import json
import os
import pty
import re
import sys
from collections.abc import Mapping

from deploy import Stack
from deploy.demo.client import connected
from tests.conftest import ROOT

COMMAND = (sys.executable, "-m", "services.recognition", "replay", "--view", "members")
PATIENCE_SECONDS = 60


async def test_a_program_is_told_json_lines_and_nothing_else(system: Stack) -> None:
    environment = await _with_members(system)
    process = await _started(environment, asyncio.subprocess.PIPE, "--target", "shadow", "--switch", "--json")
    said, complained = await asyncio.wait_for(process.communicate(), PATIENCE_SECONDS)
    told = [json.loads(line) for line in said.splitlines()]
    assert process.returncode == 0, (told[-1], complained)
    assert told[-1]["result"]["same"] == told[-1]["result"]["keys"] > 0
    assert list(dict.fromkeys(one["state"] for one in told)) == ["building", "following", "switched"]
    percents = [one["percent"] for one in told]
    assert percents == sorted(percents)
    assert percents[-1] == 100


async def test_a_person_sees_a_bar_that_only_rises(system: Stack) -> None:
    environment = await _with_members(system)
    terminal, theirs = pty.openpty()
    process = await _started(environment, theirs)
    os.close(theirs)
    seen = await asyncio.to_thread(_read, terminal)
    await asyncio.wait_for(process.communicate(), PATIENCE_SECONDS)
    percents = [int(found) for found in re.findall(r"(\d+)%", seen)]
    assert percents == sorted(percents)
    assert percents[-1] == 100
    assert re.search(r"members building .* [1-9][\d,]* events/s", seen)


async def _with_members(system: Stack) -> Mapping[str, str]:
    environment = system.environment()
    async with connected(environment) as client:
        for member in await client.enrol_all(50):
            await client.post("recognition", f"/members/{member}/board", {"opted_in": False})  # its view has them
    return environment


async def _started(environment: Mapping[str, str], errors: int, *options: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(*COMMAND, *options),
        cwd=ROOT,
        env={**os.environ, **environment, "TERM": "xterm", "COLUMNS": "110"},
        stdout=asyncio.subprocess.PIPE,
        stderr=errors,
    )


def _read(terminal: int) -> str:
    """Until the other side is closed."""
    seen = b""
    while True:
        try:
            got = os.read(terminal, 2**16)
        except OSError:  # Linux says so at the end
            got = b""
        if not got:
            os.close(terminal)
            return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", seen.decode())
        seen += got
