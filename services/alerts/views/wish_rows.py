"""Conflicts, blocks and preferences, as rows: what decides who may be asked, and for each member what they said."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import astuple, dataclass
from typing import Any
from uuid import UUID

from psycopg import Cursor
from psycopg.rows import DictRow

from services.alerts.domain.wishes import Kind, Pair, Wishes
from shared.store.event_store import Write

_SAID = """
SELECT 'conflicts' AS what, member, other AS person FROM conflicts WHERE member = ANY(%(of)s) OR other = ANY(%(of)s)
UNION ALL SELECT 'blocked', member, blocked FROM blocks WHERE member = ANY(%(of)s)
UNION ALL SELECT 'vetoed', member, unnest(vetoed) FROM preferences WHERE member = ANY(%(of)s)
UNION ALL SELECT 'chosen', member, unnest(chosen) FROM preferences WHERE member = ANY(%(of)s)
"""
_DECLARED = """
SELECT id FROM conflicts WHERE (member, other) IN ((%(member)s, %(other)s), (%(other)s, %(member)s))
  AND kind = %(kind)s AND declared_by = %(by)s
"""
_PUT_PREFERENCES = """
INSERT INTO preferences VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (id) DO UPDATE SET version = excluded.version, chosen = excluded.chosen, vetoed = excluded.vetoed
"""
_WITHOUT = """
UPDATE preferences SET chosen = array(SELECT one FROM unnest(chosen) one WHERE one <> ALL(%(gone)s)),
    vetoed = array(SELECT one FROM unnest(vetoed) one WHERE one <> ALL(%(gone)s))
WHERE chosen && %(gone)s OR vetoed && %(gone)s
"""


@dataclass(frozen=True)
class Conflict:
    """`declared_by` is a member's id or an administrator's code; None once who declared it was erased."""

    id: UUID
    member: UUID
    other: UUID
    kind: Kind
    declared_by: str | None


@dataclass(frozen=True)
class Preferences:
    """What a member said at one version, by members' ids."""

    id: UUID
    version: int
    member: UUID
    chosen: Sequence[UUID] = ()
    vetoed: Sequence[UUID] = ()


def wishes(cursor: Cursor[DictRow], of: Collection[UUID]) -> Wishes:
    """Everything that decides who may be asked about these members."""
    cursor.execute(_SAID, {"of": list(of)})
    said: defaultdict[str, set[Pair]] = defaultdict(set)
    for row in cursor:
        said[row["what"]].add((row["member"], row["person"]))
    return Wishes(said["conflicts"], said["blocked"], said["vetoed"], said["chosen"], frozenset(of))


def said_by(cursor: Cursor[DictRow], member: UUID) -> dict[str, Any]:
    """What this member said, and nothing of what others said about them."""
    cursor.execute('SELECT id, member, other AS "with", kind FROM conflicts WHERE declared_by = %s ORDER BY id', (str(member),))
    conflicts = cursor.fetchall()
    cursor.execute("SELECT id, blocked FROM blocks WHERE member = %s ORDER BY id", (member,))
    blocks, preferences = cursor.fetchall(), preferences_of(cursor, member)
    chosen, vetoed = (list(preferences.chosen), list(preferences.vetoed)) if preferences else ([], [])
    return {"conflicts": conflicts, "blocks": blocks, "preferences": {"chosen": chosen, "vetoed": vetoed}}


def is_declared(cursor: Cursor[DictRow], conflict: Conflict) -> bool:
    """By the same person: what others declared isn't told."""
    values = {"member": conflict.member, "other": conflict.other, "kind": conflict.kind, "by": conflict.declared_by}
    cursor.execute(_DECLARED, values)
    return cursor.fetchone() is not None


def conflict(cursor: Cursor[DictRow], id_: UUID) -> Conflict | None:
    cursor.execute("SELECT id, member, other, kind, declared_by FROM conflicts WHERE id = %s", (id_,))
    row = cursor.fetchone()
    return Conflict(row["id"], row["member"], row["other"], Kind(row["kind"]), row["declared_by"]) if row else None


def put_conflict(conflict: Conflict) -> Write:
    """A Conflict of the store follows where the same one declared it already."""
    values = astuple(conflict)

    def write(cursor: Cursor[DictRow]) -> None:
        cursor.execute("INSERT INTO conflicts (id, member, other, kind, declared_by) VALUES (%s, %s, %s, %s, %s)", values)

    return write


def drop_conflict(id_: UUID) -> Write:
    return lambda cursor: _execute(cursor, "DELETE FROM conflicts WHERE id = %s", (id_,))


def is_blocked(cursor: Cursor[DictRow], member: UUID, blocked: UUID) -> bool:
    cursor.execute("SELECT FROM blocks WHERE member = %s AND blocked = %s", (member, blocked))
    return cursor.fetchone() is not None


def who_blocks(cursor: Cursor[DictRow], block: UUID) -> UUID | None:
    """Whose block it is."""
    cursor.execute("SELECT member FROM blocks WHERE id = %s", (block,))
    row = cursor.fetchone()
    return row["member"] if row else None


def put_block(id_: UUID, member: UUID, blocked: UUID) -> Write:
    """A Conflict follows where they are blocked already."""
    values = (id_, member, blocked)
    return lambda cursor: _execute(cursor, "INSERT INTO blocks (id, member, blocked) VALUES (%s, %s, %s)", values)


def drop_block(id_: UUID) -> Write:
    return lambda cursor: _execute(cursor, "DELETE FROM blocks WHERE id = %s", (id_,))


def preferences_of(cursor: Cursor[DictRow], member: UUID) -> Preferences | None:
    cursor.execute("SELECT id, version, member, chosen, vetoed FROM preferences WHERE member = %s", (member,))
    row = cursor.fetchone()
    return Preferences(**row) if row else None


def put_preferences(preferences: Preferences) -> Write:
    """In place of the former. A Conflict follows where another's came first."""
    head = (preferences.id, preferences.version, preferences.member)
    values = (*head, list(preferences.chosen), list(preferences.vetoed))
    return lambda cursor: _execute(cursor, _PUT_PREFERENCES, values)


def drop(members: Sequence[UUID]) -> Write:
    """All that these members said, and all that was said about them. What one of them declared between two others stays, and
    doesn't say any more by whom: it protects those two."""
    gone, names = list(members), [str(member) for member in members]

    def write(cursor: Cursor[DictRow]) -> None:
        cursor.execute("DELETE FROM conflicts WHERE member = ANY(%s) OR other = ANY(%s)", (gone, gone))
        cursor.execute("UPDATE conflicts SET declared_by = NULL WHERE declared_by = ANY(%s)", (names,))
        cursor.execute("DELETE FROM blocks WHERE member = ANY(%s) OR blocked = ANY(%s)", (gone, gone))
        cursor.execute("DELETE FROM preferences WHERE member = ANY(%s)", (gone,))
        cursor.execute(_WITHOUT, {"gone": gone})

    return write


def _execute(cursor: Cursor[DictRow], statement: str, values: tuple[object, ...]) -> None:
    cursor.execute(statement.encode(), values)
