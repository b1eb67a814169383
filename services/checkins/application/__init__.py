"""What can be done in checkins: one method for each command, and the reads."""

from services.checkins.application.checkins import Checkins
from services.checkins.application.commands import (
    ChangeMember,
    Command,
    EnrolMember,
    EraseMember,
    FlagDistress,
    RecordCheckIn,
    RecordCheckIns,
)

__all__ = [
    "ChangeMember",
    "Checkins",
    "Command",
    "EnrolMember",
    "EraseMember",
    "FlagDistress",
    "RecordCheckIn",
    "RecordCheckIns",
]
