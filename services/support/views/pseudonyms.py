"""The links between members and their pseudonyms, held apart: whose a link is, and where it leads, only the member's key says.

A row is found by an HMAC under the member's key of its number among that member's, and holds the pseudonym sealed under the
same key. No two rows have anything in common, and none has anything in common with a request.
"""

import hmac
from collections.abc import Iterator
from uuid import UUID

from psycopg import Cursor
from psycopg.rows import DictRow

from shared.store.event_store import Write
from shared.store.sealing import seal, unseal

SCHEMA = ("CREATE TABLE IF NOT EXISTS pseudonyms (finder bytea PRIMARY KEY, sealed bytea NOT NULL)",)


def of(cursor: Cursor[DictRow], key: bytes) -> list[UUID]:
    """The pseudonyms of whose key this is, in the order in which they took them."""
    return [UUID(bytes=unseal(key, sealed, _place(finder))) for finder, sealed in _links(cursor, key)]


def link(key: bytes, number: int, pseudonym: UUID) -> Write:
    """The member's next pseudonym. A Conflict follows where they have so many already."""
    finder = _finder(key, number)
    sealed = seal(key, pseudonym.bytes, _place(finder))

    def write(cursor: Cursor[DictRow]) -> None:
        cursor.execute("INSERT INTO pseudonyms VALUES (%s, %s)", (finder, sealed))

    return write


def unlink(key: bytes, count: int) -> Write:
    finders = [_finder(key, number) for number in range(count)]

    def write(cursor: Cursor[DictRow]) -> None:
        cursor.execute("DELETE FROM pseudonyms WHERE finder = ANY(%s)", (finders,))

    return write


def _links(cursor: Cursor[DictRow], key: bytes) -> Iterator[tuple[bytes, bytes]]:
    number = 0
    while True:
        finder = _finder(key, number)
        cursor.execute("SELECT sealed FROM pseudonyms WHERE finder = %s", (finder,))
        row = cursor.fetchone()
        if row is None:
            return
        yield finder, bytes(row["sealed"])
        number += 1


def _finder(key: bytes, number: int) -> bytes:
    return hmac.digest(key, b"pseudonym %d" % number, "sha256")


def _place(finder: bytes) -> str:
    return f"support/pseudonym/{finder.hex()}"


__all__ = ["SCHEMA", "link", "of", "unlink"]
