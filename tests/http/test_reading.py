from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from shared.errors import Problem
from shared.http.reading import decode_cursor, decode_number, decode_time_and_id, encode_cursor, page, wait_until

ADA = UUID(int=1)


@given(st.text())
def test_a_cursor_comes_back_as_it_was(text: str) -> None:
    assert decode_cursor(encode_cursor(text)) == text


@given(st.text())
def test_whatever_is_sent_as_a_cursor_is_read_or_refused(text: str) -> None:
    for decode in (decode_cursor, decode_number, decode_time_and_id):
        for sent in (text, encode_cursor(text)):
            with suppress(Problem):
                decode(sent)


def test_a_place_by_time_and_by_number_come_back() -> None:
    now = datetime(2026, 3, 2, tzinfo=UTC)
    assert decode_time_and_id(encode_cursor(f"{now.isoformat()} {ADA}")) == (now, ADA)
    assert decode_number(encode_cursor("17")) == 17
    assert (decode_time_and_id(None), decode_number(None)) == (None, None)


def test_a_page_tells_whether_there_is_more() -> None:
    assert page([1, 2, 3], 2, str) == {"items": [1, 2], "next": encode_cursor("2")}
    assert page([1, 2], 2, str) == {"items": [1, 2], "next": None}
    assert page([], 2, str) == {"items": [], "next": None}


async def test_a_read_waits_until_the_view_has_got_there() -> None:
    asked: list[tuple[str, int]] = []

    async def third_time(publisher: str, sequence: int) -> bool:
        asked.append((publisher, sequence))
        return len(asked) == 3

    await wait_until("checkins:7", third_time, {"checkins"})
    await wait_until(None, third_time, {"checkins"})
    assert asked == [("checkins", 7)] * 3
