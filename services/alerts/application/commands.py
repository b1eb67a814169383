"""Which method decides which command."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from services.alerts.application.alerts import Alerts, CancelAlert, DecideDanger, TakeStep
from services.alerts.application.owing import Owing, RetryDelivery
from services.alerts.application.staff import EnrolSupporter, RegisterEndpoint, Staff
from services.alerts.application.wishing import Block, DeclareConflict, EndConflict, SetPreferences, Unblock, Wishing
from shared.errors import Problem
from shared.store.group_commit import Decision

Wish = DeclareConflict | EndConflict | Block | Unblock | SetPreferences
Command = EnrolSupporter | RegisterEndpoint | TakeStep | CancelAlert | DecideDanger | RetryDelivery | Wish


@dataclass(frozen=True)
class Commands:
    """Decides commands that arrived together, each by itself: two for one alert conflict and are decided again alone."""

    alerts: Alerts
    staff: Staff
    owing: Owing
    wishing: Wishing

    def decide(self, commands: Sequence[Command]) -> list[Decision[Any] | Exception]:
        return [self._one(command) for command in commands]

    def _one(self, command: Command) -> Decision[Any] | Exception:
        handlers: dict[type[Command], Callable[[Any], Decision[Any]]] = {
            EnrolSupporter: self.staff.enrol,
            RegisterEndpoint: self.staff.register,
            TakeStep: self.alerts.take,
            CancelAlert: self.alerts.cancel,
            DecideDanger: self.alerts.decide_danger,
            RetryDelivery: self.owing.retry,
            DeclareConflict: self.wishing.declare,
            EndConflict: self.wishing.end,
            Block: self.wishing.block,
            Unblock: self.wishing.unblock,
            SetPreferences: self.wishing.prefer,
        }
        try:
            return handlers[type(command)](command)
        except Problem as problem:
            return problem
