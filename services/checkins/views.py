"""What checkins reads from: members as they are now, and each member's own record. Written with the events they follow."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from psycopg import Cursor
from psycopg.rows import DictRow

from services.checkins.domain import CheckInRecorded
from services.checkins.domain.member import Consented, Place
from shared.store.event_store import EventStore, Rows, Write

SCHEMA = (
    "CREATE TABLE IF NOT EXISTS members (id uuid PRIMARY KEY, place jsonb NOT NULL, consents jsonb NOT NULL)",
    "CREATE TABLE IF NOT EXISTS check_ins (id uuid PRIMARY KEY, member uuid NOT NULL, recorded_at timestamptz NOT NULL,"
    " mood smallint NOT NULL, energy smallint, stress smallint, wants_contact boolean NOT NULL, note bytea)",
    "CREATE INDEX IF NOT EXISTS check_ins_member ON check_ins (member, recorded_at DESC, id)",
    "CREATE TABLE IF NOT EXISTS accesses (id bigserial PRIMARY KEY, member uuid NOT NULL, reader text NOT NULL,"
    " what text NOT NULL, at timestamptz NOT NULL)",
    "CREATE INDEX IF NOT EXISTS accesses_member ON accesses (member, id DESC)",
)


class KnownMember(msgspec.Struct, frozen=True):
    """A member as a command needs them."""

    id: UUID
    place: Place
    consents: Consented


def members(store: EventStore, ids: Sequence[UUID]) -> dict[UUID, KnownMember]:
    """The members there are among these ids; the erased aren't."""
    with store.reading() as cursor:
        cursor.execute("SELECT id, place, consents FROM members WHERE id = ANY(%s)", (list(ids),))
        return {row["id"]: msgspec.convert(row, KnownMember) for row in cursor}


def put_member(member: UUID, place: Place, consents: Consented) -> Write:
    values = (member, msgspec.json.encode(place).decode(), msgspec.json.encode(consents).decode())

    def write(cursor: Cursor[DictRow]) -> None:
        cursor.execute(
            "INSERT INTO members VALUES (%s, %s, %s)"
            " ON CONFLICT (id) DO UPDATE SET place = excluded.place, consents = excluded.consents",
            values,
        )

    return write


def drop_member(member: UUID) -> Write:
    """Forgets a member's place and takes the text out of their record; numbers stay, under an id that leads nowhere."""

    def write(cursor: Cursor[DictRow]) -> None:
        cursor.execute("DELETE FROM members WHERE id = %s", (member,))
        cursor.execute("UPDATE check_ins SET note = NULL WHERE member = %s", (member,))

    return write


def put_check_ins(recorded: Sequence[CheckInRecorded]) -> Write:
    rows = [(e.originator_id, e.member, e.recorded_at, e.mood, e.energy, e.stress, e.wants_contact, e.note) for e in recorded]
    return Rows(
        "INSERT INTO check_ins SELECT * FROM unnest(%s::uuid[], %s::uuid[], %s::timestamptz[], %s::smallint[],"
        " %s::smallint[], %s::smallint[], %s::boolean[], %s::bytea[])",
        rows,
    )


def check_ins_of(store: EventStore, member: UUID, limit: int, before: tuple[datetime, UUID] | None) -> list[DictRow]:
    """The newest first, after the one at `before` (recorded_at, id); one more than `limit` where there are more."""
    later = "AND (recorded_at, id) < (%s, %s)" if before else ""
    with store.transaction() as cursor:
        cursor.execute(
            f"SELECT * FROM check_ins WHERE member = %s {later} ORDER BY recorded_at DESC, id DESC LIMIT %s",  # noqa: S608
            (member, *(before or ()), limit + 1),
        )
        return cursor.fetchall()


def accesses_of(store: EventStore, member: UUID, limit: int, before: int | None) -> list[DictRow]:
    with store.transaction() as cursor:
        cursor.execute(
            "SELECT id, reader, what, at FROM accesses WHERE member = %s AND id < %s ORDER BY id DESC LIMIT %s",
            (member, before or 2**62, limit + 1),
        )
        return cursor.fetchall()


def log_access(store: EventStore, member: UUID, reader: str, what: str, at: datetime) -> None:
    with store.transaction() as cursor:
        cursor.execute("INSERT INTO accesses (member, reader, what, at) VALUES (%s, %s, %s, %s)", (member, reader, what, at))
