from __future__ import annotations

import ast
from pathlib import Path

from tests.architecture.tree import ROOT, module_name, python_files, services

ALL = ("services", "shared", "deploy", "tests")
ROOMS = ("__main__", "settings", "api", "stream", "relay", "webhooks", "application", "views", "domain")
NAMES_THAT_SAY_NOTHING = {"utils", "util", "helpers", "helper", "common", "manager", "managers", "misc", "base"}
MOST_LINES = 320


def test_no_file_or_folder_has_a_name_that_says_nothing() -> None:
    places = [place for file in python_files(*ALL) for place in (file.stem, file.parent.name)]
    assert not NAMES_THAT_SAY_NOTHING & set(places)


def test_no_python_file_is_longer_than_a_person_reads() -> None:
    long = {module_name(file): length for file in python_files(*ALL) if (length := _lines(file)) > MOST_LINES}
    assert not long


def test_every_module_says_what_it_is_for() -> None:
    silent = [module_name(file) for file in python_files("services", "shared", "deploy") if _is_silent(file)]
    assert not silent


def test_every_room_of_a_service_has_a_name_that_the_design_gives() -> None:
    for service in services():
        folder = ROOT / "services" / service
        found = {file.stem for file in folder.glob("*.py")} | {file.parent.name for file in folder.glob("*/__init__.py")}
        assert found - {"__init__"} <= set(ROOMS), service


def test_every_package_has_an_init_file() -> None:
    """import-linter doesn't see a folder without one, and would let it import whatever it likes."""
    folders = {file.parent for file in python_files("services", "shared", "deploy")}
    assert not [str(folder) for folder in folders if not (folder / "__init__.py").exists()]


def test_nothing_is_printed_by_a_service() -> None:
    calls = [module_name(file) for file in python_files("services", "shared") if _prints(file)]
    assert not calls, "a service logs; what is printed could be what somebody wrote"


def _lines(file: Path) -> int:
    return len(file.read_text().splitlines())


def _is_silent(file: Path) -> bool:
    tree = ast.parse(file.read_text())
    return bool(tree.body) and not ast.get_docstring(tree)


def _prints(file: Path) -> bool:
    calls = (node.func for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Call))
    return any(isinstance(function, ast.Name) and function.id == "print" for function in calls)
