"""A head that was told once must be read, and say the same, for ever."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import msgspec

from deploy.contracts.heads import message
from shared.kafka.heads import Head, record_of_head

HASH = "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"
GOLDEN = f'{{"service":"checkins","sequence":1234,"hash":"{HASH}","at":"2026-03-02T08:15:00Z"}}'.encode()
HEAD = Head("checkins", 1234, HASH, datetime(2026, 3, 2, 8, 15, tzinfo=UTC))


def test_a_head_that_was_told_is_still_read() -> None:
    assert msgspec.json.decode(GOLDEN, type=Head) == HEAD


def test_a_head_is_told_today_as_it_was_then() -> None:
    record = record_of_head(HEAD)
    assert (record.key, record.value, record.timestamp_ms) == (b"checkins", GOLDEN, 1_772_439_300_000)
    assert {name: value.decode() for name, value in record.headers} == {
        "ce_specversion": "1.0",
        "ce_id": "617dd134-3e3a-5291-8199-63f262b9fabb",
        "ce_source": "/alongside/checkins",
        "ce_type": "alongside.checkins.ChainHead.v1",
        "ce_time": "2026-03-02T08:15:00Z",
        "ce_subject": "checkins",
        "ce_sequence": "1234",
        "content-type": "application/json",
    }


def test_the_document_names_every_field_and_header_of_a_head() -> None:
    said, record = message("checkins"), record_of_head(HEAD)
    assert [*said["payload"]["properties"]] == [*json.loads(record.value)]
    assert [*said["headers"]["properties"]] == [name for name, _ in record.headers]
