"""How many answer sheets have which sum on which scale, in each cell of each survey: all that results are made of."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from uuid import UUID

from psycopg import Cursor
from psycopg.rows import DictRow

from services.evaluation.domain import Instrument
from services.evaluation.domain.results import Tally
from shared.events.evaluation import SurveyAnswered
from shared.store.event_store import EventStore, Write

SCHEMA = (
    "CREATE TABLE IF NOT EXISTS tallies (survey uuid, team text, scale text, sum integer, sheets bigint NOT NULL,"
    " PRIMARY KEY (survey, team, scale, sum))",
)
NO_TEAM = ""

Key = tuple[UUID, str, str, int]
"""Survey, team or NO_TEAM, scale, sum."""


def tally(answered: Sequence[SurveyAnswered], instruments: Mapping[UUID, Instrument]) -> Counter[Key]:
    """The counts that these answers add. Raises KeyError for a survey without an instrument here."""
    return Counter(
        (event.survey, event.team or NO_TEAM, scale, total)
        for event in answered
        for scale, total in instruments[event.survey].sums(event.scores).items()
    )


def add(counts: Counter[Key]) -> Write:
    columns = [list(column) for column in zip(*counts, strict=True)]

    def write(cursor: Cursor[DictRow]) -> None:
        cursor.execute(
            "INSERT INTO tallies SELECT * FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::integer[], %s::bigint[])"
            " ON CONFLICT (survey, team, scale, sum) DO UPDATE SET sheets = tallies.sheets + excluded.sheets",
            (*columns, list(counts.values())),
        )

    return write


def tallies_of(store: EventStore, survey: UUID) -> dict[str | None, Tally]:
    """Each cell's tally; None is the cell of those whose team is too small to be told apart."""
    cells: dict[str | None, dict[str, dict[int, int]]] = defaultdict(lambda: defaultdict(dict))
    with store.transaction() as cursor:
        cursor.execute("SELECT team, scale, sum, sheets FROM tallies WHERE survey = %s", (survey,))
        for row in cursor:
            cells[row["team"] or None][row["scale"]][row["sum"]] = row["sheets"]
    return dict(cells)


def together(cells: Mapping[str | None, Tally]) -> Tally:
    """All cells as one."""
    sums: dict[str, Counter[int]] = defaultdict(Counter)
    for cell in cells.values():
        for scale, counts in cell.items():
            sums[scale].update(counts)
    return sums
