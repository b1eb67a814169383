"""The threat model names tests: each is there."""

from __future__ import annotations

import re

from deploy.layout import CHECKOUT

PAGE = (CHECKOUT / "deploy" / "threat-model.md").read_text()


def test_every_test_that_the_threat_model_names_is_there() -> None:
    named = set(re.findall(r"`(\w+/test_\w+|tests/\w+)`", PAGE))
    assert len(named) > 10
    assert [name for name in sorted(named) if not _is_there(name)] == []


def test_it_says_what_is_out_of_scope_and_is_linked_from_the_readme() -> None:
    assert "## Out of scope" in PAGE
    assert "(deploy/threat-model.md)" in (CHECKOUT / "README.md").read_text()


def _is_there(name: str) -> bool:
    return (CHECKOUT / name).is_dir() or (CHECKOUT / "tests" / f"{name}.py").is_file()
