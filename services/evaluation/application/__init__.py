"""What can be done in evaluation, and what can be read."""

from services.evaluation.application.commands import CloseSurvey, Command, DrawToken, OpenSurvey, Retry, SubmitAnswers
from services.evaluation.application.evaluation import Evaluation
from services.evaluation.application.mixing import Mixer
from services.evaluation.application.reading import Readings
from services.evaluation.application.sealing import Seals

__all__ = [
    "CloseSurvey",
    "Command",
    "DrawToken",
    "Evaluation",
    "Mixer",
    "OpenSurvey",
    "Readings",
    "Retry",
    "Seals",
    "SubmitAnswers",
]
