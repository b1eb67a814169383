from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.checkins.serving import Served, made_keys, serve


@pytest.fixture(scope="package")
def checkins(new_database: Callable[[], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serve(new_database(), made_keys(tmp_path_factory.mktemp("keys"))) as served:
        yield served


@pytest.fixture
def member(checkins: Served) -> str:
    return checkins.enrol()
