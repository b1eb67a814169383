"""The detectors of the first storey. A richer model adds its own to the list; each one says why in words.

A detector is pure and looks at one event and at what is known of the member before it.
"""

from collections.abc import Callable, Sequence

from services.alerts.domain.members import Member
from services.alerts.domain.signals import Signal
from shared.events.checkins import CheckInRecorded, DistressFlagged

Observed = CheckInRecorded | DistressFlagged
Detector = Callable[[Member, Observed], Signal | None]

PERSONS_JUDGEMENT = frozenset({"explicit_request", "urgent_flag"})
"""Detectors that pass on what a person decided: they need no agreement to analysis, and always raise their own alert."""


def explicit_request(_: Member, event: Observed) -> Signal | None:
    """Someone asks for a person: 4 points, enough by itself for a supporter."""
    if isinstance(event, CheckInRecorded) and event.wants_contact:
        return Signal("explicit_request", 4, "They asked to be contacted.")
    return None


def urgent_flag(_: Member, event: Observed) -> Signal | None:
    """A colleague says that it is urgent: 8 points, red by itself, since being wrong costs a conversation."""
    if isinstance(event, DistressFlagged) and event.urgent:
        return Signal("urgent_flag", 8, "A colleague is worried and called it urgent.")
    return None


def lowest_mood(member: Member, event: Observed) -> Signal | None:
    if member.may_be_analysed and isinstance(event, CheckInRecorded) and event.mood == 1:
        return Signal("lowest_mood", 2, "Their mood is 1, the lowest of the scale of 1 to 5.")
    return None


def lowest_energy(member: Member, event: Observed) -> Signal | None:
    if member.may_be_analysed and isinstance(event, CheckInRecorded) and event.energy == 1:
        return Signal("lowest_energy", 1, "Their energy is 1, the lowest of the scale of 1 to 5.")
    return None


def highest_stress(member: Member, event: Observed) -> Signal | None:
    if member.may_be_analysed and isinstance(event, CheckInRecorded) and event.stress == 5:
        return Signal("highest_stress", 1, "Their stress is 5, the highest of the scale of 1 to 5.")
    return None


DETECTORS: Sequence[Detector] = (explicit_request, urgent_flag, lowest_mood, lowest_energy, highest_stress)


def detect(member: Member, event: Observed, detectors: Sequence[Detector] = DETECTORS) -> tuple[Signal, ...]:
    """Every signal that the detectors see in this event."""
    return tuple(signal for detector in detectors if (signal := detector(member, event)) is not None)
