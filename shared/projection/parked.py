"""Events whose fold failed, and all later ones of their subjects: set aside in order, so that the others flow on.

The first of a subject has the error; those behind it wait and have none. They come back in order: by themselves once the
first one's fold succeeds, or when somebody drops it, by name. A dropped one stays on record and is never folded.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from traceback import extract_tb

from psycopg import Cursor
from psycopg.rows import DictRow
from pydantic import ValidationError

from shared.kafka.records import Readable, Record
from shared.store.event_store import Write

SCHEMA = (
    "CREATE TABLE IF NOT EXISTS parked (id bigserial PRIMARY KEY, reader text NOT NULL, topic text NOT NULL,"
    " partition int NOT NULL, record_offset bigint NOT NULL, sequence text, event_id text, type text, subject bytea NOT NULL,"
    " value bytea NOT NULL, error text, fingerprint text, attempts int NOT NULL DEFAULT 0, parked_at timestamptz NOT NULL,"
    " retry_at timestamptz, dropped_by text, dropped_at timestamptz, known_as bigint GENERATED ALWAYS AS"
    " (CASE WHEN sequence ~ '^[0-9]{1,18}$' THEN sequence::bigint ELSE -1 - record_offset END) STORED)",
    "CREATE INDEX IF NOT EXISTS parked_subject ON parked (reader, topic, partition, subject, id) WHERE dropped_at IS NULL",
)
HERE = Path(__file__).parent
FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(hours=1)
"""Between attempts by themselves, each pause twice the one before (our default)."""


@dataclass(frozen=True)
class Parking:
    """One record to set aside. Without an error it waits behind another of its subject."""

    record: Record
    error: Exception | None


def park(reader: str, parkings: Sequence[Parking], now: datetime) -> Write:
    rows = [_row(reader, one, now) for one in parkings]

    def write(cursor: Cursor[DictRow]) -> None:
        cursor.executemany(
            "INSERT INTO parked (reader, topic, partition, record_offset, sequence, event_id, type, subject, value, error,"
            " fingerprint, parked_at, retry_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            rows,
        )

    return write


def _row(reader: str, parking: Parking, now: datetime) -> tuple[object, ...]:
    record, error = parking.record, parking.error
    headers = headers_of(record)
    about = [headers.get(name) for name in ("ce_sequence", "ce_id", "ce_type")]
    failed = (type(error).__name__, fingerprint(error, headers.get("ce_type", "")), now, now + FIRST_PAUSE) if error else None
    place = (reader, record.topic, record.partition, record.offset)
    return (*place, *about, subject_of(record), record.value, *(failed or (None, None, now, None)))


def subject_of(record: Readable) -> bytes:
    return record.key or b""


def headers_of(record: Readable) -> dict[str, str]:
    return {name: (value or b"").decode(errors="replace").replace("\0", "") for name, value in record.headers}


def fingerprint(error: BaseException, ce_type: str) -> str:
    """The same for what failed in the same way, at whatever attempt: the error's type, the event's, the functions behind the
    engine that it came through, and what pydantic found wrong with which field."""
    frames = [frame for frame in extract_tb(error.__traceback__) if Path(frame.filename).parent != HERE][-3:]
    wrong = error.errors(include_input=False, include_url=False) if isinstance(error, ValidationError) else ()
    told = [f"{Path(frame.filename).name} {frame.name}" for frame in frames] + [f"{one['type']} {one['loc']}" for one in wrong]
    return sha256("\n".join([type(error).__name__, ce_type, *told]).encode()).hexdigest()[:12]


def parked_subjects(cursor: Cursor[DictRow], reader: str, topic: str, partition: int) -> set[bytes]:
    cursor.execute(
        "SELECT DISTINCT subject FROM parked WHERE reader = %s AND topic = %s AND partition = %s AND dropped_at IS NULL",
        (reader, topic, partition),
    )
    return {bytes(row["subject"]) for row in cursor}


def due(cursor: Cursor[DictRow], reader: str, topic: str, partition: int, now: datetime) -> set[bytes]:
    """The subjects whose first parked event is to be tried again; at once, where it waited behind one that is gone."""
    cursor.execute(
        "SELECT subject FROM (SELECT DISTINCT ON (subject) subject, retry_at FROM parked WHERE reader = %s AND topic = %s"
        " AND partition = %s AND dropped_at IS NULL ORDER BY subject, id) AS first WHERE coalesce(retry_at, '-infinity') <= %s",
        (reader, topic, partition, now),
    )
    return {bytes(row["subject"]) for row in cursor}


def first_of(cursor: Cursor[DictRow], reader: str, topic: str, partition: int, subject: bytes) -> tuple[int, Record] | None:
    """The id and the record of the subject's first parked event; None where there is none."""
    cursor.execute(
        "SELECT * FROM parked WHERE reader = %s AND topic = %s AND partition = %s AND subject = %s AND dropped_at IS NULL"
        " ORDER BY id LIMIT 1",
        (reader, topic, partition, subject),
    )
    row = cursor.fetchone()
    if row is None:
        return None
    headers = {"ce_sequence": row["sequence"], "ce_id": row["event_id"], "ce_type": row["type"]}
    given = [(name, str(value).encode()) for name, value in headers.items() if value is not None]
    return row["id"], Record(topic, partition, row["record_offset"], bytes(row["subject"]), bytes(row["value"]), given)


def unpark(id_: int) -> Write:
    def write(cursor: Cursor[DictRow]) -> None:
        cursor.execute("DELETE FROM parked WHERE id = %s", (id_,))

    return write


def end(reader: str, topic: str, partition: int, subjects: Collection[bytes]) -> Write:
    """Nothing of these subjects waits any more; what was dropped stays dropped."""

    def write(cursor: Cursor[DictRow]) -> None:
        cursor.execute(
            "DELETE FROM parked WHERE reader = %s AND topic = %s AND partition = %s AND subject = ANY(%s)"
            " AND dropped_at IS NULL",
            (reader, topic, partition, list(subjects)),
        )

    return write


def failed_again(id_: int, error: Exception, ce_type: str, now: datetime) -> Write:
    values = (type(error).__name__, fingerprint(error, ce_type), now, LONGEST_PAUSE, FIRST_PAUSE, id_)

    def write(cursor: Cursor[DictRow]) -> None:
        cursor.execute(
            "UPDATE parked SET attempts = attempts + 1, error = %s, fingerprint = %s,"
            " retry_at = %s + least(%s, %s * 2 ^ least(attempts + 1, 20)) WHERE id = %s",
            values,
        )

    return write


def failed_since(cursor: Cursor[DictRow], reader: str, since: datetime) -> int:
    """How many events have failed since then, those not counted that were folded after all."""
    cursor.execute(
        "SELECT count(*) AS failed FROM parked WHERE reader = %s AND error IS NOT NULL AND parked_at > %s", (reader, since)
    )
    row = cursor.fetchone()
    return int(row["failed"]) if row else 0


def known_as(sequence: int, record: Readable) -> int:
    """As the column of that name: what tells an event from the others of its partition. It is the sequence, which stays when
    a log is made anew; what has none isn't a relay's and won't be sent again, so that its offset will do (below zero)."""
    return sequence if sequence >= 0 else -1 - record.offset


def settled(cursor: Cursor[DictRow], reader: str, topic: str, partition: int, first: int, last: int) -> Mapping[int, bool]:
    """What a reader has not folded of the sequences from `first` to `last`, and of what has none: parked (True) or dropped
    (False), by what it is known as."""
    cursor.execute(
        "SELECT known_as, dropped_at IS NULL AS parked FROM parked WHERE reader = %s AND topic = %s AND partition = %s"
        " AND (known_as BETWEEN %s AND %s OR known_as < 0) ORDER BY id",
        (reader, topic, partition, first, last),
    )
    return {row["known_as"]: row["parked"] for row in cursor}
