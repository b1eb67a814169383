"""What can be done in evaluation: one method for each command.

Commands arrive in groups; each is decided on its own, and what they share is read once for the group.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from services.evaluation.application.blind_tokens import TokenPool, hash_of
from services.evaluation.application.commands import CloseSurvey, Command, DrawToken, OpenSurvey, SubmitAnswers
from services.evaluation.application.mixing import Mixer
from services.evaluation.application.sealing import Seals
from services.evaluation.domain import Instrument, Sheet, Survey, coarse
from services.evaluation.views import surveys, tokens, waiting
from shared.clock import Clock
from shared.errors import FieldError, Problem, forbidden, invalid, unknown, wrong_state
from shared.store import erasures
from shared.store.event_store import EventStore, Write
from shared.store.group_commit import Decision
from shared.store.sealing import seal, unseal


@dataclass
class Known:
    """What a group of commands is about. It changes while they are decided, so that in one group too no token is drawn or
    used twice. `drawing` are the new draws, written together: a survey's draws are one row."""

    surveys: dict[UUID, Survey]
    teams: dict[UUID, str]
    drawn: set[tuple[UUID, UUID]]
    unused: dict[bytes, tuple[UUID, bytes]]
    kept: dict[bytes, tuple[bytes, bytes]]
    drawing: dict[UUID, set[UUID]] = field(default_factory=dict)

    def survey(self, survey: UUID) -> Survey:
        """Raises a 404 Problem."""
        if survey not in self.surveys:
            raise unknown("survey")
        return self.surveys[survey]


class Evaluation:
    """The use cases over one event store. `resources_url` is in every answer, whatever was answered."""

    def __init__(
        self,
        store: EventStore,
        seals: Seals,
        instruments: Mapping[str, Instrument],
        resources_url: str | None,
        clock: Clock,
    ) -> None:
        self._store = store
        self._seals = seals
        self._instruments = instruments
        self._resources_url = resources_url
        self._clock = clock
        self._pool = TokenPool(store, seals)
        self._mixer = Mixer(store, seals, instruments, clock)

    def decide(self, commands: Sequence[Command]) -> list[Decision[Any] | Exception]:
        known = self._known(commands)
        return [self._one(command, known) for command in commands]

    def _known(self, commands: Sequence[Command]) -> Known:
        named = list({command.survey for command in commands if not isinstance(command, OpenSurvey)})
        draws = [command for command in commands if isinstance(command, DrawToken)]
        hashes = [hash_of(command.token) for command in commands if isinstance(command, SubmitAnswers)]
        retries = [draw.retry.key.key for draw in draws if draw.retry]
        return Known(
            surveys.surveys(self._store, named) if named else {},
            surveys.teams_of(self._store, [draw.member for draw in draws]) if draws else {},
            self._drawn(draws),
            tokens.unused(self._store, hashes) if hashes else {},
            tokens.kept_draws(self._store, retries) if retries else {},
        )

    def _drawn(self, draws: Sequence[DrawToken]) -> set[tuple[UUID, UUID]]:
        members: dict[UUID, set[UUID]] = {}
        for draw in draws:
            members.setdefault(draw.survey, set()).add(draw.member)
        return {(survey, one) for survey, some in members.items() for one in tokens.have_drawn(self._store, survey, some)}

    def _one(self, command: Command, known: Known) -> Decision[Any] | Exception:
        try:
            return HANDLERS[type(command)](self, command, known)
        except Problem as problem:
            return problem

    def open(self, command: OpenSurvey, known: Known) -> Decision[Any]:
        survey = command.survey
        if survey.instrument not in self._instruments:
            raise invalid("/instrument", f"must be one of {', '.join(sorted(self._instruments))}")
        self._seals.prepare(survey.id)
        writes = (surveys.put_survey(survey), tokens.put_nobody_drew(survey.id))
        return Decision({"id": survey.id}, (survey.open(self._clock()),), writes)

    def close(self, command: CloseSurvey, known: Known) -> Decision[Any]:
        """Closes with what still waits, so that no answer comes after the end."""
        survey = known.survey(command.survey)
        if survey.closed:
            raise wrong_state("The survey is closed already.")
        known.surveys[survey.id] = survey.as_closed()
        moved = self._mixer.of_survey(survey)
        writes = (*moved.writes, surveys.put_survey(survey.as_closed()))
        return Decision({"id": survey.id}, (*moved.events, survey.close(self._clock())), writes)

    def draw(self, command: DrawToken, known: Known) -> Decision[Any]:
        """A blind token. With an Idempotency-Key it can be asked for again; what is kept for that, only the key opens."""
        retry = command.retry
        if retry and retry.key.key in known.kept:
            return Decision({"token": self._drawn_before(command, known)})
        team = self._audience_team(command, known)
        if (command.survey, command.member) in known.drawn:
            raise wrong_state("This member has drawn their token for this survey already.")
        token = self._pool.take(command.survey, team)
        here = erasures.require_here(command.member)
        return Decision({"token": token}, (), (here, *self._note_draw(command, known), *self._keep(command, token, known)))

    def answer(self, command: SubmitAnswers, known: Known) -> Decision[Any]:
        survey = known.survey(command.survey)
        token_hash = hash_of(command.token)
        of, sealed = known.unused.get(token_hash, (None, b""))
        if of != survey.id:
            raise forbidden("The token isn't one of this survey's, or it has been used.")
        if not survey.takes_answers(self._clock()):
            raise wrong_state("The survey isn't open.")
        self._require_complete(survey, command.scores)
        del known.unused[token_hash]
        sheet = Sheet(self._seals.team_of(survey.id, token_hash, sealed), dict(command.scores))
        writes = (tokens.use(token_hash), waiting.put_answer(survey.id, self._seals.sheet(survey.id, sheet)))
        return Decision({"resources_url": self._resources_url}, (), (*writes, *self._comment(command)))

    def _note_draw(self, command: DrawToken, known: Known) -> tuple[Write, ...]:
        """One write for all draws of a survey in this group, with the first of them."""
        known.drawn.add((command.survey, command.member))
        first = command.survey not in known.drawing
        drawing = known.drawing.setdefault(command.survey, set())
        drawing.add(command.member)
        return (tokens.put_drawn(command.survey, drawing),) if first else ()

    def _audience_team(self, command: DrawToken, known: Known) -> str:
        survey = known.survey(command.survey)
        if command.member not in known.teams:
            raise erasures.unknown_member(self._store, command.member)
        team = known.teams[command.member]
        if not survey.asks(team):
            raise forbidden("This survey doesn't ask this member's team.")
        if not survey.takes_answers(self._clock()):
            raise wrong_state("The survey isn't open.")
        return team

    def _require_complete(self, survey: Survey, scores: Mapping[str, int]) -> None:
        wrong = self._instruments[survey.instrument].wrong_answers(scores)
        errors = [FieldError(f"/answers/{item}" if item else "/answers", why) for item, why in wrong]
        if errors:
            raise Problem(422, "invalid-request", "The answers don't fit the instrument.", errors)

    def _comment(self, command: SubmitAnswers) -> tuple[Write, ...]:
        text = "\n\n".join(comment for comment in command.comments if comment.strip())
        if not text:
            return ()
        return (waiting.put_waiting_comment(command.survey, self._seals.waiting_comment(command.survey, text)),)

    def _keep(self, command: DrawToken, token: str, known: Known) -> tuple[Write, ...]:
        """Also for those who ask with the same key in this group."""
        if command.retry is None:
            return ()
        key = command.retry.key
        sealed = seal(command.retry.secret, token.encode(), _kept_draw(key.key))
        known.kept[key.key] = (key.fingerprint, sealed)
        return (tokens.keep_draw(key.key, key.fingerprint, sealed, coarse(self._clock())),)

    def _drawn_before(self, command: DrawToken, known: Known) -> str:
        assert command.retry is not None, "looked up by its key"
        fingerprint, sealed = known.kept[command.retry.key.key]
        if fingerprint != command.retry.key.fingerprint:
            raise Problem(422, "key-reused", "This Idempotency-Key was used for another request.")
        return unseal(command.retry.secret, sealed, _kept_draw(command.retry.key.key)).decode()


def _kept_draw(key: bytes) -> str:
    return f"evaluation/kept_draws/{key.hex()}"


HANDLERS: dict[type[Command], Callable[[Evaluation, Any, Known], Decision[Any]]] = {
    OpenSurvey: Evaluation.open,
    CloseSurvey: Evaluation.close,
    DrawToken: Evaluation.draw,
    SubmitAnswers: Evaluation.answer,
}
