from __future__ import annotations

import configparser
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.tree import ROOT, services

LINT = (str(Path(sys.executable).with_name("lint-imports")), "--no-logo", "--no-cache")
ABOUT_SHARED_ONLY = {"shared", "layers-below", "kafka"}

BROKEN = {
    "No service imports another": ("services/checkins/relay.py", "from services.recognition import domain as other"),
    "shared knows no service": ("shared/clock.py", "from services.checkins import domain"),
    "A service knows nothing of what starts it": ("services/checkins/views.py", "import deploy.ports"),
    "Rooms of a service": ("services/checkins/application/checkins.py", "from services.checkins.settings import Settings"),
    "A domain imports nothing": ("services/checkins/domain/member.py", "from shared.store import event_store"),
    "Only shared.kafka": ("services/checkins/relay.py", "import aiokafka"),
}


def lint(root: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(LINT, cwd=root, capture_output=True, text=True, check=False)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for folder in ("services", "shared", "deploy"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / ".importlinter", tmp_path)
    return tmp_path


def test_every_import_is_one_that_the_contracts_allow() -> None:
    done = lint(ROOT)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("contract", BROKEN)
def test_each_contract_is_broken_by_what_it_forbids(contract: str, copy: Path) -> None:
    file, line = BROKEN[contract]
    path = copy / file
    path.write_text(f"{path.read_text()}\n{line}\n")
    done = lint(copy)
    verdicts = [text for text in done.stdout.splitlines() if text.startswith(contract)]
    assert done.returncode == 1
    assert any(" BROKEN" in verdict for verdict in verdicts), done.stdout


def test_a_room_of_another_name_is_refused(copy: Path) -> None:
    (copy / "services/checkins/helpers.py").touch()
    assert lint(copy).returncode == 1


def test_every_service_stands_in_every_contract_about_services() -> None:
    config = configparser.ConfigParser()
    config.read(ROOT / ".importlinter")
    for section in config.sections():
        name = section.rpartition(":")[2]
        if ":contract:" not in section or name in ABOUT_SHARED_ONLY:
            continue
        listed = {line.split(".")[1] for value in config[section].values() for line in value.split() if _of_a_service(line)}
        missing = set(services()) - listed
        assert not missing, f".importlinter: add {', '.join(sorted(missing))} to [{section}]"


def _of_a_service(line: str) -> bool:
    return line.startswith("services.")
