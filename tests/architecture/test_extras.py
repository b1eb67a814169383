"""A service's image has its own extra and no more, so what it runs may import nothing else."""

from __future__ import annotations

import subprocess
import sys
import tomllib

import pytest

from tests.architecture.tree import ROOT

EXTRAS: dict[str, list[str]] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
SERVICES = sorted(path.parent.name for path in ROOT.glob("services/*/__main__.py"))


@pytest.mark.parametrize("service", [name for name in SERVICES if not any("faust" in one for one in EXTRAS[name])])
def test_a_service_without_faust_in_its_extra_imports_none(service: str) -> None:
    imports = f"import services.{service}.__main__, services.{service}.api, shared.http.serving, shared.kafka.relay_role"
    blocked = f"import sys; sys.modules['faust'] = None; {imports}"
    done = subprocess.run([sys.executable, "-c", blocked], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_every_service_has_an_extra() -> None:
    assert set(SERVICES) <= set(EXTRAS)
