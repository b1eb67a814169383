"""One number that ranks a person's days, those that call for nobody too: how much a day is like the start of a change.

The tier comes first: a day of a higher tier never ranks below one of a lower tier. Within a tier it is a quick average of daily
drops in standard deviations, and some of the bare level, which is all there is before anything is known of a person.
"""

from collections.abc import Sequence
from math import exp, fsum

from services.alerts.domain.detection.history import History
from services.alerts.domain.rules import Thresholds
from services.alerts.domain.signals import Signal

OF_LEVEL = 0.5
OF_POINTS = 0.2
HALFWAY = (-0.5, 6.0, 7.0, 7.0)
"""Where a day stands that lies in the middle of green, yellow, orange and red: between people, a tier that comes of one word
hardly lifts a day which stands as usual."""
STEEPNESS = 1.5
MIDDLE = 3.0
"""Of the scale of 1 to 5."""


def standing(history: History) -> float:
    """Up is worse; about 0 on a usual day of a person in the middle of the scale, about 2 in the midst of a clear drop."""
    told = [mean for mean in history.today.means if mean is not None]
    return history.now.quick + OF_LEVEL * (MIDDLE - fsum(told) / len(told))


def ranked(signals: Sequence[Signal], standing: float, thresholds: Thresholds) -> float:
    """Points between those of the tier and of the next one above, by where the day stands and a little by the signals."""
    counted = fsum(signal.points for signal in signals)
    bounds = (0.0, thresholds.yellow, thresholds.orange, thresholds.red, 2 * thresholds.red)
    tier = max(n for n, bound in enumerate(bounds[:-1]) if bound <= counted)
    low, high = bounds[tier], bounds[tier + 1]
    place = (standing + OF_POINTS * (counted - low) - HALFWAY[tier]) / STEEPNESS
    return low + (high - low) / (1 + exp(-max(min(place, 30.0), -30.0)))
