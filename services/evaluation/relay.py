"""From evaluation's stored events to its public contract, and nothing else: no comment passes here."""

from services.evaluation import domain
from shared.events import PublicEvent, evaluation
from shared.store.events import PrivateEvent

TOPIC = "evaluation.events"


def translate(event: PrivateEvent) -> PublicEvent | None:
    """The public event of a stored one; None where it is nobody else's business."""
    match event:
        case domain.SurveyOpened():
            return evaluation.SurveyOpened(
                occurred_at=event.at,
                survey=event.originator_id,
                instrument=event.instrument,
                teams=event.teams,
                opens=event.opens,
                closes=event.closes,
                min_scores=event.min_scores,
                min_comments=event.min_comments,
            )
        case domain.SurveyClosed():
            return evaluation.SurveyClosed(occurred_at=event.at, survey=event.originator_id)
        case domain.AnswerSubmitted():
            return evaluation.SurveyAnswered(
                occurred_at=event.at, survey=event.survey, answer=event.originator_id, scores=event.scores
            )
        case domain.CellFilled():
            return evaluation.CellFilled(
                occurred_at=event.at, survey=event.survey, team=event.team, n=event.n, figures=event.figures
            )
    return None
