from __future__ import annotations

import json
from typing import Any, cast

import pytest

from deploy.layout import CHECKOUT
from deploy.roster import services
from tests.containers.system import System

pytestmark = pytest.mark.containers
OURS = services(CHECKOUT)
HELD = """
import json, pathlib
held = {str(file.relative_to('/app')) for file in pathlib.Path('/app').rglob('*.py')}
print(json.dumps(sorted(held)))
"""
INSTALLED = """
import importlib.metadata, json
print(json.dumps(sorted(one.metadata['Name'].lower() for one in importlib.metadata.distributions())))
"""
WRITABLE = """
import os
for place in ('/', '/app', '/opt/venv', '/keys', '/tmp'):
    print(place, os.access(place, os.W_OK))
"""

TOOLS = """
import os, pathlib, shutil, stat
print([tool for tool in ('pip', 'pip3', 'apt', 'apt-get', 'dpkg', 'uv', 'curl', 'wget', 'gcc') if shutil.which(tool)])
tops = ('/usr', '/opt', '/app', '/etc', '/bin')
there = (os.path.join(at, name) for top in tops for at, _, names in os.walk(top) for name in names)
print([file for file in there if not os.path.islink(file) and os.stat(file).st_mode & (stat.S_ISUID | stat.S_ISGID)])
bundled = ('local/lib/python3*/site-packages/*', 'local/lib/python3*/ensurepip', 'lib/apt/methods/*')
print([str(file) for pattern in bundled for file in pathlib.Path('/usr').glob(pattern)])
print([line for line in pathlib.Path('/etc/passwd').read_text().splitlines() if ':10001:' in line])
"""


@pytest.mark.parametrize("service", OURS)
def test_an_image_has_no_tool_to_fetch_more_no_owners_rights_to_lend_and_no_login(composed: System, service: str) -> None:
    assert composed.within(service, TOOLS) == "[]\n" * 4


@pytest.mark.parametrize("service", OURS)
def test_an_image_holds_its_own_service_and_what_is_shared_and_nothing_else(composed: System, service: str) -> None:
    held = json.loads(composed.within(service, HELD))
    expected = {"serve.py", "health.py", "services/__init__.py", *_files(f"services/{service}"), *_files("shared")}
    assert set(held) == expected


@pytest.mark.parametrize("service", OURS)
def test_an_image_holds_its_own_extra_and_no_tool_of_development(composed: System, service: str) -> None:
    installed = set(json.loads(composed.within(service, INSTALLED)))
    assert {"fastapi", "eventsourcing", "aiokafka"} <= installed
    assert ("faust-streaming" in installed) == (service != "checkins")
    assert installed.isdisjoint({"pytest", "mypy", "testcontainers", "supervisor", "jgo", "uv"})


@pytest.mark.parametrize("service", OURS)
def test_a_service_runs_as_nobody_and_can_write_nowhere_but_in_tmp(composed: System, service: str) -> None:
    assert composed.within(service, "import os; print(os.getuid(), os.getgid())") == "10001 10001\n"
    writable = dict(line.rsplit(" ", 1) for line in composed.within(service, WRITABLE).splitlines())
    assert [place for place, answer in writable.items() if answer == "True"] == ["/tmp"]


@pytest.mark.parametrize("name", ["kafka", "postgres", *OURS])
def test_no_container_runs_as_root(composed: System, name: str) -> None:
    assert str(cast(dict[str, Any], composed.inspect(name)["Config"])["User"]) not in {"", "0", "root", "0:0"}


def _files(folder: str) -> set[str]:
    return {str(file.relative_to(CHECKOUT)) for file in (CHECKOUT / folder).rglob("*.py")}
