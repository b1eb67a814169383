"""What an instrument's score means, and whether two scores of one person differ by more than the instrument's own error.

No event carries instruments to alerts as yet: these are here for the one that will.
"""

from dataclasses import dataclass
from math import sqrt

RELIABLE = 1.96
"""Two-sided 5% of a normal distribution (Jacobson and Truax 1991, J Consult Clin Psychol 59:12)."""


@dataclass(frozen=True)
class Bands:
    """From each of these scores on, the band of that name."""

    lowest: int
    highest: int
    starts: tuple[tuple[int, str], ...]

    def of(self, score: float) -> str:
        """Raises ValueError for a score that the instrument can't have."""
        if not self.lowest <= score <= self.highest:
            raise ValueError(f"a score lies within {self.lowest} and {self.highest}, not at {score}")
        return max((start, name) for start, name in self.starts if start <= score)[1]


BANDS = {
    "phq-4": Bands(0, 12, ((0, "normal"), (3, "mild"), (6, "moderate"), (9, "severe"))),
    "who-5": Bands(0, 100, ((0, "very_low"), (29, "low"), (51, "usual"))),
    "k6": Bands(0, 24, ((0, "low"), (5, "moderate"), (13, "serious"))),
    "ucla-3": Bands(3, 9, ((3, "not_lonely"), (6, "lonely"))),
    "burnout-1": Bands(1, 5, ((1, "none"), (3, "burnt_out"))),
    "cbi-work": Bands(0, 100, ((0, "low"), (50, "high"))),
}
"""Cut-offs as published; of PHQ-4: Kroenke et al. 2009, Psychosomatics 50:613; WHO-5: Topp et al. 2015, Psychother Psychosom
84:167; K6: Kessler et al. 2003 and Prochaska et al. 2012; UCLA-3: Hughes et al. 2004; CBI: Kristensen et al. 2005."""


def reliable_change(before: float, after: float, sd: float, reliability: float) -> float:
    """|d| / (SD sqrt(2) sqrt(1 - r)): `sd` of the score among people, `reliability` r of the instrument, below 1.

    Raises ValueError where either is out of its range.
    """
    if sd <= 0 or not 0 <= reliability < 1:
        raise ValueError("sd must be above 0, and reliability from 0 to below 1")
    return abs(after - before) / (sd * sqrt(2) * sqrt(1 - reliability))


def is_reliable(before: float, after: float, sd: float, reliability: float) -> bool:
    return reliable_change(before, after, sd, reliability) > RELIABLE
