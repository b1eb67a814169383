"""What is said again and again is said once in ten seconds."""

from __future__ import annotations

import logging

import pytest
import structlog

from shared.observability import QUIET_SECONDS, Repeats


class Seconds:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def repeats(seconds: Seconds) -> Repeats:
    return Repeats(seconds)


def warning(message: str, *values: object) -> logging.LogRecord:
    return logging.LogRecord("aiokafka.conn", logging.WARNING, __file__, 1, message, values, None)


def test_a_library_says_the_same_of_many_nodes_once_and_later_again(repeats: Repeats, seconds: Seconds) -> None:
    assert [repeats.filter(warning("no connection to %s", node)) for node in (1, 2, 1)] == [True, False, False]
    assert repeats.filter(warning("no heartbeat from %s", 1))
    seconds.now = QUIET_SECONDS
    assert repeats.filter(warning("no connection to %s", 1))


def test_a_warning_of_ours_is_said_for_each_partition_and_an_error_every_time(repeats: Repeats) -> None:
    fenced = [{"event": "stream.fenced", "partition": partition} for partition in (0, 1)]
    assert [repeats(None, "warning", dict(event)) for event in fenced] == fenced
    with pytest.raises(structlog.DropEvent):
        repeats(None, "warning", dict(fenced[0]))
    parked = {"event": "event.parked", "type": "alongside.checkins.CheckInRecorded.v2"}
    assert [repeats(None, "error", dict(parked)) for _ in range(2)] == [parked, parked]
