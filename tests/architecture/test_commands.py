from __future__ import annotations

from importlib import import_module

import pytest

from tests.architecture.tree import services


@pytest.mark.parametrize("service", services())
def test_every_service_tells_and_rewraps_its_keys(service: str) -> None:
    """Else a key-encryption key could be taken away while one service's keys are still wrapped under it."""
    groups = import_module(f"services.{service}.__main__").cli.registered_groups
    (keys,) = (group.typer_instance for group in groups if group.name == "keys")
    assert {command.name for command in keys.registered_commands} == {"status", "rewrap"}
