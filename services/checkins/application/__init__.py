"""What can be done in checkins: one method for each command, and the reads."""

from services.checkins.application.checkins import ATTEMPTS, HANDLERS, LONGEST_LOG, Checkins
from services.checkins.application.commands import (
    ChangeMember,
    Command,
    EnrolMember,
    EraseMember,
    FlagDistress,
    Known,
    RecordCheckIn,
    RecordCheckIns,
)
from services.checkins.application.texts import sealed

__all__ = [
    "ATTEMPTS",
    "HANDLERS",
    "LONGEST_LOG",
    "ChangeMember",
    "Checkins",
    "Command",
    "EnrolMember",
    "EraseMember",
    "FlagDistress",
    "Known",
    "RecordCheckIn",
    "RecordCheckIns",
    "sealed",
]
