"""What the answers to each survey come to, all together and by team: all that results are made of."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from uuid import UUID

from psycopg import Cursor
from psycopg.rows import DictRow

from services.evaluation.domain import Instrument, tally_of
from services.evaluation.domain.results import N, Tally
from shared.events.evaluation import CellFilled, SurveyAnswered
from shared.store.event_store import EventStore, Write

SCHEMA = (
    "CREATE TABLE IF NOT EXISTS tallies (survey uuid, team text, figure text, value bigint NOT NULL,"
    " PRIMARY KEY (survey, team, figure))",
)
ALL = ""

Key = tuple[UUID, str, str]
"""Survey, team or ALL, figure."""


def tally(events: Sequence[SurveyAnswered | CellFilled], instruments: Mapping[UUID, Instrument]) -> Counter[Key]:
    """What these events add: a sheet to the total, a cell to its team. Raises KeyError for a survey that isn't here."""
    added: Counter[Key] = Counter()
    for event in events:
        added.update(dict(_added(event, instruments)))
    return added


def _added(event: SurveyAnswered | CellFilled, instruments: Mapping[UUID, Instrument]) -> Iterator[tuple[Key, int]]:
    if isinstance(event, CellFilled):
        team, figures = event.team, {**event.figures, N: event.n}
    else:
        team, figures = ALL, tally_of(instruments[event.survey], [event.scores])
    yield from (((event.survey, team, figure), value) for figure, value in figures.items())


def add(counts: Counter[Key]) -> Write:
    columns = [list(column) for column in zip(*counts, strict=True)]

    def write(cursor: Cursor[DictRow]) -> None:
        cursor.execute(
            "INSERT INTO tallies SELECT * FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::bigint[])"
            " ON CONFLICT (survey, team, figure) DO UPDATE SET value = tallies.value + excluded.value",
            (*columns, list(counts.values())),
        )

    return write


def tallies_of(store: EventStore, survey: UUID) -> tuple[Tally, dict[str, Tally]]:
    """The total, and each team's cell."""
    cells: dict[str, dict[str, int]] = defaultdict(dict)
    with store.transaction() as cursor:
        cursor.execute("SELECT team, figure, value FROM tallies WHERE survey = %s", (survey,))
        for row in cursor:
            cells[row["team"]][row["figure"]] = row["value"]
    return cells.pop(ALL, {}), dict(cells)
