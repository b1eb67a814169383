"""What checkins reads from: members as they are now, and each member's own record. Written with the events they follow."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from uuid import UUID

import msgspec
from psycopg import Cursor
from psycopg.rows import DictRow

from services.checkins.domain import CheckInRecorded, DistressFlagged
from services.checkins.domain.member import Consented, Place
from shared.store.event_store import EventStore, Rows, Write

SCHEMA = (
    "CREATE TABLE IF NOT EXISTS members (id uuid PRIMARY KEY, place jsonb NOT NULL, consents jsonb NOT NULL)",
    "CREATE TABLE IF NOT EXISTS check_ins (id uuid PRIMARY KEY, member uuid NOT NULL, recorded_at timestamptz NOT NULL,"
    " mood smallint NOT NULL, energy smallint, stress smallint, wants_contact boolean NOT NULL, note bytea)",
    "CREATE INDEX IF NOT EXISTS check_ins_member ON check_ins (member, recorded_at DESC, id)",
    "CREATE TABLE IF NOT EXISTS note_findings (check_in uuid NOT NULL, member uuid NOT NULL, category text NOT NULL,"
    " rule text NOT NULL, rules_version integer NOT NULL, weight double precision NOT NULL)",
    "CREATE INDEX IF NOT EXISTS note_findings_member ON note_findings (member)",
    "CREATE TABLE IF NOT EXISTS accesses (id bigserial PRIMARY KEY, member uuid NOT NULL, reader text NOT NULL,"
    " what text NOT NULL, at timestamptz NOT NULL)",
    "CREATE TABLE IF NOT EXISTS distress_flags (id uuid PRIMARY KEY, member uuid NOT NULL, reporter uuid,"
    " flagged_at timestamptz NOT NULL, signs text[] NOT NULL, urgent boolean NOT NULL, note bytea)",
    "CREATE INDEX IF NOT EXISTS distress_flags_member ON distress_flags (member)",
    "CREATE INDEX IF NOT EXISTS distress_flags_reporter ON distress_flags (reporter)",
    "CREATE INDEX IF NOT EXISTS accesses_member ON accesses (member, id DESC)",
)


@dataclass(frozen=True)
class KnownMember:
    """A member as a command needs them, with their key as it is kept; what few commands ask for is decoded for those."""

    id: UUID
    kek_id: str
    wrapped_key: bytes
    place_json: str
    consents_json: str

    @cached_property
    def place(self) -> Place:
        return msgspec.json.decode(self.place_json, type=Place)

    @cached_property
    def consents(self) -> Consented:
        return msgspec.json.decode(self.consents_json, type=Consented)


MEMBERS = """SELECT id, kek_id, wrapped AS wrapped_key, place::text AS place_json, consents::text AS consents_json
FROM members JOIN member_keys ON member = id WHERE id = ANY(%b)"""


def members(store: EventStore, ids: Sequence[UUID]) -> dict[UUID, KnownMember]:
    """The members there are among these ids; the erased aren't."""
    with store.statement() as cursor:
        cursor.execute(MEMBERS, (list(ids),), prepare=True, binary=True)
        return {row["id"]: KnownMember(**row) for row in cursor}


def put_member(member: UUID, place: Place, consents: Consented) -> Write:
    values = (member, *_as_json(place, consents))

    def write(cursor: Cursor[DictRow]) -> None:
        cursor.execute(
            "INSERT INTO members VALUES (%s, %s, %s)"
            " ON CONFLICT (id) DO UPDATE SET place = excluded.place, consents = excluded.consents",
            values,
        )

    return write


def _as_json(place: Place, consents: Consented) -> tuple[str, str]:
    return msgspec.json.encode(place).decode(), msgspec.json.encode(consents).decode()


def drop_member(member: UUID) -> Write:
    """Forgets a member's place, their record, what was said about them, and who read any of it. Their reports' rows keep
    the line to them, `manager`."""

    def write(cursor: Cursor[DictRow]) -> None:
        cursor.execute("DELETE FROM members WHERE id = %s", (member,))
        cursor.execute("DELETE FROM check_ins WHERE member = %s", (member,))
        cursor.execute("DELETE FROM note_findings WHERE member = %s", (member,))
        cursor.execute("DELETE FROM distress_flags WHERE member = %s", (member,))
        cursor.execute("UPDATE distress_flags SET reporter = NULL WHERE reporter = %s", (member,))
        cursor.execute("DELETE FROM accesses WHERE member = %s", (member,))

    return write


def put_check_ins(recorded: Sequence[CheckInRecorded]) -> Write:
    rows = [(e.originator_id, e.member, e.recorded_at, e.mood, e.energy, e.stress, e.wants_contact, e.note) for e in recorded]
    return Rows(
        "INSERT INTO check_ins SELECT * FROM unnest(%b::uuid[], %b::uuid[], %b::timestamptz[], %b::smallint[],"
        " %b::smallint[], %b::smallint[], %b::boolean[], %b::bytea[])",
        rows,
    )


def put_findings(recorded: Sequence[CheckInRecorded]) -> Sequence[Write]:
    """Nothing to write where nothing was found."""
    rows = [
        (event.originator_id, event.member, found.category, found.rule, found.rules_version, found.weight)
        for event in recorded
        for found in event.findings
    ]
    statement = (
        "INSERT INTO note_findings SELECT * FROM unnest(%b::uuid[], %b::uuid[], %b::text[], %b::text[],"
        " %b::integer[], %b::double precision[])"
    )
    return (Rows(statement, rows),) if rows else ()


def findings_about(store: EventStore, member: UUID) -> list[DictRow]:
    with store.statement() as cursor:
        cursor.execute(
            "SELECT check_in, category, rule, rules_version, weight FROM note_findings WHERE member = %s"
            " ORDER BY check_in, category",
            (member,),
        )
        return cursor.fetchall()


def put_flag(flagged: DistressFlagged) -> Write:
    row = (
        flagged.originator_id,
        flagged.member,
        flagged.reporter,
        flagged.at,
        list(flagged.signs),
        flagged.urgent,
        flagged.note,
    )

    def write(cursor: Cursor[DictRow]) -> None:
        cursor.execute("INSERT INTO distress_flags VALUES (%s, %s, %s, %s, %s, %s, %s)", row)

    return write


def flags_about(store: EventStore, member: UUID) -> list[DictRow]:
    """Without who reported them: that is another person's."""
    with store.statement() as cursor:
        cursor.execute(
            "SELECT id, flagged_at, signs, urgent, note FROM distress_flags WHERE member = %s ORDER BY flagged_at, id",
            (member,),
        )
        return cursor.fetchall()


def flags_by(store: EventStore, member: UUID) -> list[DictRow]:
    """Their note isn't among them: it is kept under the other's key, and is the other's."""
    with store.statement() as cursor:
        cursor.execute(
            "SELECT id, flagged_at, member AS about, signs, urgent FROM distress_flags WHERE reporter = %s"
            " ORDER BY flagged_at, id",
            (member,),
        )
        return cursor.fetchall()


def all_check_ins_of(store: EventStore, member: UUID) -> list[DictRow]:
    """Oldest first."""
    with store.statement() as cursor:
        cursor.execute("SELECT * FROM check_ins WHERE member = %s ORDER BY recorded_at, id", (member,))
        return cursor.fetchall()


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


def access(member: UUID, reader: str, what: str, at: datetime) -> Write:
    """That somebody read something of a member, or changed it for them."""
    values = (member, reader, what, at)

    def write(cursor: Cursor[DictRow]) -> None:
        cursor.execute("INSERT INTO accesses (member, reader, what, at) VALUES (%s, %s, %s, %s)", values)

    return write


def log_access(store: EventStore, member: UUID, reader: str, what: str, at: datetime) -> None:
    with store.transaction() as cursor:
        access(member, reader, what, at)(cursor)
