"""What a detector saw, in points and in words."""

import msgspec


class Signal(msgspec.Struct, frozen=True):
    """`reason` is our own wording and holds nothing that somebody wrote."""

    detector: str
    points: float
    reason: str
