"""The tables that every reader's database has."""

from shared.projection import generations, parked, positions

SCHEMA = (*positions.SCHEMA, *parked.SCHEMA, *generations.SCHEMA)
