"""What a reader's own tables hold of members who were erased: parked events as they came, and ids in replays."""

from collections.abc import Collection
from uuid import UUID

from psycopg import Cursor
from psycopg.rows import DictRow

from shared.store.event_store import Write

NOBODY = UUID(int=0)
_BLANK_REPLAYS = """
UPDATE replays SET asked = replace(asked::text, %(member)s, %(nobody)s)::jsonb,
    result = replace(result::text, %(member)s, %(nobody)s)::jsonb
WHERE position(%(member)s in asked::text) > 0 OR position(%(member)s in result::text) > 0
"""


def forget(members: Collection[UUID]) -> Write:
    """Dropped events stay known, so that no replay folds them, without what was in them; those that waited are gone. A replay
    that asked for a member, or told of a difference at one, names nobody in their place."""
    subjects = [str(member).encode() for member in members]
    replaced = [{"member": str(member), "nobody": str(NOBODY)} for member in members]

    def write(cursor: Cursor[DictRow]) -> None:
        cursor.execute("DELETE FROM parked WHERE subject = ANY(%s) AND dropped_at IS NULL", (subjects,))
        cursor.execute("UPDATE parked SET value = '' WHERE subject = ANY(%s)", (subjects,))
        cursor.executemany(_BLANK_REPLAYS, replaced)

    return write
