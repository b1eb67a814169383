"""Control charts of daily drops: an EWMA and a CUSUM, both one-sided, since only getting worse calls for anybody.

EWMA with lambda 0.2 and L 2.7, limit L sigma sqrt(lambda/(2-lambda) (1-(1-lambda)^(2i))) (Roberts 1959; on daily means of
experience sampling better than Shewhart's chart: Schat et al. 2021), CUSUM with k 0.5 and h 5 (Page 1954). Both take days for
independent and the baseline for known. Moods are neither, so the limits are widened by what a first-order autoregression
and a baseline of so many days add to the variance (Lu and Reynolds 1999, Journal of Quality Technology 31:259).
"""

from math import sqrt

import msgspec

from services.alerts.domain.detection.settings import Charts

LAST_THREE = 0b111
TWO_OF_THREE = 2


class Chart(msgspec.Struct, frozen=True, array_like=True):
    """`ewma` and `cusum` in standard deviations of a day, up is worse. The last two are the last three days, newest lowest bit:
    1 where the limit was passed."""

    days: int = 0
    ewma: float = 0.0
    cusum: float = 0.0
    ewma_over: int = 0
    cusum_over: int = 0

    @property
    def ewma_alarms(self) -> bool:
        """Two of three days, the last one among them."""
        return bool(self.ewma_over & 1) and self.ewma_over.bit_count() >= TWO_OF_THREE

    @property
    def cusum_alarms(self) -> bool:
        return bool(self.cusum_over & 1) and self.cusum_over.bit_count() >= TWO_OF_THREE


class Noise(msgspec.Struct, frozen=True):
    """`alike`: one day's correlation with the next. `days` on which the baseline rests."""

    alike: float
    days: int

    @property
    def of_baseline(self) -> float:
        """The variance of a baseline's centre, in variances of a day."""
        return (1 + self.alike) / (1 - self.alike) / max(self.days, 1)


def stepped(chart: Chart, drop: float, noise: Noise, rules: Charts) -> Chart:
    """The chart after one day more. `drop` is in standard deviations below what is usual; a day counts for `most` at most,
    since one very bad day is no lasting change."""
    days, drop = chart.days + 1, min(drop, rules.most)
    ewma = (1 - rules.weight) * chart.ewma + rules.weight * drop
    cusum = max(0.0, chart.cusum + drop / cusum_unit(noise) - rules.slack)
    over = ewma > rules.limit * ewma_sigma(days, noise, rules)
    return Chart(
        days,
        ewma,
        cusum,
        (chart.ewma_over << 1 | over) & LAST_THREE,
        (chart.cusum_over << 1 | (cusum > rules.reached)) & LAST_THREE,
    )


def ewma_sigma(days: int, noise: Noise, rules: Charts) -> float:
    """Of the EWMA after so many days, in standard deviations of a day."""
    weight, kept = rules.weight, (1 - rules.weight) * noise.alike
    independent = weight / (2 - weight) * (1 - (1 - weight) ** (2 * days))
    share = 1 - (1 - weight) ** days
    return sqrt(independent * (1 + kept) / (1 - kept) + share**2 * noise.of_baseline)


def cusum_unit(noise: Noise) -> float:
    return sqrt((1 + noise.alike) / (1 - noise.alike))
