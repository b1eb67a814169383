"""The tables that every reader's database has."""

from shared.projection import generations, parked, positions, replays

SCHEMA = (*positions.SCHEMA, *parked.SCHEMA, *generations.SCHEMA, *replays.SCHEMA)
