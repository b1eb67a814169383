"""A search that finds nothing says something only if it can find."""

from __future__ import annotations

import base64

from tests.checkins.searching import found_in_the_clear
from tests.checkins.serving import Served


def test_the_search_finds_what_is_in_the_clear(checkins: Served) -> None:
    checkins.enrol(team="a-team-to-be-found")
    assert set(found_in_the_clear(checkins, "a-team-to-be-found")) == {"members", "checkins_events"}


def test_the_search_finds_bytes_in_json_in_bytes(checkins: Served) -> None:
    checkins.rows("CREATE TABLE careless (state bytea)")
    for shift in range(3):
        plain = b"x" * shift + b"a note that was never sealed" + b"y" * shift
        checkins.rows("INSERT INTO careless VALUES (%s)", b'{"note":"' + base64.b64encode(plain) + b'"}')
        assert found_in_the_clear(checkins, "a note that was never sealed") == ["careless"]
        checkins.rows("DELETE FROM careless")
    checkins.rows("DROP TABLE careless")
