"""What a detector saw, in points and in words."""

from collections.abc import Sequence

import msgspec

PERSONS_JUDGEMENT = frozenset({"explicit_request", "urgent_flag", "two_colleagues"})
"""Detectors that pass on what a person decided: they need no agreement to analysis, and always raise their own alert."""


class Signal(msgspec.Struct, frozen=True):
    """`reason` is our own wording and holds nothing that somebody wrote."""

    detector: str
    points: float
    reason: str


def says_a_person(signals: Sequence[Signal]) -> bool:
    """Whether somebody asked for this: the member, or a colleague. Otherwise it rests on analysis alone."""
    return any(signal.detector in PERSONS_JUDGEMENT for signal in signals)
