"""Events whose fold failed: set aside with the reason's name, so that the others flow on and none is lost."""

from psycopg import Cursor
from psycopg.rows import DictRow

from shared.kafka.records import Record
from shared.store.event_store import Write

SCHEMA = (
    "CREATE TABLE IF NOT EXISTS parked (id bigserial PRIMARY KEY, reader text NOT NULL, topic text NOT NULL,"
    " partition int NOT NULL, record_offset bigint NOT NULL, type text, key bytea, value bytea, error text NOT NULL,"
    " parked_at timestamptz NOT NULL DEFAULT now(), UNIQUE (reader, topic, partition, record_offset))",
)


def park(reader: str, record: Record, error: Exception) -> Write:
    """The row for a record that couldn't be read or folded."""
    values = (
        reader,
        record.topic,
        record.partition,
        record.offset,
        record.header("ce_type"),
        record.key,
        record.value,
        type(error).__name__,
    )

    def write(cursor: Cursor[DictRow]) -> None:
        cursor.execute(
            "INSERT INTO parked (reader, topic, partition, record_offset, type, key, value, error)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
            values,
        )

    return write
