"""Looks through a whole database for a text that must not be there."""

from __future__ import annotations

import base64

from tests.checkins.serving import Served


def found_in_the_clear(checkins: Served, text: str) -> list[str]:
    """The tables in which a text stands anywhere, as it is or as base64 (the form of bytes in an event's JSON)."""
    forms = [text.encode(), *_in_base64(text.encode())]
    tables = [row["name"] for row in checkins.rows("SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'")]
    return [table for table in tables if any(_has(checkins, table, form) for form in forms)]


def _has(checkins: Served, table: str, form: bytes) -> bool:
    """A row as text shows its texts as they are and its bytes as hexadecimal digits."""
    query = f"SELECT 1 FROM {table} AS t WHERE t::text LIKE %s OR t::text LIKE %s LIMIT 1"
    return bool(checkins.rows(query, f"%{form.decode()}%", f"%{form.hex()}%"))


def _in_base64(text: bytes) -> list[bytes]:
    """What of a text's base64 is the same wherever in a longer text it stands: three forms."""
    return [base64.b64encode(b"\0" * shift + text)[4 : -4 if (shift + len(text)) % 3 else None] for shift in range(3)]
