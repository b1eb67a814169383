"""What evaluation knows: instruments, surveys, and what may be shown of their answers. Pure: no I/O, no clock."""

from services.evaluation.domain.cells import CellFilled, Sheet, ripe, tally_of
from services.evaluation.domain.instruments import Instrument, read_instrument
from services.evaluation.domain.surveys import AnswerSubmitted, CommentLeft, Survey, SurveyClosed, SurveyOpened, coarse

__all__ = [
    "AnswerSubmitted",
    "CellFilled",
    "CommentLeft",
    "Instrument",
    "Sheet",
    "Survey",
    "SurveyClosed",
    "SurveyOpened",
    "coarse",
    "read_instrument",
    "ripe",
    "tally_of",
]
