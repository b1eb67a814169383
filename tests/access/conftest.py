from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.access.house import House, opened_house


@pytest.fixture(scope="package")
def house(new_database: Callable[[], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with opened_house(new_database, tmp_path_factory.mktemp("house")) as house:
        yield house
