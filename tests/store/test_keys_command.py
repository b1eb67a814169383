"""`python -m services.NAME keys`, as a person calls it, in every service."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from deploy import Keys
from tests.architecture.tree import services
from tests.conftest import ROOT


@pytest.mark.parametrize("service", services())
def test_a_service_says_what_its_keys_are_under_and_wraps_them_anew(
    service: str, new_database: Callable[[], str], tmp_path: Path
) -> None:
    keys, url = Keys(tmp_path), new_database()
    keys.make()
    assert "retired" not in said(service, url, tmp_path, "status")
    keys.rotate()
    assert said(service, url, tmp_path, "rewrap").startswith(f"{service}: ")
    after = said(service, url, tmp_path, "status")
    assert "retired" not in after
    assert "NOT IN" not in after


def said(service: str, database_url: str, folder: Path, what: str) -> str:
    name = service.upper()
    environment = {
        f"{name}_DATABASE_URL": database_url,
        f"{name}_URL": "http://127.0.0.1:1",
        "CHECKINS_URL": "http://127.0.0.1:1",
    }
    line = (sys.executable, "-m", f"services.{service}", "keys", what)
    environment |= {"KAFKA_BOOTSTRAP": "127.0.0.1:1", "ALONGSIDE_KEYS": str(folder)}
    done = subprocess.run(line, cwd=ROOT, env=os.environ | environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout
