"""What checkins knows: members, their check-ins, and colleagues' concerns. Pure: no I/O, no clock."""

from services.checkins.domain.check_in import CheckIn, CheckInRecorded, DistressFlag, DistressFlagged
from services.checkins.domain.member import (
    ConsentsChanged,
    Member,
    MemberEnrolled,
    MemberErased,
    MemberMoved,
    MemberRenamed,
    Place,
)

__all__ = [
    "CheckIn",
    "CheckInRecorded",
    "ConsentsChanged",
    "DistressFlag",
    "DistressFlagged",
    "Member",
    "MemberEnrolled",
    "MemberErased",
    "MemberMoved",
    "MemberRenamed",
    "Place",
]
