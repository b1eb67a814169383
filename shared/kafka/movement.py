"""Whether a reader that lags moves at all."""

from collections.abc import Mapping

from shared.kafka.bulk import Partition

STILL_SECONDS = 30.0
"""Lag and no movement for so long is a reader that only looks alive."""


class Movement:
    """Since when each partition has stood where it is."""

    def __init__(self) -> None:
        self._since: dict[Partition, tuple[int, float]] = {}

    def stuck(self, ends: Mapping[Partition, int], offsets: Mapping[Partition, int], now: float) -> list[Partition]:
        """The partitions of `ends` with lag that have not moved for STILL_SECONDS; an offset that isn't known never moves."""
        before, self._since = self._since, {}
        for place, end in ends.items():
            offset = offsets.get(place, -1)
            last, since = before.get(place, (offset, now))
            self._since[place] = (offset, since if offset == last and end > offset else now)
        return [place for place in ends if self.still(place, now) > STILL_SECONDS]

    def still(self, place: Partition, now: float) -> float:
        """Seconds for which a partition has lagged without moving."""
        return now - self._since.get(place, (0, now))[1]
