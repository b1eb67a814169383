from __future__ import annotations

from tests.bench.draining import LOCK


def test_the_lock_of_the_peers_has_every_version_that_is_pinned_for_them() -> None:
    pinned = [_without_extras(line) for line in LOCK.with_suffix(".in").read_text().splitlines() if "==" in line]
    locked = {line.split()[0] for line in LOCK.read_text().splitlines() if "==" in line}
    assert pinned
    assert not set(pinned) - locked, "run make lock"


def _without_extras(line: str) -> str:
    name, _, version = line.partition("==")
    return f"{name.partition('[')[0]}=={version}"
