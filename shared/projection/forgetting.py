"""What a reader's own tables hold of members who were erased: rows of every generation, parked events, and ids in replays."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from psycopg import Cursor
from psycopg.rows import DictRow

from shared.projection.generations import every
from shared.projection.view import View
from shared.store.event_store import Write

NOBODY = UUID(int=0)
_BLANK_REPLAYS = """
UPDATE replays SET asked = replace(asked::text, %(member)s, %(nobody)s)::jsonb,
    result = replace(result::text, %(member)s, %(nobody)s)::jsonb
WHERE position(%(member)s in asked::text) > 0 OR position(%(member)s in result::text) > 0
"""


def forget(members: Collection[UUID], views: Sequence[View[Any]]) -> Write:
    """Whatever generation has a row of theirs, live or not: one that was switched from, or paused, comes to no erasure by
    itself. Dropped events stay known, so that no replay folds them, without what was in them; those that waited are gone. A
    replay that asked for a member, or told of a difference at one, names nobody in their place."""
    personal = [view for view in views if view.subject]
    subjects = [str(member).encode() for member in members]
    replaced = [{"member": str(member), "nobody": str(NOBODY)} for member in members]

    def write(cursor: Cursor[DictRow]) -> None:
        for table in (table for view in personal for table in every(cursor, view)):
            table.forget(cursor, members)
        cursor.execute("DELETE FROM parked WHERE subject = ANY(%s) AND dropped_at IS NULL", (subjects,))
        cursor.execute("UPDATE parked SET value = '' WHERE subject = ANY(%s)", (subjects,))
        cursor.executemany(_BLANK_REPLAYS, replaced)

    return write
