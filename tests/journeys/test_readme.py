"""What README tells a newcomer to type, typed."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shlex
import sys

from deploy import Stack
from tests.conftest import ROOT

HEADING = "## From the first member to an accepted alert"
FORGETS_THE_SUPPORTER = "call $ADMIN_TOKEN $CHECKINS_URL/members/$sam -X DELETE"
"""Other tests' alerts are not for them."""


async def test_the_calls_of_the_readme_lead_from_the_first_member_to_an_accepted_alert(system: Stack) -> None:
    code, said, complained = await _typed(system, *_block(), FORGETS_THE_SUPPORTER)
    assert code == 0, complained
    *_, accepted, read, accesses, export, receipt, erasure, _ = [json.loads(line) for line in said.splitlines()]
    assert accepted["state"] == "accepted"
    member = read["member"]
    assert "identity" in {one["what"] for one in accesses["items"]}
    assert (export["member"], export["complete"]) == (member, True)
    assert receipt["receipt"]["member"] == member
    assert (erasure["member"], erasure["service"]) == (member, "alerts")


def _block() -> list[str]:
    text = (ROOT / "README.md").read_text().partition(HEADING)[2].partition("\n## ")[0]
    return re.findall(r"^    (.*)$", text, re.MULTILINE)


async def _typed(system: Stack, *lines: str) -> tuple[int | None, str, str]:
    """`make` and `.local` are those of another folder here; at the first call that is refused it ends."""
    state = shlex.quote(str(system.layout.state))
    token = f'{shlex.quote(sys.executable)} -m deploy token --state {state} --role "${{3#ROLE=}}" --member "${{4#MEMBER=}}"'
    script = "\n".join(["set -eu", f"make() {{ {token}; }}", *lines]).replace(".local/env", f"{state}/env")
    pipe = asyncio.subprocess.PIPE
    shell = await asyncio.create_subprocess_exec("sh", "-c", script, cwd=ROOT, env=os.environ, stdout=pipe, stderr=pipe)
    said, complained = await shell.communicate()
    return shell.returncode, said.decode(), complained.decode()
